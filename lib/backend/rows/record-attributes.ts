/**
 * The attributes of an entry record: written, and read without objects in between, the hot path of searches and writes (docs/data-format.md).
 *
 * What a record holds is decoded as far as it is asked for; an attribute that a change leaves alone goes from the old record to the new one as octets.
 * Where the values are too many for the record, a head stands in their place, which begins with a count of 0 (many-attribute.ts).
 */
import { ByteReader, ByteWriter } from '../../base/binary.js';
import type { Attribute, Attributes } from '../../entry/entry.js';
import { StoreError } from '../../port/ordered-store.js';
import type { AttributeKey } from '../../schema/attribute-type.js';
import { equalityRule } from '../../schema/equality-rules.js';
import type { EntryId } from '../backend.js';
import { type AttributeLabel, type Dictionary, splitLabel } from './dictionary.js';
import { ManyAttribute } from './many-attribute.js';
import type { ValueRows } from './value-rows.js';

/** Chunks have numbers of 32 bits; what is above this is no number that we wrote. */
const MAX_CHUNKS = 0x7fff_ffff;

const damaged = (reason: string): StoreError => new StoreError('damaged', `entry record: ${reason}`);

/** Writes the name of an attribute: its number, or 0 and the text. */
export function writeLabel(out: ByteWriter, key: AttributeKey, name: string, dictionary: Dictionary): void {
  const number = dictionary.numberOfAttribute(key, name);
  out.varint(number);
  if (number === 0) out.text(`${key}\0${name}`);
}

/** Writes the attributes of a record. True: values of some stand in rows of their own. */
export function writeAttributes(out: ByteWriter, attributes: Attributes, dictionary: Dictionary): boolean {
  let inRows = false;
  out.varint(attributes.size);
  // What stands together in an older record is copied together.
  let from: Uint8Array | undefined;
  let start = 0;
  let end = 0;
  for (const [key, attribute] of attributes) {
    if (attribute instanceof RecordAttribute && attribute.dictionary === dictionary) {
      if (attribute.record === from && attribute.start === end) {
        end = attribute.end;
        continue;
      }
      if (from !== undefined) out.raw(from.subarray(start, end));
      ({ record: from, start, end } = attribute);
      continue;
    }
    if (from !== undefined) out.raw(from.subarray(start, end));
    from = undefined;
    writeLabel(out, key, attribute.name, dictionary);
    if (hasRows(attribute, dictionary)) {
      inRows = true;
      writeHead(out, attribute, dictionary);
      continue;
    }
    const { values } = attribute;
    let length = varintLength(values.length);
    for (const value of values) length += varintLength(value.length) + value.length;
    out.varint(length);
    out.varint(values.length);
    for (const value of values) out.bytes(value);
  }
  if (from !== undefined) out.raw(from.subarray(start, end));
  return inRows;
}

/** Whether the values stand in the rows that the dictionary's records speak of. */
function hasRows(attribute: Attribute, dictionary: Dictionary): attribute is ManyAttribute {
  return (
    attribute instanceof ManyAttribute &&
    attribute.source === dictionary.values &&
    attribute.base === undefined
  );
}

const headWriter = new ByteWriter(64);

function writeHead(out: ByteWriter, { place, head }: ManyAttribute, dictionary: Dictionary): void {
  const { rule, generation, count, chunks, sum } = head;
  const octets = headWriter;
  octets.reset();
  octets.u8(0);
  const number = dictionary.numberOf(rule.name);
  octets.varint(number);
  if (number === 0) octets.text(rule.name);
  octets.varint(place.id);
  octets.varint(generation);
  octets.varint(count);
  octets.varint(chunks);
  octets.u32(sum.high);
  octets.u32(sum.low);
  out.bytes(octets.view());
}

function readHead(
  octets: Uint8Array,
  key: AttributeKey,
  name: string,
  number: number,
  dictionary: Dictionary,
  rows: ValueRows | undefined,
): ManyAttribute {
  if (rows === undefined) throw damaged('values are named that are not there');
  const reader = new ByteReader(octets, damaged);
  reader.u8();
  const ruleNumber = reader.varint();
  const ruleName = ruleNumber === 0 ? reader.text() : dictionary.text(ruleNumber);
  const rule = equalityRule(ruleName);
  if (rule === undefined) throw damaged(`equality rule ${ruleName} is unknown`);
  const id = reader.varint() as EntryId;
  const head = {
    rule,
    generation: reader.varint(),
    count: reader.varint(),
    chunks: reader.varint(),
    sum: { high: reader.u32() | 0, low: reader.u32() | 0 },
  };
  if (head.chunks < 1 || head.chunks > MAX_CHUNKS) throw damaged('number of chunks');
  return rows.image({ id, key, name, number }, head);
}

/** An attribute as a record holds it: its values are made when they are asked for. */
class RecordAttribute implements Attribute {
  readonly name: string;
  readonly record: Uint8Array;
  readonly dictionary: Dictionary;
  /** Where it stands in the record, its label included. */
  readonly start: number;
  readonly end: number;
  readonly #valuesAt: number;
  #values: readonly Uint8Array[] | undefined;

