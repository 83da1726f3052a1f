/**
 * Responses to bytes (RFC 4511 sections 4.2.2-4.13).
 *
 * Every function writes one whole LDAPMessage before what the writer holds and leaves it there, so a caller resets the writer, encodes, and sends
 * writer.bytes(). An entry's PartialAttributeList can be encoded once and sent under many message ids without encoding it again.
 */
import { RESULT_CODES } from '../base/result-code.js';
import type { BerWriter } from '../ber/ber-writer.js';
import { contextTag, TAG } from '../ber/tags.js';
import type { Attribute } from '../entry/entry.js';
import { writeAttribute, writeControls, writeEnvelope } from './encode-parts.js';
import type { Control, LdapResponse, LdapResult, ResponseMessage } from './message.js';
import { OP, REFERRAL_TAG } from './protocol-tags.js';

const SERVER_CREDENTIALS = contextTag(7);
const EXTENDED_NAME = contextTag(10);
const EXTENDED_VALUE = contextTag(11);
const INTERMEDIATE_NAME = contextTag(0);
const INTERMEDIATE_VALUE = contextTag(1);
const NO_CONTROLS: readonly Control[] = [];

const RESULT_OPS = {
  searchDone: OP.searchDone,
  modify: OP.modifyResponse,
  add: OP.addResponse,
  delete: OP.deleteResponse,
  modifyDn: OP.modifyDnResponse,
  compare: OP.compareResponse,
} as const;

/** The result of an operation that went well. */
export const SUCCESS: LdapResult = { result: 'success', matchedDn: '', diagnostic: '', referrals: [] };

/** Writes one response message. */
export function encodeResponse(writer: BerWriter, message: ResponseMessage): void {
  const mark = writer.length;
  writeControls(writer, message.controls);
  writeResponse(writer, message.response);
  writeEnvelope(writer, message.id, mark);
}

/** Writes a SearchResultEntry around a PartialAttributeList of encodeAttributeList(). `dn`: RFC 4514 text, or its UTF-8 octets. */
export function encodeEntryAround(
  writer: BerWriter,
  id: number,
  dn: string | Uint8Array,
  attributeList: Uint8Array,
  controls: readonly Control[] = NO_CONTROLS,
): void {
  const mark = writer.length;
  writeControls(writer, controls);
  const op = writer.length;
  writer.raw(attributeList);
  if (typeof dn === 'string') writer.text(dn);
  else writer.octets(dn);
  writer.wrap(OP.searchEntry, op);
  writeEnvelope(writer, id, mark);
}

/** A PartialAttributeList, header included, as octets of its own: for encodeEntryAround(). `writer` is left as it was found. */
export function encodeAttributeList(writer: BerWriter, attributes: readonly Attribute[]): Uint8Array {
  const mark = writer.length;
  writeAttributeList(writer, attributes);
  const bytes = writer.copySince(mark);
  writer.dropSince(mark);
  return bytes;
}

/** Writes a PartialAttributeList. */
export function writeAttributeList(writer: BerWriter, attributes: readonly Attribute[]): void {
  const mark = writer.length;
  for (let i = attributes.length - 1; i >= 0; i--) {
    const attribute = attributes[i] as Attribute;
    writeAttribute(writer, attribute.name, attribute.values);
  }
  writer.wrap(TAG.sequence, mark);
}

function writeResponse(writer: BerWriter, response: LdapResponse): void {
  const mark = writer.length;
  switch (response.kind) {
    case 'searchEntry':
      writeAttributeList(writer, response.attributes);
      writer.text(response.dn);
      writer.wrap(OP.searchEntry, mark);
      return;
    case 'searchReference':
      writeTexts(writer, response.urls);
      writer.wrap(OP.searchReference, mark);
      return;
    case 'bind':
      if (response.serverCredentials !== undefined)
        writer.octets(response.serverCredentials, SERVER_CREDENTIALS);
      writeResult(writer, response.result);
      writer.wrap(OP.bindResponse, mark);
      return;
    case 'extended':
      if (response.value !== undefined) writer.octets(response.value, EXTENDED_VALUE);
      if (response.oid !== undefined) writer.text(response.oid, EXTENDED_NAME);
      writeResult(writer, response.result);
      writer.wrap(OP.extendedResponse, mark);
      return;
    case 'intermediate':
      if (response.value !== undefined) writer.octets(response.value, INTERMEDIATE_VALUE);
      if (response.oid !== undefined) writer.text(response.oid, INTERMEDIATE_NAME);
      writer.wrap(OP.intermediateResponse, mark);
      return;
    default:
      writeResult(writer, response.result);
      writer.wrap(RESULT_OPS[response.kind], mark);
  }
}

function writeResult(writer: BerWriter, result: LdapResult): void {
  if (result.referrals.length > 0) {
    const mark = writer.length;
    writeTexts(writer, result.referrals);
    writer.wrap(REFERRAL_TAG, mark);
  }
  writer.text(result.diagnostic);
  writer.text(result.matchedDn);
  writer.integer(RESULT_CODES[result.result], TAG.enumerated);
}

function writeTexts(writer: BerWriter, texts: readonly string[]): void {
  for (let i = texts.length - 1; i >= 0; i--) writer.text(texts[i] as string);
}
