/**
 * Requests from bytes: one whole LDAPMessage in, one RequestMessage out (RFC 4511 sections 4.1.1-4.12, 5.1).
 *
 * Every count is bounded (base/limits.ts); values and credentials are views of the input. Trailing unrecognized components are ignored where RFC 4511
 * is extensible, which is every SEQUENCE of fixed components. The one error thrown for bad input is RequestError.
 */
import { LdapError } from '../base/ldap-error.js';
import { LIMITS } from '../base/limits.js';
import { BerError } from '../ber/ber-error.js';
import { BerReader } from '../ber/ber-reader.js';
import { contextConstructed, contextTag, TAG } from '../ber/tags.js';
import { readFilter } from './decode-filter.js';
import {
  readAttribute,
  readControls,
  readCount,
  readDescription,
  readDn,
  readName,
  readSelection,
  type ValueBudget,
} from './decode-parts.js';
import type {
  BindRequest,
  DerefAliases,
  LdapRequest,
  Modification,
  RawAttribute,
  RequestMessage,
  SearchRequest,
  SearchScope,
} from './message.js';
import { CONTROLS_TAG, OP } from './protocol-tags.js';
import { RequestError } from './request-error.js';

const SIMPLE = contextTag(0);
const SASL = contextConstructed(3);
const NEW_SUPERIOR = contextTag(0);
const EXTENDED_NAME = contextTag(0);
const EXTENDED_VALUE = contextTag(1);

const SCOPES: readonly SearchScope[] = ['base', 'one', 'sub', 'subordinates'];
const DEREFS: readonly DerefAliases[] = ['never', 'searching', 'finding', 'always'];
const MODIFICATIONS: readonly Modification['operation'][] = ['add', 'delete', 'replace', 'increment'];

const KINDS = new Map<number, LdapRequest['kind']>([
  [OP.bindRequest, 'bind'],
  [OP.unbindRequest, 'unbind'],
  [OP.searchRequest, 'search'],
  [OP.modifyRequest, 'modify'],
  [OP.addRequest, 'add'],
  [OP.deleteRequest, 'delete'],
  [OP.modifyDnRequest, 'modifyDn'],
  [OP.compareRequest, 'compare'],
  [OP.abandonRequest, 'abandon'],
  [OP.extendedRequest, 'extended'],
]);

const reader = new BerReader();

/** The request in `frame`, which holds exactly one LDAPMessage (ber/frame.ts finds it). Throws RequestError. */
export function decodeRequest(frame: Uint8Array): RequestMessage {
  let id: number | undefined;
  let kind: LdapRequest['kind'] | undefined;
  try {
    reader.reset(frame);
    const outer = reader.enter(TAG.sequence);
    id = readMessageId();
    kind = KINDS.get(reader.peekTag());
    if (kind === undefined)
      throw new RequestError(
        'protocolError',
        'the message is no request that RFC 4511 defines',
        id,
        undefined,
        true,
      );
    const request = readRequest(kind);
    const controls = readControls(reader);
    if (reader.peekTag() === CONTROLS_TAG)
      throw new LdapError('protocolError', 'a message carries controls twice');
    reader.leaveExtensible(outer);
    reader.finish();
    return { id, request, controls };
  } catch (error) {
    if (error instanceof LdapError)
      throw new RequestError(error.result, error.message, id, kind, id === undefined);
    if (error instanceof BerError) throw new RequestError('protocolError', error.message, id, kind, true);
    throw error;
  }
}

function readMessageId(): number {
  const id = reader.integer();
  if (id <= 0) throw new LdapError('protocolError', 'the message id of a request is 1..2147483647');
  return id;
}

function readRequest(kind: LdapRequest['kind']): LdapRequest {
  switch (kind) {
    case 'search':
      return readSearch();
    case 'bind':
      return readBind();
    case 'unbind':
      reader.null(OP.unbindRequest);
      return { kind };
    case 'modify':
      return readModify();
    case 'add':
      return readAdd();
    case 'delete':
      return { kind, dn: readDn(reader, OP.deleteRequest) };
    case 'modifyDn':
      return readModifyDn();
    case 'compare':
      return readCompare();
    case 'abandon':
      return { kind, target: reader.integer(OP.abandonRequest) };
    case 'extended':
      return readExtended();
  }
}

function readSearch(): SearchRequest {
  const outer = reader.enter(OP.searchRequest);
  const base = readDn(reader);
  const scope = SCOPES[reader.integer(TAG.enumerated)];
  if (scope === undefined) throw new LdapError('protocolError', 'the scope of a search is 0..3');
  const deref = DEREFS[reader.integer(TAG.enumerated)];
  if (deref === undefined) throw new LdapError('protocolError', 'derefAliases of a search is 0..3');
  const sizeLimit = readCount(reader, 'sizeLimit');
  const timeLimit = readCount(reader, 'timeLimit');
  const typesOnly = reader.boolean();
  const filter = readFilter(reader);
  const attributes = readSelection(reader, 'a search');
  reader.leaveExtensible(outer);
  return { kind: 'search', base, scope, deref, sizeLimit, timeLimit, typesOnly, filter, attributes };
}

