/** Whose rows say that a name is claimed by one entry alone is never wrong: rivals are those of the row, whatever was learnt and written when; and most rows are not read. */
import t from 'tap';
import type { EntryId } from '../../lib/backend/backend.js';
import { MemoryStore } from '../../lib/backend/memory/memory-store.js';
import { SievedStore } from '../../lib/backend/memory/sieved-store.js';
import { type DomainNumber, KeySpace, TAG } from '../../lib/backend/rows/key-space.js';
import { DurableRows, encodeClaims, type NameClaim } from '../../lib/backend/rows/rows.js';
import { makeCsn, type ReplicaId } from '../../lib/csn/csn.js';
import type { StoreOp } from '../../lib/port/ordered-store.js';

const KEYS = new KeySpace(1 as DomainNumber);
const PARENT = 16 as EntryId;
const claim = (id: number): NameClaim => ({ csn: makeCsn(id, 0, 1 as ReplicaId), id: id as EntryId });
const nameRow = (name: number, ...ids: number[]): StoreOp => ({
  type: 'put',
  key: KEYS.name(PARENT, `cn=p${name}`),
  value: encodeClaims(ids.map(claim)),
});
const always = async () => true;

/** Counts the reads of a store. */
class Counted extends MemoryStore {
  reads = 0;

  override get(...asked: Parameters<MemoryStore['get']>): Uint8Array | undefined {
    this.reads += 1;
    return super.get(...asked);
  }
}

function rowsOf(store: SievedStore): DurableRows {
  return new DurableRows(store, KEYS, (key) => store.isSole(key));
}

t.test('rivals are the other claims of the row, before and after the names are learnt', async (t) => {
  const inner = new Counted();
  await inner.batch([nameRow(1, 20), nameRow(2, 21, 22), nameRow(3, 23, 24, 25)], { sync: false });
  const store = new SievedStore(inner);
  for (const learnt of [false, true]) {
    if (learnt) await store.learn(KEYS, TAG.name, always);
    const rows = rowsOf(store);
    t.same(rows.rivals(PARENT, 'cn=p1', 20 as EntryId), []);
    t.same(rows.rivals(PARENT, 'cn=p2', 21 as EntryId), [claim(22)]);
    t.same(rows.rivals(PARENT, 'cn=p3', 24 as EntryId), [claim(23), claim(25)]);
  }
});

t.test('a claim that is written while the names are learnt, or afterwards, is a rival', async (t) => {
  const inner = new Counted();
  await inner.batch([nameRow(1, 20), nameRow(2, 21)], { sync: false });
  const store = new SievedStore(inner);
  await store.learn(KEYS, TAG.name, async () => {
    await store.batch([nameRow(1, 20, 30)], { sync: true });
    return true;
  });
  await store.batch([nameRow(2, 21, 31), nameRow(3, 22)], { sync: true });
  const rows = rowsOf(store);
  t.same(rows.rivals(PARENT, 'cn=p1', 20 as EntryId), [claim(30)]);
  t.same(rows.rivals(PARENT, 'cn=p2', 21 as EntryId), [claim(31)]);
  t.same(rows.rivals(PARENT, 'cn=p3', 22 as EntryId), []);
  t.notOk(store.isSole(KEYS.name(PARENT, 'cn=p1')));
});

t.test('nothing is known of names when not all of them were learnt', async (t) => {
  const inner = new Counted();
  await inner.batch([nameRow(1, 20)], { sync: false });
  const store = new SievedStore(inner);
  t.notOk(store.isSole(KEYS.name(PARENT, 'cn=p1')));
  await store.learn(KEYS, TAG.name, async () => false);
  t.notOk(store.isSole(KEYS.name(PARENT, 'cn=p1')));
});

t.test('names with one claim cost no read once they are learnt', async (t) => {
  const inner = new Counted();
  const names = Array.from({ length: 2000 }, (_, i) => nameRow(i, i + 20));
  await inner.batch([...names, nameRow(5000, 9000, 9001)], { sync: false });
  const store = new SievedStore(inner);
  await store.learn(KEYS, TAG.name, always);
  const rows = rowsOf(store);
  for (let i = 0; i < 2000; i++) rows.rivals(PARENT, `cn=p${i}`, (i + 20) as EntryId);
  t.ok(inner.reads < 10, `${inner.reads} reads`);
});
