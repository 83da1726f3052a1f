/**
 * What `polyarch health` reads from a server's directory, whether the server runs or not: configuration, free space, certificates. Changes nothing.
 */
import { X509Certificate } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OperatorError } from '../../base/operator-error.js';
import { freeBytes } from '../../io/free-space.js';
import { readServerConfig } from '../config/read-config.js';
import type { ServerFiles } from '../server-files.js';
import type { HealthFacts } from './health-rules.js';

const MiB = 1_048_576;

/** Facts of the directory alone. */
export type FileFacts = Pick<
  HealthFacts,
  'dir' | 'configFault' | 'freeBytes' | 'minFreeBytes' | 'certificates' | 'nowMs'
>;

/** Reads them. */
export async function fileFacts(files: ServerFiles): Promise<FileFacts> {
  const { fault, minFreeMiB } = await readLimits(files.dir);
  return {
    dir: files.dir,
    configFault: fault,
    freeBytes: await freeBytes(files.dir),
    minFreeBytes: minFreeMiB * MiB,
    certificates: await certificates(files),
    nowMs: Date.now(),
  };
}

async function readLimits(dir: string): Promise<{ fault: string | undefined; minFreeMiB: number }> {
  try {
    const { settings } = await readServerConfig(dir);
    return { fault: undefined, minFreeMiB: settings['changelog.minFreeMiB'] };
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    return { fault: [error.message, ...error.faults].join('; '), minFreeMiB: 0 };
  }
}

/** Certificates in the server's directory; other files there are left alone. */
async function certificates({ tls }: ServerFiles): Promise<{ file: string; endsMs: number }[]> {
  const found: { file: string; endsMs: number }[] = [];
  const names = await readdir(tls).catch(() => []);
  for (const name of names) {
    const file = join(tls, name);
    try {
      const text = await readFile(file, 'latin1');
      if (!text.includes('BEGIN CERTIFICATE')) continue;
      found.push({ file, endsMs: Date.parse(new X509Certificate(text).validTo) });
    } catch {
      // No certificate, or none that we may read: whoever uses it says so.
    }
  }
  return found;
}
