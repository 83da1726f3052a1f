/** Deleted entries over LDAP: the show deleted control and the modify that brings one back, as clients of Active Directory use them. */
import t from 'tap';
import type { EntryUuid } from '../../lib/change/change.js';
import { CONTROL_OIDS } from '../../lib/ldap/control-oids.js';
import { encodePersistentSearch } from '../../lib/ldap/controls/persistent-search.js';
import { BASE, person, type TestClient, TestServer } from './test-server.js';

const PEOPLE = `ou=people,${BASE}`;
const ANN = `uid=ann,${PEOPLE}`;
const BOB = `uid=bob,${PEOPLE}`;
const CONTAINER = `cn=Deleted Objects,${BASE}`;
const GROUP = `cn=crew,ou=groups,${BASE}`;
const SHOW = { oid: CONTROL_OIDS.showDeleted, critical: true, value: undefined };

async function open(unique: readonly string[] = []) {
  const server = await TestServer.open({}, [BASE], { consistency: { unique, references: ['member'] } });
  const admin = await server.populate();
  return { server, admin };
}

/** The name under which the deleted entry with this filter is found. */
async function tomb(admin: TestClient, filter = '(uid=ann)'): Promise<string> {
  const { entries } = await admin.search({ base: CONTAINER, scope: 'one', filter }, [SHOW]);
  return entries[0]?.dn ?? '';
}

const back = (dn: string) =>
  [
    ['delete', 'isDeleted'],
    ['replace', 'distinguishedName', dn],
  ] as const;

t.test('deleted entries are found with the control, below their container, as they were', async (t) => {
  const { admin } = await open();
  const all = async () =>
    (await admin.search({ base: BASE, filter: '(uid=ann)' }, [SHOW])).entries.map(({ dn }) => dn);
  t.same(await all(), [ANN]);
  const before = (await admin.search({ base: ANN, scope: 'base', attributes: ['*', 'entryUUID'] }))
    .entries[0];
  await admin.delete(ANN);
  t.equal((await admin.search({ base: BASE, filter: '(uid=ann)' })).entries.length, 0, 'not without it');
  const uuid = before?.attributes.entryUUID?.[0] ?? '';
  const dn = `entryUUID=${uuid}+uid=ann,${CONTAINER}`;
  t.same(await all(), [dn]);
  t.equal(await tomb(admin), dn);
  const wanted = ['*', 'isDeleted', 'lastKnownParent', 'entryUUID'];
  const read = await admin.search({ base: dn, scope: 'base', attributes: wanted }, [SHOW]);
  t.same(read.entries[0]?.attributes, {
    ...before?.attributes,
    isDeleted: ['TRUE'],
    lastKnownParent: [PEOPLE],
  });
  const dead = async (base: string, scope: 'base' | 'one' | 'sub', filter = '(isDeleted=TRUE)') =>
    (await admin.search({ base, scope, filter }, [SHOW])).entries.map((entry) => entry.dn);
  t.same(await dead(BASE, 'sub'), [CONTAINER, dn]);
  t.same(await dead(BASE, 'one'), [CONTAINER]);
  t.same(await dead(CONTAINER, 'base'), [CONTAINER]);
  t.same(await dead(CONTAINER, 'one', '(sn=Lee)'), await dead(dn, 'base', '(sn=Lee)'));
  t.same(await dead(PEOPLE, 'sub'), [], 'what was deleted stands below its container alone');
});

t.test('the control is for the administrator, and its names are nothing without it', async (t) => {
  const { server, admin } = await open();
  await admin.delete(ANN);
  const dn = await tomb(admin);
  t.equal((await admin.search({ base: dn, scope: 'base' })).result, 'noSuchObject');
  t.equal((await admin.search({ base: CONTAINER, scope: 'base' })).result, 'noSuchObject');
  t.equal((await admin.modify(dn, back(ANN))).result, 'noSuchObject');
  const anonymous = server.connect();
  t.equal((await anonymous.search({ base: BASE }, [SHOW])).result, 'insufficientAccessRights');
  t.equal((await admin.search({ base: `cn=nobody,${CONTAINER}` }, [SHOW])).result, 'noSuchObject');
  const live = {
    oid: CONTROL_OIDS.persistentSearch,
    critical: true,
    value: encodePersistentSearch({ changeTypes: 15, changesOnly: false, returnChanges: false }),
  };
  t.equal((await admin.search({ base: BASE }, [SHOW, live])).result, 'unwillingToPerform');
  t.equal(
    (await admin.modify(BOB, [['add', 'description', 'x']], [SHOW])).result,
    'success',
    'live ones as ever',
  );
});

t.test('one modify brings an entry back, where it was, with its values and its groups', async (t) => {
  const { admin } = await open();
  await admin.add(GROUP, { objectClass: ['groupOfNames'], cn: 'crew', member: [ANN, BOB] });
  const wanted = { base: ANN, scope: 'base', attributes: ['*', 'entryUUID'] } as const;
  const before = (await admin.search(wanted)).entries;
  await admin.delete(ANN);
  t.equal((await admin.modify(await tomb(admin), back(ANN), [SHOW])).result, 'success');
  t.same((await admin.search(wanted)).entries, before);
  t.equal(await tomb(admin), '');
  const { entries } = await admin.search({ base: GROUP, scope: 'base', attributes: ['member'] });
  t.same(entries[0]?.attributes.member?.toSorted(), [ANN, BOB]);
});

