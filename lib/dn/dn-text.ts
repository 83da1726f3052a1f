/**
 * Distinguished names as text (RFC 4514): one linear scanner each way.
 *
 * Owns the text form only; equality is schema/dn-key.ts. Beyond RFC 4514 it reads what RFC 2253 section 4 and RFC 1779 allowed and no
 * RFC 4514 name can mean otherwise: spaces around separators, ';' between RDNs, values in quotes, types that start with 'OID.'.
 * Invariants: bounded by LIMITS.dnBytes, dnRdns and rdnValues; parseDn(formatDn(dn)) is dn, octet for octet; every character is
 * visited a constant number of times.
 */
import { hexDigit, isDigit, isLetter } from '../base/ascii.js';
import { fromHex, toHex, utf8Decode, utf8Encode } from '../base/bytes.js';
import { LdapError } from '../base/ldap-error.js';
import { LIMITS } from '../base/limits.js';
import { decodeBerValue, encodeBerOctets } from './ber-value.js';
import type { Ava, Dn, Rdn } from './dn.js';
import { ROOT_DN } from './dn.js';
import { isNumericOid } from './oid-text.js';

const SPACE = 0x20;
const QUOTE = 0x22;
const HASH = 0x23;
const PLUS = 0x2b;
const COMMA = 0x2c;
const SEMICOLON = 0x3b;
const LESS = 0x3c;
const EQUALS = 0x3d;
const GREATER = 0x3e;
const BACKSLASH = 0x5c;
/** Up to this many characters a loop beats the encoder. */
const SHORT = 48;

/** Where the scanner stands. One per parse. */
interface Cursor {
  readonly text: string;
  at: number;
}

/** The name that `text` says. Throws LdapError invalidDNSyntax. RFC 4514 section 3. */
export function parseDn(text: string): Dn {
  checkLength(text);
  const cursor: Cursor = { text, at: 0 };
  skipSpaces(cursor);
  if (cursor.at === text.length) return ROOT_DN;
  const rdns: Rdn[] = [];
  for (;;) {
    if (rdns.length === LIMITS.dnRdns) throw fault(`has more than ${LIMITS.dnRdns} RDNs (dnRdns)`);
    rdns.push(scanRdn(cursor));
    if (cursor.at === text.length) return { rdns };
    const separator = text.charCodeAt(cursor.at);
    if (separator !== COMMA && separator !== SEMICOLON) throw unexpected(cursor);
    cursor.at += 1;
  }
}

/** The single RDN that `text` says (newrdn of a modify DN request). Throws LdapError invalidDNSyntax. */
export function parseRdn(text: string): Rdn {
  checkLength(text);
  const cursor: Cursor = { text, at: 0 };
  const rdn = scanRdn(cursor);
  if (cursor.at !== text.length) throw fault('is more than one RDN where one is wanted');
  return rdn;
}

/** Text of a name, leaf first, without needless spaces (RFC 4514 section 2). The root is ''. */
export function formatDn(dn: Dn): string {
  let text = '';
  for (let i = 0; i < dn.rdns.length; i++) {
    if (i > 0) text += ',';
    text += formatRdn(dn.rdns[i] as Rdn);
  }
  return text;
}

/** Text of one RDN (RFC 4514 sections 2.2 to 2.4). */
export function formatRdn(rdn: Rdn): string {
  let text = '';
  for (let i = 0; i < rdn.length; i++) {
    const ava = rdn[i] as Ava;
    if (i > 0) text += '+';
    text += `${ava.type}=${isDigit(ava.type.charCodeAt(0)) ? hexValue(ava.value) : formatValue(ava.value)}`;
  }
  return text;
}

/** Text of one attribute value in a name: escaped UTF-8, or `#` and the hex of a BER octet string where it is not UTF-8. */
export function formatValue(value: Uint8Array): string {
  const text = utf8Decode(value);
  return text === undefined ? hexValue(value) : escapeValue(text);
}

function hexValue(value: Uint8Array): string {
  return `#${toHex(encodeBerOctets(value))}`;
}

