/** Ends of ranges of a change log: the first or last change of an origin, of all origins. */
import { must } from '../base/assert.js';
import { type Csn, csnReplica, type ReplicaId } from '../csn/csn.js';
import type { OrderedStore, StoreRange } from '../port/ordered-store.js';
import type { ChangelogKeys } from './changelog-keys.js';

/** The first (or last) CSN in a range of changes; undefined in an empty one. Rejects with a StoreError. */
export async function edgeOf(
  store: OrderedStore,
  keys: ChangelogKeys,
  range: StoreRange,
  reverse: boolean,
): Promise<Csn | undefined> {
  for await (const found of store.scanKeys({ ...range, reverse, limit: 1 }, 1)) {
    const key = found[0];
    if (key !== undefined) return keys.csnOf(key);
  }
  return undefined;
}

/** Oldest change held, of any of these origins. Rejects with a StoreError. */
export async function oldestOf(
  store: OrderedStore,
  keys: ChangelogKeys,
  origins: readonly ReplicaId[],
): Promise<Csn | undefined> {
  let oldest: Csn | undefined;
  for (const origin of origins) {
    const first = await edgeOf(store, keys, keys.changes(origin, undefined, undefined), false);
    if (first !== undefined && (oldest === undefined || first < oldest)) oldest = first;
  }
  return oldest;
}

/** The newest change on disk of each origin that has any. Rejects with a StoreError. */
export async function newestOfAll(store: OrderedStore, keys: ChangelogKeys): Promise<readonly Csn[]> {
  const newest: Csn[] = [];
  for (let origin = 0; ; ) {
    const first = await edgeOf(store, keys, keys.changesFrom(origin), false);
    if (first === undefined) return newest;
    const replica = csnReplica(first);
    const last = await edgeOf(store, keys, keys.changes(replica, undefined, undefined), true);
    newest.push(must(last, 'an origin with rows has a newest'));
    origin = replica + 1;
  }
}
