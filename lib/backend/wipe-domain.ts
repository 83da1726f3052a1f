/** Empties a domain: every row but the changelog's and the membership's, the generation's state included. The loading mark stays. */
import { latin1 } from '../base/bytes.js';
import type { OrderedStore, StoreOp, StoreRange } from '../port/ordered-store.js';
import { type KeySpace, TAG } from './rows/key-space.js';

const ROWS = 10_000;

/** Deletes the rows. The caller has put the loading mark on disk. */
export async function wipeDomain(store: OrderedStore, keys: KeySpace): Promise<void> {
  const keep = new Set([latin1(keys.meta('loading'))]);
  for (const tag of Object.values(TAG)) {
    if (tag !== TAG.changelog && tag !== TAG.member) await wipeRange(store, keys.tagRange(tag), keep);
  }
}

/** Deletes the rows of a range. */
export async function wipeRange(
  store: OrderedStore,
  range: StoreRange,
  keep: ReadonlySet<string> = new Set(),
): Promise<void> {
  for await (const found of store.scanKeys(range, ROWS)) {
    const ops: StoreOp[] = [];
    for (const key of found) if (!keep.has(latin1(key))) ops.push({ type: 'del', key });
    if (ops.length > 0) await store.batch(ops, { sync: false });
  }
}
