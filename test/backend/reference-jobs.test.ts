/** References on the real engine: random renames, moves and deletes; a replica that replays them ends equal; large groups stay decoded. */
import t from 'tap';
import type { StoredEntry } from '../../lib/backend/backend.js';
import { DEFAULT_INDEXES } from '../../lib/backend/index/index-config.js';
import { withRows } from '../../lib/backend/index/reverse-lookup.js';
import { MemoryStore } from '../../lib/backend/memory/memory-store.js';
import { TAG } from '../../lib/backend/rows/key-space.js';
import { DEFAULT_REFERENCE_ATTRIBUTES } from '../../lib/backend/rules/reference-rules.js';
import { must } from '../../lib/base/assert.js';
import { utf8Decode } from '../../lib/base/bytes.js';
import { LdapError } from '../../lib/base/ldap-error.js';
import { decodeChange } from '../../lib/change/change-codec.js';
import type { ReplicaId } from '../../lib/csn/csn.js';
import { StoreError } from '../../lib/port/ordered-store.js';
import type { AttributeKey } from '../../lib/schema/attribute-type.js';
import { adding, deleting, type Engine, modifying, openEngine, renaming, violations } from './engine.js';

const BASE = 'dc=example,dc=com';
const UNITS = [`ou=one,${BASE}`, `ou=two,${BASE}`, `ou=groups,${BASE}`];
const indexes = {
  ...DEFAULT_INDEXES,
  ...Object.fromEntries(DEFAULT_REFERENCE_ATTRIBUTES.map((name) => [name, { equality: true }])),
};
const consistency = { references: DEFAULT_REFERENCE_ATTRIBUTES };
const MEMBER = 'member' as AttributeKey;

async function open(replica: number, store = new MemoryStore()): Promise<Engine> {
  const engine = await openEngine({ replica: replica as ReplicaId, store, indexes, consistency });
  const { backend } = engine;
  backend.parts.rules.jobs.start({
    submit: (initiator, decide) => backend.submit(initiator, decide),
    exclusively: (work) => backend.parts.writes.exclusively(work),
  });
  return engine;
}

/** All entries below the base: DN, and every attribute's values in an order of their own. */
async function content({ backend }: Engine): Promise<string> {
  const lines: string[] = [];
  const walk = async (entry: StoredEntry): Promise<void> => {
    const attributes = [...entry.stored].map(
      ([key, { values }]) => `${key}: ${values.map((value) => utf8Decode(value)).sort()}`,
    );
    lines.push(`${entry.dnText} ${entry.uuid} ${attributes.sort().join('; ')}`);
    for await (const slice of backend.children(entry)) for (const child of slice) await walk(child);
  };
  await walk(must(backend.byDnText(BASE), 'the base'));
  return lines.sort().join('\n');
}

/** Moves an entry below one that is there, as the operations do: to a name that is free. */
function moving(dn: string, parent: string): ReturnType<typeof renaming> {
  const name = `${dn.slice(0, dn.indexOf(','))},${parent}`;
  return (view) => {
    if (view.byDnText(parent) === undefined) throw new LdapError('noSuchObject', 'no such parent');
    if (view.byDnText(name) !== undefined) throw new LdapError('entryAlreadyExists', 'the name is taken');
    return renaming(dn, undefined, parent)(view);
  };
}

/** Renames an entry to a name that is free. */
function freely(dn: string, rdn: string): ReturnType<typeof renaming> {
  const name = `${rdn}${dn.slice(dn.indexOf(','))}`;
  return (view) => {
    if (view.byDnText(name) !== undefined) throw new LdapError('entryAlreadyExists', 'the name is taken');
    return renaming(dn, rdn)(view);
  };
}

/** Makes an entry that is there a member. */
function joining(dn: string, group: string): ReturnType<typeof modifying> {
  return (view) => {
    if (view.byDnText(dn) === undefined) throw new LdapError('noSuchObject', 'no such member');
    return modifying(group, { member: { add: [dn] } })(view);
  };
}

/** DNs that entries name and that nobody has. */
async function dangling({ backend }: Engine): Promise<readonly string[]> {
  const found: string[] = [];
  for (const unit of ['one', 'two', 'uno', 'due', 'groups']) {
    const above = backend.byDnText(`ou=${unit},${BASE}`);
    if (above === undefined) continue;
    for await (const slice of backend.children(above)) {
      for (const entry of slice) {
        for (const key of [MEMBER, 'seealso' as AttributeKey]) {
          for (const value of entry.attribute(key)?.values ?? []) {
            const dn = utf8Decode(value) ?? '';
            if (backend.byDnText(dn) === undefined) found.push(`${entry.dnText} ${key} ${dn}`);
          }
        }
      }
    }
  }
  return found;
}

/** Mulberry32. */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let x = Math.imul(state ^ (state >>> 15), 1 | state);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) % below;
  };
}

