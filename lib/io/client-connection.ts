/**
 * A client's connection: frames, message ids, and who waits for which answer (RFC 4511 from the client's side).
 *
 * What a server sends is bounded and checked like what a client sends. An answer to nobody is dropped; one that is no LDAP ends the connection. When the connection ends, everyone who waits is
 * told why.
 */
import { connect as connectTcp, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { LdapError } from '../base/ldap-error.js';
import { LIMITS } from '../base/limits.js';
import { OperatorError } from '../base/operator-error.js';
import { asError, reasonOf } from '../base/thrown.js';
import { BerWriter } from '../ber/ber-writer.js';
import { FrameAssembler } from '../ber/frame-assembler.js';
import { decodeResponse } from '../ldap/decode-response.js';
import { encodeRequest } from '../ldap/encode-request.js';
import type { Control, LdapRequest, ResponseMessage } from '../ldap/message.js';

export interface ClientOptions {
  readonly host: string;
  readonly port: number;
  /** A Unix-domain socket instead: its absolute path. */
  readonly path?: string;
  /** TLS from the first octet. */
  readonly ldaps?: boolean;
  /** PEM of the CAs to trust; the system's when absent. */
  readonly ca?: string | Uint8Array;
  /** PEM of a certificate and key to show. */
  readonly certificate?: string | Uint8Array;
  readonly key?: string | Uint8Array;
  /** Whether the server's certificate must be good for `host` (default true). */
  readonly verify?: boolean;
  /** Milliseconds to connect, and for one answer (0: no limit). */
  readonly connectMs?: number;
  readonly requestMs?: number;
}

/** Takes the answers to one request; done when it answers true. */
export interface Waiter {
  take(message: ResponseMessage): boolean;
  fail(error: Error): void;
}

const writer = new BerWriter();

export class ClientConnection {
  readonly #options: ClientOptions;
  readonly #waiters = new Map<number, Waiter>();
  readonly #assembler = new FrameAssembler(LIMITS.frameBytes);
  #socket: Socket;
  #nextId = 1;
  #failure: Error | undefined;
  /** Searches whose readers have fallen behind. */
  #pauses = 0;

  private constructor(options: ClientOptions, socket: Socket) {
    this.#options = options;
    this.#socket = socket;
    this.#listen();
  }

  /** Connects. Rejects with OperatorError CONNECT_FAILED. */
  static async open(options: ClientOptions): Promise<ClientConnection> {
    const { host, port, path } = options;
    const target = path === undefined ? { host, port } : { path };
    const socket =
      options.ldaps === true
        ? connectTls({ ...target, ...tlsOptions(options) })
        : connectTcp({ ...target, noDelay: true });
    await established(socket, options.ldaps === true ? 'secureConnect' : 'connect', options);
    socket.setNoDelay(true);
    return new ClientConnection(options, socket);
  }

  /** Why the connection ended; undefined while it stands. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Sends a request and registers who waits for its answers. Answers the message id. Throws when the connection has ended. */
  send(request: LdapRequest, controls: readonly Control[], waiter: Waiter | undefined): number {
    if (this.#failure !== undefined) throw this.#failure;
    const id = this.#nextId;
    this.#nextId = id === 2147483647 ? 1 : id + 1;
    writer.reset();
    encodeRequest(writer, { id, request, controls });
    if (waiter !== undefined) this.#waiters.set(id, waiter);
    this.#socket.write(writer.copySince(0));
    return id;
  }

  /** Nobody waits for this id any more. */
  forget(id: number): void {
    this.#waiters.delete(id);
  }

  /** Stops reading until as many resume() calls have come. */
  pause(): void {
    this.#pauses += 1;
    this.#socket.pause();
  }

  resume(): void {
    this.#pauses -= 1;
    if (this.#pauses === 0) this.#socket.resume();
  }

  /** The TLS handshake after the server agreed to StartTLS. Rejects with OperatorError CONNECT_FAILED; the connection is then gone. */
  async startTls(): Promise<void> {
    const plain = this.#socket;
    plain.removeAllListeners('data');
    plain.removeAllListeners('end');
    plain.removeAllListeners('close');
    if (this.#assembler.bufferedBytes > 0) {
      this.#end(
        new OperatorError('CONNECT_FAILED', 'the server sent clear text behind its agreement to StartTLS'),
      );
      plain.destroy();
      throw this.#failure;
    }
    const socket = connectTls({ socket: plain, ...tlsOptions(this.#options) });
    this.#socket = socket;
    try {
      await established(socket, 'secureConnect', this.#options);
    } catch (error) {
      this.#end(asError(error));
      throw error;
    }
    this.#listen();
  }

  /** Sends what is queued and closes; those who wait are told. */
  close(): void {
    this.#end(new OperatorError('CONNECT_FAILED', 'the client closed the connection'));
    this.#socket.end();
    const socket = this.#socket;
    setTimeout(() => socket.destroy(), 1000).unref();
  }

  #listen(): void {
    const socket = this.#socket;
    socket.on('error', (error) => this.#lost(error.message));
    socket.on('close', () => this.#lost('the server closed the connection'));
    socket.on('data', (chunk: Buffer) => this.#received(chunk));
  }

  #received(chunk: Buffer): void {
    try {
      this.#assembler.push(chunk);
      for (let frame = this.#assembler.next(); frame !== undefined; frame = this.#assembler.next()) {
        this.#take(decodeResponse(frame));
      }
    } catch (error) {
      this.#lost(`the server's answer is no LDAP: ${reasonOf(error)}`);
      this.#socket.destroy();
    }
  }

  #take(message: ResponseMessage): void {
    if (message.id === 0) {
      if (message.response.kind !== 'extended') return;
      const { result, diagnostic } = message.response.result;
      this.#end(new LdapError(result, `the server ends the session: ${diagnostic}`));
      this.#socket.end();
      return;
    }
    const waiter = this.#waiters.get(message.id);
    if (waiter?.take(message) === true) this.#waiters.delete(message.id);
  }

  #lost(reason: string): void {
    this.#end(
      new OperatorError('CONNECT_FAILED', `the connection to ${placeOf(this.#options)} was lost: ${reason}`),
    );
  }

  #end(error: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    const waiters = [...this.#waiters.values()];
    this.#waiters.clear();
    for (const waiter of waiters) waiter.fail(error);
  }
}

function tlsOptions(options: ClientOptions): ConnectionOptions {
  const pem = (value: string | Uint8Array): string | Buffer =>
    typeof value === 'string' ? value : Buffer.from(value);
  return {
    host: options.host,
    rejectUnauthorized: options.verify !== false,
    minVersion: 'TLSv1.2',
    ...(options.ca === undefined ? {} : { ca: pem(options.ca) }),
    ...(options.certificate === undefined ? {} : { cert: pem(options.certificate) }),
    ...(options.key === undefined ? {} : { key: pem(options.key) }),
  };
}

async function established(
  socket: Socket,
  event: 'connect' | 'secureConnect',
  options: ClientOptions,
): Promise<void> {
  const fault = (cause: Error): OperatorError =>
    new OperatorError('CONNECT_FAILED', `${placeOf(options)} cannot be reached: ${cause.message}`, [], {
      cause,
    });
  await new Promise<void>((resolve, reject) => {
    const limitMs = options.connectMs ?? 10_000;
    const timer = setTimeout(() => socket.destroy(new Error(`no answer within ${limitMs} ms`)), limitMs);
    const failed = (error: Error): void => {
      clearTimeout(timer);
      reject(fault(error));
    };
    const closed = (): void => failed(new Error('the connection was closed'));
    socket.once('error', failed);
    socket.once('close', closed);
    socket.once(event, () => {
      clearTimeout(timer);
      socket.off('error', failed);
      socket.off('close', closed);
      resolve();
    });
  });
}

function placeOf({ host, port, path }: ClientOptions): string {
  return path ?? `${host}:${port}`;
}
