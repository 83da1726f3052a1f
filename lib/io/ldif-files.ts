/**
 * LDIF files being written: text out, gzip by the suffix `.gz`, constant memory.
 *
 * Owns the file only; what the text says is ldif/. A file appears under its name when it is complete, with mode 0600. Pipes and devices are written as
 * they stand. What cannot be written is an OperatorError FILE_UNWRITABLE, or DISK_FULL.
 */
import { once } from 'node:events';
import { createWriteStream, statSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { unwritable } from './files.js';

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
      'standard output',
      process.stdout,
      async () => {},
      async () => {},
    );
  const whole = isReplaceable(path);
  const target = whole ? `${path}.part` : path;
  const file = createWriteStream(target, { mode: 0o600, highWaterMark: CHUNK_BYTES });
  let input: Writable = file;
  if (path.endsWith('.gz')) {
    const gzip = createGzip();
    gzip.pipe(file);
    file.on('error', (error) => gzip.destroy(error));
    input = gzip;
  }
  const complete = async (): Promise<void> => {
    const done = finished(file);
    input.end();
    await done;
    if (whole) await rename(target, path);
  };
  return streamWriter(path, input, complete, async () => {
    input.destroy();
    file.destroy();
    // What went wrong before is what counts.
    if (whole) await rm(target, { force: true }).catch(() => undefined);
  });
}

/** Whether a new file may take the place of what stands under the name: nothing or a file, but no pipe or device. */
function isReplaceable(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return true;
  }
}

function streamWriter(
  name: string,
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
      if (failure !== undefined) return Promise.reject(unwritable(name, failure));
      return target.write(text) ? undefined : drained(name, target);
    },
    async close() {
      try {
        if (failure !== undefined) throw failure;
        await close();
      } catch (error) {
        throw unwritable(name, error);
      }
    },
    discard,
  };
}

async function drained(name: string, target: Writable): Promise<void> {
  try {
    await once(target, 'drain');
  } catch (error) {
    throw unwritable(name, error);
  }
}
