/** Changes of cn=schema over LDAP, on one server and on two whose changes meet. */
import t from 'tap';
import { MemoryStore } from '../../lib/backend/memory/memory-store.js';
import type { StoreBackend } from '../../lib/backend/store-backend.js';
import { must } from '../../lib/base/assert.js';
import { utf8Decode, utf8Encode } from '../../lib/base/bytes.js';
import { decodeChange } from '../../lib/change/change-codec.js';
import type { ReplicaId } from '../../lib/csn/csn.js';
import { LdapService } from '../../lib/operation/ldap-service.js';
import { LiveSchema } from '../../lib/operation/schema/live-schema.js';
import { makeSchemaDomain } from '../../lib/operation/schema/schema-genesis.js';
import { SCHEMA_ENTRY_UUID, type SchemaStore } from '../../lib/operation/schema/schema-store.js';
import type { Schema } from '../../lib/schema/schema.js';
import { type Engine, openEngine, silentLog, TestSink, violations } from '../backend/engine.js';
import { standardSchema } from '../schema/standard-schema.js';
import {
  ADMIN_PASSWORD,
  MemoryTransport,
  seededRandom,
  TestClient,
  TestClock,
  TestHasher,
} from './test-server.js';

const BASE = standardSchema();
const STRING = 'EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15';
const BADGE = `( 1.3.6.1.4.1.99999.1.1 NAME 'badge' ${STRING} )`;
const HOLDER = "( 1.3.6.1.4.1.99999.2.1 NAME 'badgeHolder' SUP top AUXILIARY MAY badge )";

interface Place {
  readonly schema: Schema;
  readonly definitions: Engine;
  readonly data: StoreBackend;
  readonly written: TestSink;
  readonly live: LiveSchema;
  readonly client: TestClient;
  connect(): TestClient;
}

/** `empty`: without the base entry. */
async function open(replica: number, empty = false): Promise<Place> {
  const schema = BASE.copy();
  const clock = new TestClock();
  const store = new MemoryStore();
  await makeSchemaDomain(store, BASE, clock);
  let live: LiveSchema | undefined;
  const definitions = await openEngine({
    store,
    base: 'cn=schema',
    schema,
    indexes: {},
    replica: replica as ReplicaId,
    onApplied: () => live?.follow(),
  });
  const { backend } = definitions;
  const written = new TestSink();
  const data = (await openEngine({ schema, sink: written, replica: replica as ReplicaId })).backend;
  const entry = () => backend.byUuid(SCHEMA_ENTRY_UUID);
  live = new LiveSchema({
    base: BASE,
    schema,
    inactive: [],
    clock,
    entry,
    changed: () => void data.schemaChanged(),
  });
  const kept = live;
  const schemaStore: SchemaStore = {
    backend,
    base: BASE,
    entry,
    inactive: () => kept.inactive,
    followed: () => kept.followed(),
  };
  const service = new LdapService({
    schema,
    schemaStore,
    clock,
    log: silentLog,
    hasher: new TestHasher(),
    random: seededRandom(1),
    settings: { adminPassword: utf8Encode(`{TEST}${ADMIN_PASSWORD}`) },
  });
  service.directory.addDomain(data);
  const connect = () => {
    const transport = new MemoryTransport();
    return new TestClient(transport, service.accept(transport));
  };
  const client = await connect().bindAdmin();
  if (!empty) await client.add('dc=example,dc=com', { objectClass: ['domain'], dc: 'example' });
  return { schema, definitions, data, written, live, client, connect };
}

async function shown(client: TestClient, attribute: string): Promise<readonly string[]> {
  const { entries } = await client.search({ base: 'cn=schema', scope: 'base', attributes: [attribute] });
  return entries[0]?.attributes[attribute] ?? [];
}

const own = async (client: TestClient) =>
  (await shown(client, 'attributeTypes')).filter((text) => text.includes('99999'));

t.test(
  'createTimestamp of cn=schema is the same on all servers, after each start, and before every change',
  async (t) => {
    const { client } = await open(1);
    t.same(await shown(client, 'createTimestamp'), ['19700101000000Z']);
    await client.modify('cn=schema', [['add', 'attributeTypes', BADGE]]);
    t.same(await shown(client, 'createTimestamp'), ['19700101000000Z']);
  },
);

