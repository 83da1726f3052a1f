/**
 * Filters as text (RFC 4515): for logs, tools and LDAP URLs. Linear, without recursion.
 *
 * Escapes what RFC 4515 asks for and control characters, so that a log line stays one line; a value that is not UTF-8 has all its octets
 * above 0x7f escaped. Invariant: parseFilter(formatFilter(f)) is f, octet for octet, for every filter that text can say (descriptions
 * are written as they are).
 */
import { unreachable } from '../base/assert.js';
import { utf8Decode } from '../base/bytes.js';
import type { Filter } from './filter.js';

const HEX = '0123456789abcdef';

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
