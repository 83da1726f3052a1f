/** Simple paged results: value of request and response (RFC 2696). What a cookie means is the server's affair. */
import { TAG } from '../../ber/tags.js';
import { readCount } from '../decode-parts.js';
import { decodeValue, encodeValue } from '../value-codec.js';

export interface PagedResults {
  /** Request: entries wanted in this page. Response: estimate of all entries, 0 for unknown. */
  readonly size: number;
  /** Empty in the first request and in the last response. */
  readonly cookie: Uint8Array;
}

/** Throws LdapError protocolError. */
export function decodePagedResults(value: Uint8Array | undefined): PagedResults {
  return decodeValue('paged results control', value, (reader) => {
    const outer = reader.enter(TAG.sequence);
    const size = readCount(reader, 'the page size');
    const cookie = reader.octets();
    reader.leaveExtensible(outer);
    return { size, cookie };
  });
}

export function encodePagedResults(paged: PagedResults): Uint8Array {
  return encodeValue((writer) => {
    writer.octets(paged.cookie);
    writer.integer(paged.size);
    writer.wrap(TAG.sequence, 0);
  });
}
