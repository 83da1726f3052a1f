/** The local half of the write path: decisions see everything decided before, answers come after the disk, batches group, refusals leave nothing. */
import t from 'tap';
import type { ReadView } from '../../lib/backend/backend.js';
import { MemoryStore } from '../../lib/backend/memory/memory-store.js';
import { must } from '../../lib/base/assert.js';
import { latin1 } from '../../lib/base/bytes.js';
import { LdapError } from '../../lib/base/ldap-error.js';
import type { AttributeKey } from '../../lib/schema/attribute-type.js';
import {
  adding,
  deleting,
  type Engine,
  modifying,
  openEngine,
  renaming,
  searchDns,
  TestSink,
  violations,
} from './engine.js';

const BASE = 'dc=example,dc=com';
const PEOPLE = `ou=people,${BASE}`;
const ADMIN = 'cn=admin';

export async function populated(engine: Engine): Promise<void> {
  const { backend } = engine;
  await backend.submit(ADMIN, adding(BASE, { objectClass: ['top', 'domain'], dc: ['example'] }));
  await backend.submit(ADMIN, adding(PEOPLE, { objectClass: ['top', 'organizationalUnit'], ou: ['people'] }));
  for (const uid of ['ada', 'bob', 'cleo'])
    await backend.submit(ADMIN, adding(`uid=${uid},${PEOPLE}`, person(uid)));
}

const person = (uid: string) => ({
  objectClass: ['top', 'person', 'inetOrgPerson'],
  uid: [uid],
  cn: [`${uid} Smith`],
  sn: ['Smith'],
  mail: [`${uid}@example.com`],
});

const textsOf = (engine: Engine, dn: string, key: string): string[] =>
  (must(engine.backend.byDnText(dn), dn).attribute(key as AttributeKey)?.values ?? []).map(latin1);

t.test('what is added is found by DN, by UUID, and by every index', async (t) => {
  const engine = await openEngine();
  await populated(engine);
  const { backend } = engine;
  const ada = must(backend.byDnText(`UID=Ada , OU=People,dc=EXAMPLE,dc=com`), 'ada');
  t.equal(ada.dnText, `uid=ada,${PEOPLE}`);
  t.equal(backend.byUuid(ada.uuid)?.dnText, ada.dnText);
  t.equal(backend.entryCount, 5);
  for (const filter of [
    '(uid=ada)',
    '(mail=ADA@example.com)',
    '(cn=ada*)',
    '(cn=*da sm*)',
    '(mail=ada*.com)',
    `(entryUUID=${ada.uuid})`,
    '(&(objectClass=person)(uid=ada))',
    '(&(sn=smith)(!(uid=bob))(!(uid=cleo)))',
  ]) {
    t.same(await searchDns(backend, BASE, 'sub', filter), [ada.dnText], filter);
  }
  t.same(await searchDns(backend, BASE, 'one', '(objectClass=*)'), [PEOPLE]);
  t.equal((await searchDns(backend, BASE, 'subordinates', '(objectClass=*)')).length, 4);
  t.equal((await searchDns(backend, BASE, 'sub', '(objectClass=*)')).length, 5);
  t.equal((await searchDns(backend, PEOPLE, 'sub', '(description=x)')).length, 0);
  t.same(await searchDns(backend, PEOPLE, 'base', '(ou=people)'), [PEOPLE]);
  t.equal((await searchDns(backend, PEOPLE, 'one', '(|(uid=a*)(uid=bob))')).length, 2);
  t.equal(backend.nearest(ada.dn)?.id, ada.id);
  t.same(textsOf(engine, PEOPLE, 'numsubordinates'), ['3']);
  t.same(textsOf(engine, PEOPLE, 'hassubordinates'), ['TRUE']);
  t.same(textsOf(engine, ada.dnText, 'structuralobjectclass'), ['inetOrgPerson']);
  t.same(textsOf(engine, ada.dnText, 'creatorsname'), [ADMIN]);
  t.same(textsOf(engine, ada.dnText, 'createtimestamp'), ['20231114221320Z']);
  t.same(await violations(engine), []);
});

t.test('a write whose answer fails keeps later ones from the disk no longer than itself', async (t) => {
  const engine = await openEngine();
  await populated(engine);
  const { backend } = engine;
  const broken = backend.submit(ADMIN, (view) => {
    const tree = view as ReadView & { came?: () => void };
    tree.came = () => {
      delete tree.came;
      throw new Error('no answer');
    };
    return adding(`uid=dan,${PEOPLE}`, person('dan'))(view);
  });
  await t.rejects(broken, { message: 'no answer' });
  await backend.submit(ADMIN, adding(`uid=eve,${PEOPLE}`, person('eve')));
  t.same(await violations(engine), []);
});

