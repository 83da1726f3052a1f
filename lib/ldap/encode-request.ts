/**
 * Requests to bytes (RFC 4511 sections 4.2-4.12): the client's side, for our client, load tool and tests.
 */
import type { BerWriter } from '../ber/ber-writer.js';
import { contextConstructed, contextTag, TAG } from '../ber/tags.js';
import { writeFilter } from './encode-filter.js';
import { writeAttribute, writeControls, writeEnvelope } from './encode-parts.js';
import type {
  BindRequest,
  LdapRequest,
  Modification,
  ModifyRequest,
  RawAttribute,
  RequestMessage,
  SearchRequest,
} from './message.js';
import { OP } from './protocol-tags.js';

const SCOPE_NUMBERS = { base: 0, one: 1, sub: 2, subordinates: 3 } as const;
const DEREF_NUMBERS = { never: 0, searching: 1, finding: 2, always: 3 } as const;
const MODIFICATION_NUMBERS = { add: 0, delete: 1, replace: 2, increment: 3 } as const;

/** Writes one whole LDAPMessage before what the writer holds. */
export function encodeRequest(writer: BerWriter, message: RequestMessage): void {
  const mark = writer.length;
  writeControls(writer, message.controls);
  writeRequest(writer, message.request);
  writeEnvelope(writer, message.id, mark);
}

function writeRequest(writer: BerWriter, request: LdapRequest): void {
  const mark = writer.length;
  switch (request.kind) {
    case 'search':
      writeSearch(writer, request);
      return;
    case 'bind':
      writeBind(writer, request);
      return;
    case 'unbind':
      writer.null(OP.unbindRequest);
      return;
    case 'modify':
      writeModify(writer, request);
      return;
    case 'add': {
      for (let i = request.attributes.length - 1; i >= 0; i--) {
        const attribute = request.attributes[i] as RawAttribute;
        writeAttribute(writer, attribute.description, attribute.values);
      }
      writer.wrap(TAG.sequence, mark);
      writer.text(request.dn);
      writer.wrap(OP.addRequest, mark);
      return;
    }
    case 'delete':
      writer.text(request.dn, OP.deleteRequest);
      return;
    case 'modifyDn':
      if (request.newSuperior !== undefined) writer.text(request.newSuperior, contextTag(0));
      writer.boolean(request.deleteOldRdn);
      writer.text(request.newRdn);
      writer.text(request.dn);
      writer.wrap(OP.modifyDnRequest, mark);
      return;
    case 'compare':
      writer.octets(request.value);
      writer.text(request.attribute);
      writer.wrap(TAG.sequence, mark);
      writer.text(request.dn);
      writer.wrap(OP.compareRequest, mark);
      return;
    case 'abandon':
      writer.integer(request.target, OP.abandonRequest);
      return;
    case 'extended':
      if (request.value !== undefined) writer.octets(request.value, contextTag(1));
      writer.text(request.oid, contextTag(0));
      writer.wrap(OP.extendedRequest, mark);
  }
}

function writeSearch(writer: BerWriter, request: SearchRequest): void {
  const mark = writer.length;
  for (let i = request.attributes.length - 1; i >= 0; i--) writer.text(request.attributes[i] as string);
  writer.wrap(TAG.sequence, mark);
  writeFilter(writer, request.filter);
  writer.boolean(request.typesOnly);
  writer.integer(request.timeLimit);
  writer.integer(request.sizeLimit);
  writer.integer(DEREF_NUMBERS[request.deref], TAG.enumerated);
  writer.integer(SCOPE_NUMBERS[request.scope], TAG.enumerated);
  writer.text(request.base);
  writer.wrap(OP.searchRequest, mark);
}

function writeBind(writer: BerWriter, request: BindRequest): void {
  const mark = writer.length;
  const authentication = request.authentication;
  if (authentication.kind === 'simple') {
    writer.octets(authentication.password, contextTag(0));
  } else {
    if (authentication.credentials !== undefined) writer.octets(authentication.credentials);
    writer.text(authentication.mechanism);
    writer.wrap(contextConstructed(3), mark);
  }
  writer.text(request.dn);
  writer.integer(request.version);
  writer.wrap(OP.bindRequest, mark);
}

function writeModify(writer: BerWriter, request: ModifyRequest): void {
  const mark = writer.length;
  for (let i = request.modifications.length - 1; i >= 0; i--) {
    const modification = request.modifications[i] as Modification;
    const change = writer.length;
    writeAttribute(writer, modification.attribute.description, modification.attribute.values);
    writer.integer(MODIFICATION_NUMBERS[modification.operation], TAG.enumerated);
    writer.wrap(TAG.sequence, change);
  }
  writer.wrap(TAG.sequence, mark);
  writer.text(request.dn);
  writer.wrap(OP.modifyRequest, mark);
}
