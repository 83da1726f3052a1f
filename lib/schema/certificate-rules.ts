/**
 * The component matching rules of RFC 4523 section 2: certificates, pairs and revocation lists asked for by parts of their content.
 *
 * Assertions are GSER (section 3). Components of certificateMatch that are looked at: serialNumber, issuer, subject, subjectKeyIdentifier, certificateValid,
 * subjectPublicKeyAlgID, keyUsage; of certificateListMatch: issuer, dateAndTime, minCRLNumber, maxCRLNumber. An assertion with any other is not of the syntax: Undefined.
 * Nothing is verified. A matcher is total: undefined for a value that cannot be read.
 */
import { equalBytes, latin1, utf8Decode, utf8Encode } from '../base/bytes.js';
import { LdapError } from '../base/ldap-error.js';
import { LIMITS } from '../base/limits.js';
import { parseDn } from '../dn/dn-text.js';
import {
  type CertificateFields,
  centuryOf,
  type RevocationFields,
  readCertificate,
  readRevocationList,
} from './certificate-fields.js';
import { childrenOf, elementAt, OBJECT_IDENTIFIER, oidText, SEQUENCE } from './der.js';
import { dnKey } from './dn-key.js';
import { type Gser, readGser } from './gser.js';
import { generalizedTimeForm } from './time-form.js';

/** As extensible-rules.ts ValueMatcher. */
type Matcher = (value: Uint8Array) => boolean | undefined;
type Test<T> = (of: T) => boolean;

/** Bits of KeyUsage (RFC 5280 section 4.2.1.3), in order. */
const KEY_USAGES: readonly string[] = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
];

/** certificateMatch (section 2.2). */
export function certificateMatcher(assertion: Uint8Array): Matcher | undefined {
  const tests = testsOf(fieldsOf(assertion), certificateTest);
  return tests === undefined ? undefined : (value) => holds(readCertificate(value), tests);
}

/** certificatePairExactMatch (section 2.3). */
export function certificatePairExactMatcher(assertion: Uint8Array): Matcher | undefined {
  return pairMatcher(assertion, (fields) =>
    [...fields.keys()].sort().join() === 'issuer,serialNumber' ? testsOf(fields, certificateTest) : undefined,
  );
}

/** certificatePairMatch (section 2.4). */
export function certificatePairMatcher(assertion: Uint8Array): Matcher | undefined {
  return pairMatcher(assertion, (fields) => testsOf(fields, certificateTest));
}

/** certificateListMatch (section 2.6). */
export function certificateListMatcher(assertion: Uint8Array): Matcher | undefined {
  const tests = testsOf(fieldsOf(assertion), listTest);
  return tests === undefined ? undefined : (value) => holds(readRevocationList(value), tests);
}

/** algorithmIdentifierMatch (section 2.7), by the algorithm alone: parameters are not compared. */
export function algorithmIdentifierMatcher(assertion: Uint8Array): Matcher | undefined {
  const fields = fieldsOf(assertion);
  const wanted = fields?.get('algorithm');
  if (fields?.size !== 1 || wanted?.kind !== 'word') return undefined;
  return (value) => {
    // SupportedAlgorithm and AlgorithmIdentifier alike: the first OBJECT IDENTIFIER of nested SEQUENCEs.
    let at = elementAt(value, 0, value.length);
    for (let depth = 0; depth < 3 && at?.tag === SEQUENCE; depth++) at = elementAt(value, at.start, at.end);
    if (at === undefined || at.tag !== OBJECT_IDENTIFIER) return undefined;
    return oidText(value.subarray(at.start, at.end)) === wanted.text;
  };
}

/** Form of a revocation list for certificateListExactMatch (section 2.5): issuer and time of issue. */
export function revocationListForm(value: Uint8Array): Uint8Array | undefined {
  const list = readRevocationList(value);
  return list === undefined ? undefined : utf8Encode(`${list.thisUpdate}$${list.issuer}`);
}

/** The same of an assertion, `{ issuer rdnSequence:"...", thisUpdate utcTime:"..." }`. One with a distribution point has none. */
export function revocationListAssertionForm(assertion: Uint8Array): Uint8Array | undefined {
  const fields = fieldsOf(assertion);
  const issuer = nameKey(fields?.get('issuer'));
  const time = timeOf(fields?.get('thisUpdate'));
  if (fields?.size !== 2 || issuer === undefined || time === undefined) return undefined;
  return utf8Encode(`${time}$${issuer}`);
}

function fieldsOf(assertion: Uint8Array): ReadonlyMap<string, Gser> | undefined {
  if (assertion.length > LIMITS.dnBytes * 4) return undefined;
  const text = utf8Decode(assertion)?.trim();
  const value = text === undefined ? undefined : readGser(text);
  return value?.kind === 'fields' ? value.fields : undefined;
}

function testsOf<T>(
  fields: ReadonlyMap<string, Gser> | undefined,
  testOf: (name: string, value: Gser) => Test<T> | undefined,
): readonly Test<T>[] | undefined {
  if (fields === undefined) return undefined;
  const tests: Test<T>[] = [];
  for (const [name, value] of fields) {
    const test = testOf(name, value);
    if (test === undefined) return undefined;
    tests.push(test);
  }
  return tests;
}