t.test('a decision sees everything decided before it, durable or not', async (t) => {
  const store = new MemoryStore();
  const engine = await openEngine({ store });
  await populated(engine);
  const { backend } = engine;
  let open: () => void = () => undefined;
  store.faults.delay = () => new Promise((resolve) => (open = resolve));
  const done: string[] = [];
  const note = (name: string) => () => void done.push(name);
  const first = backend
    .submit(ADMIN, adding(`ou=new,${BASE}`, { objectClass: ['organizationalUnit'], ou: ['new'] }))
    .then(note('add'));
  const second = backend
    .submit(ADMIN, adding(`cn=x,ou=new,${BASE}`, { objectClass: ['device'], cn: ['x'] }))
    .then(note('child'));
  const third = backend
    .submit(ADMIN, (view) => {
      t.equal(view.byDnText(`cn=x,ou=new,${BASE}`)?.dnText, `cn=x,ou=new,${BASE}`);
      t.equal(view.childCount(must(view.byDnText(`ou=new,${BASE}`), 'ou=new')), 1);
      return renaming(`ou=new,${BASE}`, 'ou=newer')(view);
    })
    .then(note('rename'));
  const fourth = backend
    .submit(ADMIN, (view) => {
      t.equal(view.byDnText(`cn=x,ou=new,${BASE}`), undefined);
      return modifying(`cn=x,ou=newer,${BASE}`, { description: { add: ['hello'] } })(view);
    })
    .then(note('modify'));
  t.equal(backend.byDnText(`ou=new,${BASE}`), undefined, 'readers do not see it yet');
  for (let i = 0; i < 5; i++) {
    await new Promise((resolve) => setImmediate(resolve));
    open();
  }
  store.faults.delay = undefined;
  open();
  await Promise.all([first, second, third, fourth]);
  t.same(done, ['add', 'child', 'rename', 'modify']);
  t.same(textsOf(engine, `cn=x,ou=newer,${BASE}`, 'description'), ['hello']);
  t.same(await violations(engine), []);
});

t.test('writes that gather while one batch is on its way share the next fsync', async (t) => {
  const store = new MemoryStore();
  const engine = await openEngine({ store });
  await populated(engine);
  const before = store.syncs;
  await Promise.all(
    Array.from({ length: 50 }, (_, i) =>
      engine.backend.submit(ADMIN, modifying(`uid=ada,${PEOPLE}`, { description: { add: [`d${i}`] } })),
    ),
  );
  t.ok(store.syncs - before <= 3, `${store.syncs - before} syncs for 50 writes`);
  t.equal(textsOf(engine, `uid=ada,${PEOPLE}`, 'description').length, 50);
  t.equal(engine.sink.committedChanges.length, 55);
  t.same(await violations(engine), []);
});

t.test('each change names the one before it, and a refused decision makes none', async (t) => {
  const engine = await openEngine();
  await populated(engine);
  await t.rejects(engine.backend.submit(ADMIN, adding(`uid=ada,${PEOPLE}`, person('ada'))), {
    result: 'entryAlreadyExists',
  } as unknown as Error);
  await engine.backend.submit(ADMIN, deleting(`uid=bob,${PEOPLE}`));
  const changes = engine.sink.committedChanges;
  changes.forEach((change, i) => {
    t.equal(change.previous, changes[i - 1]?.csn);
  });
  t.equal(engine.backend.state.get(1 as never), changes.at(-1)?.csn);
});

t.test('before and after surround the change; nothing to do is answered without a CSN', async (t) => {
  const engine = await openEngine();
  await populated(engine);
  const dn = `uid=ada,${PEOPLE}`;
  const written = await engine.backend.submit(ADMIN, modifying(dn, { sn: { clear: true, add: ['Jones'] } }));
  t.same((written.before?.attribute('sn' as AttributeKey)?.values ?? []).map(latin1), ['Smith']);
  t.same((written.after?.attribute('sn' as AttributeKey)?.values ?? []).map(latin1), ['Jones']);
  t.equal((await engine.backend.submit(ADMIN, () => [])).csn, undefined);
  const gone = await engine.backend.submit(ADMIN, deleting(dn));
  t.equal(gone.before?.dnText, dn);
  t.equal(gone.after, undefined);
  t.equal(engine.backend.byDnText(dn), undefined);
  t.same(await searchDns(engine.backend, BASE, 'sub', '(sn=jones)'), []);
  t.same(await violations(engine), []);
});

