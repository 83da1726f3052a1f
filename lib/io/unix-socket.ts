/**
 * Listens for LDAP on a Unix-domain socket (ldapi://).
 *
 * Owns the socket's file: one that a dead process left is replaced, one that somebody listens on is not. Every user of the machine may connect, as with slapd; the folder's permissions
 * restrict that. Who is at the other end is not known: Node.js does not tell, so there is no EXTERNAL here.
 */
import { chmod, rm, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { OperatorError } from '../base/operator-error.js';
import type { AcceptConnection } from '../port/ldap-transport.js';
import { type LdapListener, type LdapListenerOptions, listenLdap } from './ldap-listener.js';

export interface SocketListenerOptions extends Omit<LdapListenerOptions, 'host' | 'port' | 'ldaps' | 'path'> {
  /** Absolute. */
  readonly path: string;
}

/** Starts listening. Rejects with OperatorError PORT_IN_USE or PORT_FORBIDDEN, or the system's error. */
export async function listenSocket(
  options: SocketListenerOptions,
  accept: AcceptConnection,
): Promise<LdapListener> {
  const { path } = options;
  await makeRoom(path);
  const listener = await listenLdap({ ...options, host: '', port: 0, ldaps: false }, accept);
  await chmod(path, 0o666);
  return listener;
}

async function makeRoom(path: string): Promise<void> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw new OperatorError('PORT_FORBIDDEN', `${path} cannot be looked at: ${error.message}`);
  });
  if (found === undefined) return;
  if (!found.isSocket() || (await answers(path)))
    throw new OperatorError(
      'PORT_IN_USE',
      found.isSocket()
        ? `another process listens on ${path}; choose another path or stop it`
        : `${path} is there and is no socket; choose another path`,
    );
  await rm(path, { force: true });
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
