/**
 * Gathers the facts for `polyarch health`, from a running server over its control socket and from the directory of one that does not run. Changes nothing.
 */
import { X509Certificate } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OperatorError } from '../base/operator-error.js';
import { freeBytes } from '../io/free-space.js';
import { callControl, isRunning } from './control-client.js';
import { type HealthFacts, OPEN_KINDS } from './health-rules.js';
import { readServerConfig } from './read-config.js';
import { existingServer, type ServerFiles } from './server-files.js';
import type { ServerStatus } from './server-status.js';

const MiB = 1_048_576;

/** Rejects with OperatorError DATA_DIR_MISSING, or CONNECT_FAILED when a running server does not answer. */
export async function gatherHealth(dir: string): Promise<HealthFacts> {
  const files = existingServer(dir);
  const { fault, minFreeMiB } = await readLimits(dir);
  const running = await isRunning(files);
  const openConflicts: Record<string, number> = {};
  if (running)
    for (const kind of OPEN_KINDS) {
      const found = (await callControl(files, { command: 'conflicts', kind, limit: 1 })) as { total: number };
      openConflicts[kind] = found.total;
    }
  return {
    dir: files.dir,
    configFault: fault,
    status: running ? ((await callControl(files, { command: 'status' })) as ServerStatus) : undefined,
    upkeep: running
      ? ((await callControl(files, { command: 'upkeep-members' })) as HealthFacts['upkeep'])
      : [],
    openConflicts,
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