t.test('definitions are added, used and protected while entries need them', async (t) => {
  const { client, schema, connect, definitions } = await open(1);
  const before = await shown(client, 'modifyTimestamp');
  const anonymous = await connect().modify('cn=schema', [['add', 'attributeTypes', BADGE]]);
  t.equal(anonymous.result, 'insufficientAccessRights', 'the administrator only');
  const holderAlone = await client.modify('cn=schema', [['add', 'objectClasses', HOLDER]]);
  t.equal(holderAlone.result, 'constraintViolation');
  t.match(holderAlone.diagnostic, /badgeHolder has the MAY attribute 'badge', which is not defined/);
  const added = await client.modify('CN=Schema', [
    ['add', 'objectClasses', HOLDER],
    ['add', 'attributeTypes', BADGE],
  ]);
  t.equal(added.result, 'success', added.diagnostic);
  t.match(await own(client), [/'badge' .*X-SCHEMA-FILE '99-user.ldif'/]);
  t.not(`${await shown(client, 'entryCSN')}`, '', 'the stored entry shows through');
  t.notSame(await shown(client, 'modifyTimestamp'), before);
  const person = { objectClass: ['person', 'badgeHolder'], cn: 'a', sn: 'b', badge: '7' };
  t.equal((await client.add('cn=a,dc=example,dc=com', person)).result, 'success');
  const found = await client.search({ filter: '(badge=7)' });
  t.equal(found.entries.length, 1, 'filters know the new type at once');

  const inUse = await client.modify('cn=schema', [
    ['delete', 'attributeTypes', BADGE],
    ['delete', 'objectClasses', HOLDER],
  ]);
  t.equal(inUse.result, 'unwillingToPerform');
  t.match(inUse.diagnostic, /'badge' would be removed, and entries use it, such as "cn=a,dc=example,dc=com"/);
  const narrower = BADGE.replace('121.1.15', '121.1.44').replace('caseIgnoreMatch', 'caseIgnoreMatch');
  const changed = await client.modify('cn=schema', [
    ['delete', 'attributeTypes', BADGE],
    ['add', 'attributeTypes', narrower],
  ]);
  t.match(changed.diagnostic, /would get another syntax, and entries use it/);
  await client.delete('cn=a,dc=example,dc=com');
  const needed = await client.modify('cn=schema', [['delete', 'attributeTypes', BADGE]]);
  t.equal(needed.result, 'constraintViolation', 'the class still allows it');
  const removed = await client.modify('cn=schema', [
    ['delete', 'attributeTypes', BADGE],
    ['delete', 'objectClasses', HOLDER],
  ]);
  t.equal(removed.result, 'success', removed.diagnostic);
  t.same(await own(client), []);
  t.equal(schema.attributeType('badge'), undefined);
  t.same(await violations(definitions), []);
});

t.test('what was added is there after a restart', async (t) => {
  const { client, definitions } = await open(1);
  await client.modify('cn=schema', [['add', 'attributeTypes', BADGE]]);
  const { backend } = await openEngine({ store: definitions.store, base: 'cn=schema', indexes: {} });
  const entry = must(backend.byUuid(SCHEMA_ENTRY_UUID), 'the entry');
  t.match(utf8Decode(must(entry.stored.get('attributetypes' as never)?.values[0], 'a value')), /badge/);
});

t.test(
  'two servers define one OID and one name differently at once: both end with the same schema',
  async (t) => {
    const [a, b] = [await open(1), await open(2)];
    await a.client.modify('cn=schema', [['add', 'attributeTypes', BADGE]]);
    await exchange(a, b);
    t.same(await own(a.client), await own(b.client));
    // The same OID, changed on both; the same name under two OIDs.
    for (const [place, mark] of [
      [a, '1'],
      [b, '2'],
    ] as const) {
      const changed = await place.client.modify('cn=schema', [
        ['delete', 'attributeTypes', BADGE],
        [
          'add',
          'attributeTypes',
          BADGE.replace('NAME', `NAME`).replace(` ${STRING}`, ` DESC 'of ${mark}' ${STRING}`),
        ],
        ['add', 'attributeTypes', `( 1.3.6.1.4.1.99999.1.1${mark} NAME 'clash' ${STRING} )`],
      ]);
      t.equal(changed.result, 'success', changed.diagnostic);
    }
    await exchange(a, b);
    const types = await own(a.client);
    t.same([...(await own(b.client))].sort(), [...types].sort());
    t.equal(
      types.filter((text) => text.includes("'badge'")).length,
      1,
      'one OID is one value: the later wins',
    );
    t.equal(types.filter((text) => text.includes("'clash'")).length, 1);
    t.same(a.live.inactive, b.live.inactive);
    t.match(a.live.inactive, [{ reason: /uses 'clash', which another attribute type has/ }]);
    const monitored = await a.client.search({
      base: 'cn=Schema,cn=monitor',
      scope: 'base',
      attributes: ['*', '+'],
    });
    t.match(monitored.entries[0]?.attributes.monitoredInfo, [
      /attributeTypes: .*'clash'.*which another attribute type has/,
    ]);
    const mended = await a.client.modify('cn=schema', [
      ['delete', 'attributeTypes', must(a.live.inactive[0], 'one').text],
    ]);
    t.equal(mended.result, 'success', mended.diagnostic);
    await exchange(a, b);
    t.same([a.live.inactive, b.live.inactive], [[], []]);
    for (const one of [a, b]) t.same(await violations(one.definitions), []);
  },
);

