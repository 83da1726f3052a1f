/**
 * The server's end of the control socket.
 *
 * Owns the socket and its lines; what a command does is server-commands.ts. One request a connection.
 */
import { chmod, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import {
  type ControlLine,
  type ControlProgress,
  type ControlRequest,
  failureOf,
} from './control-protocol.js';

/** Octets of one request, and requests at once. */
/** A change of schema may bring a whole file of definitions. */
const MAX_REQUEST = 4_194_304;
const MAX_CONNECTIONS = 32;

export type ControlHandler = (
  request: ControlRequest,
  progress: (progress: ControlProgress) => void,
) => Promise<unknown>;

/** Listens on `path` (an old socket there is removed: the store's lock says that no server is alive). */
export async function listenControl(
  path: string,
  handle: ControlHandler,
): Promise<{ close(): Promise<void> }> {
  await rm(path, { force: true });
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('error', () => socket.destroy());
    serve(socket, handle);
  });
  server.maxConnections = MAX_CONNECTIONS;
  const umask = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, () => resolve());
    });
  } finally {
    process.umask(umask);
  }
  await chmod(path, 0o600);
  return {
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of open) socket.end();
      // A caller that does not hang up must not hold the server.
      const forced = setTimeout(() => {
        for (const socket of open) socket.destroy();
      }, 500);
      await closed;
      clearTimeout(forced);
    },
  };
}

function serve(socket: Socket, handle: ControlHandler): void {
  let text = '';
  let asked = false;
  socket.setEncoding('utf8');
  socket.on('data', (chunk: string) => {
    if (asked) return;
    text += chunk;
    const end = text.indexOf('\n');
    if (end < 0) {
      if (text.length > MAX_REQUEST) socket.destroy();
      return;
    }
    asked = true;
    void answer(socket, text.slice(0, end), handle);
  });
}

async function answer(socket: Socket, line: string, handle: ControlHandler): Promise<void> {
  const write = (reply: ControlLine) => {
    if (!socket.destroyed) socket.write(`${JSON.stringify(reply)}\n`);
  };
  try {
    const request = JSON.parse(line) as ControlRequest;
    const result = await handle(request, (progress) => write({ kind: 'progress', progress }));
    write({ kind: 'result', result: result ?? null });
  } catch (error) {
    write({ kind: 'error', error: failureOf(error) });
  }
  socket.end();
}
