/** A domain is opened on a full disk: it is read, and what opening has to write comes before the first write, when there is space. */
import t from 'tap';
import type { IndexOptions } from '../../lib/backend/index/index-config.js';
import { MemoryStore } from '../../lib/backend/memory/memory-store.js';
import { DATA_FORMAT, INDEX_KIND, OLDER_FORMATS } from '../../lib/backend/rows/key-space.js';
import { SERVER_KEYS } from '../../lib/backend/rows/server-keys.js';
import type { StoreBackend } from '../../lib/backend/store-backend.js';
import type { AttributeKey } from '../../lib/schema/attribute-type.js';
import { standardSchema } from '../schema/standard-schema.js';
import { adding, type Engine, modifying, openEngine, searchDns, violations } from './engine.js';

const BASE = 'dc=example,dc=com';
const PERSON = `cn=ann,${BASE}`;
const SMALL: IndexOptions = { objectClass: { equality: true } };
const LARGE: IndexOptions = { ...SMALL, cn: { equality: true, substring: true } };

/** With an entry and the indexes of LARGE; closed. */
async function closed(): Promise<{ store: MemoryStore; sink: Engine['sink'] }> {
  const store = new MemoryStore();
  const { backend, sink } = await openEngine({ store, indexes: LARGE });
  await backend.submit('', adding(BASE, { objectClass: ['domain'], dc: ['example'] }));
  await backend.submit('', adding(PERSON, { objectClass: ['person'], cn: ['ann'], sn: ['A'] }));
  await backend.close();
  return { store, sink };
}

async function copied(source: StoreBackend, target: StoreBackend): Promise<void> {
  const snapshot = await source.exportSnapshot();
  await target.beginImport();
  for await (const images of snapshot.images()) await target.importImages(images);
  await target.finishImport(snapshot.generationId, snapshot.state);
  await snapshot.close();
}

const describing = (text: string) => modifying(PERSON, { description: { clear: true, add: [text] } });

t.test(
  'fewer indexes: reads are answered, and the row of the indexes comes before the first write',
  async (t) => {
    const { store, sink } = await closed();
    store.faults.refuse = 'full';
    const engine = await openEngine({ store, sink, indexes: SMALL });
    const { backend } = engine;
    t.match(backend.condition, { kind: 'full' }, 'status says so from the start');
    t.same(await searchDns(backend, BASE, 'sub', '(cn=an*)'), [PERSON]);
    await t.rejects(backend.submit('', describing('x')), /the disk is full/);
    store.faults.refuse = undefined;
    await backend.submit('', modifying(PERSON, { cn: { add: ['other'] } }));
    t.match(backend.condition, { kind: 'ready' });
    await backend.close();
    const again = await openEngine({ store, sink, indexes: LARGE });
    t.equal(again.backend.parts.indexes.substring('cn' as AttributeKey), undefined, 'which no write kept');
    t.same(await searchDns(again.backend, BASE, 'sub', '(cn=oth*)'), [PERSON]);
    t.same(await violations(again), []);
  },
);

t.test('rows of an index that is no more stay until the store says so', async (t) => {
  const { store, sink } = await closed();
  store.faults.refuse = 'full';
  const { backend } = await openEngine({ store, sink, indexes: SMALL });
  const { indexJobs, keys } = backend.parts;
  await t.rejects(indexJobs.settle(), /full/);
  store.faults.refuse = undefined;
  await indexJobs.settle();
  t.equal(await store.sizeBytes(keys.index('cn' as AttributeKey, INDEX_KIND.substring)), 0, 'they went');
  await backend.close();
  const again = await openEngine({ store, sink, indexes: LARGE });
  t.equal(again.backend.parts.indexes.substring('cn' as AttributeKey), undefined, 'no write came between');
  t.same(await searchDns(again.backend, BASE, 'sub', '(cn=an*)'), [PERSON]);
  await again.backend.parts.indexJobs.settle();
  t.same(await violations(again), []);
});

t.test(
  'data of an older format are read, and marked as of this one before anything is written',
  async (t) => {
    const { store, sink } = await closed();
    const format = () => store.get(SERVER_KEYS.format)?.[0];
    for (const older of OLDER_FORMATS) {
      await store.batch([{ type: 'put', key: SERVER_KEYS.format, value: Uint8Array.of(older) }], {
        sync: true,
      });
      store.faults.refuse = 'full';
      const { backend } = await openEngine({ store, sink, indexes: LARGE });
      t.match(backend.condition, { kind: 'full' });
      t.same(await searchDns(backend, BASE, 'sub', '(cn=an*)'), [PERSON]);
      await t.rejects(backend.submit('', describing('x')), /the disk is full/);
      t.equal(format(), older);
      store.faults.refuse = undefined;
      if (older === 1) await backend.submit('', describing(`of format ${older}`));
      else await backend.parts.indexJobs.settle();
      t.equal(format(), DATA_FORMAT);
      await backend.close();
    }
  },
);

