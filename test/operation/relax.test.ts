/** Claims about the relax rules control: what the administrator may write with it, what stays the server's. */
import t from 'tap';
import { CONTROL_OIDS } from '../../lib/ldap/control-oids.js';
import { BASE, TestServer } from './test-server.js';

const ANN = `uid=ann,ou=people,${BASE}`;
const RELAX = { oid: CONTROL_OIDS.relax, critical: true, value: undefined };
const device = (cn: string) => ({ objectClass: ['device'], cn });

t.test("an add may tell of the entry's past", async (t) => {
  const server = await TestServer.open();
  const admin = await server.populate();
  const dn = `cn=old,ou=groups,${BASE}`;
  const past = {
    createTimestamp: '19990101000000Z',
    creatorsName: 'cn=somebody,dc=elsewhere',
    modifyTimestamp: '20010101000000Z',
    modifiersName: 'cn=else',
  };
  t.equal((await admin.add(dn, { ...device('old'), ...past })).result, 'constraintViolation', 'not without');
  t.equal((await admin.add(dn, { ...device('old'), ...past }, [RELAX])).result, 'success');
  const read = async () =>
    (await admin.search({ base: dn, scope: 'base', attributes: Object.keys(past) })).entries[0]?.attributes;
  t.same(await read(), Object.fromEntries(Object.entries(past).map(([name, value]) => [name, [value]])));
  await admin.modify(dn, [['replace', 'description', 'x']]);
  const after = await read();
  t.same(after?.createTimestamp, ['19990101000000Z']);
  t.not(after?.modifyTimestamp?.[0], '20010101000000Z', 'from now on the server tells');
});

t.test('what the server gives and computes is never written, and syntaxes hold', async (t) => {
  const server = await TestServer.open();
  const admin = await server.populate();
  const dn = `cn=x,ou=groups,${BASE}`;
  const uuid = ['replace', 'entryUUID', '597ae2f6-16a6-1027-98f4-d28b5365dc14'] as const;
  t.equal((await admin.modify(ANN, [uuid], [RELAX])).result, 'constraintViolation');
  for (const [name, value] of [
    ['entryDN', dn],
    ['numSubordinates', '1'],
    ['structuralObjectClass', 'device'],
  ] as const) {
    t.equal(
      (await admin.add(dn, { ...device('x'), [name]: value }, [RELAX])).result,
      'constraintViolation',
      name,
    );
    t.equal(
      (await admin.modify(ANN, [['replace', name, value]], [RELAX])).result,
      'constraintViolation',
      name,
    );
  }
  t.equal(
    (await admin.modify(ANN, [['replace', 'createTimestamp', '19990101000000Z']], [RELAX])).result,
    'constraintViolation',
  );
  const bad = await admin.add(dn, { ...device('x'), createTimestamp: 'yesterday' }, [RELAX]);
  t.equal(bad.result, 'invalidAttributeSyntax');
  const two = await admin.add(dn, { ...device('x'), creatorsName: ['cn=a', 'cn=b'] }, [RELAX]);
  t.equal(two.result, 'constraintViolation');
  t.equal(
    (await admin.add(dn, { objectClass: ['device'] }, [RELAX])).result,
    'success',
    'the rest is as ever',
  );
});

t.test('an add may give the entryUUID, once', async (t) => {
  const server = await TestServer.open();
  const admin = await server.populate();
  const uuid = '597ae2f6-16a6-1027-98f4-d28b5365dc14';
  const give = (cn: string, entryUUID: string | string[]) =>
    admin.add(`cn=${cn},ou=groups,${BASE}`, { ...device(cn), entryUUID }, [RELAX]);
  t.equal((await give('bad', '597ae2f6')).result, 'invalidAttributeSyntax');
  t.equal((await give('bad', [uuid, '597ae2f6-16a6-1027-98f4-d28b5365dc15'])).result, 'constraintViolation');
  t.equal((await give('x', uuid.toUpperCase())).result, 'success');
  const read = await admin.search({ base: BASE, filter: `(entryUUID=${uuid})`, attributes: ['entryUUID'] });
  t.same(read.entries[0]?.attributes, { entryUUID: [uuid] });
  const again = await give('y', uuid);
  t.equal(again.result, 'entryAlreadyExists', 'alive');
  t.match(again.diagnostic, uuid);
  await admin.delete(`cn=x,ou=groups,${BASE}`);
  t.equal((await give('y', uuid)).result, 'entryAlreadyExists', 'deleted, and not forgotten');
  for (const reserved of ['00000000-0000-0000-0000-000000000000', '00000000-0000-0000-0000-00000000000f'])
    t.equal((await give('y', reserved)).result, 'entryAlreadyExists', reserved);
});

t.test('a modify may change the structural object class', async (t) => {
  const server = await TestServer.open();
  const admin = await server.populate();
  const classes = [
    ['replace', 'objectClass', 'top', 'person', 'organizationalPerson'],
    ['delete', 'mail'],
    ['delete', 'uid'],
  ] as const;
  const dn = `cn=Cy,ou=people,${BASE}`;
  await admin.add(dn, {
    objectClass: ['inetOrgPerson'],
    cn: 'Cy',
    sn: 'C',
    mail: 'c@example.com',
    uid: 'cy',
  });
  t.equal((await admin.modify(dn, classes)).result, 'objectClassModsProhibited');
  t.equal((await admin.modify(dn, classes, [RELAX])).result, 'success');
  const read = await admin.search({ base: dn, scope: 'base', attributes: ['structuralObjectClass'] });
  t.same(read.entries[0]?.attributes, { structuralObjectClass: ['organizationalPerson'] });
});

t.test('only the administrator may', async (t) => {
  const server = await TestServer.open();
  await server.populate();
  const client = server.connect();
  await client.bind(ANN, "ann's");
  const change = [['replace', 'userPassword', 'new']] as const;
  t.equal((await client.modify(ANN, change, [RELAX])).result, 'insufficientAccessRights');
  t.equal((await client.modify(ANN, change)).result, 'success');
  t.equal((await client.search({}, [RELAX])).result, 'unavailableCriticalExtension');
});
