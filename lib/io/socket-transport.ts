/**
 * SocketTransport: port LdapTransport over a TCP socket, with TLS from the start or after StartTLS.
 *
 * Owns the socket's listeners (the error listener is the first thing that a socket gets), the hand-over to TLS, the stall check, and calling the sink
 * one event at a time. A sink that throws loses its connection and nothing else.
 */
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type {
  AcceptConnection,
  LdapConnectionSink,
  LdapTransport,
  TransportSecurity,
} from '../port/ldap-transport.js';
import type { Log } from '../port/log.js';
import { OutputQueue } from './output-queue.js';
import { SocketEnds } from './socket-ends.js';
import type { TlsContext } from './tls-context.js';
import { LOCAL, NO_TLS, securityOf } from './transport-security.js';

/** How long a closed connection may take to let the client read the last answers. */
const LINGER_MS = 2000;
/** The event loop is one for all connections of the process. */
const ends = new SocketEnds();

export interface TransportSettings {
  readonly tls: TlsContext | undefined;
  /** Ask clients for a certificate during the handshake. */
  readonly requestCertificates: boolean;
  readonly tlsHandshakeMs: number;
  readonly writeStallMs: number;
  /** Octets queued above which send() answers false; eight times as many end the connection. */
  readonly outputBytes: number;
  readonly log: Log;
  /** The Unix-domain socket that it is of; undefined: TCP. */
  readonly path?: string;
}

export class SocketTransport implements LdapTransport {
  readonly peer: LdapTransport['peer'];
  readonly local: LdapTransport['local'];
  readonly #settings: TransportSettings;
  readonly #raw: Socket;
  readonly #gone: () => void;
  readonly #output: OutputQueue;
  #socket: Socket;
  #secure: TransportSecurity;
  #sink: LdapConnectionSink | undefined;
  #state: 'open' | 'securing' | 'closing' | 'closed' = 'open';
  #blocked = false;
  #paused = false;
  #reason = 'the client closed the connection';
  #handshakeTimer: NodeJS.Timeout | undefined;
  #lingerTimer: NodeJS.Timeout | undefined;
  /** For the stall check: what was queued when it last changed, and since when. */
  #stalledBytes = 0;
  #stalledSinceMs = 0;

