/**
 * Gathers the facts for `polyarch health` of a directory: a running server is asked over its control socket, of one that does not run the directory is read. Changes nothing.
 */
import { callControl, isRunning } from '../control/control-client.js';
import { existingServer } from '../server-files.js';
import { fileFacts } from './health-files.js';
import type { HealthFacts } from './health-rules.js';

/** Rejects with OperatorError DATA_DIR_MISSING, or CONNECT_FAILED when a running server does not answer. */
export async function gatherHealth(dir: string): Promise<HealthFacts> {
  const files = existingServer(dir);
  if (await isRunning(files)) return (await callControl(files, { command: 'health' })) as HealthFacts;
  return { ...(await fileFacts(files)), status: undefined, upkeep: [], openConflicts: {} };
}
