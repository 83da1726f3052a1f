/** Deleting what a change log holds: all of it, or all of one origin. Rejects with a StoreError. */
import type { ReplicaId } from '../csn/csn.js';
import type { OrderedStore, StoreOp } from '../port/ordered-store.js';
import type { ChangelogKeys } from './changelog-keys.js';
import type { LogSize } from './log-size.js';

const WIPE_ROWS = 1000;

/** Every row of the log, not synced. */
export async function wipeAll(store: OrderedStore, keys: ChangelogKeys): Promise<void> {
  for await (const found of store.scanKeys(keys.all(), WIPE_ROWS))
    await store.batch(found.map(deletion), { sync: false });
}

/** Every change of an origin, the newest first, not synced: a crash leaves a shorter log of it. Resolves with how many there were. */
export async function wipeOrigin(
  store: OrderedStore,
  keys: ChangelogKeys,
  size: LogSize,
  origin: ReplicaId,
): Promise<number> {
  let went = 0;
  const range = { ...keys.changes(origin, undefined, undefined), reverse: true };
  for await (const rows of store.scan(range, WIPE_ROWS)) {
    await store.batch(
      rows.map(({ key }) => deletion(key)),
      { sync: false },
    );
    for (const { value } of rows) size.went(value.length);
    went += rows.length;
  }
  return went;
}

/** The deletion of one row. */
export function deletion(key: Uint8Array): StoreOp {
  return { type: 'del', key };
}
