/** memberOf and isMemberOf (derived), and the other operational attributes that follow from name, place and content, as clients see them. */
import t from 'tap';
import { BASE, type TestClient, TestServer } from './test-server.js';

const PEOPLE = `ou=people,${BASE}`;
const GROUPS = `ou=groups,${BASE}`;
const ANN = `uid=ann,${PEOPLE}`;
const BOB = `uid=bob,${PEOPLE}`;

const group = (members: readonly string[], attribute = 'member') => ({
  objectClass: attribute === 'member' ? ['top', 'groupOfNames'] : ['top', 'groupOfUniqueNames'],
  [attribute]: members,
});

async function read(
  client: TestClient,
  base: string,
  ...attributes: string[]
): Promise<Record<string, readonly string[]>> {
  const { entries } = await client.search({ base, scope: 'base', attributes });
  return (entries[0]?.attributes ?? {}) as Record<string, readonly string[]>;
}

async function dns(client: TestClient, filter: string, base = BASE): Promise<readonly string[]> {
  const reply = await client.search({ base, filter, attributes: ['1.1'] });
  return reply.entries.map(({ dn }) => dn).sort();
}

t.test('memberOf follows groups, members and their names at once', async (t) => {
  const server = await TestServer.open();
  const admin = await server.populate();
  await admin.add(`cn=a,${GROUPS}`, group([ANN, BOB]));
  await admin.add(`cn=b,${GROUPS}`, group([ANN.toUpperCase()], 'uniqueMember'));
  const a = `cn=a,${GROUPS}`;
  const b = `cn=b,${GROUPS}`;
  t.same(await read(admin, ANN, 'memberOf'), { memberOf: [a, b] });
  t.same(await read(admin, ANN, 'ISMEMBEROF'), { isMemberOf: [a, b] });
  t.same((await read(admin, ANN, '+')).memberOf, [a, b], "returned with '+'");
  t.notOk('memberOf' in (await read(admin, ANN, '*')), "never with '*'");
  t.notOk('memberOf' in (await read(admin, a, '+')), 'an entry in no group has none');

  t.same(await dns(admin, `(memberOf=${a})`), [ANN, BOB]);
  t.same(await dns(admin, `(isMemberOf=CN=B, ${GROUPS})`), [ANN], 'names compare as names do');
  t.same(await dns(admin, `(&(uid=bob)(memberOf=${a}))`), [BOB]);
  t.same(await dns(admin, `(&(uid=bob)(memberOf=${b}))`), []);
  t.same(await dns(admin, `(|(memberOf=${b})(uid=bob))`), [ANN, BOB]);
  t.same(await dns(admin, `(&(uid=*)(!(memberOf=${b})))`), [BOB]);
  t.same(await dns(admin, '(memberOf=*)'), [ANN, BOB]);
  t.same(await dns(admin, '(memberOf=cn=none,dc=elsewhere)'), []);
  t.same(await dns(admin, `(memberOf=${a})`, GROUPS), [], 'within the base only');

  await admin.call({ kind: 'modifyDn', dn: a, newRdn: 'cn=z', deleteOldRdn: true, newSuperior: undefined });
  const z = `cn=z,${GROUPS}`;
  t.same(await read(admin, BOB, 'memberOf'), { memberOf: [z] }, 'a renamed group');
  t.same(await dns(admin, `(memberOf=${a})`), []);
  t.same(await dns(admin, `(memberOf=${z})`), [ANN, BOB]);
  await admin.modify(z, [['delete', 'member', BOB]]);
  t.same(await read(admin, BOB, 'memberOf'), {}, 'a value less');
  await admin.delete(z);
  t.same(await read(admin, ANN, 'memberOf'), { memberOf: [b] }, 'a group less');

  const compare = await admin.call({
    kind: 'compare',
    dn: ANN,
    attribute: 'memberOf',
    value: Buffer.from(b),
  });
  t.equal(compare.result, 'compareTrue');
  const refused = await admin.modify(ANN, [['add', 'memberOf', b]]);
  t.equal(refused.result, 'constraintViolation', 'maintained by the server');
});

t.test('an entry of many groups, its long list read from disk', async (t) => {
  const server = await TestServer.open();
  const admin = await server.populate();
  const names = Array.from({ length: 30 }, (_, i) => `cn=g${String(i).padStart(2, '0')},${GROUPS}`);
  for (const name of names) await admin.add(name, group([ANN]));
  const again = await server.reopen();
  const client = await again.admin();
  t.same((await read(client, ANN, 'memberOf')).memberOf, names, 'a list that is not in memory is waited for');
  t.same((await read(client, ANN, '+')).isMemberOf, names);
  t.same(await dns(client, `(memberOf=${names[7]})`), [ANN]);
  const third = await (await again.reopen()).admin();
  t.same(await dns(third, `(&(uid=*)(memberOf=*cn=x*))`), [], 'Undefined: DNs have no substrings');
  t.same(await dns(third, `(&(uid=*)(memberOf=${names[7]}))`), [ANN], 'in a filter that is evaluated');
});

