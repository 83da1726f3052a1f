/** The real backend on a memory store, without a changelog. */

import { MemoryStore } from '../../lib/backend/memory/memory-store.js';
import { type BackendOptions, openBackend } from '../../lib/backend/open-backend.js';
import type { StoreBackend } from '../../lib/backend/store-backend.js';
import { must } from '../../lib/base/assert.js';
import type { EncodedChange } from '../../lib/change/change.js';
import type { Csn } from '../../lib/csn/csn.js';
import { toReplicaId } from '../../lib/csn/csn.js';
import { parseDn } from '../../lib/dn/dn-text.js';
import type { Clock } from '../../lib/port/clock.js';
import type { Log } from '../../lib/port/log.js';
import type { Schema } from '../../lib/schema/schema.js';

export interface TestBackend {
  readonly backend: StoreBackend;
  readonly store: MemoryStore;
  /** Its own changes, in order. */
  readonly changes: EncodedChange[];
}

/** A domain that holds what the store does: nothing yet, by default. */
export async function openTestBackend(
  schema: Schema,
  base: string,
  clock: Clock,
  log: Log,
  given: MemoryStore | undefined = undefined,
  options: Partial<BackendOptions> = {},
): Promise<TestBackend> {
  const store = given ?? (options.store instanceof MemoryStore ? options.store : new MemoryStore());
  let last: Csn | undefined;
  let held: Csn | undefined;
  const changes: EncodedChange[] = [];
  const backend = await openBackend({
    ...options,
    store,
    schema,
    clock,
    log,
    baseDn: parseDn(base),
    replica: options.replica ?? must(toReplicaId(1), 'a replica id'),
    sink: options.sink ?? {
      ops: (change: EncodedChange) => {
        last = change.csn;
        changes.push(change);
        return [];
      },
      committed: (written) => {
        held = written.at(-1)?.csn ?? held;
      },
      lastOwn: () => last,
      dropped: () => {
        last = held;
      },
    },
  });
  return { backend, store, changes };
}
