/** Indexes are built, dropped and rebuilt while writes go on; what is not whole is never used; a crash begins the work anew. */
import t from 'tap';
import { IndexConfig, type IndexOptions } from '../../lib/backend/index/index-config.js';
import { MemoryStore } from '../../lib/backend/memory/memory-store.js';
import { INDEX_KIND } from '../../lib/backend/rows/key-space.js';
import { must } from '../../lib/base/assert.js';
import type { AttributeKey } from '../../lib/schema/attribute-type.js';
import { SeededRandom } from '../sim/seeded-random.js';
import {
  adding,
  deleting,
  type Engine,
  modifying,
  openEngine,
  renaming,
  schema,
  searchDns,
  violations,
} from './engine.js';

const BASE = 'dc=example,dc=com';
const PLAIN: IndexOptions = { objectClass: { equality: true }, uid: { equality: true } };
const ALL: IndexOptions = {
  ...PLAIN,
  cn: { equality: true, substring: true },
  sn: { equality: true, ordering: true },
  title: { presence: true },
  uidNumber: { ordering: true },
};
const wanted = (options: IndexOptions) => new IndexConfig(options, schema);

const person = (n: number, turn = 0): Record<string, string[]> => ({
  objectClass: ['person', 'inetOrgPerson', 'posixAccount'],
  uid: [`u${n}`],
  cn: [`Person ${n} ${turn}`, `Other ${n % 5}`],
  sn: [`Name ${(n + turn) % 3}`],
  uidNumber: [String(n + turn)],
  gidNumber: ['1'],
  homeDirectory: ['/'],
  ...((n + turn) % 4 === 0 ? { title: ['Boss'] } : {}),
});

async function filled(store: MemoryStore, count: number): Promise<Engine> {
  const engine = await openEngine({ store, indexes: PLAIN });
  await engine.backend.submit('', adding(BASE, { objectClass: ['domain'], dc: ['example'] }));
  await Promise.all(
    Array.from({ length: count }, (_, n) =>
      engine.backend.submit('', adding(`uid=u${n},${BASE}`, person(n))),
    ),
  );
  return engine;
}

/** One of the writes that may come at any time; what it meets may refuse it. */
function write(engine: Engine, random: () => number, count: number): Promise<unknown> {
  const { backend } = engine;
  const n = Math.floor(random() * count);
  const dn = `uid=u${n},${BASE}`;
  const turn = Math.floor(random() * 9) + 1;
  const kind = Math.floor(random() * 5);
  const { cn = [], sn = [], title, uidNumber = [] } = person(n, turn);
  const decide =
    kind === 0
      ? deleting(dn)
      : kind === 1
        ? adding(dn, person(n, turn))
        : kind === 2
          ? renaming(dn, `uid=u${n}`)
          : modifying(dn, {
              cn: { clear: true, add: cn },
              sn: { clear: true, add: sn },
              title: { clear: true, add: title ?? [] },
              uidNumber: { clear: true, add: uidNumber },
            });
  return backend.submit('', decide).catch(() => undefined);
}

const FILTERS = [
  '(cn=*erson*)',
  '(cn=other 3)',
  '(sn=name 1)',
  '(sn>=name 2)',
  '(title=*)',
  '(&(uidNumber>=10)(uidNumber<=30))',
  '(&(cn=person*)(sn=name 0)(title=*))',
];

async function answers(engine: Engine): Promise<string[][]> {
  return Promise.all(FILTERS.map((filter) => searchDns(engine.backend, BASE, 'sub', filter)));
}

