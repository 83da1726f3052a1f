/** Cancel: value of the request (RFC 3909 section 2.1). The response has none. */
import { TAG } from '../../ber/tags.js';
import { readCount } from '../decode-parts.js';
import { decodeValue, encodeValue } from '../value-codec.js';

/** Message id of the operation to cancel. Throws LdapError protocolError. */
export function decodeCancel(value: Uint8Array | undefined): number {
  return decodeValue('cancel request', value, (reader) => {
    const outer = reader.enter(TAG.sequence);
    const id = readCount(reader, 'a message id');
    reader.leaveExtensible(outer);
    return id;
  });
}

export function encodeCancel(id: number): Uint8Array {
  return encodeValue((writer) => {
    writer.integer(id);
    writer.wrap(TAG.sequence, 0);
  });
}
