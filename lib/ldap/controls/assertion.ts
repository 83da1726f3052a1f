/** The assertion control: its value is a filter (RFC 4528 section 3). */
import type { Filter } from '../../filter/filter.js';
import { readFilter } from '../decode-filter.js';
import { writeFilter } from '../encode-filter.js';
import { decodeValue, encodeValue } from '../value-codec.js';

/** Throws LdapError protocolError or adminLimitExceeded. */
export function decodeAssertion(value: Uint8Array | undefined): Filter {
  return decodeValue('assertion control', value, readFilter);
}

export function encodeAssertion(filter: Filter): Uint8Array {
  return encodeValue((writer) => writeFilter(writer, filter));
}
