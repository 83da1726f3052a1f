/**
 * Filters as text (RFC 4515; absolute true and false: RFC 4526): linear both ways, without recursion.
 *
 * Reads more than RFC 4515 where tools write more: a filter without its outermost parentheses, spaces around filters, `\*`, `\(`, `\)` and
 * `\\` for themselves (RFC 1960). Values are octets: text is UTF-8, `\xx` is one octet whatever it makes of the rest. Bounded by
 * LIMITS.filterTextBytes, filterDepth, filterClauses and substringParts, as filters off the wire are.
 *
 * Writes what RFC 4515 asks for, with control characters escaped too, so that a line stays one line. Invariant: parseFilter(formatFilter(f))
 * is f, octet for octet.
 */
import { hexDigit, isHexDigit } from '../base/ascii.js';
import { must, unreachable } from '../base/assert.js';
import { latin1, utf8Decode, utf8Encode } from '../base/bytes.js';
import { LdapError } from '../base/ldap-error.js';
import { LIMITS, type LimitName } from '../base/limits.js';
import type { Filter } from './filter.js';

const SPACE = 0x20;
const AMPERSAND = 0x26;
const OPEN = 0x28;
const CLOSE = 0x29;
const STAR = 0x2a;
const COLON = 0x3a;
const LESS = 0x3c;
const EQUALS = 0x3d;
const GREATER = 0x3e;
const BACKSLASH = 0x5c;
const BAR = 0x7c;
const TILDE = 0x7e;
const EXCLAMATION = 0x21;

const HEX = '0123456789abcdef';

/** The text as octets and where the scanner stands. One per parse. */
interface Cursor {
  readonly octets: Uint8Array;
  at: number;
  clauses: number;
}

/** An and, or or not whose clauses are being read. */
interface OpenSet {
  readonly kind: 'and' | 'or' | 'not';
  readonly clauses: Filter[];
}

/** The filter that `text` says. Throws LdapError: protocolError with the position, adminLimitExceeded. */
export function parseFilter(text: string): Filter {
  if (text.length > LIMITS.filterTextBytes) throw tooMuch('filterTextBytes', 'octets of text');
  const octets = utf8Encode(text);
  if (octets.length > LIMITS.filterTextBytes) throw tooMuch('filterTextBytes', 'octets of text');
  // A lone surrogate is no character: it would become U+FFFD and match other values than were meant.
  if (hasLoneSurrogate(text))
    throw new LdapError('protocolError', 'filter: the text is not well-formed Unicode');
  const cursor: Cursor = { octets, at: 0, clauses: 0 };
  skipSpaces(cursor);
  if (peek(cursor) !== OPEN) {
    return scanItem(cursor, true);
  }
  const filter = scanFilter(cursor);
  skipSpaces(cursor);
  if (cursor.at < octets.length) throw fault(cursor, 'text after the filter');
  return filter;
}

function scanFilter(cursor: Cursor): Filter {
  const open: OpenSet[] = [];
  for (;;) {
    skipSpaces(cursor);
    let done: Filter | undefined;
    if (peek(cursor) === OPEN) {
      cursor.at += 1;
      skipSpaces(cursor);
      const kind = setKind(peek(cursor));
      if (kind === undefined) {
        done = scanItem(cursor, false);
        expectClose(cursor);
      } else {
        cursor.at += 1;
        openSet(cursor, open, kind);
      }
    } else if (peek(cursor) === CLOSE && open.length > 0) {
      done = closeSet(cursor, must(open.pop(), 'a set is open'));
    } else {
      throw fault(cursor, open.length > 0 ? "'(' or ')' expected" : "'(' expected");
    }
    if (done === undefined) continue;
    const outer = open.at(-1);
    if (outer === undefined) return done;
    if (outer.kind === 'not' && outer.clauses.length > 0) throw fault(cursor, 'a not takes one filter');
    outer.clauses.push(done);
  }
}