  /** `gone` is called once, when the socket is closed. */
  constructor(socket: Socket, settings: TransportSettings, gone: () => void) {
    socket.on('error', (error: NodeJS.ErrnoException) => this.#failed(error));
    socket.on('close', () => this.#closed());
    this.#raw = socket;
    this.#socket = socket;
    this.#settings = settings;
    this.#gone = gone;
    this.#output = new OutputQueue(socket);
    const { path } = settings;
    this.peer = {
      address: path === undefined ? plainAddress(socket.remoteAddress) : 'unix',
      port: socket.remotePort ?? 0,
    };
    this.local = { address: path ?? plainAddress(socket.localAddress), port: socket.localPort ?? 0 };
    this.#secure = path === undefined ? NO_TLS : LOCAL;
  }

  /** Makes the sink, after a TLS handshake when `tlsFirst`. */
  start(accept: AcceptConnection, tlsFirst: boolean): void {
    if (tlsFirst) this.#wrap(() => this.#open(accept));
    else this.#open(accept);
  }

  get secure(): TransportSecurity {
    return this.#secure;
  }

  get canStartTls(): boolean {
    return this.#settings.tls !== undefined && !this.#secure.tls && this.#state === 'open';
  }

  get queuedBytes(): number {
    return this.#output.queuedBytes;
  }

  send(bytes: Uint8Array): boolean {
    if (this.#state === 'closing' || this.#state === 'closed') return true;
    if (this.#blocked && this.queuedBytes > 8 * this.#settings.outputBytes) {
      this.abort('the client does not read its answers');
      return false;
    }
    this.#output.add(bytes);
    if (this.queuedBytes < this.#settings.outputBytes) return true;
    this.#blocked = true;
    return false;
  }

  pause(): void {
    this.#paused = true;
    if (this.#state !== 'securing') this.#socket.pause();
  }

  resume(): void {
    this.#paused = false;
    if (this.#state !== 'securing') this.#socket.resume();
  }

  close(reason: string): void {
    if (this.#state === 'closing' || this.#state === 'closed') return;
    this.#output.held = false;
    this.#output.flush();
    this.#state = 'closing';
    this.#reason = reason;
    const socket = this.#socket;
    socket.removeAllListeners('data');
    // The client is gone and has been told all.
    if (socket.readableEnded && socket.writableLength === 0 && !this.#secure.tls) {
      ends.destroy(socket);
      return;
    }
    socket.resume();
    this.#lingerTimer = setTimeout(() => socket.destroy(), this.#settings.writeStallMs);
    this.#lingerTimer.unref();
    socket.end(() => {
      clearTimeout(this.#lingerTimer);
      this.#lingerTimer = setTimeout(() => socket.destroy(), LINGER_MS);
      this.#lingerTimer.unref();
    });
    if (socket.readableEnded) socket.once('finish', () => socket.destroy());
    else socket.once('end', () => socket.destroySoon());
  }

  abort(reason: string): void {
    if (this.#state === 'closed') return;
    this.#reason = reason;
    this.#state = 'closing';
    this.#output.discard();
    this.#socket.destroy();
  }

  startTls(): void {
    if (!this.canStartTls) {
      this.abort('StartTLS without a certificate or a second time');
      return;
    }
    this.#output.flush();
    this.#state = 'securing';
    this.#output.held = true;
    this.#raw.removeAllListeners('data');
    this.#raw.removeAllListeners('end');
    this.#raw.removeAllListeners('drain');
    this.#raw.pause();
    const secured = (): void => {
      this.#listen();
      this.#output.held = false;
      this.#output.flush();
      this.#call((sink) => sink.secured());
    };
    this.#raw.write(Buffer.alloc(0), () => {
      if (this.#state === 'securing') this.#wrap(secured);
    });
  }

  /** Ends the connection when nothing that is queued was taken for writeStallMs. Called now and then by the listener. */
  checkStall(nowMs: number): void {
    const queued = this.queuedBytes;
    const handle = (this.#raw as unknown as { _handle?: { writeQueueSize?: number } })._handle;
    const left = queued === 0 ? 0 : queued * 2 ** 22 + (handle?.writeQueueSize ?? 0);
    if (left === 0 || left !== this.#stalledBytes) {
      this.#stalledBytes = left;
      this.#stalledSinceMs = nowMs;
    } else if (nowMs - this.#stalledSinceMs >= this.#settings.writeStallMs) {
      this.abort('the client does not read its answers');
    }
  }

  #open(accept: AcceptConnection): void {
    try {
      this.#sink = accept(this);
    } catch (error) {
      this.#settings.log.error({ error: String(error), peer: this.peer.address }, 'connection refused');
      this.abort('refused');
      return;
    }
    this.#listen();
  }

  #listen(): void {
    const socket = this.#socket;
    socket.on('data', (chunk: Buffer) => {
      if (this.#state === 'open') this.#call((sink) => sink.bytes(chunk));
    });
    socket.on('end', () => {
      if (this.#state === 'open') this.#call((sink) => sink.ended());
    });
    socket.on('drain', () => {
      if (!this.#blocked) return;
      this.#blocked = false;
      if (this.#state === 'open') this.#call((sink) => sink.drained());
    });
    if (this.#paused) socket.pause();
  }

  #wrap(done: () => void): void {
    const { tls, requestCertificates, tlsHandshakeMs } = this.#settings;
    if (tls === undefined) {
      this.abort('there is no certificate');
      return;
    }
    this.#state = 'securing';
    let socket: TLSSocket;
    try {
      socket = new TLSSocket(this.#raw, {
        isServer: true,
        secureContext: tls.secureContext,
        requestCert: requestCertificates,
        rejectUnauthorized: false,
      });
    } catch (error) {
      this.#settings.log.error({ error: String(error) }, 'TLS cannot be started');
      this.abort('TLS cannot be started');
      return;
    }
    socket.on('error', (error: NodeJS.ErrnoException) => this.#failed(error));
    socket.on('close', () => this.#closed());
    this.#socket = socket;
    this.#output.useSocket(socket);
    this.#handshakeTimer = setTimeout(() => this.abort('the TLS handshake took too long'), tlsHandshakeMs);
    this.#handshakeTimer.unref();
    socket.once('secure', () => {
      clearTimeout(this.#handshakeTimer);
      if (this.#state !== 'securing') return;
      this.#state = 'open';
      this.#secure = securityOf(socket);
      done();
    });
  }

  #failed(error: NodeJS.ErrnoException): void {
    if (this.#state === 'closed' || this.#state === 'closing') return;
    this.#reason =
      this.#state === 'securing'
        ? `the TLS handshake failed: ${error.message}`
        : `the connection failed: ${error.code ?? error.message}`;
    this.#socket.destroy();
  }

  #closed(): void {
    if (this.#state === 'closed') return;
    if (this.#state === 'securing' && !this.#reason.startsWith('the TLS'))
      this.#reason = 'the client left during the TLS handshake';
    this.#state = 'closed';
    clearTimeout(this.#handshakeTimer);
    clearTimeout(this.#lingerTimer);
    this.#output.discard();
    this.#raw.destroy();
    this.#gone();
    const sink = this.#sink;
    this.#sink = undefined;
    try {
      sink?.closed(this.#reason);
    } catch (error) {
      this.#settings.log.error({ error: stackOf(error) }, 'a closed connection failed');
    }
  }

  #call(event: (sink: LdapConnectionSink) => void): void {
    const sink = this.#sink;
    if (sink === undefined) return;
    try {
      event(sink);
    } catch (error) {
      this.#settings.log.error({ error: stackOf(error), peer: this.peer.address }, 'a connection failed');
      this.abort('internal error');
    }
  }
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** An IPv4 address inside IPv6 as people write it. */
function plainAddress(address: string | undefined): string {
  if (address === undefined) return '';
  return address.startsWith('::ffff:') ? address.slice(7) : address;
}
