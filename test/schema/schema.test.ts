/** The schema as others use it: lookups, descriptions, closures, keys. */
import t from 'tap';
import { must } from '../../lib/base/assert.js';
import { LIMITS } from '../../lib/base/limits.js';
import { parseDn, parseRdn } from '../../lib/dn/dn-text.js';
import { standardSchema } from './standard-schema.js';

const schema = standardSchema();

t.test('lookups take names and OIDs in any case, and nothing that only looks like one', async (t) => {
  const cn = schema.attributeType('cn');
  for (const name of ['CN', 'commonName', 'COMMONNAME', '2.5.4.3'])
    t.equal(schema.attributeType(name), cn, name);
  t.equal(schema.objectClass('PERSON'), schema.objectClass('2.5.6.6'));
  for (const name of ['', 'constructor', '__proto__', 'toString', 'nope', '2.5']) {
    t.equal(schema.attributeType(name), undefined, name);
    t.equal(schema.objectClass(name), undefined);
  }
});

t.test('RFC 4512 section 2.5.1: a subtype has the rules and syntax of its superior', async (t) => {
  const cn = must(schema.attributeType('cn'), 'cn');
  t.equal(cn.superior?.name, 'name');
  t.equal(cn.equality?.name, 'caseIgnoreMatch');
  t.equal(cn.substring?.name, 'caseIgnoreSubstringsMatch');
  t.equal(cn.syntax.description, 'Directory String');
  t.equal(schema.attributeType('c')?.syntax.description, 'Country String');
  t.ok(schema.attributeType('c')?.singleValue);
  t.ok(schema.attributeType('entryUUID')?.operational);
  t.notOk(cn.operational);
});

t.test('subtypes are transitive and include the type itself', async (t) => {
  const names = (name: string) =>
    schema.subtypes(must(schema.attributeType(name), name)).map((type) => type.name);
  t.same(names('mail'), ['mail']);
  t.ok(['name', 'cn', 'sn', 'givenName', 'o', 'ou'].every((name) => names('name').includes(name)));
  t.ok(names('distinguishedName').includes('member'));
  t.notOk(names('cn').includes('sn'));
});

t.test('RFC 4512 section 2.4: classes inherit what they must and may', async (t) => {
  const person = must(schema.objectClass('inetOrgPerson'), 'inetOrgPerson');
  t.same(
    [...schema.superclasses(person)].map((one) => one.name),
    ['inetOrgPerson', 'organizationalPerson', 'person', 'top'],
  );
  t.same([...person.must].map((type) => type.name).sort(), ['cn', 'objectClass', 'sn']);
  t.ok(person.may.has(must(schema.attributeType('telephoneNumber'), 'inherited')));
  for (const one of schema.objectClasses) for (const type of one.must) t.notOk(one.may.has(type));
  t.ok(schema.isSubclass(person, must(schema.objectClass('top'), 'top')));
  t.notOk(schema.isSubclass(must(schema.objectClass('top'), 'top'), person));
});

t.test(
  'RFC 4512 section 2.5: descriptions have one key whatever their case and the order of options',
  async (t) => {
    const d = must(schema.describe('CommonName;lang-EN;X-b;lang-en'), 'description');
    t.equal(d.key, 'cn;lang-en;x-b');
    t.equal(d.text, 'cn;lang-en;x-b');
    t.same(d.options, ['lang-en', 'x-b']);
    t.equal(d.type, schema.attributeType('cn'));
    t.equal(schema.describe('2.5.4.3')?.key, 'cn');
    t.equal(schema.describe('cn'), schema.describe('cn'), 'cached');
  },
);

t.test('an unknown type stands for itself, by octets', async (t) => {
  const d = must(schema.describe('X-Mine;A'), 'description');
  t.same([d.text, d.key, d.type], ['X-Mine;a', 'x-mine;a', undefined]);
  t.equal(schema.equalityOf(d).name, 'octetStringMatch');
  t.equal(schema.equalityOf(must(schema.describe('cn'), 'cn')).name, 'caseIgnoreMatch');
  t.equal(schema.equalityOf(must(schema.describe('jpegPhoto'), 'no rule')).name, 'octetStringMatch');
});

t.test('RFC 4522 and 4523: ;binary names the same attribute, and certificates always show it', async (t) => {
  for (const text of ['userCertificate', 'userCertificate;binary', 'usercertificate;BINARY']) {
    const d = must(schema.describe(text), text);
    t.same([d.key, d.text, d.options], ['usercertificate', 'userCertificate;binary', []]);
  }
  for (const text of ['jpegPhoto', 'jpegPhoto;binary']) t.equal(schema.describe(text)?.key, 'jpegphoto');
  t.same(
    [schema.describe('cn;binary')?.type, schema.describe('cn;binary;x')?.key],
    [undefined, 'cn;binary;x'],
    'text has no binary form (RFC 4522 section 3)',
  );
});

t.test('malformed descriptions are undefined', async (t) => {
  for (const text of [
    '',
    ';',
    'cn;',
    'cn;;a',
    ';a',
    'c n',
    'cn;a b',
    'é',
    '1',
    '1.',
    '1.2.',
    '-cn',
    'cn=',
    'member;range=0-1',
    '(',
    'x'.repeat(LIMITS.attributeDescriptionBytes + 1),
  ]) {
    t.equal(schema.describe(text), undefined, text.slice(0, 20));
  }
});

t.test('made-up names do not grow the cache without bound', async (t) => {
  for (let i = 0; i < 20_000; i++) schema.describe(`made-up-${i}`);
  t.equal(schema.describe('made-up-1')?.key, 'made-up-1');
});

t.test('keys of names resolve types by the schema; one type twice in an RDN has none', async (t) => {
  t.equal(schema.dnKey(parseDn('CN=A+SN=B,DC=x')), 'cn=a+sn=b,dc=x');
  t.equal(schema.dnKey(parseDn('cn=a+commonName=b')), undefined);
  t.equal(schema.rdnKey(parseRdn('cn=a+2.5.4.3=b')), undefined);
  t.equal(schema.namedRdn(parseRdn('cn=a+cn=b')), undefined);
  t.equal(schema.dnKey(parseDn('')), '');
  const named = must(schema.namedRdn(parseRdn('commonName=A b')), 'named');
  t.match(named.avas, [{ key: 'cn', name: 'cn', equality: 'caseIgnoreMatch' }]);
  t.match(schema.namedRdn(parseRdn('X-Own=A'))?.avas, [
    { key: 'x-own', name: 'X-Own', equality: 'caseIgnoreMatch' },
  ]);
  t.match(schema.namedRdn(parseRdn('automountKey=A'))?.avas, [
    { key: 'automountkey', equality: 'caseExactMatch' },
  ]);
});
