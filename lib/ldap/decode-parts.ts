/**
 * The parts that several LDAP messages share: DNs, attribute descriptions, OIDs, attributes and controls, read with their bounds
 * (RFC 4511 sections 4.1.2-4.1.11).
 *
 * Structure faults are BerErrors of the reader; well-formed octets that are no valid value throw LdapError with the result to answer.
 */
import { LdapError } from '../base/ldap-error.js';
import { LIMITS } from '../base/limits.js';
import type { BerReader } from '../ber/ber-reader.js';
import { TAG } from '../ber/tags.js';
import type { Control, RawAttribute } from './message.js';
import { CONTROLS_TAG } from './protocol-tags.js';

const NO_CONTROLS: readonly Control[] = [];
const NO_ATTRIBUTES: readonly string[] = [];

/** How many more attribute values the request being read may hold: its memory is bounded as well as its octets. */
export interface ValueBudget {
  left: number;
}

/** An LDAPDN or RelativeLDAPDN as text; its grammar is not checked here. */
export function readDn(reader: BerReader, tag: number = TAG.octetString): string {
  const text = reader.text(tag);
  if (text === undefined) throw new LdapError('invalidDNSyntax', 'a DN is not valid UTF-8');
  if (text.length > LIMITS.dnBytes) {
    throw new LdapError('invalidDNSyntax', `a DN may have ${LIMITS.dnBytes} octets (limit dnBytes)`);
  }
  return text;
}

/** An AttributeDescription (also an AttributeSelector of a search) as text; its grammar is not checked here. */
export function readDescription(reader: BerReader, tag: number = TAG.octetString): string {
  const text = reader.text(tag);
  if (text === undefined) throw new LdapError('protocolError', 'an attribute description is not valid UTF-8');
  if (text.length > LIMITS.attributeDescriptionBytes) {
    throw new LdapError(
      'protocolError',
      `an attribute description may have ${LIMITS.attributeDescriptionBytes} octets (limit attributeDescriptionBytes)`,
    );
  }
  return text;
}

/** The attributes of a selection (RFC 4511 section 4.5.1.8). `asker`, as in "a search", is for the diagnostic. */
export function readSelection(reader: BerReader, asker: string): readonly string[] {
  const outer = reader.enter(TAG.sequence);
  const attributes: string[] = [];
  while (!reader.atEnd) {
    if (attributes.length >= LIMITS.requestedAttributes) {
      throw new LdapError(
        'adminLimitExceeded',
        `${asker} may request ${LIMITS.requestedAttributes} attributes (limit requestedAttributes)`,
      );
    }
    attributes.push(readDescription(reader));
  }
  reader.leave(outer);
  return attributes.length === 0 ? NO_ATTRIBUTES : attributes;
}

/** An LDAPOID, a mechanism's name or a matching rule's id as text. */
export function readName(reader: BerReader, tag: number = TAG.octetString): string {
  const text = reader.text(tag);
  if (text === undefined) throw new LdapError('protocolError', 'an identifier is not valid UTF-8');
  if (text.length > LIMITS.oidBytes) {
    throw new LdapError('protocolError', `an identifier may have ${LIMITS.oidBytes} octets (limit oidBytes)`);
  }
  return text;
}

/** A non-negative INTEGER of up to 2^31-1; `what` names it in the fault. */
export function readCount(reader: BerReader, what: string, tag: number = TAG.integer): number {
  const value = reader.integer(tag);
  if (value < 0) throw new LdapError('protocolError', `${what} may not be negative`);
  return value;
}

/** A SEQUENCE OF (or SET OF) AttributeValue. */
function readValues(reader: BerReader, tag: number, budget: ValueBudget): Uint8Array[] {
  const values: Uint8Array[] = [];
  const outer = reader.enter(tag);
  while (!reader.atEnd) {
    budget.left -= 1;
    if (budget.left < 0) {
      throw new LdapError(
        'adminLimitExceeded',
        `a request may hold ${LIMITS.valuesPerRequest} attribute values (limit valuesPerRequest)`,
      );
    }
    values.push(reader.octets());
  }
  reader.leave(outer);
  return values;
}

/** A PartialAttribute. */
export function readAttribute(reader: BerReader, budget: ValueBudget): RawAttribute {
  const outer = reader.enter(TAG.sequence);
  const description = readDescription(reader);
  const values = readValues(reader, TAG.set, budget);
  reader.leaveExtensible(outer);
  return { description, values };
}

/** The [0] Controls of a message when they are next; none otherwise. */
export function readControls(reader: BerReader): readonly Control[] {
  if (reader.peekTag() !== CONTROLS_TAG) return NO_CONTROLS;
  const controls: Control[] = [];
  const outer = reader.enter(CONTROLS_TAG);
  while (!reader.atEnd) {
    if (controls.length >= LIMITS.controls) {
      throw new LdapError(
        'protocolError',
        `a message may carry ${LIMITS.controls} controls (limit controls)`,
      );
    }
    controls.push(readControl(reader));
  }
  reader.leave(outer);
  return controls;
}

function readControl(reader: BerReader): Control {
  const outer = reader.enter(TAG.sequence);
  const oid = readName(reader);
  const critical = reader.peekTag() === TAG.boolean ? reader.boolean() : false;
  const value = reader.peekTag() === TAG.octetString ? reader.octets() : undefined;
  reader.leaveExtensible(outer);
  return { oid, critical, value };
}
