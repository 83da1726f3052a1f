/** The matched values control: filters without and, or, not (RFC 3876 section 2). */
import { LdapError } from '../../base/ldap-error.js';
import { TAG } from '../../ber/tags.js';
import type { Filter } from '../../filter/filter.js';
import { FilterSize, readFilterItem } from '../decode-filter.js';
import { writeFilter } from '../encode-filter.js';
import { decodeValue, encodeValue } from '../value-codec.js';

/** At least one item; a value is returned when any of them matches it. Throws LdapError protocolError or adminLimitExceeded. */
export function decodeMatchedValues(value: Uint8Array | undefined): readonly Filter[] {
  return decodeValue('matched values control', value, (reader) => {
    const items: Filter[] = [];
    const size = new FilterSize();
    const outer = reader.enter(TAG.sequence);
    while (!reader.atEnd) {
      size.addClause();
      const item = readFilterItem(reader, size);
      if (item.kind === 'extensible' && item.dnAttributes) {
        throw new LdapError('protocolError', 'a matched values filter has no dnAttributes');
      }
      items.push(item);
    }
    reader.leave(outer);
    if (items.length === 0) throw new LdapError('protocolError', 'the matched values control has no filter');
    return items;
  });
}

export function encodeMatchedValues(items: readonly Filter[]): Uint8Array {
  return encodeValue((writer) => {
    for (let i = items.length - 1; i >= 0; i--) writeFilter(writer, items[i] as Filter);
    writer.wrap(TAG.sequence, 0);
  });
}
