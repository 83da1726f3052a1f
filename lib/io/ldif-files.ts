/**
 * LDIF files as streams: lines in, text out, gzip by the suffix `.gz`, constant memory.
 *
 * Owns files and lines only; what a line means is ldif/. A line is cut at LF, a CR before it goes, and a byte order mark at the start of the file goes.
 */
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import type { Readable, Transform, Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { LIMITS } from '../base/limits.js';
import { OperatorError } from '../base/operator-error.js';

const CHUNK_BYTES = 262_144;
const STDIO = '-';

/** Lines of a file (`-`: standard input) in slices, without their ends. Rejects with OperatorError LDIF_INVALID for a line above the bound, or the file's error. */
export async function* readLdifLines(path: string): AsyncGenerator<readonly string[]> {
  const source = path === STDIO ? process.stdin : createReadStream(path, { highWaterMark: CHUNK_BYTES });
  const stream: Readable = path.endsWith('.gz')
    ? forwardErrors(source, createGunzip({ chunkSize: CHUNK_BYTES }))
    : source;
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let rest = '';
  let lineNumber = 0;
  const decode = (chunk: Uint8Array | undefined): string => {
    try {
      return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
    } catch {
      throw new OperatorError('LDIF_INVALID', `${path}: not valid UTF-8 after line ${lineNumber}`);
    }
  };
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      const lines = (rest + decode(chunk)).split('\n');
      rest = lines.pop() ?? '';
      lineNumber += lines.length;
      if (rest.length > LIMITS.ldifLineBytes) {
        throw new OperatorError(
          'LDIF_INVALID',
          `${path}: line ${lineNumber + 1} is longer than ${LIMITS.ldifLineBytes} octets (limit ldifLineBytes)`,
        );
      }
      if (lines.length > 0) yield lines.map(withoutReturn);
    }
    rest += decode(undefined);
    if (rest !== '') yield [withoutReturn(rest)];
  } finally {
    source.destroy();
    stream.destroy();
  }
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}

function forwardErrors(source: Readable, transform: Transform): Transform {
  source.on('error', (error) => transform.destroy(error));
  return source.pipe(transform);
}

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
