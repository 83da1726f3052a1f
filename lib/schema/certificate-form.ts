/**
 * certificateExactMatch (RFC 4523 section 2.1): a certificate reduced to its serial number and issuer, and the assertion that asks for one.
 *
 * Owns where those two and the subject are in an X.509 certificate, and the shape check of the certificate family of syntaxes. Nothing is
 * verified. The form is `serial$issuer`, the serial in decimal, the issuer a DnKey. Total: undefined for anything else; no recursion.
 */
import { latin1, utf8Decode, utf8Encode } from '../base/bytes.js';
import { LdapError } from '../base/ldap-error.js';
import { LIMITS } from '../base/limits.js';
import { decodeBerValue } from '../dn/ber-value.js';
import type { Dn } from '../dn/dn.js';
import { parseDn } from '../dn/dn-text.js';
import { type Element, elementAt, INTEGER, readName, SEQUENCE } from './der.js';
import { dnKey } from './dn-key.js';

const EXPLICIT_VERSION = 0xa0;
/** A serial number has at most 20 octets (RFC 5280 section 4.1.2.2); twice that is plenty. */
const MAX_SERIAL_OCTETS = 40;
const MAX_SERIAL_DIGITS = 100;

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
