/**
 * Normal forms that several rules share and that are too small for a file of their own: booleans, bit strings, UUIDs, lists of lines,
 * IA5 strings, names with an optional UID, identities of authorization rules, object identifiers, first components.
 *
 * Every function is total: undefined for octets that are not of the syntax.
 */
import { hexDigit, isDigit, isLetter } from '../base/ascii.js';
import { concatBytes, isAscii, latin1, utf8Decode, utf8Encode } from '../base/bytes.js';
import { LdapError } from '../base/ldap-error.js';
import { LIMITS } from '../base/limits.js';
import { parseDn } from '../dn/dn-text.js';
import { isNumericOid } from '../dn/oid-text.js';
import { dnKey } from './dn-key.js';
import { isInteger } from './integer-form.js';
import { elementKey, isStandardKey } from './standard-names.js';
import { prepareSubstringValue, prepareValue } from './string-prep.js';

const TRUE = utf8Encode('TRUE');
const FALSE = utf8Encode('FALSE');
const LINE_BREAK = 0x0a;

/** BOOLEAN in any case, as `TRUE` or `FALSE`. */
export function booleanForm(value: Uint8Array): Uint8Array | undefined {
  if (value.length !== 4 && value.length !== 5) return undefined;
  const text = latin1(value).toUpperCase();
  return text === 'TRUE' ? TRUE : text === 'FALSE' ? FALSE : undefined;
}

/** Bit String `'0101'B` (RFC 4517 section 3.3.2). */
export function isBitString(value: Uint8Array): boolean {
  const end = value.length - 2;
  if (end < 1 || value[0] !== 0x27 || value[end] !== 0x27 || value[end + 1] !== 0x42) return false;
  for (let i = 1; i < end; i++) if (value[i] !== 0x30 && value[i] !== 0x31) return false;
  return true;
}

/** UUID text (RFC 4530 section 2.1) as its 16 octets. */
export function uuidForm(value: Uint8Array): Uint8Array | undefined {
  if (value.length !== 36) return undefined;
  const out = new Uint8Array(16);
  let digits = 0;
  for (let i = 0; i < 36; i++) {
    const c = value[i] as number;
    if (i === 8 || i === 13 || i === 18 || i === 23) {
      if (c !== 0x2d) return undefined;
      continue;
    }
    const digit = hexDigit(c);
    if (digit < 0) return undefined;
    const at = digits >> 1;
    out[at] = ((out[at] as number) << 4) | digit;
    digits += 1;
  }
  return out;
}

/** An IA5 String prepared as a Directory String is (RFC 4517 sections 4.2.3 and 4.2.12). */
export function ia5Form(value: Uint8Array, fold: boolean): Uint8Array | undefined {
  return isAscii(value) ? prepareValue(value, fold) : undefined;
}

/** Postal Address: lines prepared one by one (RFC 4517 section 4.2.12, caseIgnoreListMatch). */
export function listForm(value: Uint8Array): Uint8Array | undefined {
  return joinLines(value, (line) => prepareValue(line, true));
}

/** The same in substring form; a part cannot match across lines, since no part holds a line break. */
export function listSubstringForm(value: Uint8Array): Uint8Array | undefined {
  return joinLines(value, (line) => prepareSubstringValue(line, true));
}

/** A DN in its normal form (dn-key.ts). */
export function distinguishedNameForm(value: Uint8Array): Uint8Array | undefined {
  if (value.length > LIMITS.dnBytes) return undefined;
  const text = utf8Decode(value);
  if (text === undefined) return undefined;
  try {
    return utf8Encode(dnKey(parseDn(text)));
  } catch (error) {
    if (error instanceof LdapError) return undefined;
    throw error;
  }
}

/** Name And Optional UID (RFC 4517 section 3.3.21): the DN's form, then `#` and the bits where there are any. */
export function nameAndUidForm(value: Uint8Array): Uint8Array | undefined {
  const hash = value.lastIndexOf(0x23);
  const uid = hash < 0 ? undefined : value.subarray(hash + 1);
  if (uid === undefined || !isBitString(uid)) return distinguishedNameForm(value);
  const name = distinguishedNameForm(value.subarray(0, hash));
  if (name === undefined) return undefined;
  const out = new Uint8Array(name.length + 1 + uid.length);
  out.set(name);
  out.set(value.subarray(hash), name.length);
  return out;
}

/** `dn`, `dn.exact`, `dn.subtree` ..., `group` or `group/class/member`: a DN follows. */
const NAMES_DN = /^(?:dn(?:\.(?:exact|children|subtree|onelevel))?|group(?:\/[\w.-]+){0,2}):/i;
/** `u:name`, `u.mechanism/realm:name`, a pattern or an LDAP URL: compared as written. */
const NAMES_OTHER = /^(?:u(?:[./][^:]*)?:.|dn\.regex:.|ldap:\/\/)/i;

