/**
 * certificateExactMatch (RFC 4523 section 2.1): a certificate reduced to its serial number and issuer, and the assertion that asks for one.
 *
 * Owns just enough DER to find those two and the subject in an X.509 certificate, and the shape check of the certificate family of syntaxes. Nothing is
 * verified. The form is `serial$issuer`, the serial in decimal, the issuer a DnKey. Total: undefined for anything else; no recursion.
 */
import { latin1, utf8Decode, utf8Encode } from '../base/bytes.js';
import { LdapError } from '../base/ldap-error.js';
import { LIMITS } from '../base/limits.js';
import { decodeBerValue } from '../dn/ber-value.js';
import type { Ava, Dn, Rdn } from '../dn/dn.js';
import { parseDn } from '../dn/dn-text.js';
import { dnKey } from './dn-key.js';

const SEQUENCE = 0x30;
const SET = 0x31;
const INTEGER = 0x02;
const OBJECT_IDENTIFIER = 0x06;
const EXPLICIT_VERSION = 0xa0;
/** A serial number has at most 20 octets (RFC 5280 section 4.1.2.2); twice that is plenty. */
const MAX_SERIAL_OCTETS = 40;
const MAX_SERIAL_DIGITS = 100;

interface Element {
  readonly tag: number;
  /** Offset of the header, of the content, and after the content. */
  readonly at: number;
  readonly start: number;
  readonly end: number;
}

/** Whether `value` is one SEQUENCE with a consistent length: all that the certificate syntaxes check. */
export function isDerSequence(value: Uint8Array): boolean {
  const element = elementAt(value, 0, value.length);
  return element !== undefined && element.tag === SEQUENCE && element.end === value.length;
}

/** Form of an X.509 certificate. */
export function certificateForm(value: Uint8Array): Uint8Array | undefined {
  const fields = readFields(value);
  if (fields === undefined) return undefined;
  const number = decodeBerValue(value.subarray(fields.serial.at, fields.serial.end));
  if (number === undefined) return undefined;
  const rdns = readName(value, fields.issuer);
  return rdns === undefined ? undefined : utf8Encode(`${latin1(number)}$${dnKey({ rdns })}`);
}

/** The subject of an X.509 certificate (RFC 5280 section 4.1.2.6), leaf first. */
export function certificateSubject(der: Uint8Array): Dn | undefined {
  const fields = readFields(der);
  const validity = fields === undefined ? undefined : elementAt(der, fields.issuer.end, fields.end);
  if (fields === undefined || validity === undefined || validity.tag !== SEQUENCE) return undefined;
  const subject = elementAt(der, validity.end, fields.end);
  const rdns = subject === undefined || subject.tag !== SEQUENCE ? undefined : readName(der, subject);
  return rdns === undefined ? undefined : { rdns };
}

/** The first fields of a certificate's content, which ends at `end`. */
function readFields(
  der: Uint8Array,
): { readonly serial: Element; readonly issuer: Element; readonly end: number } | undefined {
  const certificate = elementAt(der, 0, der.length);
  if (certificate === undefined || certificate.tag !== SEQUENCE) return undefined;
  const tbs = elementAt(der, certificate.start, certificate.end);
  if (tbs === undefined || tbs.tag !== SEQUENCE) return undefined;
  let serial = elementAt(der, tbs.start, tbs.end);
  if (serial?.tag === EXPLICIT_VERSION) serial = elementAt(der, serial.end, tbs.end);
  if (serial === undefined || serial.tag !== INTEGER || serial.end - serial.start > MAX_SERIAL_OCTETS)
    return undefined;
  const algorithm = elementAt(der, serial.end, tbs.end);
  if (algorithm === undefined || algorithm.tag !== SEQUENCE) return undefined;
  const issuer = elementAt(der, algorithm.end, tbs.end);
  return issuer === undefined || issuer.tag !== SEQUENCE ? undefined : { serial, issuer, end: tbs.end };
}

/** Form of an assertion: `{ serialNumber 1, issuer rdnSequence:"cn=CA" }`, or `1$cn=CA` as older clients write it. */
export function certificateAssertionForm(assertion: Uint8Array): Uint8Array | undefined {
  if (assertion.length > LIMITS.dnBytes * 2) return undefined;
  const text = utf8Decode(assertion)?.trim();
  if (text === undefined) return undefined;
  const parts = text.startsWith('{') ? readGser(text) : readDollar(text);
  if (parts === undefined) return undefined;
  const [digits, issuer] = parts;
  if (!isDecimal(digits)) return undefined;
  try {
    return utf8Encode(`${BigInt(digits).toString()}$${dnKey(parseDn(issuer))}`);
  } catch (error) {
    if (error instanceof LdapError) return undefined;
    throw error;
  }
}

function readDollar(text: string): [string, string] | undefined {
  const dollar = text.indexOf('$');
  return dollar < 0 ? undefined : [text.slice(0, dollar).trim(), text.slice(dollar + 1).trim()];
}