function escapeValue(text: string): string {
  const last = text.length - 1;
  let out = '';
  let from = 0;
  for (let i = 0; i <= last; i++) {
    const c = text.charCodeAt(i);
    const special =
      c === COMMA ||
      c === PLUS ||
      c === BACKSLASH ||
      c === QUOTE ||
      c === SEMICOLON ||
      c === LESS ||
      c === GREATER ||
      c === 0 ||
      (c === SPACE && (i === 0 || i === last)) ||
      (c === HASH && i === 0);
    if (!special) continue;
    out += c === 0 ? `${text.slice(from, i)}\\00` : `${text.slice(from, i)}\\${text.charAt(i)}`;
    from = i + 1;
  }
  return from === 0 ? text : out + text.slice(from);
}

function checkLength(text: string): void {
  const max = LIMITS.dnBytes;
  if (text.length > max || (text.length * 3 > max && utf8Encode(text).length > max)) {
    throw fault(`is longer than ${max} octets (dnBytes)`);
  }
}

/** One RDN; leaves the cursor at a separator or at the end, spaces skipped. */
function scanRdn(cursor: Cursor): Rdn {
  const avas: Ava[] = [];
  for (;;) {
    if (avas.length === LIMITS.rdnValues) {
      throw fault(`has more than ${LIMITS.rdnValues} values in one RDN (rdnValues)`);
    }
    skipSpaces(cursor);
    const type = scanType(cursor);
    skipSpaces(cursor);
    if (cursor.text.charCodeAt(cursor.at) !== EQUALS) throw unexpected(cursor);
    cursor.at += 1;
    skipSpaces(cursor);
    avas.push({ type, value: scanValue(cursor) });
    if (cursor.text.charCodeAt(cursor.at) !== PLUS) return avas;
    cursor.at += 1;
  }
}

function scanType(cursor: Cursor): string {
  const { text } = cursor;
  const start = cursor.at;
  let i = start;
  while (isTypeChar(text.charCodeAt(i))) i += 1;
  cursor.at = i;
  let type = text.slice(start, i);
  if (type.length > 4 && type.charAt(3) === '.' && type.slice(0, 4).toLowerCase() === 'oid.')
    type = type.slice(4);
  if (isLetter(type.charCodeAt(0))) {
    if (type.includes('.'))
      throw fault(`names an attribute type by '${clip(type)}', which is neither a name nor an OID`);
    return type;
  }
  if (type === '') throw unexpected(cursor);
  if (!isNumericOid(type)) throw fault(`names an attribute type by '${clip(type)}', which is not an OID`);
  return type;
}

function scanValue(cursor: Cursor): Uint8Array {
  const first = cursor.text.charCodeAt(cursor.at);
  if (first === HASH) return scanHexString(cursor);
  if (first === QUOTE) return scanQuoted(cursor);
  return scanString(cursor);
}

/** `#` and hex pairs: the BER encoding of the value (RFC 4514 section 2.4). */
function scanHexString(cursor: Cursor): Uint8Array {
  const { text } = cursor;
  const start = cursor.at + 1;
  let i = start;
  while (hexDigit(text.charCodeAt(i)) >= 0) i += 1;
  const ber = i === start ? undefined : fromHex(text.slice(start, i));
  const value = ber === undefined ? undefined : decodeBerValue(ber);
  if (value === undefined) throw fault("has a value after '#' that is not the hex of one BER value");
  cursor.at = i;
  skipSpaces(cursor);
  expectEndOfValue(cursor);
  return value;
}

/** A value in quotes (RFC 1779 section 2.3, RFC 2253 section 4). */
function scanQuoted(cursor: Cursor): Uint8Array {
  const { text } = cursor;
  cursor.at += 1;
  const start = cursor.at;
  let escaped = false;
  let i = start;
  for (; ; i++) {
    if (i >= text.length) throw fault('has a quoted value without its closing quote');
    const c = text.charCodeAt(i);
    if (c === QUOTE) break;
    if (c === BACKSLASH) {
      escaped = true;
      i += 1;
    }
  }
  const value = escaped ? resolveEscapes(text, start, i) : encodeSlice(text, start, i);
  cursor.at = i + 1;
  skipSpaces(cursor);
  expectEndOfValue(cursor);
  return value;
}

