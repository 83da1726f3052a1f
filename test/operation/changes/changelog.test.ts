/** cn=changelog: by number, by cookie, and while one waits. */
import t from 'tap';
import { MemoryStore } from '../../../lib/backend/memory/memory-store.js';
import { must } from '../../../lib/base/assert.js';
import { latin1, utf8Decode } from '../../../lib/base/bytes.js';
import type { Change, EntryUuid } from '../../../lib/change/change.js';
import { ChangeNumbers } from '../../../lib/changelog/change-numbers.js';
import { Changelog } from '../../../lib/changelog/changelog.js';
import { type Csn, MAX_CSN_TIME_MS, makeCsn, type ReplicaId } from '../../../lib/csn/csn.js';
import { ServerState } from '../../../lib/csn/server-state.js';
import { CONTROL_OIDS } from '../../../lib/ldap/control-oids.js';
import { encodeChangelogRequest } from '../../../lib/ldap/controls/changelog-cookie.js';
import type { Control } from '../../../lib/ldap/message.js';
import { IncludedAttributes, type IncludeItems } from '../../../lib/operation/changes/included-attributes.js';
import { overlongTurns } from '../overlong-turns.js';
import { BASE, person, searchRequest, settle, type TestClient, TestServer } from '../test-server.js';
import { LiveReader, psearch } from './live-client.js';

const PEOPLE = `ou=people,${BASE}`;
const CHANGELOG = 'cn=changelog';
const ALL = makeCsn(MAX_CSN_TIME_MS, 0, 1 as ReplicaId);

interface World {
  readonly server: TestServer;
  readonly admin: TestClient;
  readonly numbers: ChangeNumbers;
  readonly changelog: Changelog;
}

/** A server with people, its changes numbered as they come. */
async function open(
  readers: readonly string[] = [],
  include: IncludeItems = { always: [], deletes: [] },
): Promise<World> {
  const store = new MemoryStore();
  const changelog = await Changelog.open(store, {
    ownReplica: 1 as ReplicaId,
    prefix: new Uint8Array([0xfe, 1]),
  });
  const server = await TestServer.open({}, [BASE], { sink: changelog, store });
  const log = {
    domain: 1,
    baseKey: BASE,
    changelog,
    complete: (): Csn => ALL,
    copied: new Uint8Array([0xfe, 3]),
  };
  const numbers = await ChangeNumbers.open(store, new Uint8Array([0xfe, 2]), [log]);
  changelog.onAdvance(() => void numbers.step());
  const domain = must(server.service.directory.domains[0], 'a domain');
  const included = new IncludedAttributes(server.schema, BASE, include);
  server.service.serveChangelog({ domains: [{ domain, number: 1, changelog, included }], numbers, readers });
  return { server, admin: await server.populate(), numbers, changelog };
}

const cookie = (text: string): Control => ({
  oid: CONTROL_OIDS.changelogCookie,
  critical: true,
  value: encodeChangelogRequest(text),
});

const find = (client: TestClient, filter: string, more: Parameters<typeof searchRequest>[0] = {}) =>
  client.search({ base: CHANGELOG, scope: 'one', filter, ...more });

