/** What a sieved store answers is what its store would have answered, whatever was learnt when; and what it surely knows costs no read. */
import t from 'tap';
import type { EntryId } from '../../lib/backend/backend.js';
import { KeySieve } from '../../lib/backend/memory/key-sieve.js';
import { MemoryStore } from '../../lib/backend/memory/memory-store.js';
import { SievedStore } from '../../lib/backend/memory/sieved-store.js';
import {
  type DomainNumber,
  INDEX_KIND,
  KeySpace,
  POSTING,
  postingKey,
  TAG,
} from '../../lib/backend/rows/key-space.js';
import { must } from '../../lib/base/assert.js';
import { latin1, utf8Encode } from '../../lib/base/bytes.js';
import type { EntryUuid } from '../../lib/change/change.js';
import type { StoreOp } from '../../lib/port/ordered-store.js';
import type { AttributeKey } from '../../lib/schema/attribute-type.js';
import { orderedStoreContract } from '../contract/ordered-store.js';

orderedStoreContract(t, async () => new SievedStore(new MemoryStore()));

const KEYS = [1, 2].map((domain) => new KeySpace(domain as DomainNumber));
const ATTRIBUTES = ['cn', 'mail'] as AttributeKey[];
const VALUE = utf8Encode('value');
const TAGS = [TAG.childCount, TAG.uuid, TAG.name, TAG.index] as const;

