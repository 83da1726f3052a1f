/**
 * Search filters to BER (RFC 4511 section 4.5.1.7): the client's side.
 *
 * Recursion is bounded by the depth that every Filter has (filter/filter.ts); a deeper one is refused.
 */
import { LdapError } from '../base/ldap-error.js';
import { LIMITS } from '../base/limits.js';
import type { BerWriter } from '../ber/ber-writer.js';
import { contextTag, TAG } from '../ber/tags.js';
import type { Filter } from '../filter/filter.js';
import { FILTER } from './protocol-tags.js';

/** Writes a filter. Throws LdapError adminLimitExceeded when it is deeper than LIMITS.filterDepth. */
export function writeFilter(writer: BerWriter, filter: Filter, depth = 0): void {
  if (depth > LIMITS.filterDepth) {
    throw new LdapError(
      'adminLimitExceeded',
      `a filter may be ${LIMITS.filterDepth} deep (limit filterDepth)`,
    );
  }
  const mark = writer.length;
  switch (filter.kind) {
    case 'and':
    case 'or':
      for (let i = filter.clauses.length - 1; i >= 0; i--) {
        writeFilter(writer, filter.clauses[i] as Filter, depth + 1);
      }
      break;
    case 'not':
      writeFilter(writer, filter.clause, depth + 1);
      break;
    case 'present':
      writer.text(filter.attribute, FILTER.present);
      return;
    case 'substrings':
      writeSubstrings(writer, filter);
      break;
    case 'extensible':
      if (filter.dnAttributes) writer.boolean(true, contextTag(4));
      writer.octets(filter.value, contextTag(3));
      if (filter.attribute !== undefined) writer.text(filter.attribute, contextTag(2));
      if (filter.rule !== undefined) writer.text(filter.rule, contextTag(1));
      break;
    default:
      writer.octets(filter.value);
      writer.text(filter.attribute);
  }
  writer.wrap(FILTER[filter.kind], mark);
}

function writeSubstrings(writer: BerWriter, filter: Extract<Filter, { kind: 'substrings' }>): void {
  const mark = writer.length;
  if (filter.final !== undefined) writer.octets(filter.final, contextTag(2));
  for (let i = filter.any.length - 1; i >= 0; i--) writer.octets(filter.any[i] as Uint8Array, contextTag(1));
  if (filter.initial !== undefined) writer.octets(filter.initial, contextTag(0));
  writer.wrap(TAG.sequence, mark);
  writer.text(filter.attribute);
}
