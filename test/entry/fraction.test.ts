/** What a fraction holds of an entry, and which fraction covers which. */
import t from 'tap';
import { utf8Encode } from '../../lib/base/bytes.js';
import type { Attribute, Attributes } from '../../lib/entry/entry.js';
import { Fraction } from '../../lib/entry/fraction.js';
import { configuredFraction, type FractionOptions, formatFraction } from '../../lib/entry/fraction-text.js';
import type { AttributeKey } from '../../lib/schema/attribute-type.js';
import { standardSchema } from '../schema/standard-schema.js';

const schema = standardSchema();

function fractionOf(options: Partial<FractionOptions>): Fraction {
  const fraction = configuredFraction({ exclude: [], include: [], ...options }, schema);
  if (fraction instanceof Fraction) return fraction;
  throw new Error(fraction.join());
}

function entry(classes: readonly string[], ...names: readonly string[]): Attributes {
  const attributes = new Map<AttributeKey, Attribute>([
    ['objectclass' as AttributeKey, { name: 'objectClass', values: classes.map(utf8Encode) }],
  ]);
  for (const name of names)
    attributes.set(name.toLowerCase() as AttributeKey, { name, values: [utf8Encode('x')] });
  return attributes;
}

const held = (fraction: Fraction, attributes: Attributes) => [...fraction.attributes(attributes).keys()];
const PERSON = ['top', 'person', 'organizationalPerson', 'inetOrgPerson'];
const ANN = entry(PERSON, 'cn', 'cn;lang-en', 'sn', 'mail', 'jpegPhoto', 'createTimestamp');

t.test('exclude: all but what is listed, with every option of it', async (t) => {
  const fraction = fractionOf({ exclude: ['*:JPEGPHOTO, 0.9.2342.19200300.100.1.3'] });
  t.strictSame(held(fraction, ANN), ['objectclass', 'cn', 'cn;lang-en', 'sn', 'createtimestamp']);
  t.equal(fractionOf({ exclude: ['*:mail'] }).attributes(entry(PERSON, 'cn')).size, 2);
});

t.test('include: what is listed; objectClass, operational and required attributes always', async (t) => {
  t.strictSame(held(fractionOf({ include: ['*:mail'] }), ANN), [
    'objectclass',
    'cn',
    'cn;lang-en',
    'sn',
    'mail',
    'createtimestamp',
  ]);
});

t.test('a list for a class concerns entries whose structural class it is or derives from it', async (t) => {
  const fraction = fractionOf({ exclude: ['person:telephoneNumber', 'organization:description'] });
  t.strictSame(held(fraction, entry(PERSON, 'telephoneNumber', 'description')), [
    'objectclass',
    'description',
  ]);
  t.strictSame(held(fraction, entry(['top', 'organization'], 'telephoneNumber', 'description')), [
    'objectclass',
    'telephonenumber',
  ]);
  t.strictSame(held(fraction, entry(['top', 'device', 'nonsense'], 'description')), [
    'objectclass',
    'description',
  ]);
});

t.test('what a structural class requires is held though it is listed for every class', async (t) => {
  const fraction = fractionOf({ exclude: ['*:sn,userPassword'] });
  t.ok(held(fraction, ANN).includes('sn' as AttributeKey));
  const service = entry(['top', 'device', 'simpleSecurityObject'], 'cn', 'userPassword');
  t.notOk(
    held(fraction, service).includes('userpassword' as AttributeKey),
    'an auxiliary class keeps nothing',
  );
});

t.test('everything: entries and changes themselves', async (t) => {
  t.equal(Fraction.ALL.attributes(ANN), ANN);
});

t.test('covers: a copy may be given to whoever holds no more', async (t) => {
  const all = Fraction.ALL;
  const noPhoto = fractionOf({ exclude: ['*:jpegPhoto'] });
  const noPhotoNoMail = fractionOf({ exclude: ['*:jpegPhoto,mail'] });
  const personNoMail = fractionOf({ exclude: ['person:mail', '*:jpegPhoto'] });
  const names = fractionOf({ include: ['*:cn,mail'] });
  const cn = fractionOf({ include: ['*:cn'] });
  const personCn = fractionOf({ include: ['person:cn'] });
  const order: readonly (readonly [Fraction, Fraction, boolean])[] = [
    [all, noPhoto, true],
    [noPhoto, all, false],
    [noPhoto, noPhotoNoMail, true],
    [noPhotoNoMail, noPhoto, false],
    [noPhoto, personNoMail, true],
    [personNoMail, noPhotoNoMail, true],
    [noPhotoNoMail, personNoMail, false],
    [names, cn, true],
    [cn, names, false],
    [cn, personCn, true],
    [personCn, cn, false],
    [noPhoto, names, true],
    [noPhotoNoMail, names, false],
    [names, noPhoto, false],
    [names, names, true],
  ];
  for (const [a, b, expected] of order)
    t.equal(a.covers(b), expected, `${formatFraction(a)} covers ${formatFraction(b)}`);
});

t.test('mayLack: attributes on which a server that takes writes could not keep its promises', async (t) => {
  t.equal(Fraction.ALL.mayLack('member' as AttributeKey), false);
  t.equal(fractionOf({ exclude: ['person:manager'] }).mayLack('manager' as AttributeKey), true);
  t.equal(fractionOf({ include: ['person:manager'] }).mayLack('manager' as AttributeKey), true);
  t.equal(fractionOf({ include: ['*:manager'] }).mayLack('manager' as AttributeKey), false);
});