function openSet(cursor: Cursor, open: OpenSet[], kind: OpenSet['kind']): void {
  if (open.length >= LIMITS.filterDepth) throw tooMuch('filterDepth', 'levels');
  countClause(cursor);
  open.push({ kind, clauses: [] });
}

function closeSet(cursor: Cursor, set: OpenSet): Filter {
  cursor.at += 1;
  if (set.kind !== 'not') return { kind: set.kind, clauses: set.clauses };
  const [clause] = set.clauses;
  if (clause === undefined) throw fault(cursor, 'a not takes one filter');
  return { kind: 'not', clause };
}

function setKind(octet: number): OpenSet['kind'] | undefined {
  if (octet === AMPERSAND) return 'and';
  if (octet === BAR) return 'or';
  return octet === EXCLAMATION ? 'not' : undefined;
}

/** `attr<op>value` up to the closing parenthesis, or to the end of the text for a bare one. */
function scanItem(cursor: Cursor, bare: boolean): Filter {
  countClause(cursor);
  const start = cursor.at;
  while (isDescription(peek(cursor))) cursor.at += 1;
  const attribute = word(cursor, start);
  skipSpaces(cursor);
  const operator = peek(cursor);
  const next = cursor.octets[cursor.at + 1];
  if (operator === COLON) return scanExtensible(cursor, attribute, bare);
  if (attribute === '') throw fault(cursor, 'attribute expected');
  if (operator === EQUALS) {
    cursor.at += 1;
    return scanEqualityOrSubstrings(cursor, attribute, bare);
  }
  if (next !== EQUALS || (operator !== LESS && operator !== GREATER && operator !== TILDE)) {
    throw fault(cursor, "'=', '>=', '<=', '~=' or ':=' expected");
  }
  cursor.at += 2;
  const kind = operator === LESS ? 'lessOrEqual' : operator === GREATER ? 'greaterOrEqual' : 'approx';
  return { kind, attribute, value: scanWholeValue(cursor, bare) };
}

/** `[attr][:dn][:rule]:=value`; the cursor is at the first colon. */
function scanExtensible(cursor: Cursor, attribute: string, bare: boolean): Filter {
  let dnAttributes = false;
  let rule: string | undefined;
  for (;;) {
    if (peek(cursor) !== COLON) throw fault(cursor, "':=' expected");
    cursor.at += 1;
    if (peek(cursor) === EQUALS) break;
    const start = cursor.at;
    while (isDescription(peek(cursor))) cursor.at += 1;
    const name = word(cursor, start);
    if (name === '' || rule !== undefined) throw fault(cursor, "':=' expected");
    if (name.toLowerCase() === 'dn' && !dnAttributes) dnAttributes = true;
    else rule = name;
  }
  cursor.at += 1;
  if (attribute === '' && rule === undefined) throw fault(cursor, 'neither attribute nor matching rule');
  const value = scanWholeValue(cursor, bare);
  return {
    kind: 'extensible',
    rule,
    attribute: attribute === '' ? undefined : attribute,
    value,
    dnAttributes,
  };
}

function scanEqualityOrSubstrings(cursor: Cursor, attribute: string, bare: boolean): Filter {
  const parts = [scanValue(cursor, bare)];
  while (peek(cursor) === STAR) {
    cursor.at += 1;
    if (parts.length > LIMITS.substringParts) throw tooMuch('substringParts', 'parts of a substring');
    parts.push(scanValue(cursor, bare));
  }
  const [first] = parts;
  if (parts.length === 1) return { kind: 'equality', attribute, value: must(first, 'there is a first part') };
  if (parts.every((part) => part.length === 0)) return { kind: 'present', attribute };
  const last = must(parts.at(-1), 'there is a last part');
  return {
    kind: 'substrings',
    attribute,
    initial: first?.length === 0 ? undefined : first,
    // `a**b` says nothing more than `a*b`.
    any: parts.slice(1, -1).filter((part) => part.length > 0),
    final: last.length === 0 ? undefined : last,
  };
}