t.test('indexes are built while writes go on, and name exactly what there is in the end', async (t) => {
  const seeded = new SeededRandom(7);
  const random = () => seeded.next();
  const COUNT = 400;
  const store = new MemoryStore();
  const engine = await filled(store, COUNT);
  // As on a disk, a batch ends in a later turn of the event loop: writes that are answered within one leave no turn to anybody.
  store.faults.delay = () => new Promise((resolve) => void setImmediate(resolve));
  const { backend } = engine;
  const { indexJobs, indexes } = backend.parts;
  const built = indexJobs.configure(wanted(ALL));
  let done = false;
  const end = built.then(() => {
    done = true;
  });
  let writes = 0;
  let whileBuilding = 0;
  while (!done) {
    await Promise.all(Array.from({ length: 4 }, () => write(engine, random, COUNT)));
    writes += 4;
    if (indexes.building === undefined) continue;
    whileBuilding += 1;
    t.equal(indexes.substring('cn' as AttributeKey), undefined, 'not used before it is whole');
    if (writes > 20_000) t.bailout('the build does not end');
  }
  await end;
  t.ok(whileBuilding > 2, `${writes} writes`);
  t.ok(indexes.substring('cn' as AttributeKey) !== undefined);
  t.ok(indexJobs.states().every(({ state }) => state === 'ready'));
  t.same(await violations(engine), []);
  const byIndex = await answers(engine);
  for (let i = 0; i < 200; i++) await write(engine, random, COUNT);
  t.same(await violations(engine), [], 'and follow the writes after');
  const later = await answers(engine);
  await indexJobs.configure(wanted(PLAIN));
  t.same(await answers(engine), later, 'what the index answers is what looking at every entry gives');
  t.equal(byIndex.length, FILTERS.length);
});

t.test('a dropped index leaves at once, its rows go, and a restart knows', async (t) => {
  const store = new MemoryStore();
  const engine = await filled(store, 60);
  const { backend } = engine;
  const { indexJobs, keys } = backend.parts;
  await indexJobs.configure(wanted(ALL));
  const before = await answers(engine);
  t.ok((await store.sizeBytes(keys.index('cn' as AttributeKey, INDEX_KIND.substring))) > 0);
  await indexJobs.configure(wanted(PLAIN));
  for (const key of ['cn', 'sn', 'title', 'uidnumber'] as AttributeKey[]) {
    for (const kind of Object.values(INDEX_KIND)) t.equal(await store.sizeBytes(keys.index(key, kind)), 0);
  }
  t.ok(indexJobs.wiped > 0);
  t.same(await answers(engine), before);
  t.same(await violations(engine), []);
  await backend.close();
  const again = await openEngine({ store, indexes: PLAIN, sink: engine.sink });
  t.same(await violations(again), []);
});

t.test('rebuild makes rows anew; asking twice does it once', async (t) => {
  const store = new MemoryStore();
  const engine = await filled(store, 60);
  const { indexJobs, indexes, keys } = engine.backend.parts;
  const broken = keys.index('uid' as AttributeKey, INDEX_KIND.equality);
  for await (const rows of store.scanKeys(broken))
    await store.batch(
      rows.slice(0, 5).map((key) => ({ type: 'del', key })),
      { sync: true },
    );
  t.not((await violations(engine)).length, 0);
  const items = indexes.ready.items().filter(({ key }) => key === 'uid');
  await Promise.all([indexJobs.rebuild(items), indexJobs.settle()]);
  t.same(await violations(engine), []);
  t.same(await searchDns(engine.backend, BASE, 'sub', '(uid=u3)'), [`uid=u3,${BASE}`]);
});

t.test(
  'an index whose rebuild is asked for while another is rebuilt keeps none of its old rows',
  async (t) => {
    for (let moment = 1; ; moment++) {
      const store = new MemoryStore();
      const engine = await filled(store, 30);
      const { backend } = engine;
      const { indexJobs, indexes } = backend.parts;
      await indexJobs.configure(wanted(ALL));
      const rebuild = (attribute: string) =>
        indexJobs.rebuild(indexes.wanted.items().filter(({ key }) => key === attribute));
      const asked: Promise<unknown>[] = [];
      let batches = 0;
      store.faults.delay = async () => {
        batches += 1;
        if (batches !== moment) return;
        asked.push(rebuild('cn'), backend.submit('', deleting(`uid=u3,${BASE}`)));
        for (let turns = 0; turns < 20; turns++) await new Promise(setImmediate);
      };
      await rebuild('uid');
      store.faults.delay = undefined;
      if (asked.length === 0) {
        t.ok(moment > 4, `a rebuild writes ${moment - 1} batches`);
        break;
      }
      await Promise.all(asked);
      t.ok(indexes.substring('cn' as AttributeKey) !== undefined);
      t.same(await violations(engine), [], `asked for at batch ${moment}`);
    }
  },
);

