/** Server side sorting: keys of the request, result of the response (RFC 2891). */
import { LdapError } from '../../base/ldap-error.js';
import { LIMITS } from '../../base/limits.js';
import { RESULT_CODES, type ResultName, resultName } from '../../base/result-code.js';
import { contextTag, TAG } from '../../ber/tags.js';
import { readDescription, readName } from '../decode-parts.js';
import { decodeValue, encodeValue } from '../value-codec.js';

const ORDERING_RULE = contextTag(0);
const REVERSE_ORDER = contextTag(1);
const ATTRIBUTE = contextTag(0);

export interface SortKey {
  readonly attribute: string;
  /** Name or OID of an ordering rule; undefined: the attribute's own. */
  readonly rule: string | undefined;
  readonly reverse: boolean;
}

export interface SortResult {
  readonly result: ResultName;
  /** The first attribute that could not be used. */
  readonly attribute: string | undefined;
}

/** At least one key. Throws LdapError protocolError or adminLimitExceeded. */
export function decodeSortRequest(value: Uint8Array | undefined): readonly SortKey[] {
  return decodeValue('sort control', value, (reader) => {
    const keys: SortKey[] = [];
    const list = reader.enter(TAG.sequence);
    while (!reader.atEnd) {
      if (keys.length >= LIMITS.sortKeys) {
        throw new LdapError('adminLimitExceeded', `a sort may have ${LIMITS.sortKeys} keys (limit sortKeys)`);
      }
      const outer = reader.enter(TAG.sequence);
      const attribute = readDescription(reader);
      const rule = reader.peekTag() === ORDERING_RULE ? readName(reader, ORDERING_RULE) : undefined;
      const reverse = reader.peekTag() === REVERSE_ORDER ? reader.boolean(REVERSE_ORDER) : false;
      reader.leaveExtensible(outer);
      keys.push({ attribute, rule, reverse });
    }
    reader.leave(list);
    if (keys.length === 0) throw new LdapError('protocolError', 'the sort control has no key');
    return keys;
  });
}

export function encodeSortRequest(keys: readonly SortKey[]): Uint8Array {
  return encodeValue((writer) => {
    for (let i = keys.length - 1; i >= 0; i--) {
      const key = keys[i] as SortKey;
      const mark = writer.length;
      if (key.reverse) writer.boolean(true, REVERSE_ORDER);
      if (key.rule !== undefined) writer.text(key.rule, ORDERING_RULE);
      writer.text(key.attribute);
      writer.wrap(TAG.sequence, mark);
    }
    writer.wrap(TAG.sequence, 0);
  });
}

/** Throws LdapError protocolError. An unknown code becomes `other`. */
export function decodeSortResponse(value: Uint8Array | undefined): SortResult {
  return decodeValue('sort response', value, (reader) => {
    const outer = reader.enter(TAG.sequence);
    const result = resultName(reader.integer(TAG.enumerated)) ?? 'other';
    const attribute = reader.peekTag() === ATTRIBUTE ? readDescription(reader, ATTRIBUTE) : undefined;
    reader.leaveExtensible(outer);
    return { result, attribute };
  });
}

export function encodeSortResponse(sort: SortResult): Uint8Array {
  return encodeValue((writer) => {
    if (sort.attribute !== undefined) writer.text(sort.attribute, ATTRIBUTE);
    writer.integer(RESULT_CODES[sort.result], TAG.enumerated);
    writer.wrap(TAG.sequence, 0);
  });
}