function scanWholeValue(cursor: Cursor, bare: boolean): Uint8Array {
  const value = scanValue(cursor, bare);
  if (peek(cursor) === STAR) throw fault(cursor, "'*' in this value must be written \\2a");
  return value;
}

/** Octets up to an unescaped '*', or to the end of the item. */
function scanValue(cursor: Cursor, bare: boolean): Uint8Array {
  const { octets } = cursor;
  const start = cursor.at;
  let escapes = 0;
  let at = start;
  for (; at < octets.length; at++) {
    const octet = octets[at] as number;
    if (octet === STAR || octet === CLOSE) break;
    if (octet === OPEN || octet === 0) {
      cursor.at = at;
      throw fault(cursor, `${octet === OPEN ? "'('" : 'NUL'} in a value must be escaped`);
    }
    if (octet === BACKSLASH) {
      at += escapeLength(cursor, at) - 1;
      escapes += 1;
    }
  }
  cursor.at = at;
  if (bare && at < octets.length && octets[at] === CLOSE) throw fault(cursor, "')' without '('");
  const raw = octets.subarray(start, at);
  return escapes === 0 ? raw.slice() : unescapeValue(raw);
}

/** Octets of the escape at `at`, itself included. */
function escapeLength(cursor: Cursor, at: number): number {
  const first = cursor.octets[at + 1];
  if (isHexDigit(first ?? -1) && isHexDigit(cursor.octets[at + 2] ?? -1)) return 3;
  if (first === STAR || first === OPEN || first === CLOSE || first === BACKSLASH) return 2;
  cursor.at = at;
  throw fault(cursor, "'\\' takes two hex digits");
}

function unescapeValue(raw: Uint8Array): Uint8Array {
  const out = new Uint8Array(raw.length);
  let length = 0;
  for (let at = 0; at < raw.length; at++) {
    const octet = raw[at] as number;
    if (octet !== BACKSLASH) {
      out[length++] = octet;
      continue;
    }
    const high = hexDigit(raw[at + 1] ?? -1);
    const low = hexDigit(raw[at + 2] ?? -1);
    if (high >= 0 && low >= 0) {
      out[length++] = high * 16 + low;
      at += 2;
    } else {
      out[length++] = raw[at + 1] as number;
      at += 1;
    }
  }
  return out.slice(0, length);
}

/** Letters, digits, '-', '.', ';' and the '_' that some schemas use in names. */
function isDescription(octet: number): boolean {
  if (octet === 0x2d || octet === 0x2e || octet === 0x3b || octet === 0x5f) return true;
  if (octet >= 0x30 && octet <= 0x39) return true;
  const lower = octet | 0x20;
  return lower >= 0x61 && lower <= 0x7a && octet < 0x80;
}

/** The octet at the cursor; -1 at the end. */
function peek(cursor: Cursor): number {
  return cursor.octets[cursor.at] ?? -1;
}

function skipSpaces(cursor: Cursor): void {
  for (let octet = peek(cursor); octet === SPACE || (octet >= 0x09 && octet <= 0x0d); octet = peek(cursor)) {
    cursor.at += 1;
  }
}

function expectClose(cursor: Cursor): void {
  if (peek(cursor) !== CLOSE) throw fault(cursor, "')' expected");
  cursor.at += 1;
}

function countClause(cursor: Cursor): void {
  cursor.clauses += 1;
  if (cursor.clauses > LIMITS.filterClauses) throw tooMuch('filterClauses', 'clauses');
}

/** The description or rule from `start` to the cursor. */
function word(cursor: Cursor, start: number): string {
  if (cursor.at - start > LIMITS.attributeDescriptionBytes) {
    throw tooMuch('attributeDescriptionBytes', 'octets of an attribute description');
  }
  return latin1(cursor.octets.subarray(start, cursor.at));
}