/** An unquoted value: ends before an unescaped separator, without the unescaped spaces before it. */
function scanString(cursor: Cursor): Uint8Array {
  const { text } = cursor;
  const start = cursor.at;
  let escaped = false;
  /** After the last character that is not an unescaped space. */
  let end = start;
  let i = start;
  for (; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === COMMA || c === PLUS || c === SEMICOLON) break;
    if (c === BACKSLASH) {
      escaped = true;
      i += 1;
      end = i + 1;
    } else if (c === QUOTE || c === LESS || c === GREATER || c === 0) {
      throw fault(`has an unescaped ${c === 0 ? 'NUL' : text.charAt(i)} in a value (RFC 4514 section 2.4)`);
    } else if (c !== SPACE) {
      end = i + 1;
    }
  }
  cursor.at = Math.min(i, text.length);
  return escaped ? resolveEscapes(text, start, Math.min(end, text.length)) : encodeSlice(text, start, end);
}

/** Octets of text[start, end) with escapes resolved (RFC 4514 section 3: `\` special, `\` hexpair). */
function resolveEscapes(text: string, start: number, end: number): Uint8Array {
  const out = new Uint8Array((end - start) * 3);
  let length = 0;
  let from = start;
  for (let i = start; i < end; ) {
    if (text.charCodeAt(i) !== BACKSLASH) {
      i += 1;
      continue;
    }
    length = append(out, length, encodeSlice(text, from, i));
    const c = i + 1 < end ? text.charCodeAt(i + 1) : -1;
    const high = hexDigit(c);
    const low = i + 2 < end ? hexDigit(text.charCodeAt(i + 2)) : -1;
    if (high >= 0 && low >= 0) {
      out[length++] = high * 16 + low;
      i += 3;
    } else if (isEscapable(c)) {
      out[length++] = c;
      i += 2;
    } else {
      throw fault("has a '\\' that escapes neither a special character nor two hex digits");
    }
    from = i;
  }
  length = append(out, length, encodeSlice(text, from, end));
  return out.slice(0, length);
}

function append(out: Uint8Array, at: number, bytes: Uint8Array): number {
  out.set(bytes, at);
  return at + bytes.length;
}

/** UTF-8 of a part of the text; a surrogate without its other half is no Unicode text. Its memory is its own. */
function encodeSlice(text: string, start: number, end: number): Uint8Array {
  const length = end - start;
  if (length <= SHORT) {
    const out = new Uint8Array(length);
    let i = 0;
    for (; i < length; i++) {
      const c = text.charCodeAt(start + i);
      if (c >= 0x80) break;
      out[i] = c;
    }
    if (i === length) return out;
  }
  for (let i = start; i < end; i++) {
    const c = text.charCodeAt(i);
    if (c < 0xd800 || c > 0xdfff) continue;
    const next = i + 1 < end ? text.charCodeAt(i + 1) : 0;
    if (c > 0xdbff || next < 0xdc00 || next > 0xdfff) throw fault('is not valid Unicode text');
    i += 1;
  }
  return utf8Encode(text.slice(start, end));
}

function expectEndOfValue(cursor: Cursor): void {
  if (cursor.at === cursor.text.length) return;
  const c = cursor.text.charCodeAt(cursor.at);
  if (c !== COMMA && c !== PLUS && c !== SEMICOLON) throw unexpected(cursor);
}

function skipSpaces(cursor: Cursor): void {
  while (cursor.text.charCodeAt(cursor.at) === SPACE) cursor.at += 1;
}

function isEscapable(c: number): boolean {
  return (
    c === SPACE ||
    c === QUOTE ||
    c === HASH ||
    c === PLUS ||
    c === COMMA ||
    c === SEMICOLON ||
    c === LESS ||
    c === EQUALS ||
    c === GREATER ||
    c === BACKSLASH
  );
}

/** RFC 4512 section 1.4 keychar and the dot of an OID; '_' is not standard but common in old schemas. */
function isTypeChar(c: number): boolean {
  return isLetter(c) || isDigit(c) || c === 0x2d || c === 0x2e || c === 0x5f;
}

function unexpected(cursor: Cursor): LdapError {
  if (cursor.at >= cursor.text.length) return fault('ends before its last RDN is complete');
  return fault(`has an unexpected '${cursor.text.charAt(cursor.at)}' at position ${cursor.at + 1}`);
}

function clip(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}...` : text;
}

function fault(what: string): LdapError {
  return new LdapError('invalidDNSyntax', `The distinguished name ${what}.`);
}
