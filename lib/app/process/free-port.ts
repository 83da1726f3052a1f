/**
 * Whether ports are free, before a server that needs them is started.
 */
import { createServer } from 'node:net';
import { OperatorError } from '../../base/operator-error.js';
import { parseAddress } from '../../topology/address.js';

/** Throws OperatorError PORT_IN_USE or PORT_FORBIDDEN for the first address that cannot be listened on. */
export async function requireFree(addresses: readonly string[], remedy: string): Promise<void> {
  for (const text of addresses) {
    const address = parseAddress(text);
    if (address === undefined || address.port === 0) continue;
    const error = await listenError(address.host, address.port);
    if (error === undefined) continue;
    throw listenFailure(text, error, remedy);
  }
}

/** The operator error of a listen that failed. `remedy`: how to choose another port. */
function listenFailure(address: string, error: NodeJS.ErrnoException, remedy: string): OperatorError {
  if (error.code === 'EADDRINUSE')
    return new OperatorError(
      'PORT_IN_USE',
      `another process listens on ${address}; stop it, or ${remedy}`,
      [],
      { cause: error },
    );
  if (error.code === 'EACCES')
    return new OperatorError(
      'PORT_FORBIDDEN',
      `this process may not listen on ${address}; use a port from 1024 on: ${remedy}`,
      [],
      {
        cause: error,
      },
    );
  return new OperatorError('CONFIG_INVALID', `cannot listen on ${address}: ${error.message}; ${remedy}`, [], {
    cause: error,
  });
}

function listenError(host: string, port: number): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}
