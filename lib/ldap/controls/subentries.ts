/** The subentries control: whether subentries alone are visible, or all but them (RFC 3672 section 3). */
import { decodeValue, encodeValue } from '../value-codec.js';

/** True: subentries are visible and other entries are not. Throws LdapError protocolError. */
export function decodeSubentries(value: Uint8Array | undefined): boolean {
  return decodeValue('subentries control', value, (reader) => reader.boolean());
}

export function encodeSubentries(visible: boolean): Uint8Array {
  return encodeValue((writer) => writer.boolean(visible));
}