  constructor(
    name: string,
    record: Uint8Array,
    dictionary: Dictionary,
    start: number,
    valuesAt: number,
    end: number,
  ) {
    this.name = name;
    this.record = record;
    this.dictionary = dictionary;
    this.start = start;
    this.end = end;
    this.#valuesAt = valuesAt;
  }

  get count(): number {
    return this.#values?.length ?? countAt(this.record, this.#valuesAt);
  }

  get values(): readonly Uint8Array[] {
    this.#values ??= valuesOf(this.record, this.#valuesAt, this.end);
    return this.#values;
  }
}

function varintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) length += 1;
  return length;
}

/** Reads the attributes without objects in between: the hot path of searches. */
class AttributeCursor {
  readonly #record: Uint8Array;
  readonly #dictionary: Dictionary;
  at: number;
  left: number;
  /** The dictionary's number of the label last read. */
  number = 0;

  constructor(record: Uint8Array, start: number, dictionary: Dictionary) {
    this.#record = record;
    this.#dictionary = dictionary;
    this.at = start;
    this.left = this.varint();
  }

  varint(): number {
    let byte = this.#record[this.at++];
    if (byte === undefined) throw damaged('cut short');
    if (byte < 0x80) return byte;
    let value = byte & 0x7f;
    let scale = 0x80;
    while (byte >= 0x80) {
      byte = this.#record[this.at++];
      if (byte === undefined) throw damaged('cut short');
      value += (byte & 0x7f) * scale;
      scale *= 0x80;
    }
    return value;
  }

  label(): AttributeLabel {
    this.left -= 1;
    const number = this.varint();
    this.number = number;
    if (number !== 0) return this.#dictionary.attribute(number);
    const length = this.varint();
    const reader = new ByteReader(this.#record.subarray(this.at - varintLength(length)), damaged);
    this.at += length;
    return splitLabel(reader.text());
  }

  /** Steps over the values. Answers where they begin; `at` is where they end. */
  skipValues(): number {
    const length = this.varint();
    const valuesAt = this.at;
    this.at += length;
    if (this.at > this.#record.length) throw damaged('cut short');
    return valuesAt;
  }
}

/** The count of values that stands at `at`. */
function countAt(record: Uint8Array, at: number): number {
  const first = record[at] as number;
  return first < 0x80 ? first : new ByteReader(record.subarray(at), damaged).varint();
}

/** Values that stand from `start` to `end` of a record: views of it. */
function valuesOf(record: Uint8Array, start: number, end: number): Uint8Array[] {
  const { buffer, byteOffset } = record;
  let at = start;
  const varint = (): number => {
    let byte = record[at++] as number;
    if (byte < 0x80) return byte;
    let value = byte & 0x7f;
    for (let scale = 0x80; byte >= 0x80 && at < end; scale *= 0x80) {
      byte = record[at++] as number;
      value += (byte & 0x7f) * scale;
    }
    return value;
  };
  const count = varint();
  if (count > end - start) throw damaged('count exceeds the record');
  const values: Uint8Array[] = new Array(count);
  for (let i = 0; i < count; i++) {
    const length = varint();
    if (at + length > end) throw damaged('cut short');
    values[i] = new Uint8Array(buffer, byteOffset + at, length);
    at += length;
  }
  return values;
}

/** The attributes of `record`, which stand at `at`; values are views of it. */
export function readAttributes(
  record: Uint8Array,
  at: number,
  dictionary: Dictionary,
  rows: ValueRows | undefined = dictionary.values,
): Map<AttributeKey, Attribute> {
  const cursor = new AttributeCursor(record, at, dictionary);
  const attributes = new Map<AttributeKey, Attribute>();
  while (cursor.left > 0) {
    const start = cursor.at;
    const { key, name } = cursor.label();
    const valuesAt = cursor.skipValues();
    const attribute =
      record[valuesAt] === 0
        ? readHead(record.subarray(valuesAt, cursor.at), key, name, cursor.number, dictionary, rows)
        : new RecordAttribute(name, record, dictionary, start, valuesAt, cursor.at);
    attributes.set(key, attribute);
  }
  return attributes;
}

/** One attribute, or undefined; the others are skipped. */
export function readAttribute(
  record: Uint8Array,
  at: number,
  dictionary: Dictionary,
  key: AttributeKey,
): Attribute | undefined {
  const cursor = new AttributeCursor(record, at, dictionary);
  while (cursor.left > 0) {
    const { key: found, name } = cursor.label();
    const valuesAt = cursor.skipValues();
    if (found !== key) continue;
    if (record[valuesAt] !== 0) return { name, values: valuesOf(record, valuesAt, cursor.at) };
    const octets = record.subarray(valuesAt, cursor.at);
    return readHead(octets, key, name, cursor.number, dictionary, dictionary.values);
  }
  return undefined;
}