function hasLoneSurrogate(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0xd800 || unit > 0xdfff) continue;
    const next = text.charCodeAt(i + 1);
    if (unit >= 0xdc00 || !(next >= 0xdc00 && next <= 0xdfff)) return true;
    i += 1;
  }
  return false;
}

function fault(cursor: Cursor, reason: string): LdapError {
  return new LdapError('protocolError', `filter: ${reason} at octet ${cursor.at + 1}`);
}

function tooMuch(limit: LimitName, of: string): LdapError {
  return new LdapError('adminLimitExceeded', `filter: more than ${LIMITS[limit]} ${of} (limit ${limit})`);
}

/** Text of a filter. `maxCharacters`: what is longer is cut and ends with '...', for logs. */
export function formatFilter(filter: Filter, maxCharacters = Number.MAX_SAFE_INTEGER): string {
  const out: string[] = [];
  let length = 0;
  // What is still to be written, last first: filters, and text that closes sets.
  const pending: (Filter | string)[] = [filter];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const text = typeof next === 'string' ? next : writeFilter(next, pending);
    out.push(text);
    length += text.length;
    if (length > maxCharacters) return `${out.join('').slice(0, Math.max(0, maxCharacters - 3))}...`;
  }
  return out.join('');
}

/** The text of a simple filter, or the start of a set whose rest becomes pending. */
function writeFilter(filter: Filter, pending: (Filter | string)[]): string {
  switch (filter.kind) {
    case 'and':
    case 'or':
      pending.push(')');
      for (let i = filter.clauses.length - 1; i >= 0; i--) pending.push(filter.clauses[i] as Filter);
      return filter.kind === 'and' ? '(&' : '(|';
    case 'not':
      pending.push(')', filter.clause);
      return '(!';
    case 'equality':
      return `(${filter.attribute}=${escapeValue(filter.value)})`;
    case 'greaterOrEqual':
      return `(${filter.attribute}>=${escapeValue(filter.value)})`;
    case 'lessOrEqual':
      return `(${filter.attribute}<=${escapeValue(filter.value)})`;
    case 'approx':
      return `(${filter.attribute}~=${escapeValue(filter.value)})`;
    case 'present':
      return `(${filter.attribute}=*)`;
    case 'substrings': {
      const parts = [filter.initial, ...filter.any, filter.final];
      return `(${filter.attribute}=${parts.map((part) => (part === undefined ? '' : escapeValue(part))).join('*')})`;
    }
    case 'extensible': {
      const dn = filter.dnAttributes ? ':dn' : '';
      const rule = filter.rule === undefined ? '' : `:${filter.rule}`;
      return `(${filter.attribute ?? ''}${dn}${rule}:=${escapeValue(filter.value)})`;
    }
    default:
      return unreachable(filter);
  }
}

/** RFC 4515 section 3: a value as it may stand in a filter. */
export function escapeValue(value: Uint8Array): string {
  const text = utf8Decode(value);
  if (text === undefined) return escapeOctets(value);
  let from = 0;
  let out = '';
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (!mustEscape(code)) continue;
    out += text.slice(from, i) + escapeOctet(code);
    from = i + 1;
  }
  return from === 0 ? text : out + text.slice(from);
}

function escapeOctets(value: Uint8Array): string {
  let out = '';
  for (const octet of value) {
    out += octet >= 0x80 || mustEscape(octet) ? escapeOctet(octet) : String.fromCharCode(octet);
  }
  return out;
}

/** '*', '(', ')', '\' and control characters. */
function mustEscape(code: number): boolean {
  return code < 0x20 || code === 0x7f || (code >= 0x28 && code <= 0x2a) || code === 0x5c;
}

function escapeOctet(octet: number): string {
  return `\\${HEX[octet >> 4]}${HEX[octet & 15]}`;
}
