/**
 * LDIF files being written: text out, gzip by the suffix `.gz`, constant memory.
 *
 * Owns the file only; what the text says is ldif/. A file appears under its name when it is complete, with mode 0600.
 */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

const CHUNK_BYTES = 262_144;
const STDIO = '-';

/** A text sink that a caller awaits. */
export interface LdifFileWriter {
  /** Takes text; the promise, when there is one, must be awaited before more is written. */
  write(text: string): Promise<void> | undefined;
  /** Completes the file and gives it its name. */
  close(): Promise<void>;
  /** Removes what was written. */
  discard(): Promise<void>;
}

/** Opens a file for writing (`-`: standard output), mode 0600. It appears under its name only when it is complete. */
export function writeLdifFile(path: string): LdifFileWriter {
  if (path === STDIO)
    return streamWriter(
      process.stdout,
      async () => {},
      async () => {},
    );
  const temporary = `${path}.part`;
  const file = createWriteStream(temporary, { mode: 0o600, highWaterMark: CHUNK_BYTES });
  let target: Writable = file;
  if (path.endsWith('.gz')) {
    const gzip = createGzip();
    gzip.pipe(file);
    file.on('error', (error) => gzip.destroy(error));
    target = gzip;
  }
  const complete = async (): Promise<void> => {
    const done = finished(file);
    target.end();
    await done;
    await rename(temporary, path);
  };
  return streamWriter(target, complete, async () => {
    target.destroy();
    file.destroy();
    await rm(temporary, { force: true });
  });
}

function streamWriter(
  target: Writable,
  close: () => Promise<void>,
  discard: () => Promise<void>,
): LdifFileWriter {
  let failure: Error | undefined;
  target.on('error', (error: Error) => {
    failure = error;
  });
  return {
    write(text) {
      if (failure !== undefined) return Promise.reject(failure);
      return target.write(text) ? undefined : drained(target);
    },
    async close() {
      if (failure !== undefined) throw failure;
      await close();
    },
    discard,
  };
}

async function drained(target: Writable): Promise<void> {
  await once(target, 'drain');
}
