/**
 * Links between servers: port LinkNetwork over mutual TLS.
 *
 * Both ends prove a certificate of the topology CA (but for a server that wants to join, which speaks another protocol until it has one); a peer's identity is its certificate's common name, so an advertised address may be overridden freely. A peer without
 * such a certificate is closed before anything of it is read. Keep-alive finds dead peers; heartbeats are sync's.
 */
import type { Socket } from 'node:net';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { LIMITS } from '../base/limits.js';
import type { Link, LinkNetwork, LinkPeer } from '../port/link.js';
import type { Log } from '../port/log.js';
import { JOIN_PROTOCOL, JsonLines } from './json-lines.js';
import { listenFault } from './ldap-listener.js';
import { LinkDeflater, LinkInflater } from './link-compression.js';
import { OutputQueue } from './output-queue.js';
import type { TlsContext } from './tls-context.js';
import { commonNameOf } from './transport-security.js';

const KEEPALIVE_MS = 15_000;
const HIGH_WATER_BYTES = 1_048_576;
const CLOSE_MS = 5_000;
/** Name of the protocol within TLS (RFC 7301). A peer that names none speaks it too. */
const REPLICATION_PROTOCOL = 'polyarch-replication';
/** Incoming handshakes and links at once. */
const MAX_LINKS = 2_000;

export class TlsLinks implements LinkNetwork {
  readonly #tls: TlsContext;
  readonly #log: Log;
  readonly #from: { readonly localAddress?: string };
  #receiveJoin: JoinReceiver | undefined;
  #joining = 0;

  /** `tls` must have a CA: it alone says which peers are ours. `from`: IP address to dial from; undefined: the system chooses. */
  constructor(tls: TlsContext, log: Log, from?: string) {
    this.#from = from === undefined ? {} : { localAddress: from };
    this.#tls = tls;
    this.#log = log;
  }

  /** Gives links of servers that want to join to `receive`; before that they are closed. */
  serveJoins(receive: JoinReceiver): void {
    this.#receiveJoin = receive;
  }

  #join(socket: TLSSocket): void {
    if (this.#receiveJoin === undefined || this.#joining >= LIMITS.joinLinks) {
      socket.destroy();
      return;
    }
    this.#joining += 1;
    socket.once('close', () => {
      this.#joining -= 1;
    });
    this.#receiveJoin(new JsonLines(socket, LIMITS.joinRequestBytes, LIMITS.joinMs));
  }

  #turnAway(socket: TLSSocket): void {
    this.#refuse(String(socket.authorizationError), socket.remoteAddress);
    socket.destroy();
  }

  #refuse(error: string, peer: string | undefined): void {
    this.#log.warn({ error, peer }, 'a replication peer was refused');
  }

  dial(address: string): Promise<Link> {
    return new Promise((resolve, reject) => {
      const target = splitAddress(address);
      if (target === undefined) {
        reject(new Error(`${address} is no address of the form host:port`));
        return;
      }
      const socket = connect({
        ...target,
        ...this.#from,
        // Made once for all connections: to read the certificates takes longer than all the rest of a dial that fails.
        secureContext: this.#tls.secureContext,
        ALPNProtocols: [REPLICATION_PROTOCOL],
        rejectUnauthorized: true,
        checkServerIdentity: () => undefined,
      });
      const timer = setTimeout(() => socket.destroy(new Error('no answer in time')), LIMITS.tlsHandshakeMs);
      timer.unref();
      let failure = 'the peer closed the connection';
      const failed = (error: Error): void => {
        failure = error.message;
      };
      const closed = (): void => {
        clearTimeout(timer);
        reject(new Error(`${address}: ${failure}`));
      };
      socket.on('error', failed);
      socket.once('close', closed);
      socket.once('secureConnect', () => {
        clearTimeout(timer);
        const identity = commonNameOf(socket.getPeerCertificate().subject);
        if (identity === undefined) {
          socket.destroy(new Error('the certificate of the peer has no common name'));
          return;
        }
        socket.off('error', failed);
        socket.off('close', closed);
        resolve(new TlsLink(socket, { address, identity }));
      });
    });
  }

  async listen(
    address: string,
    accept: (link: Link) => void,
  ): Promise<{ readonly address: string; close(): Promise<void> }> {
    const target = splitAddress(address);
    if (target === undefined) throw new Error(`${address} is no address of the form host:port`);
    const sockets = new Set<Socket>();
    const server = createServer({
      ...this.#tls.options,
      requestCert: true,
      // Who wants to join has no certificate yet; everyone else is looked at once the handshake is done, before anything is read.
      rejectUnauthorized: false,
      ALPNProtocols: [JOIN_PROTOCOL, REPLICATION_PROTOCOL],
      handshakeTimeout: LIMITS.tlsHandshakeMs,
    });
    server.maxConnections = MAX_LINKS;
    server.on('connection', (socket: Socket) => {
      socket.on('error', () => socket.destroy());
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
    });
    server.on('tlsClientError', (error, socket) => {
      this.#refuse(error.message, socket.remoteAddress);
    });
    server.on('secureConnection', (socket) => {
      socket.on('error', () => socket.destroy());
      if (socket.alpnProtocol === JOIN_PROTOCOL) return this.#join(socket);
      if (!socket.authorized) return this.#turnAway(socket);
      const peer = {
        address: `${socket.remoteAddress ?? ''}:${socket.remotePort ?? 0}`,
        identity: identityOf(socket),
      };
      if (peer.identity === undefined) {
        this.#log.warn({ peer: peer.address }, 'a replication peer without a server name was refused');
        socket.destroy();
        return;
      }
      accept(new TlsLink(socket, peer));
    });
    await new Promise<void>((resolve, reject) => {
      const failed = (error: NodeJS.ErrnoException): void =>
        reject(listenFault(error, target.host, target.port));
      server.once('error', failed);
      server.listen(target, () => {
        server.off('error', failed);
        resolve();
      });
    });
    server.on('error', (error) =>
      this.#log.error({ error: error.message }, 'a replication link could not be accepted'),
    );
    const unwatch = this.#tls.onReload(() => server.setSecureContext(this.#tls.options));
    const bound = server.address();
    const port = typeof bound === 'object' && bound !== null ? bound.port : target.port;
    return {
      address: joinAddress(target.host, port),
      close: () =>
        new Promise((resolve) => {
          unwatch();
          server.close(() => resolve());
          for (const socket of sockets) socket.destroy();
        }),
    };
  }
}