t.test('a renamed container renames everything below it at once', async (t) => {
  const engine = await openEngine();
  await populated(engine);
  const old = must(engine.backend.byDnText(`uid=ada,${PEOPLE}`), 'ada');
  await engine.backend.submit(ADMIN, renaming(PEOPLE, 'ou=Folk'));
  t.equal(engine.backend.byUuid(old.uuid)?.dnText, `uid=ada,ou=Folk,${BASE}`);
  t.equal(old.dnText, `uid=ada,${PEOPLE}`, 'an entry that was read keeps its name');
  t.equal(engine.backend.byDnText(`uid=ada,${PEOPLE}`), undefined);
  t.equal(engine.backend.byDnText(`uid=ada,ou=folk,${BASE}`)?.id, old.id);
  t.same(await violations(engine), []);
});

t.test(
  'a full disk refuses every write that is not durable, keeps reading, and mends itself (reliability F9)',
  async (t) => {
    const store = new MemoryStore();
    const engine = await openEngine({ store });
    await populated(engine);
    const { backend } = engine;
    const before = backend.state.toString();
    store.faults.refuse = 'full';
    const results = await Promise.allSettled([
      backend.submit(ADMIN, adding(`uid=dan,${PEOPLE}`, person('dan'))),
      backend.submit(ADMIN, modifying(`uid=ada,${PEOPLE}`, { sn: { clear: true, add: ['X'] } })),
      backend.submit(ADMIN, deleting(`uid=bob,${PEOPLE}`)),
    ]);
    for (const result of results) {
      t.ok(result.status === 'rejected' && result.reason instanceof LdapError);
      t.match(String((result as PromiseRejectedResult).reason.message), /disk is full/);
    }
    t.equal(backend.condition.kind, 'full');
    await t.rejects(backend.submit(ADMIN, deleting(`uid=bob,${PEOPLE}`)), /disk is full/);
    t.equal(backend.byDnText(`uid=dan,${PEOPLE}`), undefined);
    t.same(textsOf(engine, `uid=ada,${PEOPLE}`, 'sn'), ['Smith']);
    t.equal((await searchDns(backend, BASE, 'sub', '(objectClass=*)')).length, 5);
    t.equal(backend.state.toString(), before);
    store.faults.refuse = undefined;
    await backend.submit(ADMIN, adding(`uid=dan,${PEOPLE}`, person('dan')));
    t.equal(backend.condition.kind, 'ready');
    t.ok(backend.byDnText(`uid=dan,${PEOPLE}`));
    const changes = engine.sink.committedChanges;
    t.equal(changes.at(-1)?.previous, changes.at(-2)?.csn, 'the chain has no hole');
    t.same(await violations(engine), []);
  },
);

t.test(
  'any other failure ends writing for this run, loudly, and reads go on (reliability F11)',
  async (t) => {
    const store = new MemoryStore();
    const failures: Error[] = [];
    const engine = await openEngine({ store, onFailed: (error) => failures.push(error) });
    await populated(engine);
    store.faults.refuse = 'failed';
    await t.rejects(engine.backend.submit(ADMIN, deleting(`uid=bob,${PEOPLE}`)), {
      result: 'unavailable',
    } as never);
    store.faults.refuse = undefined;
    await t.rejects(engine.backend.submit(ADMIN, deleting(`uid=bob,${PEOPLE}`)), {
      result: 'unavailable',
    } as never);
    t.equal(failures.length, 1);
    t.equal(engine.backend.condition.kind, 'failed');
    t.ok(engine.backend.byDnText(`uid=bob,${PEOPLE}`));
  },
);

t.test('a crash keeps every acknowledged write, and nothing by halves (reliability F1)', async (t) => {
  for (let round = 0; round < 12; round++) {
    const store = new MemoryStore();
    const engine = await openEngine({ store });
    await populated(engine);
    const acknowledged = new Set<string>();
    const all: Promise<unknown>[] = [];
    for (let i = 0; i < 30; i++) {
      const uid = `u${round}x${i}`;
      const write = engine.backend.submit(ADMIN, adding(`uid=${uid},${PEOPLE}`, person(uid)));
      all.push(write.then(() => acknowledged.add(uid)).catch(() => undefined));
      if (i % 4 === round % 4) await new Promise((resolve) => setImmediate(resolve));
      if (i === 10 + round) {
        store.crash(round % 3);
        break;
      }
    }
    await Promise.all(all);
    const again = await openEngine({ store, sink: new TestSink() });
    for (const uid of acknowledged) t.ok(again.backend.byDnText(`uid=${uid},${PEOPLE}`), uid);
    t.same(await violations(again), []);
  }
});

t.test('closing refuses new writes and waits for those that run', async (t) => {
  const engine = await openEngine();
  await populated(engine);
  const running = engine.backend.submit(ADMIN, deleting(`uid=bob,${PEOPLE}`));
  const closing = engine.backend.close();
  await t.rejects(engine.backend.submit(ADMIN, deleting(`uid=ada,${PEOPLE}`)), /stopping/);
  await running;
  await closing;
});