/** Numbers below `below`, from a seed. */
function dice(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Any of some hundred rows of every kind: of those that are learnt, and of their neighbours. Values hold 00. */
function anyKey(roll: (below: number) => number): Uint8Array {
  const keys = must(KEYS[roll(2)], 'a domain');
  const number = roll(20);
  const id = (number % 3 === 0 ? number * 2 ** 24 : number + 16) as EntryId;
  const attribute = must(ATTRIBUTES[roll(2)], 'an attribute');
  const value = Uint8Array.of(0x61 + (number % 5), ...new Uint8Array(number % 4));
  const kinds = [
    () => keys.childCount(id),
    () => keys.uuid(`00000000-0000-4000-8000-${String(number).padStart(12, '0')}` as EntryUuid),
    () => keys.name(id, `cn=p${number % 7}`),
    () => keys.head(attribute, value),
    () => keys.posting(attribute, INDEX_KIND.equality, value, id),
    () => postingKey(keys.indexValue(attribute, INDEX_KIND.equality, value), POSTING.block, id),
    () => keys.posting(attribute, INDEX_KIND.substring, value, id),
    () => keys.posting(attribute, INDEX_KIND.ordering, value, id),
    () => keys.entry(id),
  ];
  return must(kinds[roll(kinds.length)], 'a kind')();
}

/** Writes, deletes and reads of both stores at random, while kinds of rows are learnt, some of them in vain. */
async function compared(seed: number): Promise<string | undefined> {
  const roll = dice(seed);
  const plain = new MemoryStore();
  const write = async (store: { batch: MemoryStore['batch'] }, count: number) => {
    const ops = Array.from({ length: count }, (): StoreOp => {
      const key = anyKey(roll);
      return roll(3) === 0 ? { type: 'del', key } : { type: 'put', key, value: VALUE };
    });
    await store.batch(ops, { sync: false });
  };
  await write(plain, roll(200));
  const sieved = new SievedStore(plain);
  const walks: Promise<void>[] = [];
  for (let round = 0; round < 12; round++) {
    if (roll(2) === 0) {
      const tag = must(TAGS[roll(TAGS.length)], 'a tag');
      let steps = roll(8) === 0 ? 0 : 1000;
      const rest = async () => {
        await new Promise((resolve) => setImmediate(resolve));
        return steps-- > 0;
      };
      walks.push(sieved.learn(must(KEYS[roll(2)], 'a domain'), tag, rest));
    }
    const written = write(sieved, roll(20));
    if (roll(2) === 0) await written;
    for (let reads = 0; reads < 30; reads++) {
      const key = anyKey(roll);
      if (sieved.get(key) === undefined && plain.get(key) !== undefined)
        return `seed ${seed}: ${latin1(key)} is there`;
    }
    await written;
    if (roll(4) === 0) await Promise.all(walks.splice(0));
  }
  await Promise.all(walks);
  return undefined;
}

t.test('it answers what the store answers, at any moment of learning', async (t) => {
  const faults: string[] = [];
  for (let seed = 1; seed <= 300; seed++) {
    const fault = await compared(seed);
    if (fault !== undefined) faults.push(fault);
  }
  t.same(faults, []);
});

t.test(
  'rows of the many entries of a value, and of other kinds, are jumped over; the heads behind them are learnt',
  async (t) => {
    const inner = new MemoryStore();
    const keys = must(KEYS[0], 'a domain');
    const cn = 'cn' as AttributeKey;
    const ops: StoreOp[] = [];
    const put = (key: Uint8Array) => ops.push({ type: 'put', key, value: VALUE });
    const value = (text: string) => utf8Encode(text);
    for (let id = 16; id < 3000; id++) {
      put(keys.posting(cn, INDEX_KIND.equality, value('b'), id as EntryId));
      put(keys.posting(cn, INDEX_KIND.substring, value('b'), id as EntryId));
    }
    for (const text of ['a', 'b', 'c']) put(keys.head(cn, value(text)));
    put(keys.head('mail' as AttributeKey, value('a')));
    await inner.batch(ops, { sync: false });
    const sieved = new SievedStore(inner);
    let steps = 0;
    const rest = async () => {
      steps += 1;
      return true;
    };
    await sieved.learn(keys, TAG.index, rest);
    t.ok(steps < 8, `${steps} steps in place of 12`);
    for (const text of ['a', 'b', 'c']) t.ok(sieved.get(keys.head(cn, value(text))));
    t.ok(sieved.get(keys.head('mail' as AttributeKey, value('a'))));
    t.ok(sieved.get(keys.posting(cn, INDEX_KIND.equality, value('b'), 2999 as EntryId)));
  },
);

t.test('most rows that are not there are known; none before it was learnt', (t) => {
  const keys = must(KEYS[0], 'a domain');
  const sieve = new KeySieve();
  const name = (parent: number, i: number) => keys.name(parent as EntryId, `cn=p${i}`);
  for (let i = 0; i < 5000; i++) sieve.add(name(16, i));
  t.notOk(sieve.lacks(name(17, 0)), 'not learnt');
  sieve.learn(must(keys.tagRange(TAG.name).gte, 'a prefix'));
  const each = Array.from({ length: 5000 }, (_, i) => i);
  t.same(
    each.filter((i) => sieve.lacks(name(16, i))),
    [],
  );
  const told = each.filter((i) => sieve.lacks(name(17, i))).length;
  t.ok(told > 4900, `${told} of 5000`);
  t.notOk(sieve.lacks(must(KEYS[1], 'another domain').name(17 as EntryId, 'cn=p1')));
  t.notOk(sieve.lacks(keys.entry(17 as EntryId)), 'of entries it says nothing');
  t.end();
});

t.test('data replaced as a whole need not be learnt again, nor a refused batch', async (t) => {
  const inner = new MemoryStore();
  const keys = must(KEYS[0], 'a domain');
  const sieved = new SievedStore(inner);
  const goOn = async () => true;
  await sieved.learn(keys, TAG.name, goOn);
  const key = keys.name(16 as EntryId, 'cn=a');
  t.equal(sieved.get(key), undefined);
  inner.faults.refuse = 'full';
  await t.rejects(sieved.batch([{ type: 'put', key, value: VALUE }], { sync: true }));
  t.equal(sieved.get(key), undefined, 'it is not there');
  inner.faults.refuse = undefined;
  await sieved.batch([{ type: 'put', key, value: VALUE }], { sync: true });
  t.ok(sieved.get(key));
  await sieved.batch([{ type: 'del', key }], { sync: true });
  t.equal(sieved.get(key), undefined);
  const snapshot = sieved.snapshot();
  await sieved.batch([{ type: 'put', key, value: VALUE }], { sync: true });
  t.equal(sieved.get(key, snapshot), undefined, 'a snapshot is of before');
  await snapshot.close();
});

t.test('rows that were expected in steps are known, and those that came behind them', async (t) => {
  const keys = must(KEYS[0], 'a domain');
  const sieved = new SievedStore(new MemoryStore());
  await sieved.learn(keys, TAG.name, async () => true);
  const put = (i: number): StoreOp => ({
    type: 'put',
    key: keys.name(16 as EntryId, `cn=${i}`),
    value: VALUE,
  });
  const ops = Array.from({ length: 5000 }, (_, i) => put(i));
  const steps = sieved.expect(ops);
  let yields = 0;
  while (steps.next().done !== true) yields += 1;
  t.ok(yields > 0);
  ops.push(put(5000));
  await sieved.batch(ops, { sync: false });
  t.same(
    ops.filter(({ key }) => sieved.get(key) === undefined),
    [],
  );
});
