/** Attribute uniqueness in local writes, as clients see it. */
import t from 'tap';
import { uniqueRulesOf } from '../../lib/backend/rules/unique-rules.js';
import { must } from '../../lib/base/assert.js';
import { OperatorError } from '../../lib/base/operator-error.js';
import type { AttributeKey } from '../../lib/schema/attribute-type.js';
import { elsewhere } from './elsewhere.js';
import { BASE, person, TestServer, testSchema } from './test-server.js';

const PEOPLE = `ou=people,${BASE}`;
const OTHERS = `ou=others,${BASE}`;
const ANN = `uid=ann,${PEOPLE}`;
const BOB = `uid=bob,${PEOPLE}`;

async function open(...unique: string[]) {
  const server = await TestServer.open({}, [BASE], { consistency: { unique } });
  const admin = await server.populate();
  await admin.add(OTHERS, { objectClass: ['organizationalUnit'], ou: 'others' });
  return { server, admin };
}

t.test('a value is refused in add, modify and rename, whatever its spelling', async (t) => {
  const { admin } = await open('ldap:///?mail,uid?sub');
  const twice = await admin.add(`uid=cat,${PEOPLE}`, {
    ...person('cat', 'Cat Cole'),
    mail: 'ANN@example.COM',
  });
  t.equal(twice.result, 'constraintViolation');
  t.match(
    twice.diagnostic,
    /'mail'.*"uid=ann,ou=people/,
    'names the attribute, and the entry to who may read it',
  );
  t.equal((await admin.add(`uid=cat,${PEOPLE}`, person('cat', 'Cat Cole'))).result, 'success');
  t.equal((await admin.modify(BOB, [['add', 'mail', 'ann@example.com']])).result, 'constraintViolation');
  t.equal((await admin.modify(BOB, [['replace', 'mail', 'ann@example.com']])).result, 'constraintViolation');
  t.equal((await admin.modify(BOB, [['add', 'mail', 'bobby@example.com']])).result, 'success');
  t.equal((await admin.modify(BOB, [['delete', 'mail', 'bobby@example.com']])).result, 'success');
  t.equal((await admin.modify(ANN, [['replace', 'mail', 'ann@example.com']])).result, 'success', 'its own');
  t.equal((await admin.modify(ANN, [['add', 'mail', 'bobby@example.com']])).result, 'success', 'given up');
  const renamed = await admin.call({
    kind: 'modifyDn',
    dn: BOB,
    newRdn: 'cn=Bob Bell+uid=ann',
    deleteOldRdn: false,
    newSuperior: undefined,
  });
  t.equal(renamed.result, 'constraintViolation');
  t.equal(
    (await admin.modify(BOB, [['add', 'mail', 'cat']])).result,
    'constraintViolation',
    'across the set',
  );
});

t.test('of two writes at once one loses', async (t) => {
  const { admin } = await open('ldap:///?employeeNumber?sub');
  const write = (dn: string) => admin.modify(dn, [['add', 'employeeNumber', '7']]);
  const replies = await Promise.all([write(ANN), write(BOB)]);
  t.same(replies.map(({ result }) => result).sort(), ['constraintViolation', 'success']);
});

t.test('within a base and a filter', async (t) => {
  const { admin } = await open(`ldap:///${PEOPLE}?employeeNumber?sub?(employeeType=staff)`);
  const staff = { employeeType: 'staff', employeeNumber: '1' };
  const add = (dn: string, more: Record<string, string>) =>
    admin.add(dn, { ...person(dn.slice(4, 7), 'X Y'), ...more });
  t.equal((await add(`uid=one,${PEOPLE}`, staff)).result, 'success');
  t.equal((await add(`uid=two,${OTHERS}`, staff)).result, 'success', 'elsewhere');
  t.equal((await add(`uid=thr,${PEOPLE}`, { employeeNumber: '1' })).result, 'success', 'not concerned');
  t.equal((await add(`uid=fou,${PEOPLE}`, staff)).result, 'constraintViolation');
  t.equal(
    (await admin.modify(`uid=thr,${PEOPLE}`, [['add', 'employeeType', 'staff']])).result,
    'constraintViolation',
    'it would come under the rule',
  );
  const move = await admin.call({
    kind: 'modifyDn',
    dn: `uid=two,${OTHERS}`,
    newRdn: 'uid=two',
    deleteOldRdn: true,
    newSuperior: PEOPLE,
  });
  t.equal(move.result, 'constraintViolation', 'so would a move');
});

t.test('an increment counts as a new value', async (t) => {
  const { admin } = await open('ldap:///?uidNumber?sub');
  const posix = (n: string) =>
    [
      ['add', 'objectClass', 'posixAccount'],
      ['add', 'uidNumber', n],
      ['add', 'gidNumber', '1'],
      ['add', 'homeDirectory', '/'],
    ] as const;
  t.equal((await admin.modify(ANN, posix('7'))).result, 'success');
  t.equal((await admin.modify(BOB, posix('6'))).result, 'success');
  t.equal((await admin.modify(BOB, [['increment', 'uidNumber', '1']])).result, 'constraintViolation');
  t.equal((await admin.modify(BOB, [['increment', 'uidNumber', '2']])).result, 'success');
});

t.test('rules that cannot be understood are named', (t) => {
  const urls = [
    'mail',
    'ldap://host/?mail',
    'ldap:///?mail?one',
    'ldap:///',
    'ldap:///?nothing',
    'ldap:///?mail?sub?(a',
  ];
  try {
    uniqueRulesOf(urls, 'dc=example,dc=com', testSchema());
    t.fail('they are refused');
  } catch (error) {
    t.ok(error instanceof OperatorError);
    for (const url of urls) t.match(String((error as OperatorError).faults), url, url);
  }
  t.same(uniqueRulesOf(['ldap:///dc=org?mail'], 'dc=example,dc=com', testSchema()), [], 'another domain');
  t.end();
});

t.test('what replication made double is told, and stays', async (t) => {
  const { server, admin } = await open('ldap:///?mail?sub');
  const told: object[] = [];
  server.log.warn = (fields) => void told.push(fields);
  const entry = must(server.backend.byDnText(BOB), 'bob');
  const change = elsewhere(server, entry.uuid, {
    kind: 'modify',
    attributes: [
      {
        key: 'mail' as AttributeKey,
        name: 'mail',
        equality: 'caseIgnoreIA5Match',
        single: false,
        clear: false,
        remove: [],
        add: [Buffer.from('Ann@Example.com')],
        increment: 0n,
      },
    ],
  });
  await server.backend.replay([change]);
  const double = { attribute: 'mail', value: 'ann@example.com', entries: [ANN, BOB] };
  t.match(told, [{ ...double, value: 'Ann@Example.com' }], 'logged');
  t.match(await server.backend.findDoubles(), [double], 'found in the index');
  t.match(server.backend.doubles(), [{ attribute: 'mail' }]);
  const monitor = await admin.search({ base: 'cn=Uniqueness,cn=monitor', scope: 'base', attributes: ['+'] });
  t.match(monitor.entries[0]?.attributes.monitoredInfo?.[0], /ann@example.com.*uid=bob/i);
  t.equal((await admin.modify(ANN, [['add', 'description', 'x']])).result, 'success', 'other writes go on');
  t.equal((await admin.modify(ANN, [['delete', 'mail']])).result, 'success');
  t.same(server.backend.doubles(), [], 'mended');
  t.same(await server.backend.findDoubles(), []);
});
