/** Small normal forms: booleans, bit strings, UUIDs, lines, OIDs, first components. */
import t from 'tap';
import { latin1, toHex, utf8Decode, utf8Encode } from '../../lib/base/bytes.js';
import {
  booleanForm,
  distinguishedNameForm,
  firstComponent,
  firstIntegerForm,
  firstOidForm,
  ia5Form,
  isBitString,
  isOid,
  listForm,
  listSubstringForm,
  nameAndUidForm,
  objectIdentifierForm,
  uuidForm,
} from '../../lib/schema/value-forms.js';

function of(form: (value: Uint8Array) => Uint8Array | undefined, text: string): string | undefined {
  const value = form(utf8Encode(text));
  return value === undefined ? undefined : utf8Decode(value);
}

t.test('section 4.2.2 booleanMatch: TRUE and FALSE, in any case', async (t) => {
  for (const text of ['TRUE', 'true', 'True']) t.equal(of(booleanForm, text), 'TRUE');
  t.equal(of(booleanForm, 'false'), 'FALSE');
  for (const bad of ['', 'yes', '1', 'TRUE ', 'FALSEE', 'trUÉ']) t.equal(of(booleanForm, bad), undefined);
});

t.test('section 3.3.2 Bit String', async (t) => {
  for (const good of ["''B", "'0'B", "'0101111101'B"]) t.ok(isBitString(utf8Encode(good)), good);
  for (const bad of ['', "'B", "''", "'2'B", "'0'b", '0101', "'01B", " '0'B", "'0' B"])
    t.notOk(isBitString(utf8Encode(bad)), bad);
});

t.test('RFC 4530 section 2.1: a UUID is its 16 octets', async (t) => {
  const form = uuidForm(utf8Encode('597ae2f6-16a6-1027-98f4-ABCDEFabcdef'));
  t.equal(form && toHex(form), '597ae2f616a6102798f4abcdefabcdef');
  for (const bad of [
    '',
    '597ae2f6-16a6-1027-98f4-abcdefabcde',
    '597ae2f6-16a6-1027-98f4-abcdefabcdeg',
    '597ae2f616a6102798f4abcdefabcdef0000',
    '597ae2f6-16a6-1027-98f-4abcdefabcdef',
  ]) {
    t.equal(uuidForm(utf8Encode(bad)), undefined, bad);
  }
});

t.test('section 4.2.12 caseIgnoreListMatch: line by line, with \\24 and \\5C', async (t) => {
  t.equal(of(listForm, '1234 Main  St.$Anytown, CA 12345$USA'), '1234 main st.\nanytown, ca 12345\nusa');
  t.equal(of(listForm, '\\241,000,000 Sweepstakes$PO Box 1000000'), '$1,000,000 sweepstakes\npo box 1000000');
  t.equal(of(listForm, 'a\\5Cb\\5cc'), 'a\\b\\c');
  t.not(of(listForm, 'a$b'), of(listForm, 'a\\24b'));
  t.not(of(listForm, 'a$b$'), of(listForm, 'a$b'));
  t.equal(of(listSubstringForm, 'A b$c'), ' a  b \n c ');
  t.equal(listForm(Uint8Array.of(0x61, 0x24, 0xff)), undefined);
  t.equal(listForm(utf8Encode('$'.repeat(1000))), undefined, 'addressLines');
});

t.test('section 4.2.31 uniqueMemberMatch: the name, and the bits where there are any', async (t) => {
  t.equal(
    of(nameAndUidForm, "1.3.6.1.4.1.1466.0=#04024869,O=Test,C=GB#'0101'B"),
    "1.3.6.1.4.1.1466.0=hi,o=test,c=gb#'0101'B",
  );
  t.equal(of(nameAndUidForm, 'CN=A#b'), 'cn=a#b', 'no bits: the # is of the name');
  t.equal(of(nameAndUidForm, "nonsense#'01'B"), undefined);
  t.equal(of(distinguishedNameForm, 'nonsense'), undefined);
  t.equal(distinguishedNameForm(Uint8Array.of(0x63, 0x6e, 0x3d, 0xff)), undefined);
});

t.test('section 4.2.26 objectIdentifierMatch: names and OIDs of standard elements are one', async (t) => {
  t.equal(of(objectIdentifierForm, '2.5.6.6'), 'person');
  t.equal(of(objectIdentifierForm, 'PERSON'), 'person');
  t.equal(of(objectIdentifierForm, 'surname'), 'sn');
  t.equal(of(objectIdentifierForm, '1.2.3.4'), '1.2.3.4');
  t.equal(of(objectIdentifierForm, 'myClass'), 'myclass');
  for (const bad of ['', '1', '1.', 'a b', 'é', '-a', '1.02']) {
    t.equal(of(objectIdentifierForm, bad), undefined, bad);
    t.notOk(isOid(utf8Encode(bad)));
  }
});

t.test('first components of descriptions, quoted or not', async (t) => {
  t.equal(of(firstComponent, "( 2.5.4.3 NAME 'cn' )"), '2.5.4.3');
  t.equal(of(firstComponent, "('2.5.4.3')"), '2.5.4.3');
  t.equal(of(firstOidForm, "(2.5.4.3 NAME 'cn')"), 'cn');
  t.equal(of(firstIntegerForm, '( 12 FORM x )'), '12');
  for (const bad of ['', '(', '( ', "( '", '2.5.4.3', '( )', "('x"])
    t.equal(of(firstComponent, bad), undefined, bad);
  t.equal(of(firstIntegerForm, '( a )'), undefined);
});

t.test('IA5 rules know no character beyond ASCII', async (t) => {
  t.equal(latin1(ia5Form(utf8Encode('A  b'), true) ?? utf8Encode('?')), 'a b');
  t.equal(ia5Form(utf8Encode('é'), true), undefined);
});