function readBind(): BindRequest {
  const outer = reader.enter(OP.bindRequest);
  const version = reader.integer();
  if (version < 1 || version > 127) throw new LdapError('protocolError', 'the version of a bind is 1..127');
  const dn = readDn(reader);
  const authentication = readAuthentication();
  reader.leaveExtensible(outer);
  return { kind: 'bind', version, dn, authentication };
}

function readAuthentication(): BindRequest['authentication'] {
  const tag = reader.peekTag();
  if (tag === SIMPLE) return { kind: 'simple', password: reader.octets(SIMPLE) };
  if (tag === -1) throw new LdapError('protocolError', 'a bind names no authentication method');
  if (tag !== SASL)
    throw new LdapError('authMethodNotSupported', 'a bind uses simple or SASL authentication');
  const outer = reader.enter(SASL);
  const mechanism = readName(reader);
  const credentials = reader.peekTag() === TAG.octetString ? reader.octets() : undefined;
  reader.leaveExtensible(outer);
  return { kind: 'sasl', mechanism, credentials };
}

function readModify(): LdapRequest {
  const budget: ValueBudget = { left: LIMITS.valuesPerRequest };
  const modifications: Modification[] = [];
  const outer = reader.enter(OP.modifyRequest);
  const dn = readDn(reader);
  const list = reader.enter(TAG.sequence);
  while (!reader.atEnd) {
    if (modifications.length >= LIMITS.modifications) {
      throw new LdapError(
        'adminLimitExceeded',
        `a modify may have ${LIMITS.modifications} modifications (limit modifications)`,
      );
    }
    const change = reader.enter(TAG.sequence);
    const operation = MODIFICATIONS[reader.integer(TAG.enumerated)];
    if (operation === undefined)
      throw new LdapError('protocolError', 'the operation of a modification is 0..3');
    const attribute = readAttribute(reader, budget);
    reader.leaveExtensible(change);
    modifications.push({ operation, attribute });
  }
  reader.leave(list);
  reader.leaveExtensible(outer);
  return { kind: 'modify', dn, modifications };
}

function readAdd(): LdapRequest {
  const budget: ValueBudget = { left: LIMITS.valuesPerRequest };
  const attributes: RawAttribute[] = [];
  const outer = reader.enter(OP.addRequest);
  const dn = readDn(reader);
  const list = reader.enter(TAG.sequence);
  while (!reader.atEnd) {
    if (attributes.length >= LIMITS.attributesPerEntry) {
      throw new LdapError(
        'adminLimitExceeded',
        `an entry may have ${LIMITS.attributesPerEntry} attributes (limit attributesPerEntry)`,
      );
    }
    const attribute = readAttribute(reader, budget);
    if (attribute.values.length === 0) {
      throw new LdapError('protocolError', 'every attribute of an add has at least one value');
    }
    attributes.push(attribute);
  }
  if (attributes.length === 0) throw new LdapError('protocolError', 'an add has at least one attribute');
  reader.leave(list);
  reader.leaveExtensible(outer);
  return { kind: 'add', dn, attributes };
}

function readModifyDn(): LdapRequest {
  const outer = reader.enter(OP.modifyDnRequest);
  const dn = readDn(reader);
  const newRdn = readDn(reader);
  const deleteOldRdn = reader.boolean();
  const newSuperior = reader.peekTag() === NEW_SUPERIOR ? readDn(reader, NEW_SUPERIOR) : undefined;
  reader.leaveExtensible(outer);
  return { kind: 'modifyDn', dn, newRdn, deleteOldRdn, newSuperior };
}

function readCompare(): LdapRequest {
  const outer = reader.enter(OP.compareRequest);
  const dn = readDn(reader);
  const assertion = reader.enter(TAG.sequence);
  const attribute = readDescription(reader);
  const value = reader.octets();
  reader.leaveExtensible(assertion);
  reader.leaveExtensible(outer);
  return { kind: 'compare', dn, attribute, value };
}

function readExtended(): LdapRequest {
  const outer = reader.enter(OP.extendedRequest);
  const oid = readName(reader, EXTENDED_NAME);
  const value = reader.peekTag() === EXTENDED_VALUE ? reader.octets(EXTENDED_VALUE) : undefined;
  reader.leaveExtensible(outer);
  return { kind: 'extended', oid, value };
}
