/**
 * What lies where in a server's directory.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, realpathSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { OperatorError } from '../base/operator-error.js';

/** Longest path of a Unix-domain socket that every system takes. */
const MAX_SOCKET_PATH = 100;

export interface ServerFiles {
  /** Absolute path of the server's directory. */
  readonly dir: string;
  readonly config: string;
  readonly db: string;
  /** Held while the database is opened or replaced (data/store-lock.ts). */
  readonly lock: string;
  readonly tls: string;
  readonly schema: string;
  /** Process id of the running server; only a hint, the store's lock decides. */
  readonly pid: string;
  /** Unix-domain socket for local commands. */
  readonly socket: string;
  /** Output of a server started with --detach. */
  readonly log: string;
}

/** Paths of the server in `dir`; nothing needs to exist. */
export function serverFiles(dir: string): ServerFiles {
  const root = resolve(dir);
  return {
    dir: root,
    config: join(root, 'polyarch.yaml'),
    db: join(root, 'db'),
    lock: join(root, 'lock'),
    tls: join(root, 'tls'),
    schema: join(root, 'schema'),
    pid: join(root, 'polyarch.pid'),
    socket: socketPath(root),
    log: join(root, 'polyarch.log'),
  };
}

/** Paths of an existing server; throws OperatorError DATA_DIR_MISSING. */
export function existingServer(dir: string): ServerFiles {
  const files = serverFiles(dir);
  if (!existsSync(files.config))
    throw new OperatorError(
      'DATA_DIR_MISSING',
      `${files.dir} holds no Polyarch server (there is no polyarch.yaml); make one with: polyarch setup --dir ${dir}`,
    );
  return files;
}

/** The socket stands in the server's directory, or, where that path is too long for a socket, in a private directory under the temporary one. */
function socketPath(root: string): string {
  const near = join(root, 'control.sock');
  if (Buffer.byteLength(near) <= MAX_SOCKET_PATH) return near;
  const real = existsSync(root) ? realpathSync(root) : root;
  const name = createHash('sha256').update(real).digest('hex').slice(0, 24);
  return join(tmpdir(), `polyarch-${process.getuid?.() ?? 0}`, `${name}.sock`);
}

/** Makes the private directory of a far socket; refuses one that another user owns. */
export function prepareSocketDirectory(files: ServerFiles): void {
  if (files.socket.startsWith(files.dir)) return;
  const parent = join(files.socket, '..');
  mkdirSync(parent, { recursive: true, mode: 0o700 });
  const { uid, mode } = statSync(parent);
  if (uid !== (process.getuid?.() ?? uid) || (mode & 0o077) !== 0)
    throw new OperatorError(
      'DATA_DIR_MISSING',
      `${parent} must belong to this user alone (mode 0700); remove it and start again`,
    );
}