function holds<T>(value: T | undefined, tests: readonly Test<T>[]): boolean | undefined {
  return value === undefined ? undefined : tests.every((test) => test(value));
}

function certificateTest(name: string, value: Gser): Test<CertificateFields> | undefined {
  switch (name) {
    case 'serialNumber':
      return value.kind === 'word' ? (of) => of.serial === value.text : undefined;
    case 'issuer':
    case 'subject': {
      const key = nameKey(value);
      return key === undefined ? undefined : (of) => of[name] === key;
    }
    case 'subjectKeyIdentifier':
      return value.kind === 'octets'
        ? (of) => of.subjectKeyIdentifier !== undefined && equalBytes(of.subjectKeyIdentifier, value.octets)
        : undefined;
    case 'certificateValid': {
      const time = timeOf(value);
      return time === undefined ? undefined : (of) => of.notBefore <= time && time <= of.notAfter;
    }
    case 'subjectPublicKeyAlgID':
      return value.kind === 'word' ? (of) => of.algorithm === value.text : undefined;
    case 'keyUsage': {
      const bits = usageBits(value);
      // A certificate that does not limit its use may be used for everything.
      return bits === undefined
        ? undefined
        : ({ keyUsage }) => keyUsage === undefined || bits.every((bit) => keyUsage.has(bit));
    }
    default:
      return undefined;
  }
}

function listTest(name: string, value: Gser): Test<RevocationFields> | undefined {
  switch (name) {
    case 'issuer': {
      const key = nameKey(value);
      return key === undefined ? undefined : (of) => of.issuer === key;
    }
    case 'dateAndTime': {
      const time = timeOf(value);
      return time === undefined
        ? undefined
        : (of) => of.thisUpdate <= time && (of.nextUpdate === undefined || time <= of.nextUpdate);
    }
    case 'minCRLNumber':
    case 'maxCRLNumber': {
      if (value.kind !== 'word' || !/^[0-9]{1,50}$/.test(value.text)) return undefined;
      const wanted = BigInt(value.text);
      return ({ number }) =>
        number !== undefined && (name === 'minCRLNumber' ? number >= wanted : number <= wanted);
    }
    default:
      return undefined;
  }
}

/** `rdnSequence:"..."`. */
function nameKey(value: Gser | undefined): string | undefined {
  if (value?.kind !== 'choice' || value.name !== 'rdnSequence' || value.value.kind !== 'text')
    return undefined;
  try {
    return dnKey(parseDn(value.value.text));
  } catch (error) {
    if (error instanceof LdapError) return undefined;
    throw error;
  }
}

/** `utcTime:"..."` or `generalTime:"..."`, in the form of generalizedTimeMatch. */
function timeOf(value: Gser | undefined): string | undefined {
  if (value?.kind !== 'choice' || value.value.kind !== 'text') return undefined;
  const { text } = value.value;
  const full = value.name === 'utcTime' ? centuryOf(text) + text : text;
  if (!['utcTime', 'generalTime', 'generalizedTime'].includes(value.name)) return undefined;
  const form = generalizedTimeForm(utf8Encode(full));
  return form === undefined ? undefined : latin1(form);
}

/** `{ keyCertSign, cRLSign }` or `'0000011'B`. */
function usageBits(value: Gser): readonly number[] | undefined {
  if (value.kind === 'bits') return [...value.bits].flatMap((bit, i) => (bit === '1' ? [i] : []));
  if (value.kind === 'fields') return value.fields.size === 0 ? [] : undefined;
  if (value.kind !== 'list') return undefined;
  const bits = value.items.map((item) => (item.kind === 'word' ? KEY_USAGES.indexOf(item.text) : -1));
  return bits.includes(-1) ? undefined : bits;
}

/** Tests of one or both certificates of a pair. */
function pairMatcher(
  assertion: Uint8Array,
  testsFor: (fields: ReadonlyMap<string, Gser>) => readonly Test<CertificateFields>[] | undefined,
): Matcher | undefined {
  const sides = new Map<number, readonly Test<CertificateFields>[]>();
  for (const [name, value] of fieldsOf(assertion) ?? []) {
    const tag =
      name === 'issuedToThisCAAssertion' ? 0xa0 : name === 'issuedByThisCAAssertion' ? 0xa1 : undefined;
    const tests = value.kind === 'fields' ? testsFor(value.fields) : undefined;
    if (tag === undefined || tests === undefined) return undefined;
    sides.set(tag, tests);
  }
  if (sides.size === 0) return undefined;
  return (value) => {
    const pair = elementAt(value, 0, value.length);
    const parts = pair?.tag === SEQUENCE ? childrenOf(value, pair, 2) : undefined;
    if (parts === undefined) return undefined;
    for (const [tag, tests] of sides) {
      const part = parts.find((one) => one.tag === tag);
      if (part === undefined) return false;
      const result = holds(readCertificate(value.subarray(part.start, part.end)), tests);
      if (result !== true) return result;
    }
    return true;
  };
}