t.test('or under another name, which its groups then have', async (t) => {
  const { admin } = await open();
  await admin.add(GROUP, { objectClass: ['groupOfNames'], cn: 'crew', member: [ANN, BOB] });
  await admin.delete(ANN);
  const dn = await tomb(admin);
  const home = `uid=anna,ou=groups,${BASE}`;
  const refused = async (to: string) => (await admin.modify(dn, back(to), [SHOW])).result;
  t.equal(await refused(BOB), 'entryAlreadyExists');
  t.equal(await refused(`uid=ann,ou=nowhere,${BASE}`), 'noSuchObject');
  t.equal(await refused('uid=ann,dc=elsewhere'), 'affectsMultipleDSAs');
  t.equal(await refused(home), 'success');
  const { entries } = await admin.search({ base: home, scope: 'base', attributes: ['uid'] });
  t.same(entries[0]?.attributes, { uid: ['anna'] });
  const group = await admin.search({ base: GROUP, scope: 'base', attributes: ['member'] });
  t.same(group.entries[0]?.attributes.member?.toSorted(), [BOB, home].toSorted());
});

t.test(
  'an entry whose parent is gone waits in lost+found; its groups name it as it will be at home',
  async (t) => {
    const { server, admin } = await open();
    const away = `ou=away,${BASE}`;
    const tim = `uid=tim,${away}`;
    await admin.add(away, { objectClass: ['organizationalUnit'], ou: 'away' });
    await admin.add(tim, person('tim', 'Tim Toe'));
    await admin.add(GROUP, { objectClass: ['groupOfNames'], cn: 'crew', member: [tim, BOB] });
    await admin.delete(tim);
    await admin.delete(away);
    const uuidOf = async (filter: string) =>
      (await tomb(admin, filter)).slice('entryUUID='.length).slice(0, 36);
    const undelete = async (filter: string) => {
      const uuid = (await uuidOf(filter)) as EntryUuid;
      return await server.service.directory.domains[0]?.deleted?.undelete({ initiator: 'cn=x', uuid });
    };
    t.equal((await admin.modify(await tomb(admin, '(uid=tim)'), back(tim), [SHOW])).result, 'noSuchObject');
    t.equal((await undelete('(uid=tim)'))?.memberships, 1);
    t.match((await admin.search({ filter: '(uid=tim)' })).entries[0]?.dn, /^uid=tim,cn=lost\\\+found,/);
    await undelete('(ou=away)');
    t.equal((await admin.search({ filter: '(uid=tim)' })).entries[0]?.dn, tim);
    const { entries } = await admin.search({ base: GROUP, scope: 'base', attributes: ['member'] });
    t.same(entries[0]?.attributes.member?.toSorted(), [BOB, tim].toSorted());
  },
);

t.test('a deleted entry takes no other modification', async (t) => {
  const { admin } = await open();
  await admin.delete(ANN);
  const dn = await tomb(admin);
  for (const modifications of [
    [['delete', 'isDeleted']],
    [['replace', 'distinguishedName', ANN]],
    [...back(ANN), ['add', 'description', 'x']],
    [['replace', 'isDeleted', 'FALSE'], back(ANN)[1]],
  ] as const)
    t.equal((await admin.modify(dn, modifications, [SHOW])).result, 'unwillingToPerform');
  const noOp = { oid: CONTROL_OIDS.noOp, critical: true, value: undefined };
  t.equal((await admin.modify(dn, back(ANN), [SHOW, noOp])).result, 'noOperation');
  t.equal((await admin.delete(dn, [SHOW])).result, 'unavailableCriticalExtension');
  t.equal(await tomb(admin), dn);
});

t.test(
  'what must be unique stays so: a value that another took keeps the entry from coming back',
  async (t) => {
    const { server, admin } = await open(['ldap:///?mail?sub', `ldap:///ou=groups,${BASE}?uid?sub`]);
    const uuid = (await admin.search({ base: ANN, scope: 'base', attributes: ['entryUUID'] })).entries[0];
    t.ok(uuid);
    await admin.delete(ANN);
    const cat = `uid=cat,${PEOPLE}`;
    await admin.add(cat, { ...person('cat', 'Cat Cole'), mail: 'ann@example.com' });
    const dn = await tomb(admin);
    t.equal((await admin.modify(dn, back(ANN), [SHOW])).result, 'constraintViolation');
    const { deleted } = server.service.directory.domains[0] ?? {};
    const undelete = () =>
      deleted?.undelete({ initiator: 'cn=x', uuid: uuid?.attributes.entryUUID?.[0] as EntryUuid }) ??
      t.fail();
    await t.rejects(Promise.resolve(undelete()), /unique/, 'nor by the command');
    await admin.delete(cat);
    await admin.add(`uid=dee,ou=groups,${BASE}`, { ...person('dee', 'Dee Day') });
    t.equal((await admin.modify(dn, back(`uid=dee,ou=groups,${BASE}`), [SHOW])).result, 'entryAlreadyExists');
    t.equal(
      (await admin.modify(dn, back(`uid=dee+sn=Lee,ou=groups,${BASE}`), [SHOW])).result,
      'constraintViolation',
      'by the rules of its new place',
    );
    t.equal((await admin.modify(dn, back(ANN), [SHOW])).result, 'success');
  },
);
