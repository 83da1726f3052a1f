/**
 * Search filters from BER (RFC 4511 section 4.5.1.7; empty and/or: RFC 4526), without recursion.
 *
 * Depth, clauses and octets of assertion values are bounded here (LIMITS.filterDepth, filterClauses, filterValueBytes), for everyone who walks the filter later.
 */
import { LdapError } from '../base/ldap-error.js';
import { LIMITS } from '../base/limits.js';
import type { BerReader } from '../ber/ber-reader.js';
import { contextTag, TAG } from '../ber/tags.js';
import type { Filter } from '../filter/filter.js';
import { readDescription, readName } from './decode-parts.js';
import { FILTER } from './protocol-tags.js';

const INITIAL = contextTag(0);
const ANY = contextTag(1);
const FINAL = contextTag(2);
const RULE = contextTag(1);
const TYPE = contextTag(2);
const MATCH_VALUE = contextTag(3);
const DN_ATTRIBUTES = contextTag(4);

/** An and, or or not whose clauses are being read. */
interface OpenSet {
  readonly tag: number;
  readonly clauses: Filter[];
  /** What BerReader.leave() needs. */
  readonly outer: number;
}

/** How much of what one filter may have was read: clauses, and octets of assertion values. */
export class FilterSize {
  #clauses = 0;
  #octets = 0;

  /** One more clause. Throws LdapError adminLimitExceeded. */
  addClause(): void {
    this.#clauses += 1;
    if (this.#clauses <= LIMITS.filterClauses) return;
    throw new LdapError(
      'adminLimitExceeded',
      `a filter may have ${LIMITS.filterClauses} clauses (limit filterClauses)`,
    );
  }

  /** The assertion value that is next: a view. Throws BerError, or LdapError adminLimitExceeded. */
  readValue(reader: BerReader, tag: number = TAG.octetString): Uint8Array {
    const value = reader.octets(tag);
    this.#octets += value.length;
    if (this.#octets <= LIMITS.filterValueBytes) return value;
    throw new LdapError(
      'adminLimitExceeded',
      `the values of a filter may have ${LIMITS.filterValueBytes} octets (limit filterValueBytes)`,
    );
  }
}

/** The filter that is next. Throws BerError (structure) or LdapError (protocolError, adminLimitExceeded). */
export function readFilter(reader: BerReader): Filter {
  const open: OpenSet[] = [];
  const size = new FilterSize();
  for (;;) {
    size.addClause();
    const tag = reader.peekTag();
    let done: Filter | undefined;
    if (tag === FILTER.and || tag === FILTER.or || tag === FILTER.not) {
      if (open.length >= LIMITS.filterDepth) {
        throw new LdapError(
          'adminLimitExceeded',
          `a filter may be ${LIMITS.filterDepth} deep (limit filterDepth)`,
        );
      }
      open.push({ tag, clauses: [], outer: reader.enter(tag) });
    } else {
      done = readFilterItem(reader, size);
      if (open.length === 0) return done;
    }
    done = closeSets(reader, open, done);
    if (done !== undefined) return done;
  }
}

/** Adds a finished filter to the innermost set and closes every set that is complete. Answers the whole filter when none is left. */
function closeSets(reader: BerReader, open: OpenSet[], finished: Filter | undefined): Filter | undefined {
  let done = finished;
  for (let set = open.at(-1); set !== undefined; set = open.at(-1)) {
    if (done !== undefined) set.clauses.push(done);
    if (!reader.atEnd && !(set.tag === FILTER.not && set.clauses.length > 0)) return undefined;
    reader.leave(set.outer);
    open.pop();
    done = setFilter(set);
  }
  return done;
}

function setFilter(set: OpenSet): Filter {
  if (set.tag === FILTER.and) return { kind: 'and', clauses: set.clauses };
  if (set.tag === FILTER.or) return { kind: 'or', clauses: set.clauses };
  const clause = set.clauses[0];
  if (clause === undefined) throw new LdapError('protocolError', 'a not filter has no clause');
  return { kind: 'not', clause };
}

/** A filter that is no and, or or not, whose values count in `size`. Throws as readFilter() does. */
export function readFilterItem(reader: BerReader, size: FilterSize): Filter {
  const tag = reader.peekTag();
  switch (tag) {
    case FILTER.equality:
      return readAssertion(reader, size, tag, 'equality');
    case FILTER.present:
      return { kind: 'present', attribute: readDescription(reader, tag) };
    case FILTER.substrings:
      return readSubstrings(reader, size);
    case FILTER.greaterOrEqual:
      return readAssertion(reader, size, tag, 'greaterOrEqual');
    case FILTER.lessOrEqual:
      return readAssertion(reader, size, tag, 'lessOrEqual');
    case FILTER.approx:
      return readAssertion(reader, size, tag, 'approx');
    case FILTER.extensible:
      return readExtensible(reader, size);
    default:
      throw new LdapError('protocolError', 'the filter has a choice that RFC 4511 does not define');
  }
}

function readAssertion(
  reader: BerReader,
  size: FilterSize,
  tag: number,
  kind: 'equality' | 'greaterOrEqual' | 'lessOrEqual' | 'approx',
): Filter {
  const outer = reader.enter(tag);
  const attribute = readDescription(reader);
  const value = size.readValue(reader);
  reader.leaveExtensible(outer);
  return { kind, attribute, value };
}

function readSubstrings(reader: BerReader, size: FilterSize): Filter {
  const outer = reader.enter(FILTER.substrings);
  const attribute = readDescription(reader);
  const list = reader.enter(TAG.sequence);
  let initial: Uint8Array | undefined;
  let final: Uint8Array | undefined;
  const any: Uint8Array[] = [];
  let parts = 0;
  while (!reader.atEnd) {
    parts += 1;
    if (parts > LIMITS.substringParts) {
      throw new LdapError(
        'adminLimitExceeded',
        `a substring filter may have ${LIMITS.substringParts} parts (limit substringParts)`,
      );
    }
    const tag = reader.peekTag();
    if (final !== undefined)
      throw new LdapError('protocolError', 'nothing may follow the final part of a substring filter');
    if (tag === INITIAL && parts === 1) initial = size.readValue(reader, INITIAL);
    else if (tag === ANY) any.push(size.readValue(reader, ANY));
    else if (tag === FINAL) final = size.readValue(reader, FINAL);
    else throw new LdapError('protocolError', 'the parts of a substring filter are initial, any ..., final');
  }
  if (parts === 0) throw new LdapError('protocolError', 'a substring filter has no part');
  reader.leave(list);
  reader.leaveExtensible(outer);
  return { kind: 'substrings', attribute, initial, any, final };
}

function readExtensible(reader: BerReader, size: FilterSize): Filter {
  const outer = reader.enter(FILTER.extensible);
  const rule = reader.peekTag() === RULE ? readName(reader, RULE) : undefined;
  const attribute = reader.peekTag() === TYPE ? readDescription(reader, TYPE) : undefined;
  const value = size.readValue(reader, MATCH_VALUE);
  const dnAttributes = reader.peekTag() === DN_ATTRIBUTES ? reader.boolean(DN_ATTRIBUTES) : false;
  reader.leaveExtensible(outer);
  if (rule === undefined && attribute === undefined) {
    throw new LdapError('protocolError', 'an extensible filter names neither a rule nor an attribute');
  }
  return { kind: 'extensible', rule, attribute, value, dnAttributes };
}