/** Who is told of servers that want to join; see serveJoins(). */
type JoinReceiver = (lines: JsonLines) => void;

type Receivers = Parameters<Link['start']>[0];

class TlsLink implements Link {
  readonly peer: LinkPeer;
  readonly #socket: TLSSocket;
  readonly #output: OutputQueue;
  #receivers: Receivers | undefined;
  #reason = 'the peer closed the link';
  #blocked = false;
  #paused = false;
  #deflater: LinkDeflater | undefined;
  #inflater: LinkInflater | undefined;
  #closing = false;
  #wireBytes = 0;

  constructor(socket: TLSSocket, peer: LinkPeer) {
    this.peer = peer;
    this.#socket = socket;
    this.#output = new OutputQueue(socket);
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEPALIVE_MS);
    socket.pause();
    socket.on('error', (error) => {
      if (!this.#closing) this.#reason = error.message;
    });
  }

  get queuedBytes(): number {
    return this.#output.queuedBytes + (this.#deflater?.queuedBytes ?? 0);
  }

  send(bytes: Uint8Array): boolean {
    if (this.#closing || this.#socket.destroyed) return true;
    if (this.#deflater === undefined) this.#put(bytes);
    else this.#deflater.write(bytes);
    if (this.queuedBytes < HIGH_WATER_BYTES) return true;
    this.#blocked = true;
    return false;
  }

  get wireBytes(): number {
    return this.#wireBytes;
  }

  #put(bytes: Uint8Array): void {
    this.#wireBytes += bytes.length;
    this.#output.add(bytes);
  }

  start(on: Receivers): void {
    this.#receivers = on;
    const socket = this.#socket;
    socket.on('data', (chunk: Buffer) => {
      if (this.#closing) return;
      if (this.#inflater === undefined) on.bytes(chunk);
      else this.#inflate(chunk);
    });
    socket.on('drain', () => this.#drained());
    socket.once('close', () => this.#ended());
    if (socket.destroyed) setImmediate(() => this.#closed());
    else socket.resume();
  }

  compressOutput(): void {
    this.#deflater ??= new LinkDeflater((bytes) => {
      if (this.#socket.destroyed) return;
      this.#put(bytes);
      this.#drained();
    });
  }

  inflateInput(rest: Uint8Array): void {
    this.#inflater ??= new LinkInflater(
      (bytes) => {
        if (!this.#closing) this.#receivers?.bytes(bytes);
      },
      () => {
        if (!this.#paused) this.#socket.resume();
      },
      (reason) => this.#socket.destroy(new Error(reason)),
    );
    if (rest.length > 0) this.#inflate(rest.slice());
  }

  #inflate(bytes: Uint8Array): void {
    if (this.#inflater?.write(bytes) === false) this.#socket.pause();
  }

  #drained(): void {
    if (!this.#blocked || this.queuedBytes >= HIGH_WATER_BYTES) return;
    this.#blocked = false;
    this.#receivers?.drain();
  }

  pause(): void {
    this.#paused = true;
    this.#socket.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#socket.resume();
  }

  close(reason: string): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#reason = reason;
    this.#inflater?.discard();
    this.#socket.resume();
    const end = (): void => {
      this.#output.flush();
      this.#socket.end();
    };
    if (this.#deflater === undefined) end();
    else this.#deflater.end(end);
    const timer = setTimeout(() => this.#socket.destroy(), CLOSE_MS);
    timer.unref();
    this.#socket.once('close', () => clearTimeout(timer));
  }

  /** What came before the end is delivered first. */
  #ended(): void {
    if (this.#inflater === undefined || this.#closing) this.#closed();
    else this.#inflater.end(() => this.#closed());
  }

  #closed(): void {
    const receivers = this.#receivers;
    this.#receivers = undefined;
    this.#output.discard();
    this.#deflater?.discard();
    this.#inflater?.discard();
    receivers?.closed(this.#reason);
  }
}

function identityOf(socket: TLSSocket): string | undefined {
  return socket.authorized ? commonNameOf(socket.getPeerCertificate().subject) : undefined;
}

/** host:port or [IPv6]:port; undefined where it is neither. */
function splitAddress(address: string): { host: string; port: number } | undefined {
  const colon = address.lastIndexOf(':');
  const port = Number(address.slice(colon + 1));
  let host = address.slice(0, Math.max(colon, 0));
  if (host.startsWith('[') && host.endsWith(']')) host = host.slice(1, -1);
  if (host === '' || !Number.isInteger(port) || port < 0 || port > 65_535) return undefined;
  return { host, port };
}

function joinAddress(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
