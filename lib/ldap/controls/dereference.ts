/** Dereference: attributes of the entries that DN values of a result name (draft-masarati-ldap-deref section 2; as SSSD sends it). */
import { LdapError } from '../../base/ldap-error.js';
import { LIMITS } from '../../base/limits.js';
import { contextConstructed, TAG } from '../../ber/tags.js';
import type { Attribute } from '../../entry/entry.js';
import { readAttribute, readDescription, readDn, type ValueBudget } from '../decode-parts.js';
import { writeAttribute } from '../encode-parts.js';
import { decodeValue, encodeValue } from '../value-codec.js';

const ATTRIBUTE_VALUES = contextConstructed(0);

/** One attribute with DN values, and what is wanted of the entries that they name. */
export interface DereferenceSpec {
  readonly attribute: string;
  readonly attributes: readonly string[];
}

/** What is known of one DN value. */
export interface Dereferenced {
  readonly attribute: string;
  readonly dn: string;
  /** Empty: there is no such entry, or nothing of it that was asked for. */
  readonly attributes: readonly Attribute[];
}

/** At least one specification, each with at least one attribute. Throws LdapError protocolError or adminLimitExceeded. */
export function decodeDereference(value: Uint8Array | undefined): readonly DereferenceSpec[] {
  return decodeValue('dereference control', value, (reader) => {
    const specs: DereferenceSpec[] = [];
    let wanted = 0;
    const list = reader.enter(TAG.sequence);
    while (!reader.atEnd) {
      const outer = reader.enter(TAG.sequence);
      const attribute = readDescription(reader);
      const attributes: string[] = [];
      const inner = reader.enter(TAG.sequence);
      while (!reader.atEnd) {
        attributes.push(readDescription(reader));
        wanted += 1;
        if (wanted > LIMITS.requestedAttributes) throw tooMany('requestedAttributes', 'attributes');
      }
      reader.leave(inner);
      reader.leaveExtensible(outer);
      if (attributes.length === 0)
        throw new LdapError('protocolError', 'the dereference control asks for no attribute');
      if (specs.some((spec) => spec.attribute.toLowerCase() === attribute.toLowerCase()))
        throw new LdapError('protocolError', `the dereference control names ${attribute} twice`);
      if (specs.length >= LIMITS.dereferences) throw tooMany('dereferences', 'specifications');
      specs.push({ attribute, attributes });
    }
    reader.leave(list);
    if (specs.length === 0)
      throw new LdapError('protocolError', 'the dereference control has no specification');
    return specs;
  });
}

function tooMany(limit: 'requestedAttributes' | 'dereferences', what: string): LdapError {
  return new LdapError(
    'adminLimitExceeded',
    `a dereference control may have ${LIMITS[limit]} ${what} (limit ${limit})`,
  );
}

export function encodeDereference(specs: readonly DereferenceSpec[]): Uint8Array {
  return encodeValue((writer) => {
    for (let i = specs.length - 1; i >= 0; i--) {
      const { attribute, attributes } = specs[i] as DereferenceSpec;
      const mark = writer.length;
      for (let j = attributes.length - 1; j >= 0; j--) writer.text(attributes[j] as string);
      writer.wrap(TAG.sequence, mark);
      writer.text(attribute);
      writer.wrap(TAG.sequence, mark);
    }
    writer.wrap(TAG.sequence, 0);
  });
}

/** The control that an entry of the result carries. Throws LdapError. */
export function decodeDereferenced(value: Uint8Array | undefined): readonly Dereferenced[] {
  return decodeValue('dereference response', value, (reader) => {
    const budget: ValueBudget = { left: LIMITS.valuesPerRequest };
    const found: Dereferenced[] = [];
    const list = reader.enter(TAG.sequence);
    while (!reader.atEnd) {
      const outer = reader.enter(TAG.sequence);
      const attribute = readDescription(reader);
      const dn = readDn(reader);
      const attributes: Attribute[] = [];
      if (reader.peekTag() === ATTRIBUTE_VALUES) {
        const inner = reader.enter(ATTRIBUTE_VALUES);
        while (!reader.atEnd) {
          const { description, values } = readAttribute(reader, budget);
          attributes.push({ name: description, values });
        }
        reader.leave(inner);
      }
      reader.leaveExtensible(outer);
      found.push({ attribute, dn, attributes });
    }
    reader.leave(list);
    return found;
  });
}

export function encodeDereferenced(found: readonly Dereferenced[]): Uint8Array {
  return joinDereferenced([encodeDereferencedPart(found)]);
}

/** Some of a control's elements, to be joined: one with very many is encoded as they are found. */
export function encodeDereferencedPart(found: readonly Dereferenced[]): Uint8Array {
  return encodeValue((writer) => {
    for (let i = found.length - 1; i >= 0; i--) {
      const { attribute, dn, attributes } = found[i] as Dereferenced;
      const mark = writer.length;
      for (let j = attributes.length - 1; j >= 0; j--) {
        const one = attributes[j] as Attribute;
        writeAttribute(writer, one.name, one.values);
      }
      if (attributes.length > 0) writer.wrap(ATTRIBUTE_VALUES, mark);
      writer.text(dn);
      writer.text(attribute);
      writer.wrap(TAG.sequence, mark);
    }
  });
}

/** The control of these parts, in order. */
export function joinDereferenced(parts: readonly Uint8Array[]): Uint8Array {
  return encodeValue((writer) => {
    for (let i = parts.length - 1; i >= 0; i--) writer.raw(parts[i] as Uint8Array);
    writer.wrap(TAG.sequence, 0);
  });
}
