/**
 * Octets of a file or of standard input (`-`) as chunks, unpacked by the suffix `.gz`; constant memory.
 */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';

const CHUNK_BYTES = 262_144;

/** What a reader tells of its progress: octets of the file read so far (packed ones, for `.gz`). */
export interface ReadProgress {
  bytesRead: number;
}

/** The chunks; rejects with the file's error. `progress` is kept up to date. */
export async function* readOctets(path: string, progress: ReadProgress): AsyncGenerator<Uint8Array> {
  const source = path === '-' ? process.stdin : createReadStream(path, { highWaterMark: CHUNK_BYTES });
  source.on('data', (chunk: Buffer | string) => {
    progress.bytesRead += chunk.length;
  });
  source.pause();
  const stream = path.endsWith('.gz') ? createGunzip({ chunkSize: CHUNK_BYTES }) : source;
  if (stream !== source) {
    source.on('error', (error: Error) => stream.destroy(error));
    source.pipe(stream as ReturnType<typeof createGunzip>);
  }
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) yield chunk;
  } finally {
    source.destroy();
    stream.destroy();
  }
}

/** Size in octets; undefined for standard input and what has none. Rejects when there is no such file. */
export async function octetsOf(path: string): Promise<number | undefined> {
  if (path === '-') return undefined;
  const facts = await stat(path);
  return facts.isFile() ? facts.size : undefined;
}
