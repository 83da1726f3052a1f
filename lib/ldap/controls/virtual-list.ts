/**
 * Virtual list view: the request's window and target, the response's position (draft-ietf-ldapext-ldapv3-vlv-09 section 6).
 *
 * What a context id means is the server's affair.
 */
import { LdapError } from '../../base/ldap-error.js';
import { LIMITS } from '../../base/limits.js';
import { RESULT_CODES, type ResultName, resultName } from '../../base/result-code.js';
import type { BerReader } from '../../ber/ber-reader.js';
import { contextConstructed, contextTag, TAG } from '../../ber/tags.js';
import { readCount } from '../decode-parts.js';
import { decodeValue, encodeValue } from '../value-codec.js';

const BY_OFFSET = contextConstructed(0);
const BY_VALUE = contextTag(1);

/** Which entry of the list the window is about. */
export type ListTarget =
  /** The `offset`-th (from 1) of a list that the client believes to have `contentCount` entries; 0: it does not know. */
  | { readonly kind: 'offset'; readonly offset: number; readonly contentCount: number }
  /** The first whose first sort key is not before this value. */
  | { readonly kind: 'value'; readonly value: Uint8Array };

export interface VirtualListRequest {
  /** Entries wanted before and after the target. */
  readonly before: number;
  readonly after: number;
  readonly target: ListTarget;
  readonly contextId: Uint8Array | undefined;
}

export interface VirtualListResponse {
  /** Place of the target, from 1; one more than contentCount when every entry is before it. */
  readonly position: number;
  readonly contentCount: number;
  readonly result: ResultName;
  readonly contextId: Uint8Array | undefined;
}

/** Throws LdapError protocolError. */
export function decodeVirtualListRequest(value: Uint8Array | undefined): VirtualListRequest {
  return decodeValue('virtual list view control', value, (reader) => {
    const outer = reader.enter(TAG.sequence);
    const before = readCount(reader, 'the count of entries before');
    const after = readCount(reader, 'the count of entries after');
    const target = readTarget(reader);
    const contextId = readContextId(reader);
    reader.leaveExtensible(outer);
    return { before, after, target, contextId };
  });
}

export function encodeVirtualListRequest(request: VirtualListRequest): Uint8Array {
  return encodeValue((writer) => {
    if (request.contextId !== undefined) writer.octets(request.contextId);
    const { target } = request;
    const mark = writer.length;
    if (target.kind === 'value') writer.octets(target.value, BY_VALUE);
    else {
      writer.integer(target.contentCount);
      writer.integer(target.offset);
      writer.wrap(BY_OFFSET, mark);
    }
    writer.integer(request.after);
    writer.integer(request.before);
    writer.wrap(TAG.sequence, 0);
  });
}

/** Throws LdapError protocolError. An unknown code becomes `other`. */
export function decodeVirtualListResponse(value: Uint8Array | undefined): VirtualListResponse {
  return decodeValue('virtual list view response', value, (reader) => {
    const outer = reader.enter(TAG.sequence);
    const position = readCount(reader, 'a position');
    const contentCount = readCount(reader, 'a content count');
    const result = resultName(reader.integer(TAG.enumerated)) ?? 'other';
    const contextId = readContextId(reader);
    reader.leaveExtensible(outer);
    return { position, contentCount, result, contextId };
  });
}

export function encodeVirtualListResponse(response: VirtualListResponse): Uint8Array {
  return encodeValue((writer) => {
    if (response.contextId !== undefined) writer.octets(response.contextId);
    writer.integer(RESULT_CODES[response.result], TAG.enumerated);
    writer.integer(response.contentCount);
    writer.integer(response.position);
    writer.wrap(TAG.sequence, 0);
  });
}

function readTarget(reader: BerReader): ListTarget {
  if (reader.peekTag() === BY_VALUE) return { kind: 'value', value: reader.octets(BY_VALUE) };
  const outer = reader.enter(BY_OFFSET);
  const offset = readCount(reader, 'an offset');
  const contentCount = readCount(reader, 'a content count');
  reader.leaveExtensible(outer);
  return { kind: 'offset', offset, contentCount };
}

function readContextId(reader: BerReader): Uint8Array | undefined {
  if (reader.peekTag() !== TAG.octetString) return undefined;
  const contextId = reader.octets();
  if (contextId.length > LIMITS.contextIdBytes) {
    throw new LdapError(
      'protocolError',
      `a context id may have ${LIMITS.contextIdBytes} octets (limit contextIdBytes)`,
    );
  }
  return contextId;
}
