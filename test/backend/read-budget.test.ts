/** What is left of a search's budget of index rows may be a fraction; what the store is asked for may not: LevelDB refuses it. */
import t from 'tap';
import type { EntryId } from '../../lib/backend/backend.js';
import { blockOps } from '../../lib/backend/index/posting-rows.js';
import { Postings } from '../../lib/backend/index/postings.js';
import { MemoryStore } from '../../lib/backend/memory/memory-store.js';
import { prefixRange } from '../../lib/backend/rows/key-space.js';
import type { StoreOp, StoreRange } from '../../lib/port/ordered-store.js';

class Recording extends MemoryStore {
  readonly slices: (number | undefined)[] = [];

  override scan(range: StoreRange, sliceRows?: number) {
    this.slices.push(sliceRows);
    return super.scan(range, sliceRows);
  }
}

t.test('a list is read in slices of whole rows, whatever the lists before it cost', async (t) => {
  const store = new Recording();
  const ids = Array.from({ length: 1001 }, (_, at) => (at + 1) as EntryId);
  // Domain and tag, attribute a, kind, value v.
  const value = Uint8Array.of(1, 1, 1, 97, 0, 1, 118, 0, 0);
  const ops: StoreOp[] = [];
  blockOps(value, ids, ops);
  await store.batch(ops, { sync: false });
  const postings = new Postings(store);
  const budget = { left: 70 };
  t.same(await postings.range(prefixRange(value), budget), ids);
  t.notOk(Number.isInteger(budget.left), `left is ${budget.left}: a block costs a part of a row`);
  t.same(await postings.range(prefixRange(value), budget), undefined, 'more than what is left');
  budget.left = 0.5;
  await postings.range(prefixRange(value), budget);
  await postings.range(prefixRange(value), { left: Number.POSITIVE_INFINITY });
  t.same(store.slices.length, 4);
  t.ok(
    store.slices.every((slice) => Number.isInteger(slice) && (slice as number) >= 1),
    store.slices.join(),
  );
});