/** The GSER form (RFC 4523 section 3.1), its two fields in either order. */
function readGser(text: string): [string, string] | undefined {
  if (!text.endsWith('}')) return undefined;
  let rest = text.slice(1, -1).trim();
  let serial: string | undefined;
  let issuer: string | undefined;
  while (rest !== '') {
    if (rest.startsWith('serialNumber ') && serial === undefined) {
      rest = rest.slice(13).trimStart();
      let end = 0;
      while (end < rest.length && rest.charAt(end) !== ',' && rest.charAt(end) !== ' ') end += 1;
      serial = rest.slice(0, end);
      rest = rest.slice(end).trimStart();
    } else if (rest.startsWith('issuer ') && issuer === undefined) {
      const quoted = readQuoted(rest.slice(7).trimStart());
      if (quoted === undefined) return undefined;
      issuer = quoted.value;
      rest = quoted.rest.trimStart();
    } else {
      return undefined;
    }
    if (rest.startsWith(',')) rest = rest.slice(1).trimStart();
    else if (rest !== '') return undefined;
  }
  return serial === undefined || issuer === undefined ? undefined : [serial, issuer];
}

/** `rdnSequence:"..."` with doubled quotes inside. */
function readQuoted(text: string): { value: string; rest: string } | undefined {
  const prefix = 'rdnSequence:';
  if (!text.startsWith(prefix)) return undefined;
  const body = text.slice(prefix.length).trimStart();
  if (!body.startsWith('"')) return undefined;
  let value = '';
  let from = 1;
  for (;;) {
    const quote = body.indexOf('"', from);
    if (quote < 0) return undefined;
    value += body.slice(from, quote);
    if (body.charAt(quote + 1) !== '"') return { value, rest: body.slice(quote + 1) };
    value += '"';
    from = quote + 2;
  }
}

function isDecimal(digits: string): boolean {
  const start = digits.startsWith('-') ? 1 : 0;
  if (digits.length === start || digits.length > MAX_SERIAL_DIGITS) return false;
  for (let i = start; i < digits.length; i++) {
    const c = digits.charCodeAt(i);
    if (c < 0x30 || c > 0x39) return false;
  }
  return true;
}

/** RDNs of a Name, leaf first (X.501 writes them root first). */
function readName(der: Uint8Array, name: Element): readonly Rdn[] | undefined {
  const rdns: Rdn[] = [];
  for (let at = name.start; at < name.end; ) {
    const set = elementAt(der, at, name.end);
    if (set === undefined || set.tag !== SET || rdns.length === LIMITS.dnRdns) return undefined;
    const rdn = readRdn(der, set);
    if (rdn === undefined) return undefined;
    rdns.push(rdn);
    at = set.end;
  }
  return rdns.reverse();
}

function readRdn(der: Uint8Array, set: Element): Rdn | undefined {
  const avas: Ava[] = [];
  for (let at = set.start; at < set.end; ) {
    const pair = elementAt(der, at, set.end);
    if (pair === undefined || pair.tag !== SEQUENCE || avas.length === LIMITS.rdnValues) return undefined;
    const oid = elementAt(der, pair.start, pair.end);
    if (oid === undefined || oid.tag !== OBJECT_IDENTIFIER) return undefined;
    const held = elementAt(der, oid.end, pair.end);
    if (held === undefined || held.end !== pair.end) return undefined;
    const type = oidText(der.subarray(oid.start, oid.end));
    const value = decodeBerValue(der.subarray(held.at, held.end));
    if (type === undefined || value === undefined) return undefined;
    avas.push({ type, value });
    at = pair.end;
  }
  return avas.length === 0 ? undefined : avas;
}

function oidText(content: Uint8Array): string | undefined {
  if (content.length === 0 || content.length > 128) return undefined;
  const arcs: string[] = [];
  let arc = 0n;
  for (let i = 0; i < content.length; i++) {
    const octet = content[i] as number;
    arc = (arc << 7n) | BigInt(octet & 0x7f);
    if (octet >= 0x80) continue;
    if (arcs.length === 0) {
      const first = arc < 40n ? 0n : arc < 80n ? 1n : 2n;
      arcs.push(first.toString(), (arc - first * 40n).toString());
    } else {
      arcs.push(arc.toString());
    }
    arc = 0n;
  }
  return ((content[content.length - 1] as number) & 0x80) === 0 ? arcs.join('.') : undefined;
}

/** The DER element at `at` within `limit`; definite lengths of at most four octets. */
function elementAt(der: Uint8Array, at: number, limit: number): Element | undefined {
  const tag = der[at];
  const first = der[at + 1];
  if (tag === undefined || first === undefined || at + 2 > limit || (tag & 0x1f) === 0x1f) return undefined;
  let length = first;
  let start = at + 2;
  if (first >= 0x80) {
    const octets = first & 0x7f;
    if (octets === 0 || octets > 4 || start + octets > limit) return undefined;
    length = 0;
    for (let i = 0; i < octets; i++) length = length * 256 + (der[start + i] as number);
    start += octets;
  }
  const end = start + length;
  return end > limit ? undefined : { tag, at, start, end };
}
