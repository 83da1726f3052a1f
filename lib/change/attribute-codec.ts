/**
 * The binary form of attribute descriptions and values: pieces that change records, entry records and history rows share.
 *
 * A description is its name; the key follows only when it is not the name in lower case. Equality rules that we know have a one-octet number,
 * which never changes; others are spelled out. Values read are views of the record.
 */
import { type ByteReader, ByteWriter } from '../base/binary.js';
import { LIMITS } from '../base/limits.js';
import { eachInSteps, STEP_VALUES, type Steps } from '../base/steps.js';
import type { AttributeKey } from '../schema/attribute-type.js';

/** Number = place in the list. Only ever appended to: the numbers are on disk and on the wire. 0 stands for a rule that is spelled out. */
const RULES: readonly string[] = [
  '',
  'octetStringMatch',
  'caseIgnoreMatch',
  'caseExactMatch',
  'caseIgnoreIA5Match',
  'caseExactIA5Match',
  'distinguishedNameMatch',
  'objectIdentifierMatch',
  'integerMatch',
  'booleanMatch',
  'generalizedTimeMatch',
  'telephoneNumberMatch',
  'numericStringMatch',
  'caseIgnoreListMatch',
  'bitStringMatch',
  'uniqueMemberMatch',
  'uuidMatch',
  'objectIdentifierFirstComponentMatch',
  'integerFirstComponentMatch',
  'directoryStringFirstComponentMatch',
  'CSNMatch',
  'certificateExactMatch',
  'uTCTimeMatch',
  'presentationAddressMatch',
  'protocolInformationMatch',
  'authPasswordExactMatch',
  'certificateListExactMatch',
  'authzMatch',
];
const RULE_NUMBERS = new Map(RULES.map((name, number) => [name, number]));

export interface AttributeHead {
  readonly key: AttributeKey;
  readonly name: string;
}

/** Writes a description. */
export function writeAttributeHead(writer: ByteWriter, head: AttributeHead): void {
  writer.text(head.name);
  writer.text(head.name.toLowerCase() === head.key ? '' : head.key);
}

/** Reads a description; fails where the key is not in lower case or the form is longer than needed. */
export function readAttributeHead(reader: ByteReader): AttributeHead {
  const name = reader.text(LIMITS.attributeDescriptionBytes);
  if (name === '') reader.fail('attribute without a name');
  const spelled = reader.text(LIMITS.attributeDescriptionBytes);
  const lower = name.toLowerCase();
  if (spelled === '') return { key: lower as AttributeKey, name };
  if (spelled === lower || spelled !== spelled.toLowerCase()) reader.fail('malformed attribute key');
  return { key: spelled as AttributeKey, name };
}

/** Writes the name of an equality rule. */
export function writeRule(writer: ByteWriter, name: string): void {
  const number = RULE_NUMBERS.get(name) ?? 0;
  writer.u8(number);
  if (number === 0) writer.text(name);
}

/** Reads the name of an equality rule, known to us or not. */
export function readRule(reader: ByteReader): string {
  const number = reader.u8();
  if (number !== 0) return RULES[number] ?? reader.fail('unknown number of an equality rule');
  const name = reader.text(LIMITS.attributeDescriptionBytes);
  if (RULE_NUMBERS.has(name)) reader.fail('equality rule spelled out that has a number');
  return name;
}

/** Lists that were encoded ahead, until they are written. */
const encodedAhead = new WeakMap<readonly Uint8Array[], Uint8Array>();
/** Values that are encoded in one step. */
const STEP_ENCODED = 8 * STEP_VALUES;

/** Writes a count, then the values. */
export function writeValues(writer: ByteWriter, values: readonly Uint8Array[]): void {
  const ahead = values.length < STEP_ENCODED ? undefined : encodedAhead.get(values);
  if (ahead !== undefined) {
    encodedAhead.delete(values);
    writer.raw(ahead);
    return;
  }
  writer.varint(values.length);
  for (const value of values) writer.bytes(value);
}

/** Does in steps what writeValues() of the same list will take from here; of a short list nothing. */
export function* encodeAhead(values: readonly Uint8Array[]): Steps<void> {
  if (values.length < STEP_ENCODED || encodedAhead.has(values)) return;
  const writer = new ByteWriter(STEP_ENCODED);
  writer.varint(values.length);
  yield* eachInSteps(values, (value) => writer.bytes(value), STEP_ENCODED);
  encodedAhead.set(values, writer.view());
}

/** Reads values: views of the record. */
export function readValues(reader: ByteReader): Uint8Array[] {
  const count = reader.count(Number.MAX_SAFE_INTEGER);
  const values = new Array<Uint8Array>(count);
  for (let i = 0; i < count; i++) values[i] = reader.bytes();
  return values;
}