t.test(
  'entries do not wait for definitions: they are applied, and mean more when the definitions come',
  async (t) => {
    const [a, b] = [await open(1), await open(2, true)];
    await a.client.modify('cn=schema', [
      ['add', 'attributeTypes', BADGE],
      ['add', 'objectClasses', HOLDER],
    ]);
    const person = { objectClass: ['person', 'badgeHolder'], cn: 'a', sn: 'b', badge: 'Seven' };
    t.equal((await a.client.add('cn=a,dc=example,dc=com', person)).result, 'success');
    const changes = a.written.committedChanges.map((change) => decodeChange(change.bytes));
    for (const { kind } of await b.data.replay(changes)) t.equal(kind, 'applied');
    const early = await b.client.search({ filter: '(cn=a)' });
    t.same(early.entries[0]?.attributes.badge, ['Seven'], 'the entry is whole');
    t.same((await b.client.search({ filter: '(badge=seven)' })).entries, [], 'no rule to compare by yet');
    const grown = await b.client.modify('cn=a,dc=example,dc=com', [['add', 'badge', 'x']]);
    t.equal(grown.result, 'undefinedAttributeType', 'it may not grow');
    await exchange(a, b);
    t.equal((await b.client.search({ filter: '(badge=seven)' })).entries.length, 1);
    const [one, two] = [a, b].map(({ data }) => data.byDnText('cn=a,dc=example,dc=com')?.state);
    t.same(one, two, 'both hold the same');
  },
);

/** Every change of each that the other lacks. */
async function exchange(a: Place, b: Place): Promise<void> {
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    const changes = from.definitions.sink.committedChanges.map((change) => decodeChange(change.bytes));
    const results = await to.definitions.backend.replay(changes);
    for (const result of results) if (result.kind !== 'applied') throw new Error(JSON.stringify(result));
  }
}

t.test('an entry says which structure rule governs it (RFC 4512 section 3.4.6)', async (t) => {
  const { client } = await open(1);
  const given = await client.modify('cn=schema', [
    ['add', 'nameForms', "( 1.3.6.1.4.1.99999.3.1 NAME 'dcForm' OC domain MUST dc )"],
    ['add', 'nameForms', "( 1.3.6.1.4.1.99999.3.2 NAME 'ouForm' OC organizationalUnit MUST ou )"],
    ['add', 'dITStructureRules', "( 7 NAME 'dcRule' FORM dcForm )"],
    ['add', 'dITStructureRules', "( 8 NAME 'ouRule' FORM ouForm SUP ( 7 8 ) )"],
  ]);
  t.equal(given.result, 'success', given.diagnostic);
  await client.add('ou=a,dc=example,dc=com', { objectClass: ['organizationalUnit'], ou: 'a' });
  await client.add('cn=d,ou=a,dc=example,dc=com', { objectClass: ['device'], cn: 'd' });
  const { entries } = await client.search({
    base: 'dc=example,dc=com',
    attributes: ['governingStructureRule'],
  });
  t.same(
    entries.map(({ attributes }) => attributes.governingStructureRule),
    [['7'], ['8'], undefined],
  );
  const found = await client.search({ base: 'dc=example,dc=com', filter: '(governingStructureRule=8)' });
  t.same(
    found.entries.map(({ dn }) => dn),
    ['ou=a,dc=example,dc=com'],
  );
});