t.test('changes by number (draft-good-ldap-changelog-04), with what each did', async (t) => {
  const { admin, server } = await open();
  await admin.modify(`uid=ann,${PEOPLE}`, [
    ['replace', 'sn', 'One'],
    ['add', 'description', 'x'],
  ]);
  await admin.call({
    kind: 'modifyDn',
    dn: `uid=bob,${PEOPLE}`,
    newRdn: 'uid=rob',
    deleteOldRdn: true,
    newSuperior: `ou=groups,${BASE}`,
  });
  await admin.delete(`uid=rob,ou=groups,${BASE}`);
  await settle();
  const all = await find(admin, '(objectClass=*)');
  t.same(
    all.entries.map(({ dn }) => dn),
    [1, 2, 3, 4, 5, 6, 7, 8].map((n) => `changeNumber=${n},${CHANGELOG}`),
  );
  const [add, , , , , modify, rename, gone] = all.entries.map(({ attributes }) => attributes);
  t.equal(add?.targetDN?.[0], BASE);
  t.equal(add?.changeType?.[0], 'add');
  t.match(add?.changes?.[0], /^objectClass: domain\n/);
  t.match(modify?.changes?.[0], /replace: sn\nsn: One\n-\n/);
  t.match(modify, {
    changeType: ['modify'],
    targetDN: [`uid=ann,${PEOPLE}`],
    replicaIdentifier: ['1'],
    changeInitiatorsName: ['cn=Directory Manager'],
  });
  t.match(rename, {
    changeType: ['modrdn'],
    newRDN: ['uid=rob'],
    deleteOldRDN: ['TRUE'],
    newSuperior: [`ou=groups,${BASE}`],
  });
  t.match(gone, {
    changeType: ['delete'],
    targetDN: [`uid=rob,ou=groups,${BASE}`],
    targetEntryUUID: rename?.targetEntryUUID,
  });
  const some = await find(admin, '(&(changeNumber>=3)(changeNumber<=4))');
  t.same(
    some.entries.map(({ attributes }) => attributes.changeNumber?.[0]),
    ['3', '4'],
  );
  t.equal(server.accessLog.at(-1)?.plan, 'changelog');
  t.equal((await find(admin, '(changeNumber=7)')).entries.length, 1);
  const csn = rename?.replicationCSN?.[0] ?? '';
  t.same(
    (await find(admin, `(replicationCSN=${csn})`)).entries.map(
      ({ attributes }) => attributes.changeNumber?.[0],
    ),
    ['7'],
  );
  t.equal((await find(admin, '(changeNumber>=9)')).entries.length, 0);
  const one = await admin.search({ base: `changeNumber=6,${CHANGELOG}`, scope: 'base', deref: 'always' });
  t.equal(one.entries.length, 1, 'aliases are of no concern');
  t.equal((await admin.search({ base: CHANGELOG, scope: 'base' })).entries.length, 1);
  const root = await admin.search({ base: '', scope: 'base', attributes: ['+'] });
  t.match(root.entries[0]?.attributes, {
    changeLog: [CHANGELOG],
    firstChangeNumber: ['1'],
    lastChangeNumber: ['8'],
  });
});

t.test('by cookie: from the beginning, and from where one was (OpenDJ behaviour)', async (t) => {
  const { admin, changelog } = await open();
  const first = await admin.search({ base: CHANGELOG, scope: 'one' }, [cookie('')]);
  t.equal(first.entries.length, 5);
  t.match(first.entries[0]?.dn, /^replicationCSN=[0-9a-f]{24},dc=example,dc=com,cn=changelog$/);
  t.equal(first.entries[0]?.attributes.changeNumber?.[0], '0');
  const messages = admin.transport.responses.filter(({ response }) => response.kind === 'searchEntry');
  const given = utf8Decode(messages.at(-1)?.controls[0]?.value ?? new Uint8Array(0)) ?? '';
  t.equal(given, `${BASE}:${changelog.state};`);
  await admin.modify(`uid=ann,${PEOPLE}`, [['replace', 'sn', 'One']]);
  const next = await admin.search({ base: CHANGELOG, scope: 'one' }, [cookie(given)]);
  t.same(
    next.entries.map(({ attributes }) => attributes.changeType?.[0]),
    ['modify'],
  );
  const unknown = await admin.search({ base: CHANGELOG, scope: 'one' }, [cookie('dc=other:;')]);
  t.equal(unknown.result, 'unwillingToPerform');
  const middle = first.entries[1]?.attributes.changeLogCookie?.[0] ?? '';
  await changelog.purge(ALL, changelog.state);
  const purged = await admin.search({ base: CHANGELOG, scope: 'one' }, [cookie(middle)]);
  t.equal(purged.result, 'unwillingToPerform');
  t.match(purged.diagnostic, /full resynchronization/);
  t.equal((await admin.search({ base: CHANGELOG, scope: 'one' }, [cookie('')])).entries.length, 0);
  t.ok(changelog.trimmed.coversAll(ServerState.EMPTY));
});