t.test('names longer than index keys are told apart', async (t) => {
  const server = await TestServer.open();
  const admin = await server.populate();
  const long = (c: string) => `cn=${'x'.repeat(70)}${c},${PEOPLE}`;
  for (const c of ['a', 'b']) await admin.add(long(c), { objectClass: ['top', 'person'], cn: 'x', sn: 'x' });
  await admin.add(`cn=g,${GROUPS}`, group([long('a')]));
  t.same((await read(admin, long('a'), 'memberOf')).memberOf, [`cn=g,${GROUPS}`]);
  t.same(await read(admin, long('b'), 'memberOf'), {});
  t.same(await dns(admin, `(memberOf=cn=g,${GROUPS})`), [long('a')]);
});

t.test('operational attributes can be searched and compared by', async (t) => {
  const server = await TestServer.open();
  const admin = await server.populate();
  t.same(await dns(admin, `(entryDN=${ANN.toUpperCase()})`), [ANN]);
  t.same(await dns(admin, `(entryDN=${ANN})`, GROUPS), [], 'within the base only');
  t.same(await dns(admin, '(hasSubordinates=TRUE)'), [BASE, PEOPLE].sort());
  t.same(await dns(admin, '(&(objectClass=organizationalUnit)(hasSubordinates=FALSE))'), [GROUPS]);
  t.same(await dns(admin, '(numSubordinates>=2)'), [BASE, PEOPLE].sort());
  t.same(await dns(admin, '(&(objectClass=organizationalUnit)(numSubordinates<=0))'), [GROUPS]);
  t.same(await dns(admin, '(structuralObjectClass=organizationalUnit)'), [GROUPS, PEOPLE]);
  t.equal((await dns(admin, '(subschemaSubentry=cn=schema)')).length, 5);

  const before = (await read(admin, ANN, 'etag')).etag?.[0] ?? '';
  t.match(before, /^[0-9a-f]{16}$/);
  t.same(await dns(admin, `(etag=${before})`), [ANN]);
  await admin.modify(ANN, [['add', 'description', 'one', 'two']]);
  const changed = (await read(admin, ANN, 'etag')).etag?.[0];
  t.not(changed, before, 'it changes with the entry');
  await admin.modify(ANN, [['delete', 'description', 'one']]);
  await admin.modify(ANN, [['add', 'description', 'one']]);
  t.equal((await read(admin, ANN, 'etag')).etag?.[0], changed, 'whatever the order of the values');
  await admin.modify(ANN, [['delete', 'description']]);
  t.equal((await read(admin, ANN, 'etag')).etag?.[0], before);

  for (const [attribute, value, result] of [
    ['hasSubordinates', 'FALSE', 'compareTrue'],
    ['numSubordinates', '1', 'compareFalse'],
    ['entryDN', ANN, 'compareTrue'],
    ['etag', before, 'compareTrue'],
  ] as const) {
    const reply = await admin.call({ kind: 'compare', dn: ANN, attribute, value: Buffer.from(value) });
    t.equal(reply.result, result, attribute);
  }
});

t.test('dynamic groups: members found by URL, and found in', async (t) => {
  const server = await TestServer.open({}, [BASE], {
    dynamicGroups: { secret: ['userpassword'] },
  });
  const admin = await server.populate();
  const dynamic = (...memberURL: string[]) => ({ objectClass: ['groupOfURLs'], memberURL });
  const all = `cn=all,${GROUPS}`;
  await admin.add(all, dynamic(`ldap:///${PEOPLE}??one?(objectClass=person)`));
  await admin.add(`cn=bobs,${GROUPS}`, dynamic(`ldap:///${BASE}??sub?(uid=b*)`));
  await admin.add(`cn=secret,${GROUPS}`, dynamic(`ldap:///${BASE}??sub?(userPassword=*)`, 'no url'));
  await admin.add(`cn=nested,${GROUPS}`, dynamic(`ldap:///${BASE}??sub?(memberOf=${all})`));
  t.same((await read(admin, all, 'member')).member, [ANN, BOB]);
  t.same((await read(admin, all)).member, [ANN, BOB], 'with all user attributes');
  t.same((await read(admin, all, 'cn')).member, undefined);
  t.same(await read(admin, `cn=secret,${GROUPS}`, 'member'), {}, 'secrets cannot be probed');
  t.same((await read(admin, BOB, 'memberOf')).memberOf, [all, `cn=bobs,${GROUPS}`]);
  t.same(await dns(admin, `(memberOf=cn=bobs,${GROUPS})`), [BOB]);
  t.same(await dns(admin, `(&(uid=ann)(isMemberOf=cn=bobs,${GROUPS}))`), []);
  t.same(await dns(admin, `(&(uid=*)(!(isMemberOf=cn=bobs,${GROUPS})))`), [ANN]);
  for (const [value, result] of [
    [ANN, 'compareTrue'],
    [GROUPS, 'compareFalse'],
  ] as const) {
    const reply = await admin.call({
      kind: 'compare',
      dn: all,
      attribute: 'member',
      value: Buffer.from(value),
    });
    t.equal(reply.result, result, value);
  }
  await admin.delete(ANN);
  t.same((await read(admin, all, 'member')).member, [BOB], 'as it is now');
  t.same(
    (await read(admin, `cn=nested,${GROUPS}`, 'member')).member,
    undefined,
    'no groups of dynamic groups',
  );
  const off = await (await server.reopen()).admin();
  t.notOk('member' in (await read(off, all)), 'by option');
});
