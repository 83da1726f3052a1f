/** Claims about attribute options: language tags and ranges (RFC 3866), ;binary (RFC 4522), and selection by class (RFC 4529), over the wire. */
import t from 'tap';
import { utf8Encode } from '../../lib/base/bytes.js';
import { parseFilter } from '../../lib/filter/filter-text.js';
import { BASE, TestServer } from './test-server.js';

const ANN = `uid=ann,ou=people,${BASE}`;

async function tagged() {
  const server = await TestServer.open();
  const admin = await server.populate();
  await admin.modify(ANN, [
    ['add', 'cn;lang-en', 'Ann English'],
    ['add', 'cn;lang-en-US', 'Ann American'],
    ['add', 'cn;lang-de', 'Ann Deutsch'],
    ['add', 'description;lang-en;x-own', 'mine'],
  ]);
  return { server, admin };
}

t.test('selection: a tag, a range, the bare type (RFC 3866 sections 2.2 and 3.1)', async (t) => {
  const { admin } = await tagged();
  const get = async (...attributes: string[]) => {
    const reply = await admin.search({ base: ANN, scope: 'base', attributes });
    return Object.keys(reply.entries[0]?.attributes ?? {}).sort();
  };
  t.same(await get('cn'), ['cn', 'cn;lang-de', 'cn;lang-en', 'cn;lang-en-us']);
  t.same(await get('cn;lang-en'), ['cn;lang-en'], 'a tag is itself, not its range');
  t.same(await get('cn;lang-EN-'), ['cn;lang-en', 'cn;lang-en-us'], 'a range');
  t.same(await get('cn;lang-'), ['cn;lang-de', 'cn;lang-en', 'cn;lang-en-us'], 'every language');
  t.same(await get('name;lang-de'), ['cn;lang-de'], 'of subtypes too');
  t.same(await get('description;lang-en'), ['description;lang-en;x-own'], 'further options make subtypes');
  t.same(await get('description;x-own;lang-en-'), ['description;lang-en;x-own']);
  t.same(await get('cn;lang-fr', 'cn;lang-fr-'), []);
});

t.test('filters: a tag, a range, the bare type (RFC 3866 sections 2.3 and 3.2)', async (t) => {
  const { admin } = await tagged();
  const holds = async (filter: string) => (await admin.search({ filter })).entries.map(({ dn }) => dn);
  for (const filter of [
    '(cn=Ann English)',
    '(cn;lang-en=Ann English)',
    '(cn;lang-en-=Ann American)',
    '(cn;lang-=Ann Deutsch)',
    '(cn;lang-en-=*)',
    '(cn;lang-de=Ann*)',
    '(name;lang-de=Ann Deutsch)',
    '(description;lang-en=mine)',
    '(cn;lang-en:caseIgnoreMatch:=ann english)',
  ])
    t.same(await holds(filter), [ANN], filter);
  for (const filter of [
    '(cn;lang-en=Ann American)',
    '(cn;lang-fr=*)',
    '(cn;lang-de-=Ann English)',
    '(cn;lang-en=Ann Arbor)',
  ])
    t.same(await holds(filter), [], filter);
});

t.test('compare, modify and delete touch the tagged attribute alone', async (t) => {
  const { admin } = await tagged();
  const compare = (attribute: string, value: string) =>
    admin.call({ kind: 'compare', dn: ANN, attribute, value: utf8Encode(value) });
  t.equal((await compare('cn;lang-de', 'ann deutsch')).result, 'compareTrue');
  t.equal((await compare('cn;lang-de', 'Ann English')).result, 'compareFalse');
  t.equal((await compare('cn;lang-fr', 'x')).result, 'noSuchAttribute');
  t.equal((await admin.modify(ANN, [['delete', 'cn;lang-en']])).result, 'success');
  const { entries } = await admin.search({ base: ANN, scope: 'base', attributes: ['cn'] });
  t.same(Object.keys(entries[0]?.attributes ?? {}).sort(), ['cn', 'cn;lang-de', 'cn;lang-en-us']);
  t.not((await admin.modify(ANN, [['add', 'cn;lang-', 'x']])).result, 'success', 'a range is no attribute');
  t.not(
    (await admin.modify(ANN, [['add', 'cn;lang-en-', 'x']])).result,
    'success',
    'a range is no attribute',
  );
});

