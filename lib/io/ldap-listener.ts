/**
 * Listens for LDAP and LDAPS connections and hands each to the engine as an LdapTransport.
 *
 * Owns the listening socket, the number of connections, and refusing one too many with a notice of disconnection (RFC 4511 section 4.4.1). Running out of file
 * descriptors costs new connections only.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { OperatorError } from '../base/operator-error.js';
import { BerWriter } from '../ber/ber-writer.js';
import { encodeDisconnection } from '../ldap/extended/disconnection.js';
import type { AcceptConnection } from '../port/ldap-transport.js';
import { SocketTransport, type TransportSettings } from './socket-transport.js';

/** Connections that a server may have, over all its listeners. */
export class ConnectionLimit {
  readonly #max: () => number;
  #taken = 0;

  /** `max`: asked at each new connection. */
  constructor(max: () => number) {
    this.#max = max;
  }

  get max(): number {
    return this.#max();
  }

  get taken(): number {
    return this.#taken;
  }

  /** False when all are taken. */
  take(): boolean {
    if (this.#taken >= this.max) return false;
    this.#taken += 1;
    return true;
  }

  release(): void {
    this.#taken -= 1;
  }
}

export interface LdapListenerOptions extends TransportSettings {
  /** Address to listen on, such as 0.0.0.0, :: or 127.0.0.1. */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** TLS from the first octet (LDAPS); `tls` must then be given. */
  readonly ldaps: boolean;
  readonly limit: ConnectionLimit;
  /** Connections that the kernel keeps waiting. */
  readonly backlog?: number;
}

export interface LdapListener {
  readonly host: string;
  /** The real port. */
  readonly port: number;
  readonly connections: number;
  /** Takes no more connections; those that exist go on. */
  close(): void;
  /** Ends all connections of this listener at once. */
  abortAll(reason: string): void;
}

/** Starts listening. Rejects with OperatorError PORT_IN_USE or PORT_FORBIDDEN, or the system's error. */
export async function listenLdap(
  options: LdapListenerOptions,
  accept: AcceptConnection,
): Promise<LdapListener> {
  const transports = new Set<SocketTransport>();
  const server = createServer({ allowHalfOpen: true, noDelay: true, keepAlive: true }, (socket) => {
    if (!options.limit.take()) {
      refuse(socket, options.ldaps);
      return;
    }
    const transport: SocketTransport = new SocketTransport(socket, options, () => {
      transports.delete(transport);
      options.limit.release();
    });
    transports.add(transport);
    transport.start(accept, options.ldaps);
  });
  await listening(server, options);
  let lastErrorMs = 0;
  server.on('error', (error: NodeJS.ErrnoException) => {
    if (Date.now() - lastErrorMs < 1000) return;
    lastErrorMs = Date.now();
    options.log.error({ error: error.message, code: error.code }, 'a connection could not be accepted');
  });
  const sweep = setInterval(
    () => {
      const nowMs = performance.now();
      for (const transport of transports) transport.checkStall(nowMs);
    },
    Math.max(50, options.writeStallMs / 4),
  );
  sweep.unref();
  const address = server.address();
  return {
    host: options.host,
    port: typeof address === 'object' && address !== null ? address.port : options.port,
    get connections() {
      return transports.size;
    },
    close() {
      server.close(() => clearInterval(sweep));
    },
    abortAll(reason) {
      for (const transport of [...transports]) transport.abort(reason);
    },
  };
}

async function listening(server: Server, options: LdapListenerOptions): Promise<void> {
  const { host, port, path, backlog } = options;
  const place = path === undefined ? { host, port } : { path };
  await new Promise<void>((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException): void =>
      reject(
        path === undefined
          ? listenFault(error, host, port)
          : new OperatorError('PORT_FORBIDDEN', `no socket can be made at ${path}: ${error.message}`),
      );
    server.once('error', failed);
    server.listen({ ...place, backlog: backlog ?? 1024 }, () => {
      server.off('error', failed);
      resolve();
    });
  });
}

/** The operator's view of a failed listen(). */
export function listenFault(error: NodeJS.ErrnoException, host: string, port: number): Error {
  const where = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  if (error.code === 'EADDRINUSE') {
    return new OperatorError(
      'PORT_IN_USE',
      `another process listens on ${where}; choose another port or stop it`,
    );
  }
  if (error.code === 'EACCES') {
    return new OperatorError(
      'PORT_FORBIDDEN',
      `this process may not listen on ${where}; choose a port above 1023`,
    );
  }
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND') {
    return new OperatorError('PORT_FORBIDDEN', `${host} is no address of this machine`);
  }
  return error;
}

/** One connection too many: says so where it can be said without a handshake, and closes. */
function refuse(socket: Socket, ldaps: boolean): void {
  socket.on('error', () => socket.destroy());
  if (ldaps) {
    socket.destroy();
    return;
  }
  const writer = new BerWriter(256);
  encodeDisconnection(writer, 'busy', 'the server has as many connections as it may have; try again later');
  socket.resume();
  socket.end(writer.copySince(0), () => socket.destroySoon());
  setTimeout(() => socket.destroy(), 1000).unref();
}
