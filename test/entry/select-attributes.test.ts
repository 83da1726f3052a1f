/** What a search returns of an entry. RFC 4511 section 4.5.1.8, RFC 3673, RFC 4529. */
import t from 'tap';
import { compileSelection, isSelected, selectAttributes } from '../../lib/entry/select-attributes.js';
import type { AttributeKey } from '../../lib/schema/attribute-type.js';
import { attributesOf, sampleSchema, viewOf } from './sample-schema.js';

const entry = viewOf(
  'cn=Ann',
  attributesOf({
    objectClass: ['top', 'person'],
    cn: ['Ann'],
    'cn;lang-de': ['Anne'],
    'cn;lang-en-gb;x-own': ['Ann'],
    sn: ['Lee'],
    userCertificate: ['c'],
    aci: ['rule'],
    alien: ['?'],
  }),
  attributesOf({ createTimestamp: ['20260101000000Z'] }),
);

const names = (...list: string[]) =>
  selectAttributes(compileSelection(list, sampleSchema()), entry).map((attribute) => attribute.name);

const USER = [
  'objectClass',
  'cn',
  'cn;lang-de',
  'cn;lang-en-gb;x-own',
  'sn',
  'userCertificate;binary',
  'alien',
];

t.test('nothing asked and * are the user attributes, + the operational ones, 1.1 none', async (t) => {
  t.same(names(), USER);
  t.same(names('*'), USER);
  t.same(names('+'), ['aci', 'createTimestamp']);
  t.same(names('*', '+').length, USER.length + 2);
  t.same(names('1.1'), []);
  t.same(names('1.1', 'sn'), ['sn'], 'RFC 4511: 1.1 beside others is ignored');
});

t.test('a name asks for its type, subtypes and options', async (t) => {
  t.same(names('CN'), ['cn', 'cn;lang-de', 'cn;lang-en-gb;x-own']);
  t.same(names('2.5.4.4'), ['sn']);
  t.same(names('name'), ['cn', 'cn;lang-de', 'cn;lang-en-gb;x-own', 'sn']);
  t.same(names('cn;lang-de'), ['cn;lang-de']);
  t.same(names('cn;X-OWN'), ['cn;lang-en-gb;x-own']);
  t.same(names('cn;lang-en'), []);
  t.same(names('cn;lang-en-'), ['cn;lang-en-gb;x-own'], 'a language range (RFC 3866 section 3.2)');
  t.same(names('name;lang-de'), ['cn;lang-de']);
  t.same(names('userCertificate'), ['userCertificate;binary']);
  t.same(names('userCertificate;binary'), ['userCertificate;binary']);
});

t.test('operational attributes come when they are named, computed ones too', async (t) => {
  t.same(names('createtimestamp'), ['createTimestamp']);
  t.same(names('*', 'createTimestamp'), [...USER, 'createTimestamp']);
  t.same(names('aci', 'sn'), ['sn', 'aci']);
});

t.test('unknown and malformed names are passed over, doubles come once', async (t) => {
  t.same(names('nosuch', '', '-', 'sn', 'SN', 'surname'), ['sn']);
  t.same(names('nosuch'), []);
  t.same(names('alien'), ['alien'], 'what the entry has is shown, schema or not');
});

t.test('@class names the attributes of a class (RFC 4529)', async (t) => {
  t.same(names('@person'), ['objectClass', 'cn', 'cn;lang-de', 'cn;lang-en-gb;x-own', 'sn']);
  t.same(names('@PERSON;lang-de'), ['cn;lang-de']);
  t.same(names('@nosuch'), []);
  t.same(names('@extensibleObject'), USER);
});

t.test('typesOnly gives descriptions without values', async (t) => {
  t.same(selectAttributes(compileSelection(['sn'], sampleSchema(), true), entry), [
    { name: 'sn', values: [] },
  ]);
});

t.test('plain marks the selection of exactly the user attributes', async (t) => {
  const plain = (list: string[], typesOnly = false) =>
    compileSelection(list, sampleSchema(), typesOnly).plain;
  t.ok(plain([]) && plain(['*']) && plain(['*', 'cn']));
  t.notOk(plain(['*', '+']) || plain(['cn']) || plain(['*', 'createTimestamp']) || plain([], true));
});

t.test('a selection answers for single keys', async (t) => {
  const selection = compileSelection(['cn', '+'], sampleSchema());
  t.ok(isSelected(selection, 'cn;lang-de' as AttributeKey));
  t.ok(isSelected(selection, 'aci' as AttributeKey));
  t.notOk(isSelected(selection, 'sn' as AttributeKey));
});
