/** The memory store keeps the contract of an ordered store, and its faults are those of a disk. */
import t from 'tap';
import { MemoryStore } from '../../lib/backend/memory/memory-store.js';
import { fromLatin1 } from '../../lib/base/bytes.js';
import { orderedStoreContract, put, refused } from '../contract/ordered-store.js';

orderedStoreContract(t, async () => new MemoryStore());

t.test('a crash keeps every synced batch and any prefix of the unsynced ones', async (t) => {
  for (let keep = 0; keep <= 3; keep++) {
    const store = new MemoryStore();
    await store.batch([put('a', '0')], { sync: true });
    for (let i = 1; i <= 3; i++) await store.batch([put('a', String(i)), put(`k${i}`, 'x')], { sync: false });
    store.crash(keep);
    t.same(store.get(fromLatin1('a')), fromLatin1(String(keep)));
    for (let i = 1; i <= 3; i++) t.equal(store.get(fromLatin1(`k${i}`)) !== undefined, i <= keep);
  }
});

t.test('a sync batch makes the unsynced ones before it durable', async (t) => {
  const store = new MemoryStore();
  await store.batch([put('a', '1')], { sync: false });
  await store.batch([put('b', '1')], { sync: true });
  store.crash(0);
  t.ok(store.get(fromLatin1('a')));
});

t.test('a refused batch leaves nothing, and the store works again afterwards', async (t) => {
  const store = new MemoryStore();
  store.faults.refuse = 'full';
  await t.rejects(store.batch([put('a', '1')], { sync: true }), refused('full'));
  t.equal(store.get(fromLatin1('a')), undefined);
  store.faults.refuse = undefined;
  await store.batch([put('a', '1')], { sync: true });
  t.ok(store.get(fromLatin1('a')));
});

t.test('a batch on its way when the power goes is refused', async (t) => {
  const store = new MemoryStore();
  let go: () => void = () => undefined;
  store.faults.delay = () => new Promise((resolve) => (go = resolve));
  const batch = store.batch([put('a', '1')], { sync: true });
  await Promise.resolve();
  await Promise.resolve();
  store.crash(0);
  go();
  await t.rejects(batch, refused('closed'));
  t.equal(store.get(fromLatin1('a')), undefined);
});