t.test('persistent search: what is there, then what comes, none twice', async (t) => {
  const { admin, server } = await open();
  const client = await server.admin();
  const request = searchRequest({ base: CHANGELOG, scope: 'one' });
  const live = new LiveReader(client, client.send(request, [psearch(15, false)]));
  const byCookie = new LiveReader(client, client.send(request, [psearch(15, true), cookie('')]));
  t.equal((await live.news()).length, 5);
  t.same(await byCookie.news(), []);
  await admin.add(`uid=cat,${PEOPLE}`, person('cat', 'Cat Cole'));
  await admin.delete(`uid=cat,${PEOPLE}`);
  t.same(await live.news(), ['add changeNumber=6', 'add changeNumber=7']);
  t.equal((await byCookie.news()).length, 2);
});

t.test('only the administrator and those who are named may read', async (t) => {
  const { server } = await open([`uid=ann,${PEOPLE}`]);
  const nobody = await find(server.connect(), '(objectClass=*)');
  t.equal(nobody.result, 'insufficientAccessRights');
  const bob = server.connect();
  await bob.bind(`uid=bob,${PEOPLE}`, "bob's");
  t.equal((await find(bob, '(changeNumber>=1)')).result, 'insufficientAccessRights');
  const denied = new LiveReader(bob, bob.send(searchRequest({ base: CHANGELOG, scope: 'one' }), [psearch()]));
  t.same(await denied.news(), ['insufficientAccessRights']);
  const ann = server.connect();
  await ann.bind(`uid=ann,${PEOPLE}`, "ann's");
  t.equal((await find(ann, '(changeNumber>=1)')).result, 'success');
});

t.test(
  'records carry attributes of the entry along (OpenDJ behaviour: ecl-include), deleted ones too',
  async (t) => {
    const include = { always: [`${BASE}:sn`, 'dc=other:cn'], deletes: ['*:@person,*'] };
    const { admin, server } = await open([], include);
    await admin.modify(`uid=ann,${PEOPLE}`, [['add', 'description', 'x']]);
    await admin.delete(`uid=bob,${PEOPLE}`);
    await settle();
    const { entries } = await find(admin, '(changeNumber>=5)');
    const included = entries.map(({ attributes }) => attributes.includedAttributes?.[0] ?? '');
    t.equal(included.at(-2), 'sn: Arbor\n');
    t.match(included.at(-1), /^cn: Bob Bell\nmail: bob@example.com\nobjectClass: /);
    t.match(included.at(-1), /^userPassword:/m, 'named by its class');
    const [added] = (await find(admin, '(changeNumber=1)')).entries;
    t.notOk(added?.attributes.includedAttributes, 'it has none of them');
    const other = new IncludedAttributes(server.schema, BASE, { always: ['*:*'], deletes: [] });
    const domain = must(server.service.directory.domains[0], 'a domain');
    const entry = (entries.at(-1)?.attributes.targetEntryUUID?.[0] ?? '') as EntryUuid;
    const gone = { entry, body: { kind: 'delete' } } as Change;
    const text = latin1(other.of(domain, gone) ?? new Uint8Array(0));
    t.match(text, /^uid: bob$/m);
    t.notMatch(text, /userPassword/, 'passwords where they are named only');
    const misspelt = { always: ['*:snn,sn,*,+,@persn,@person', 'dc=other:cnn'], deletes: [`${BASE}:uidd`] };
    const unknown = new IncludedAttributes(server.schema, BASE, misspelt).unknown();
    t.same(unknown, ['snn', '@persn', 'uidd'], 'what the schema does not have can be told');
  },
);

t.test('many changes are made entries in turns of the event loop, by number and from a cookie', async (t) => {
  const { admin, server, numbers } = await open();
  for (let i = 0; i < 250; i++) await admin.modify(`uid=ann,${PEOPLE}`, [['replace', 'sn', `Name ${i}`]]);
  await settle();
  const turns = overlongTurns(server.clock);
  const all = await find(admin, '(objectClass=*)');
  t.same(
    all.entries.map(({ attributes }) => Number(attributes.changeNumber?.[0])),
    Array.from({ length: numbers.last }, (_, i) => i + 1),
  );
  t.ok(turns.shared >= 4, `${turns.shared} turns`);
  turns.shared = 0;
  const fromStart = await admin.search({ base: CHANGELOG, scope: 'one' }, [cookie('')]);
  t.equal(fromStart.entries.length, numbers.last);
  t.ok(turns.shared >= 4, `${turns.shared} turns`);
});
