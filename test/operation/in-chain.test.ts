/** Claims about in-chain matching: nested groups upwards and downwards, cycles, rights, bounds. */
import t from 'tap';
import { BASE, type TestClient, TestServer } from './test-server.js';

const RULE = '1.2.840.113556.1.4.1941';
const ANN = `uid=ann,ou=people,${BASE}`;
const BOB = `uid=bob,ou=people,${BASE}`;
const group = (cn: string): string => `cn=${cn},ou=groups,${BASE}`;

async function groups(members: Readonly<Record<string, readonly string[]>>): Promise<TestServer> {
  const server = await TestServer.open();
  const admin = await server.populate();
  for (const [cn, member] of Object.entries(members)) {
    const reply = await admin.add(group(cn), { objectClass: ['groupOfNames'], cn, member });
    if (reply.result !== 'success') throw new Error(reply.diagnostic);
  }
  return server;
}

const found = async (client: TestClient, filter: string): Promise<string[]> =>
  (await client.search({ filter })).entries
    .map(({ dn }) => dn.slice(dn.indexOf('=') + 1, dn.indexOf(',')))
    .sort();

t.test('groups that hold somebody directly or through others', async (t) => {
  const server = await groups({
    a: [ANN],
    b: [group('a'), BOB],
    c: [group('b')],
    d: [BOB],
  });
  const client = server.connect();
  t.same(await found(client, `(member:${RULE}:=${ANN})`), ['a', 'b', 'c']);
  t.same(
    await found(client, `(member:${RULE}:=UID=Ann, OU=people,${BASE})`),
    ['a', 'b', 'c'],
    'DNs compare as DNs',
  );
  t.same(await found(client, `(member:${RULE}:=${BOB})`), ['b', 'c', 'd']);
  t.same(await found(client, `(member:${RULE}:=${group('c')})`), []);
  t.same(await found(client, `(&(cn=b)(member:${RULE}:=${ANN}))`), ['b']);
  t.same(await found(client, `(&(objectClass=groupOfNames)(!(member:${RULE}:=${ANN})))`), ['d']);
  t.same(await found(client, `(|(member:${RULE}:=${ANN})(member:distinguishedNameInChainMatch:=${BOB}))`), [
    'a',
    'b',
    'c',
    'd',
  ]);
});

t.test('cycles end', async (t) => {
  const server = await groups({ x: [group('z'), ANN], y: [group('x')], z: [group('y'), group('z')] });
  t.same(await found(server.connect(), `(member:${RULE}:=${ANN})`), ['x', 'y', 'z']);
  t.same(
    await found(server.connect(), `(member:${RULE}:=${group('x')})`),
    ['x', 'y', 'z'],
    'itself, by the cycle',
  );
});

t.test('a base search asks whether an entry is in the chain', async (t) => {
  const server = await groups({ a: [ANN], b: [group('a')] });
  const client = server.connect();
  const asked = { base: group('b'), scope: 'base', filter: `(member:${RULE}:=${ANN})` } as const;
  t.equal((await client.search(asked)).entries.length, 1);
  t.equal((await client.search({ ...asked, filter: `(member:${RULE}:=${BOB})` })).entries.length, 0);
});

t.test('any DN attribute; others and values that are no DN are Undefined', async (t) => {
  const server = await groups({});
  const admin = await server.admin();
  await admin.modify(BOB, [['add', 'manager', ANN]]);
  await admin.add(`uid=eve,ou=people,${BASE}`, {
    objectClass: ['inetOrgPerson'],
    uid: 'eve',
    cn: 'Eve',
    sn: 'E',
    manager: BOB,
  });
  t.same(await found(admin, `(manager:${RULE}:=${ANN})`), ['bob', 'eve']);
  for (const filter of [
    `(cn:${RULE}:=${ANN})`,
    `(member:${RULE}:=no dn)`,
    `(:${RULE}:=${ANN})`,
    `(!(cn:${RULE}:=${ANN}))`,
    `(nosuch:${RULE}:=${ANN})`,
  ])
    t.same(await found(admin, filter), [], filter);
});

t.test(
  'an attribute without an index is walked for the administrator only; clauses are bounded',
  async (t) => {
    const server = await groups({ a: [ANN] });
    const admin = await server.admin();
    const seeAlso = `(seeAlso:${RULE}:=${ANN})`;
    await admin.modify(group('a'), [['add', 'seeAlso', ANN]]);
    t.same(await found(admin, seeAlso), ['a']);
    t.equal((await server.connect().search({ filter: seeAlso })).result, 'unwillingToPerform');
    const many = `(|${`(member:${RULE}:=${ANN})`.repeat(9)})`;
    t.equal((await admin.search({ filter: many })).result, 'adminLimitExceeded');
  },
);

t.test('deep and wide chains are found whole', async (t) => {
  const server = await groups({});
  const admin = await server.admin();
  for (let i = 0; i < 200; i++) {
    const member = i === 0 ? ANN : group(`n${i - 1}`);
    await admin.add(group(`n${i}`), { objectClass: ['groupOfNames'], cn: `n${i}`, member: [member, BOB] });
  }
  t.equal((await admin.search({ filter: `(member:${RULE}:=${ANN})` })).entries.length, 200);
});

t.test("the search's own limits bound the walk too", async (t) => {
  const server = await groups({ a: [ANN], b: [group('a')], c: [group('b')], d: [group('c')] });
  const client = server.connect();
  server.service.configure({ lookThroughLimit: 3 });
  const filter = `(member:${RULE}:=${ANN})`;
  t.equal((await client.search({ filter })).result, 'adminLimitExceeded');
  server.service.configure({ lookThroughLimit: 0 });
  t.equal((await client.search({ filter })).result, 'success');
  t.equal((await (await server.admin()).search({ filter })).entries.length, 4);
});
