/**
 * Pre-read and post-read (RFC 4527): the request's attribute selection, the response's entry.
 *
 * The response is a SearchResultEntry, [APPLICATION 4]; a plain SEQUENCE, which some servers send, is read too.
 */
import { LIMITS } from '../../base/limits.js';
import { TAG } from '../../ber/tags.js';
import type { Attribute } from '../../entry/entry.js';
import { readAttribute, readDn, readSelection, type ValueBudget } from '../decode-parts.js';
import { writeAttributeList } from '../encode-response.js';
import { OP } from '../protocol-tags.js';
import { decodeValue, encodeValue } from '../value-codec.js';

/** The entry of a response. */
export interface ReadEntry {
  readonly dn: string;
  readonly attributes: readonly Attribute[];
}

/** The attributes asked for. Throws LdapError protocolError or adminLimitExceeded. */
export function decodeReadRequest(value: Uint8Array | undefined): readonly string[] {
  return decodeValue('pre-read or post-read control', value, (reader) => readSelection(reader, 'a control'));
}

export function encodeReadRequest(attributes: readonly string[]): Uint8Array {
  return encodeValue((writer) => {
    for (let i = attributes.length - 1; i >= 0; i--) writer.text(attributes[i] as string);
    writer.wrap(TAG.sequence, 0);
  });
}

/** Throws LdapError. */
export function decodeReadResponse(value: Uint8Array | undefined): ReadEntry {
  return decodeValue('pre-read or post-read response', value, (reader) => {
    const budget: ValueBudget = { left: LIMITS.valuesPerRequest };
    const attributes: Attribute[] = [];
    const outer = reader.enter(reader.peekTag() === TAG.sequence ? TAG.sequence : OP.searchEntry);
    const dn = readDn(reader);
    const list = reader.enter(TAG.sequence);
    while (!reader.atEnd) {
      const attribute = readAttribute(reader, budget);
      attributes.push({ name: attribute.description, values: attribute.values });
    }
    reader.leave(list);
    reader.leaveExtensible(outer);
    return { dn, attributes };
  });
}

export function encodeReadResponse(entry: ReadEntry): Uint8Array {
  return encodeValue((writer) => {
    writeAttributeList(writer, entry.attributes);
    writer.text(entry.dn);
    writer.wrap(OP.searchEntry, 0);
  });
}
