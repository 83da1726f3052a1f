/**
 * The contract of port/ordered-store.ts as a suite: every implementation runs it with a factory of its own.
 */
import type { Test } from 'tap';
import { fromLatin1, latin1 } from '../../lib/base/bytes.js';
import type { OrderedStore, StoreFailure, StoreOp, StoreRange } from '../../lib/port/ordered-store.js';

export const put = (key: string, value: string): StoreOp => ({
  type: 'put',
  key: fromLatin1(key),
  value: fromLatin1(value),
});
/** What t.rejects compares a store's refusal with. */
export const refused = (failure: StoreFailure) =>
  Object.assign(new Error(), { name: 'StoreError', message: /./, failure }) as unknown as Error;
export const del = (key: string): StoreOp => ({ type: 'del', key: fromLatin1(key) });
const range = (gte: string, lt: string, more: Partial<StoreRange> = {}): StoreRange => ({
  gte: fromLatin1(gte),
  lt: fromLatin1(lt),
  ...more,
});

async function keysOf(store: OrderedStore, of: StoreRange, slice?: number): Promise<string[]> {
  const keys: string[] = [];
  for await (const rows of store.scan(of, slice)) {
    for (const row of rows) keys.push(latin1(row.key));
  }
  return keys;
}

const textOf = (store: OrderedStore, key: string): string | undefined => {
  const value = store.get(fromLatin1(key));
  return value === undefined ? undefined : latin1(value);
};

/** Runs the suite; `open` makes an empty store. */
export function orderedStoreContract(t: Test, open: (t: Test) => Promise<OrderedStore>): void {
  t.test('a batch is in force when its promise has resolved, and get gives what was put', async (t) => {
    const store = await open(t);
    await store.batch([put('a', '1'), put('b', '2')], { sync: false });
    t.equal(textOf(store, 'a'), '1');
    t.equal(textOf(store, 'missing'), undefined);
    await store.batch([put('a', '3'), del('b')], { sync: true });
    t.equal(textOf(store, 'a'), '3');
    t.equal(textOf(store, 'b'), undefined);
    await store.close();
  });

  t.test('within a batch the last operation on a key wins', async (t) => {
    const store = await open(t);
    await store.batch([put('a', '1'), del('a'), put('b', '1'), put('b', '2'), del('c'), put('c', '3')], {
      sync: false,
    });
    t.equal(textOf(store, 'a'), undefined);
    t.equal(textOf(store, 'b'), '2');
    t.equal(textOf(store, 'c'), '3');
    await store.close();
  });

  t.test('batches given together take effect in their order', async (t) => {
    const store = await open(t);
    const all = [];
    for (let i = 0; i < 50; i++) all.push(store.batch([put('k', String(i))], { sync: i % 7 === 0 }));
    await Promise.all(all);
    t.equal(textOf(store, 'k'), '49');
    await store.close();
  });

  t.test('keys sort bytewise, bounds are inclusive below and exclusive above', async (t) => {
    const store = await open(t);
    const keys = ['\x01', '\x01\x00', '\x01\xff', '\x02', 'a', 'aa', 'b', '\x7f', '\x80', '\xfe'];
    await store.batch(
      [...keys].reverse().map((key) => put(key, key)),
      { sync: false },
    );
    t.same(await keysOf(store, range('\x01', '\xff')), [...keys].sort());
    t.same(await keysOf(store, range('\x01\x00', '\x02')), ['\x01\x00', '\x01\xff']);
    t.same(await keysOf(store, range('a', 'b', { reverse: true })), ['aa', 'a']);
    t.same(await keysOf(store, range('a', '\xff', { limit: 2 })), ['a', 'aa']);
    t.same(await keysOf(store, range('\x01', '\xff', { limit: 2, reverse: true })), ['\xfe', '\x80']);
    t.same(await keysOf(store, range('x', 'x')), []);
    t.same(await keysOf(store, range('y', 'x')), []);
    await store.close();
  });

  t.test('a scan gives slices of at most the size asked for, and may be left early', async (t) => {
    const store = await open(t);
    await store.batch(
      Array.from({ length: 25 }, (_, i) => put(`k${String(i).padStart(2, '0')}`, '')),
      { sync: false },
    );
    const sizes: number[] = [];
    for await (const rows of store.scan(range('k', 'l'), 10)) sizes.push(rows.length);
    t.equal(
      sizes.reduce((a, b) => a + b, 0),
      25,
    );
    t.ok(sizes.every((size) => size > 0 && size <= 10));
    for await (const rows of store.scan(range('k', 'l'), 10)) {
      t.equal(latin1((rows[0] as { key: Uint8Array }).key), 'k00');
      break;
    }
    const keys: string[] = [];
    for await (const slice of store.scanKeys(range('k', 'l'), 7)) keys.push(...slice.map(latin1));
    t.equal(keys.length, 25);
    t.equal(keys[24], 'k24');
    await store.close();
  });

  t.test('a snapshot and a running scan do not see later batches', async (t) => {
    const store = await open(t);
    await store.batch([put('a', '1'), put('b', '1')], { sync: false });
    const snapshot = store.snapshot();
    const scan = store.scan(range('a', 'z'), 1)[Symbol.asyncIterator]();
    await scan.next();
    await store.batch([put('a', '2'), del('b'), put('c', '2')], { sync: false });
    const frozen = store.get(fromLatin1('a'), snapshot);
    t.equal(frozen && latin1(frozen), '1');
    t.ok(store.get(fromLatin1('b'), snapshot));
    const keys: string[] = [];
    for await (const rows of store.scan(range('a', 'z'), 10, snapshot)) {
      for (const row of rows) keys.push(latin1(row.key));
    }
    t.same(keys, ['a', 'b']);
    const second = await scan.next();
    t.equal(second.done, false);
    await scan.return?.();
    await snapshot.close();
    t.equal(textOf(store, 'a'), '2');
    await store.close();
  });

  t.test('a value that the caller changes afterwards is not changed in the store', async (t) => {
    const store = await open(t);
    const value = fromLatin1('abc');
    await store.batch([{ type: 'put', key: fromLatin1('k'), value }], { sync: false });
    value[0] = 0;
    t.equal(textOf(store, 'k'), 'abc');
    await store.close();
  });

  t.test('a closed store refuses with a StoreError', async (t) => {
    const store = await open(t);
    await store.close();
    await t.rejects(store.batch([put('a', '1')], { sync: false }), { name: 'StoreError' });
  });

  t.test('a range has a size', async (t) => {
    const store = await open(t);
    await store.batch([put('a', 'x'.repeat(1000))], { sync: true });
    t.type(await store.sizeBytes(range('a', 'b')), 'number');
    await store.close();
  });
}
