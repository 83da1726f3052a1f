/** openBackend() for a server: a refusal names the command that mends it. */
import { openBackend } from '../../backend/open-backend.js';
import type { StoreBackend } from '../../backend/store-backend.js';
import { OperatorError } from '../../base/operator-error.js';
import { csnSalt } from '../../csn/csn-generator.js';
import { systemRandom } from '../../io/system-random.js';
import type { ServerConfig } from '../config/read-config.js';

/** openBackend(), whose refusal of a rebuild that was cut short names the command that ends it. */
export async function openServable(
  files: ServerConfig['files'],
  options: Parameters<typeof openBackend>[0],
): Promise<StoreBackend> {
  try {
    return await openBackend({ salt: csnSalt(systemRandom.bytes(3)), ...options });
  } catch (error) {
    if (!(error instanceof OperatorError) || error.code !== 'INDEX_REBUILD_NEEDED') throw error;
    throw new OperatorError(
      error.code,
      `a rebuild of all indexes did not end; to run it again: polyarch index rebuild --dir ${files.dir}`,
      [],
      { cause: error },
    );
  }
}
