/** Digests of large entries are made in pieces, by the octets of their records, between which others have their turn. */
import t from 'tap';
import type { StoreBackend } from '../../lib/backend/store-backend.js';
import { must } from '../../lib/base/assert.js';
import type { EntryUuid } from '../../lib/change/change.js';
import { isAlive } from '../../lib/conflict/entry-state.js';
import { digestState } from '../../lib/conflict/state-digest.js';
import { adding, deleting, modifying, openEngine } from './engine.js';

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

/** One entry of 6 MiB in an engine that does `meanwhile` in its next turn for others, once. */
async function oneLarge() {
  let pauses = 0;
  let meanwhile: (() => Promise<unknown>) | undefined;
  const pause = async (): Promise<void> => {
    pauses += 1;
    const work = meanwhile;
    meanwhile = undefined;
    await work?.();
  };
  const { backend, store } = await openEngine({ pause, cacheBytes: 1 << 18 });
  const { digests } = backend.parts;
  const name = `cn=large,${BASE}`;
  const uuid = 'abcd0000-0000-4000-8000-000000000000' as EntryUuid;
  await backend.submit('cn=admin', adding(BASE, { objectClass: ['top', 'domain'], dc: ['example'] }));
  while (!digests.ready) await digests.step();
  const description = ['x'.repeat(4 << 20), 'y'.repeat(2 << 20)];
  await backend.submit(
    'cn=admin',
    adding(name, { objectClass: ['device'], cn: ['large'], description }, uuid),
  );
  return {
    ...{ backend, store, digests, name, uuid },
    pausesOf: async (work: () => Promise<unknown>): Promise<number> => {
      const before = pauses;
      await work();
      return pauses - before;
    },
    meanwhile: (work: () => Promise<unknown>) => {
      meanwhile = work;
    },
  };
}

/** The sum over the bucket of the large entry, which is there alone: its digest; 0: none. */
const sumOf = (digests: StoreBackend['parts']['digests']) =>
  Buffer.from(digests.sums(0xab)).readBigUInt64BE(8 * 0xcd);
const settle = (digests: StoreBackend['parts']['digests']) => digests.settled(() => sumOf(digests));

/** What the digest of a state is, made in one piece. */
function digestOf(engine: Awaited<ReturnType<typeof oneLarge>>): bigint {
  const state = engine.digests.stateOf(engine.uuid);
  if (state === undefined || !isAlive(state)) return 0n;
  const { high, low } = digestState(state);
  return (BigInt(high) << 32n) | BigInt(low);
}

t.test('the digest of one entry of 6 MiB is made in pieces of a MiB, and is what it is in one', async (t) => {
  const engine = await oneLarge();
  let sum: bigint | undefined;
  const pauses = await engine.pausesOf(async () => {
    sum = await settle(engine.digests);
  });
  t.ok(pauses >= 12, `${pauses}: six of the checksum, six of the values`);
  t.equal(sum, digestOf(engine));
  t.not(sum, 0n);
});

t.test('what is written while the digest of a large entry is made is what counts', async (t) => {
  const engine = await oneLarge();
  engine.meanwhile(() =>
    engine.backend.submit('cn=admin', modifying(engine.name, { description: { clear: true, add: [LONG] } })),
  );
  const modified = await settle(engine.digests);
  t.equal(modified, digestOf(engine), 'the entry as it is now');
  const gone = await oneLarge();
  gone.meanwhile(() => gone.backend.submit('cn=admin', deleting(gone.name)));
  t.equal(await settle(gone.digests), 0n, 'none of an entry that is dead');
  const large = await oneLarge();
  large.meanwhile(async () => large.digests.reset());
  t.equal(await settle(large.digests), undefined, 'nothing is known of rows that may be others');
});

t.test('a pass goes through a large record in pieces, and makes the digest that is missing', async (t) => {
  const engine = await oneLarge();
  engine.digests.reset();
  const pass = async () => {
    while (!(await engine.digests.step()));
  };
  t.ok((await engine.pausesOf(pass)) >= 12, 'the first');
  t.equal(engine.digests.waiting, 0);
  t.equal(await settle(engine.digests), digestOf(engine));
  const { made } = engine.digests.status();
  const pauses = await engine.pausesOf(pass);
  t.ok(pauses >= 5 && pauses < 12, `${pauses} of the second: the checksum alone`);
  t.equal(engine.digests.status().made, made);
});