t.test('a configuration that changed while the server was down is followed after the start', async (t) => {
  const store = new MemoryStore();
  const first = await filled(store, 60);
  const before = await answers(first);
  await first.backend.close();
  const { uid: _uid, ...others } = ALL;
  const second = await openEngine({ store, indexes: others, sink: first.sink });
  t.equal(
    second.backend.parts.indexes.equality('uid' as AttributeKey),
    undefined,
    'rows that writes do not keep are no index',
  );
  t.equal(second.backend.parts.indexes.equality('cn' as AttributeKey), undefined);
  t.same(await answers(second), before);
  await second.backend.submit('', modifying(`uid=u1,${BASE}`, { title: { clear: true, add: ['New'] } }));
  await second.backend.parts.indexJobs.settle();
  t.same(await violations(second), []);
  t.equal((await searchDns(second.backend, BASE, 'sub', '(title=*)')).length, 16);
});

t.test(
  'a crash or an end in the middle of a build leaves no index, and the next start builds it',
  async (t) => {
    for (const [moment, end] of [
      [1, 'stop'],
      [1, 'crash'],
      [2, 'crash'],
    ] as const) {
      const store = new MemoryStore();
      const first = await filled(store, 150);
      let waits = 0;
      const { indexJobs } = first.backend.parts;
      store.faults.delay = async () => {
        waits += 1;
        if (waits !== moment) return;
        if (end === 'stop') void indexJobs.stop();
        else store.crash(0);
      };
      await t.rejects(indexJobs.configure(wanted(ALL)), `${end} ${moment}`);
      store.faults.delay = undefined;
      store.crash(0);
      const second = await openEngine({ store, indexes: ALL, sink: first.sink });
      const { indexes } = second.backend.parts;
      t.equal(indexes.substring('cn' as AttributeKey), undefined);
      t.equal(must(indexes.equality('uid' as AttributeKey), 'kept'), 'caseIgnoreMatch');
      await second.backend.parts.indexJobs.settle();
      t.same(await violations(second), []);
      t.equal((await searchDns(second.backend, BASE, 'sub', '(cn=*erson 1*)')).length, 61);
    }
  },
);

t.test(
  'a crash in the middle of a drop: the next start ends it, or builds what it wants again',
  async (t) => {
    for (const next of [PLAIN, ALL])
      for (let moment = 1; ; moment++) {
        const store = new MemoryStore();
        const first = await filled(store, 30);
        const { indexJobs } = first.backend.parts;
        await indexJobs.configure(wanted(ALL));
        const before = await answers(first);
        let waits = 0;
        store.faults.delay = async () => {
          waits += 1;
          // What was not synced may be there in part.
          if (waits === moment) store.crash(moment % 2);
        };
        const dropped = await indexJobs.configure(wanted(PLAIN)).then(
          () => true,
          () => false,
        );
        store.faults.delay = undefined;
        if (dropped) {
          t.ok(moment > 3, `a drop writes ${moment - 1} batches`);
          break;
        }
        store.crash(0);
        const second = await openEngine({ store, indexes: next, sink: first.sink });
        await second.backend.parts.indexJobs.settle();
        t.same(await violations(second), []);
        t.same(await answers(second), before);
        const { indexes, keys } = second.backend.parts;
        const held = await store.sizeBytes(keys.index('cn' as AttributeKey, INDEX_KIND.substring));
        t.equal(held > 0, next === ALL);
        t.equal(indexes.substring('cn' as AttributeKey) !== undefined, next === ALL);
      }
  },
);