t.test('a crash while data of an older format are opened: the next start marks them', async (t) => {
  for (let moment = 1; ; moment++) {
    const { store, sink } = await closed();
    await store.batch([{ type: 'put', key: SERVER_KEYS.format, value: Uint8Array.of(1) }], { sync: true });
    let waits = 0;
    store.faults.delay = async () => {
      waits += 1;
      if (waits === moment) store.crash(0);
    };
    const opened = await openEngine({ store, sink, indexes: SMALL, schema: standardSchema() }).catch(
      () => undefined,
    );
    store.faults.delay = undefined;
    if (opened !== undefined) {
      t.ok(moment > 1);
      break;
    }
    store.crash(0);
    const again = await openEngine({ store, sink, indexes: LARGE });
    t.equal(store.get(SERVER_KEYS.format)?.[0], DATA_FORMAT);
    t.same(await searchDns(again.backend, BASE, 'sub', '(cn=ann)'), [PERSON]);
    t.same(await violations(again), []);
  }
});

t.test('a disk that stays full leaves everything as it was', async (t) => {
  const { store, sink } = await closed();
  store.faults.refuse = 'full';
  await openEngine({ store, sink, indexes: SMALL });
  store.crash(0);
  store.faults.refuse = undefined;
  const again = await openEngine({ store, sink, indexes: LARGE });
  t.equal(again.backend.parts.indexes.substring('cn' as AttributeKey), 'caseIgnoreSubstringsMatch');
  t.same(await searchDns(again.backend, BASE, 'sub', '(cn=an*)'), [PERSON]);
  t.same(await violations(again), []);
});

t.test('a copy that was cut short is found as such, and comes when there is space', async (t) => {
  const { store } = await closed();
  const source = await openEngine({ indexes: LARGE });
  await source.backend.submit('', adding(BASE, { objectClass: ['domain'], dc: ['example'] }));
  await source.backend.startGeneration('g');
  const cut = await openEngine({ store, indexes: LARGE });
  await cut.backend.beginImport();
  store.crash(0);
  store.faults.refuse = 'full';
  const { backend } = await openEngine({ store, indexes: LARGE });
  t.ok(backend.importing);
  await t.rejects(backend.beginImport(), /full/);
  t.ok(backend.importing, 'still');
  store.faults.refuse = undefined;
  await copied(source.backend, backend);
  t.equal(backend.importing, false);
  await backend.submit('', adding(PERSON, { objectClass: ['person'], cn: ['ann'], sn: ['A'] }));
  t.same(await violations({ backend, store }), []);
});

t.test('a copy of all data replaces what opening owes', async (t) => {
  const { store } = await closed();
  const source = await openEngine({ indexes: LARGE });
  await source.backend.submit('', adding(BASE, { objectClass: ['domain'], dc: ['example'] }));
  await source.backend.startGeneration('g');
  store.faults.refuse = 'full';
  const { backend } = await openEngine({ store, indexes: SMALL });
  store.faults.refuse = undefined;
  await copied(source.backend, backend);
  await backend.submit('', adding(PERSON, { objectClass: ['person'], cn: ['ann'], sn: ['A'] }));
  t.match(backend.condition, { kind: 'ready' });
  t.same(await violations({ backend, store }), []);
});

t.test('another schema: a store that fails otherwise is not opened', async (t) => {
  const { store, sink } = await closed();
  store.faults.refuse = 'failed';
  await t.rejects(openEngine({ store, sink, indexes: SMALL, schema: standardSchema() }), /simulated failed/);
});

t.test(
  'what opening has to write is written in the turn of a write: a copy that begins meanwhile waits',
  async (t) => {
    const [{ store, sink }, source] = [await closed(), await closed()];
    store.faults.refuse = 'full';
    const { backend } = await openEngine({ store, sink, indexes: SMALL });
    store.faults.refuse = undefined;
    store.faults.delay = () => new Promise((resolve) => setImmediate(resolve));
    const batch = store.batch.bind(store);
    let [running, most] = [0, 0];
    store.batch = async (...of) => {
      running += 1;
      most = Math.max(most, running);
      await batch(...of).finally(() => {
        running -= 1;
      });
    };
    const given = await openEngine({ store: source.store, sink: source.sink, indexes: LARGE });
    await given.backend.startGeneration('g1');
    await Promise.all([backend.submit('', describing('x')), copied(given.backend, backend)]);
    t.equal(most, 1, 'one batch at a time, from the first that opening owes');
    t.match(backend.condition, { kind: 'ready' });
    t.same(await searchDns(backend, BASE, 'sub', '(description=x)'), [], 'the copy came behind the write');
    t.same(await searchDns(backend, BASE, 'sub', '(cn=ann)'), [PERSON]);
    await backend.close();
  },
);