t.test('after random writes every reference names an entry, and a replica is equal', async (t) => {
  const seed = Number(process.env.POLYARCH_SEED ?? 7);
  t.comment(`seed ${seed}`);
  const random = randomOf(seed);
  const engine = await open(1);
  const { backend } = engine;
  const submit = (decide: Parameters<typeof backend.submit>[1]) =>
    withRows(() => backend.submit('cn=a', decide));
  await submit(adding(BASE, { objectClass: ['domain'], dc: ['example'] }));
  for (const unit of UNITS)
    await submit(adding(unit, { objectClass: ['organizationalUnit'], ou: [unit.slice(3, 6)] }));
  const names: string[] = [];
  for (let i = 0; i < 24; i++) {
    const dn = `cn=p${i},${UNITS[i % 2]}`;
    names.push(dn);
    await submit(adding(dn, { objectClass: ['person'], cn: [`p${i}`], sn: ['x'], seeAlso: names.slice(-3) }));
  }
  for (let i = 0; i < 12; i++) {
    const member = names.filter(() => random(2) === 0);
    await submit(adding(`cn=g${i},${UNITS[2]}`, { objectClass: ['groupOfNames'], cn: [`g${i}`], member }));
  }
  const people = (): string[] => {
    const found: string[] = [];
    for (const name of ['one', 'two', 'uno', 'due']) {
      for (let i = 0; i < 60; i++) found.push(`cn=p${i},ou=${name},${BASE}`, `cn=q${i},ou=${name},${BASE}`);
    }
    return found.filter((dn) => backend.byDnText(dn) !== undefined);
  };
  const tries: (() => Promise<unknown>)[] = [];
  for (let step = 0; step < 80; step++) {
    const all = people();
    const dn = all[random(all.length)] ?? '';
    const unit = ['one', 'two', 'uno', 'due'][random(4)] ?? '';
    const kind = random(6);
    tries.push(() => {
      if (kind === 0) return submit(deleting(dn));
      if (kind === 1) return submit(freely(dn, `cn=q${step % 60}`));
      if (kind === 2) return submit(moving(dn, `ou=${unit},${BASE}`));
      if (kind === 3)
        return submit(freely(`ou=${unit},${BASE}`, `ou=${['uno', 'due', 'one', 'two'][step % 4]}`));
      if (kind === 4)
        return submit(
          adding(`cn=p${step % 60},ou=${unit},${BASE}`, { objectClass: ['person'], cn: ['x'], sn: ['x'] }),
        );
      return submit(joining(dn, `cn=g${step % 12},${UNITS[2]}`));
    });
    if (tries.length < 4) continue;
    // Four at once: what one finds gone is refused.
    for (const done of await Promise.allSettled(tries.splice(0).map((run) => run())))
      if (done.status === 'rejected' && !(done.reason instanceof LdapError)) throw done.reason;
  }
  await backend.parts.rules.jobs.idle();

  t.same(await dangling(engine), []);
  t.same(await violations(engine), []);
  const replica = await open(2);
  for (const { bytes } of engine.sink.given) await replica.backend.replay([decodeChange(bytes)]);
  await replica.backend.parts.rules.jobs.idle();
  t.equal(await content(replica), await content(engine), 'equal, and nothing of its own was written');
  t.equal(replica.sink.given.length, 0);
});

t.test('a job whose row a full disk keeps ends when there is space, and its name is free', async (t) => {
  const store = new MemoryStore();
  const engine = await open(1, store);
  const { backend } = engine;
  const unit = { objectClass: ['organizationalUnit'], ou: ['one'] };
  const ann = `cn=ann,ou=one,${BASE}`;
  const group = `cn=g,${BASE}`;
  await backend.submit('cn=a', adding(BASE, { objectClass: ['domain'], dc: ['example'] }));
  await backend.submit('cn=a', adding(`ou=one,${BASE}`, unit));
  await backend.submit('cn=a', adding(ann, { objectClass: ['person'], cn: ['ann'], sn: ['x'] }));
  await backend.submit('cn=a', adding(group, { objectClass: ['groupOfNames'], cn: ['g'], member: [ann] }));
  const tag = backend.parts.keys.tagRange(TAG.references).gte[2];
  const written = store.batch.bind(store);
  let refused = 0;
  store.batch = (ops, options) => {
    const ends = ops.some(({ type, key }) => type === 'del' && key[2] === tag);
    if (!ends || refused === 3) return written(ops, options);
    refused += 1;
    return Promise.reject(new StoreError('full', 'no space'));
  };
  await backend.submit('cn=a', renaming(`ou=one,${BASE}`, 'ou=uno'));
  await backend.parts.rules.jobs.idle();
  t.equal(refused, 3);
  t.equal(backend.parts.rules.jobs.left, 0);
  await backend.submit('cn=a', adding(`ou=one,${BASE}`, unit));
  t.same(await dangling(engine), []);
  t.same(await violations(engine), []);
});

t.test('a member more or less does not decode the others of a large group', async (t) => {
  const { backend } = await open(1);
  const dn = `cn=big,${BASE}`;
  await backend.submit('cn=a', adding(BASE, { objectClass: ['domain'], dc: ['example'] }));
  const member = Array.from({ length: 1000 }, (_, i) => `uid=${i},${BASE}`);
  await backend.submit('cn=a', adding(dn, { objectClass: ['groupOfNames'], cn: ['big'], member }));
  const first = backend.byDnText(dn)?.attribute(MEMBER)?.values[500];
  await backend.submit('cn=a', modifying(dn, { member: { remove: [member[3] ?? ''], add: ['uid=new'] } }));
  await backend.submit('cn=a', modifying(dn, { member: { remove: [member[4] ?? ''] } }));
  const values = backend.byDnText(dn)?.attribute(MEMBER)?.values ?? [];
  t.equal(values.length, 999);
  t.ok(first !== undefined && values.includes(first), 'the very same octets');
});