/** An identity in OpenLDAP's authorization rules: its kind in lower case and the DN's form; a DN alone is `dn:`. */
export function authorizationForm(value: Uint8Array): Uint8Array | undefined {
  const text = value.length > LIMITS.dnBytes ? undefined : utf8Decode(value);
  if (text === undefined || text === '') return undefined;
  if (NAMES_OTHER.test(text)) return value;
  const kind = NAMES_DN.exec(text)?.[0] ?? '';
  const rest = text.slice(kind.length);
  const name = kind !== '' && rest === '*' ? utf8Encode('*') : distinguishedNameForm(utf8Encode(rest));
  if (name === undefined) return undefined;
  const lower = kind.toLowerCase();
  const prefix = utf8Encode(lower === '' || lower === 'dn.exact:' ? 'dn:' : lower);
  return concatBytes([prefix, name]);
}

/** Forms of standard names that were asked for. */
const STANDARD_FORMS = new Map<string, Uint8Array>();

/** OID or descriptor (RFC 4517 section 4.2.26): the standard name of what it names, else itself in lower case. */
export function objectIdentifierForm(value: Uint8Array): Uint8Array | undefined {
  if (!isOid(value)) return undefined;
  const key = elementKey(latin1(value));
  const known = STANDARD_FORMS.get(key);
  if (known !== undefined) return known;
  const form = utf8Encode(key);
  if (isStandardKey(key)) STANDARD_FORMS.set(key, form);
  return form;
}

/** `numericoid` or `descr` (RFC 4512 section 1.4), '_' allowed. */
export function isOid(value: Uint8Array): boolean {
  const first = value[0];
  if (first === undefined) return false;
  if (isLetter(first)) {
    for (let i = 1; i < value.length; i++) {
      const c = value[i] as number;
      if (!isLetter(c) && !isDigit(c) && c !== 0x2d && c !== 0x5f) return false;
    }
    return true;
  }
  return isNumericOid(latin1(value));
}

/** The first component of a description `( id ...`, as octets, without quotes. */
export function firstComponent(value: Uint8Array): Uint8Array | undefined {
  let at = skipSpaces(value, 0);
  if (value[at] !== 0x28) return undefined;
  at = skipSpaces(value, at + 1);
  const quoted = value[at] === 0x27;
  const start = quoted ? at + 1 : at;
  let end = start;
  for (; end < value.length; end++) {
    const c = value[end] as number;
    if (quoted ? c === 0x27 : c === 0x20 || c === 0x29) break;
  }
  return end === start || end === value.length ? undefined : value.subarray(start, end);
}

/** Form of the OID that a description starts with. */
export function firstOidForm(value: Uint8Array): Uint8Array | undefined {
  const first = firstComponent(value);
  return first === undefined ? undefined : objectIdentifierForm(first);
}

/** The integer that a description starts with (a DIT structure rule's id). */
export function firstIntegerForm(value: Uint8Array): Uint8Array | undefined {
  const first = firstComponent(value);
  return first !== undefined && isInteger(first) ? first : undefined;
}

function joinLines(
  value: Uint8Array,
  prepare: (line: Uint8Array) => Uint8Array | undefined,
): Uint8Array | undefined {
  const parts: Uint8Array[] = [];
  let length = 0;
  const lines = splitLines(value);
  if (lines === undefined) return undefined;
  for (const line of lines) {
    const form = prepare(line);
    if (form === undefined) return undefined;
    parts.push(form);
    length += form.length + 1;
  }
  const out = new Uint8Array(length - 1);
  let at = 0;
  for (const part of parts) {
    if (at > 0) out[at++] = LINE_BREAK;
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Lines of a Postal Address, with \24 and \5C resolved (RFC 4517 section 3.3.28); undefined for too many. */
function splitLines(value: Uint8Array): Uint8Array[] | undefined {
  const lines: Uint8Array[] = [];
  let start = 0;
  for (let i = 0; i <= value.length; i++) {
    if (i < value.length && value[i] !== 0x24) continue;
    if (lines.length === LIMITS.addressLines) return undefined;
    lines.push(resolveLine(value.subarray(start, i)));
    start = i + 1;
  }
  return lines;
}

function resolveLine(line: Uint8Array): Uint8Array {
  if (!line.includes(0x5c)) return line;
  const out = new Uint8Array(line.length);
  let length = 0;
  for (let i = 0; i < line.length; i++) {
    const c = line[i] as number;
    const high = c === 0x5c ? line[i + 1] : undefined;
    const low = high === undefined ? 0 : (line[i + 2] ?? 0);
    if (high === 0x32 && low === 0x34) out[length++] = 0x24;
    else if (high === 0x35 && (low | 0x20) === 0x63) out[length++] = 0x5c;
    else {
      out[length++] = c;
      continue;
    }
    i += 2;
  }
  return out.subarray(0, length);
}

function skipSpaces(value: Uint8Array, from: number): number {
  let at = from;
  while (value[at] === 0x20) at += 1;
  return at;
}