t.test(
  ';binary is how certificates travel, and asked for or not they are the same attribute (RFC 4522, RFC 4523)',
  async (t) => {
    const { admin } = await tagged();
    const octets = String.fromCharCode(0x30, 0x03, 0x02, 0x01, 0x05);
    const reply = await admin.modify(ANN, [['add', 'userCertificate;binary', octets]]);
    t.equal(reply.result, 'success', reply.diagnostic);
    for (const name of ['userCertificate;binary', 'userCertificate', '2.5.4.36', 'usercertificate;BINARY']) {
      const { entries } = await admin.search({ base: ANN, scope: 'base', attributes: [name] });
      t.same(entries[0]?.attributes, { 'userCertificate;binary': [octets] }, name);
    }
    t.equal((await admin.search({ filter: '(userCertificate=*)' })).entries.length, 1);
    t.equal((await admin.search({ filter: '(userCertificate;binary=*)' })).entries.length, 1);
    const all = await admin.search({ base: ANN, scope: 'base' });
    t.ok(Object.keys(all.entries[0]?.attributes ?? {}).includes('userCertificate;binary'));
    t.equal((await admin.modify(ANN, [['delete', 'userCertificate']])).result, 'success');
    t.equal((await admin.search({ filter: '(userCertificate=*)' })).entries.length, 0);
  },
);

t.test(
  ';binary of what is text in LDAP is an attribute that nobody knows (RFC 4522 section 3)',
  async (t) => {
    const { admin } = await tagged();
    t.equal((await admin.modify(ANN, [['add', 'description;binary', 'x']])).result, 'undefinedAttributeType');
    t.same((await admin.search({ filter: '(sn;binary=*)' })).entries, []);
    t.same((await admin.search({ filter: '(!(sn;binary=*))' })).entries, [], 'Undefined, not False');
    const { entries } = await admin.search({ base: ANN, scope: 'base', attributes: ['sn;binary', 'uid'] });
    t.same(Object.keys(entries[0]?.attributes ?? {}), ['uid']);
  },
);

t.test('@class asks for the attributes of a class and of those above it (RFC 4529)', async (t) => {
  const { admin } = await tagged();
  const get = async (...attributes: string[]) =>
    Object.keys(
      (await admin.search({ base: ANN, scope: 'base', attributes })).entries[0]?.attributes ?? {},
    ).sort();
  const person = await get('@person');
  t.ok(
    person.includes('sn') &&
      person.includes('cn') &&
      person.includes('objectClass') &&
      !person.includes('mail'),
  );
  t.ok((await get('@inetOrgPerson')).includes('mail'));
  t.ok((await get('@2.5.6.6')).includes('sn'), 'by OID');
  t.same(await get('@nosuch'), []);
  t.same(
    (await get('@extensibleObject')).filter((name) => name === 'mail'),
    ['mail'],
  );
});

t.test('absolute true and false filters (RFC 4526) and bit rules on integers', async (t) => {
  const { admin } = await tagged();
  const count = async (filter: string) => (await admin.search({ filter })).entries.length;
  t.equal(await count('(&)'), 5);
  t.equal(await count('(|)'), 0);
  t.equal(await count('(!(|))'), 5);
  t.same(parseFilter('(&)'), { kind: 'and', clauses: [] });
  await admin.add(`uid=px,ou=people,${BASE}`, {
    objectClass: ['account', 'posixAccount'],
    uid: 'px',
    cn: 'px',
    uidNumber: '514',
    gidNumber: '1',
    homeDirectory: '/',
  });
  t.equal(await count('(uidNumber:1.2.840.113556.1.4.803:=514)'), 1);
  t.equal(await count('(uidNumber:1.2.840.113556.1.4.803:=515)'), 0, 'every bit');
  t.equal(await count('(uidNumber:1.2.840.113556.1.4.804:=3)'), 1, 'any bit');
  t.equal(await count('(uidNumber:1.2.840.113556.1.4.804:=1)'), 0);
  t.equal(await count('(uidNumber:1.2.840.113556.1.4.803:=x)'), 0);
});
