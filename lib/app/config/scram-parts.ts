/** What the options say of SCRAM, as the parts that operations and password threads are given. */
import type { Settings } from '../../config/option-table.js';
import { systemDigests } from '../../io/system-digests.js';
import { systemRandom } from '../../io/system-random.js';
import type { ScramParts } from '../../operation/bind/scram.js';

const SECRET_BYTES = 32;

/** Iterations for new keys; undefined: passwords are hashed otherwise. */
export function scramIterations(settings: Settings): number | undefined {
  return settings['passwords.scram'] ? settings['passwords.scramIterations'] : undefined;
}

/** undefined: SCRAM is not offered. `topology` has the secret; until it has one, for moments after a first start, this process has its own. */
export function scramParts(
  settings: Settings,
  topology: { readonly secret: Uint8Array | undefined },
): ScramParts | undefined {
  const iterations = scramIterations(settings);
  if (iterations === undefined) return undefined;
  const own = systemRandom.bytes(SECRET_BYTES);
  return { digests: systemDigests, iterations, secret: () => topology.secret ?? own };
}