/** Until all wanted indexes are ready; nobody asks for it. */
async function untilReady({ backend }: Engine): Promise<void> {
  const { indexJobs } = backend.parts;
  for (let turns = 0; indexJobs.states().some(({ state }) => state !== 'ready'); turns++) {
    if (turns > 10_000) throw new Error('indexes are not made');
    await new Promise(setImmediate);
  }
}

t.test('a build that a full disk refused is told, and done when there is space', async (t) => {
  const store = new MemoryStore();
  const engine = await filled(store, 100);
  const { indexJobs } = engine.backend.parts;
  store.faults.refuse = 'full';
  await t.rejects(indexJobs.configure(wanted(ALL)), /full/);
  const [waiting] = indexJobs.states().filter(({ state }) => state !== 'ready');
  t.equal(waiting?.state, 'waiting');
  t.match(waiting?.reason, /full/);
  // A client's write finds the disk full, too: the build is refused before it begins, and no write mends that.
  await t.rejects(engine.backend.submit('', deleting(`uid=u1,${BASE}`)), /full/);
  for (let turns = 0; turns < 20; turns++) await new Promise(setImmediate);
  store.faults.refuse = undefined;
  await untilReady(engine);
  t.same(await violations(engine), []);
  t.equal((await searchDns(engine.backend, BASE, 'sub', '(title=*)')).length, 25);
});

t.test('a drop that a full disk refused is done when there is space', async (t) => {
  const store = new MemoryStore();
  const engine = await filled(store, 20);
  const { indexJobs, keys, indexes } = engine.backend.parts;
  await indexJobs.configure(wanted(ALL));
  store.faults.refuse = 'full';
  await t.rejects(indexJobs.configure(wanted(PLAIN)), /full/);
  store.faults.refuse = undefined;
  while (indexes.ready.description() !== indexes.wanted.description()) await new Promise(setImmediate);
  await indexJobs.settle();
  t.equal(await store.sizeBytes(keys.index('cn' as AttributeKey, INDEX_KIND.substring)), 0);
  t.same(await violations(engine), []);
});

t.test('a build that fills the disk is tried again later and later, and not after the end', async (t) => {
  const store = new MemoryStore();
  const engine = await filled(store, 10);
  const waits: number[] = [];
  const tries: (() => void)[] = [];
  const soon = engine.clock.after;
  engine.clock.after = (delayMs, run) => {
    if (delayMs === 0) return soon(delayMs, run);
    waits.push(delayMs);
    const at = tries.push(run) - 1;
    return () => {
      tries[at] = () => undefined;
    };
  };
  const { indexJobs } = engine.backend.parts;
  store.faults.refuse = 'full';
  await t.rejects(indexJobs.configure(wanted(ALL)), /full/);
  for (let n = 1; n < 9; n++) {
    must(tries[n - 1], 'a try')();
    while (waits.length === n) await new Promise(setImmediate);
  }
  t.same(waits, [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  await t.rejects(indexJobs.settle(), /full/, 'who asks is answered at once');
  t.equal(waits.length, 10, 'one try waits');
  await engine.backend.close();
  store.faults.refuse = undefined;
  const { batches } = store;
  for (const again of tries) again();
  for (let turns = 0; turns < 20; turns++) await new Promise(setImmediate);
  t.equal(store.batches, batches);
});

t.test('indexes that are configured while a copy comes are built when it is there', async (t) => {
  const source = await filled(new MemoryStore(), 20);
  await source.backend.startGeneration('g');
  const target = await openEngine({ indexes: PLAIN });
  const { backend } = target;
  const snapshot = await source.backend.exportSnapshot();
  await backend.beginImport();
  await t.rejects(backend.parts.indexJobs.configure(wanted(ALL)), /stopped/);
  for await (const images of snapshot.images()) await backend.importImages(images);
  await backend.finishImport(snapshot.generationId, snapshot.state);
  await snapshot.close();
  t.same(await answers(target), await answers(source));
  await untilReady(target);
  t.same(await violations(target), []);
  t.same(await answers(target), await answers(source));
});
