/**
 * Responses from bytes (RFC 4511 sections 4.2.2-4.13): the client's side. A hostile server's answers get the same bounds as hostile requests.
 *
 * A result code that we do not know becomes `other` with the number in front of the diagnostic. The one error for bad input is ResponseError.
 */
import { LdapError } from '../base/ldap-error.js';
import { LIMITS } from '../base/limits.js';
import { resultName } from '../base/result-code.js';
import { BerError } from '../ber/ber-error.js';
import { BerReader } from '../ber/ber-reader.js';
import { contextTag, TAG } from '../ber/tags.js';
import { readAttribute, readControls, readName, type ValueBudget } from './decode-parts.js';
import type { LdapResponse, LdapResult, ResponseMessage } from './message.js';
import { OP, REFERRAL_TAG } from './protocol-tags.js';

const SERVER_CREDENTIALS = contextTag(7);
const EXTENDED_NAME = contextTag(10);
const EXTENDED_VALUE = contextTag(11);
const INTERMEDIATE_NAME = contextTag(0);
const INTERMEDIATE_VALUE = contextTag(1);

const RESULT_KINDS = new Map<number, 'searchDone' | 'modify' | 'add' | 'delete' | 'modifyDn' | 'compare'>([
  [OP.searchDone, 'searchDone'],
  [OP.modifyResponse, 'modify'],
  [OP.addResponse, 'add'],
  [OP.deleteResponse, 'delete'],
  [OP.modifyDnResponse, 'modifyDn'],
  [OP.compareResponse, 'compare'],
]);

/** What a server sent is no LDAP response. */
export class ResponseError extends Error {
  override readonly name = 'ResponseError';
}

const reader = new BerReader();

/** The response in `frame`, which holds exactly one LDAPMessage. Values are views of it. Throws ResponseError. */
export function decodeResponse(frame: Uint8Array): ResponseMessage {
  try {
    reader.reset(frame);
    const outer = reader.enter(TAG.sequence);
    const id = reader.integer();
    if (id < 0) throw new ResponseError('a message id may not be negative');
    const response = readResponse();
    const controls = readControls(reader);
    reader.leaveExtensible(outer);
    reader.finish();
    return { id, response, controls };
  } catch (error) {
    if (error instanceof LdapError || error instanceof BerError)
      throw new ResponseError(error.message, { cause: error });
    throw error;
  }
}

function readResponse(): LdapResponse {
  const tag = reader.peekTag();
  const resultKind = RESULT_KINDS.get(tag);
  if (resultKind !== undefined) {
    const outer = reader.enter(tag);
    const result = readResult();
    reader.leaveExtensible(outer);
    return { kind: resultKind, result };
  }
  switch (tag) {
    case OP.searchEntry:
      return readEntry();
    case OP.searchReference: {
      const outer = reader.enter(tag);
      const urls = readTexts();
      reader.leave(outer);
      return { kind: 'searchReference', urls };
    }
    case OP.bindResponse: {
      const outer = reader.enter(tag);
      const result = readResult();
      const serverCredentials = optionalOctets(SERVER_CREDENTIALS);
      reader.leaveExtensible(outer);
      return { kind: 'bind', result, serverCredentials };
    }
    case OP.extendedResponse: {
      const outer = reader.enter(tag);
      const result = readResult();
      const oid = reader.peekTag() === EXTENDED_NAME ? readName(reader, EXTENDED_NAME) : undefined;
      const value = optionalOctets(EXTENDED_VALUE);
      reader.leaveExtensible(outer);
      return { kind: 'extended', result, oid, value };
    }
    case OP.intermediateResponse: {
      const outer = reader.enter(tag);
      const oid = reader.peekTag() === INTERMEDIATE_NAME ? readName(reader, INTERMEDIATE_NAME) : undefined;
      const value = optionalOctets(INTERMEDIATE_VALUE);
      reader.leaveExtensible(outer);
      return { kind: 'intermediate', oid, value };
    }
    default:
      throw new ResponseError('the message is no response that RFC 4511 defines');
  }
}

function readEntry(): LdapResponse {
  const budget: ValueBudget = { left: LIMITS.valuesPerRequest };
  const attributes: { name: string; values: readonly Uint8Array[] }[] = [];
  const outer = reader.enter(OP.searchEntry);
  const dn = readString();
  const list = reader.enter(TAG.sequence);
  while (!reader.atEnd) {
    if (attributes.length >= LIMITS.attributesPerEntry)
      throw new ResponseError('an entry has too many attributes');
    const attribute = readAttribute(reader, budget);
    attributes.push({ name: attribute.description, values: attribute.values });
  }
  reader.leave(list);
  reader.leaveExtensible(outer);
  return { kind: 'searchEntry', dn, attributes };
}

function readResult(): LdapResult {
  const code = reader.integer(TAG.enumerated);
  const matchedDn = readString();
  const text = readString();
  let referrals: string[] = [];
  if (reader.peekTag() === REFERRAL_TAG) {
    const outer = reader.enter(REFERRAL_TAG);
    referrals = readTexts();
    reader.leave(outer);
  }
  const result = resultName(code);
  if (result !== undefined) return { result, matchedDn, diagnostic: text, referrals };
  return { result: 'other', matchedDn, diagnostic: `result code ${code}: ${text}`, referrals };
}

function readTexts(): string[] {
  const texts: string[] = [];
  while (!reader.atEnd) {
    if (texts.length >= LIMITS.referrals) throw new ResponseError('a response has too many referrals');
    texts.push(readString());
  }
  return texts;
}

function readString(): string {
  const text = reader.text();
  if (text === undefined) throw new ResponseError('a text is not valid UTF-8');
  return text;
}

function optionalOctets(tag: number): Uint8Array | undefined {
  return reader.peekTag() === tag ? reader.octets(tag) : undefined;
}
