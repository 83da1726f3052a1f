/** Digests of large entries are made in pieces, by the octets of their records, between which others have their turn. */
import t from 'tap';
import type { StoreBackend } from '../../lib/backend/store-backend.js';
import { must } from '../../lib/base/assert.js';
import type { EntryUuid } from '../../lib/change/change.js';
import { adding, modifying, openEngine } from './engine.js';

const BASE = 'dc=example,dc=com';
const names = Array.from({ length: 6 }, (_, n) => `cn=p${n},${BASE}`);
/** Two of them are a piece. */
const LONG = 'x'.repeat(600_000);

/** Six large entries whose UUIDs are in one bucket, and how often the engine lets others have their turn. */
async function largeEntries() {
  let pauses = 0;
  const pause = async (): Promise<void> => {
    pauses += 1;
  };
  const { backend } = await openEngine({ pause, cacheBytes: 1 << 18 });
  await backend.submit('cn=admin', adding(BASE, { objectClass: ['top', 'domain'], dc: ['example'] }));
  for (const [n, name] of names.entries()) {
    const attributes = { objectClass: ['device'], cn: [`p${n}`], description: [LONG] };
    await backend.submit(
      'cn=admin',
      adding(name, attributes, `abcd0000-0000-4000-8000-00000000000${n}` as EntryUuid),
    );
  }
  while (!backend.parts.digests.ready) await backend.parts.digests.step();
  const pausesOf = async <T>(
    work: () => Promise<T>,
  ): Promise<{ readonly result: T; readonly pauses: number }> => {
    const before = pauses;
    const result = await work();
    return { result, pauses: pauses - before };
  };
  return { backend, pausesOf };
}

async function change(backend: StoreBackend, text: string): Promise<void> {
  for (const name of names)
    await backend.submit('cn=admin', modifying(name, { description: { clear: true, add: [text] } }));
}

t.test('six written entries of 600 KB are three pieces, six small ones are one', async (t) => {
  const { backend, pausesOf } = await largeEntries();
  const settle = () => pausesOf(() => backend.parts.digests.settled(() => backend.parts.digests.sums(0xab)));
  await change(backend, `${LONG}y`);
  t.equal(backend.parts.digests.waiting, 6);
  const large = await settle();
  t.equal(large.pauses, 2, 'between three pieces');
  t.equal(backend.parts.digests.waiting, 0);
  await change(backend, 'small');
  const small = await settle();
  t.equal(small.pauses, 0);
  t.notSame(must(small.result, 'settled'), must(large.result, 'settled'));
});

t.test('a bucket of large entries is read in pieces, and has each once, by UUID', async (t) => {
  const { backend, pausesOf } = await largeEntries();
  const all = await pausesOf(() => backend.parts.digests.bucket(0xabcd, undefined, 100));
  t.ok(all.pauses >= 3, `${all.pauses} pieces`);
  t.same(
    all.result.rows.map(({ uuid }) => uuid.slice(-1)),
    ['0', '1', '2', '3', '4', '5'],
  );
  t.equal(all.result.more, false);
  const some = await backend.parts.digests.bucket(0xabcd, all.result.rows[1]?.uuid, 3);
  t.same(some.rows, all.result.rows.slice(2, 5));
  t.equal(some.more, true);
});
