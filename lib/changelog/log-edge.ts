/** Ends of ranges of a change log: the first or last change of an origin. */
import type { Csn } from '../csn/csn.js';
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
