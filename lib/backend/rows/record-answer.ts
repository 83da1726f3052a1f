/**
 * A search result entry written straight from a record: no attribute becomes an object on the way from the store to the socket.
 *
 * Owns the transcoding of record to BER and what it remembers of labels. Answers false (and leaves the writer as it was) where an entry needs
 * more than copying: conflict names, RDN values that are not among the attributes, labels without a number; the caller then encodes attributes.
 */
import type { BerWriter } from '../../ber/ber-writer.js';
import { TAG } from '../../ber/tags.js';
import type { Attribute } from '../../entry/entry.js';
import { OP } from '../../ldap/protocol-tags.js';
import type { AttributeKey } from '../../schema/attribute-type.js';
import type { AttributeLabel, Dictionary } from './dictionary.js';
import { attributesAt, isConflictRecord, isRdnInside, RDN_AT } from './entry-record.js';
import { ManyAttribute } from './many-attribute.js';
import { visitBackwards } from './value-chunks.js';

/** Octets that stand in a DN as they are: letters, digits and a few signs. */
const PLAIN = plainOctets();
const OBJECT_CLASS = 'objectclass' as AttributeKey;
const EQUALS = 0x3d;
const COMMA = 0x2c;

/** What is known of the labels of one dictionary. */
interface Labels {
  readonly dictionary: Dictionary;
  readonly known: (AttributeLabel | undefined)[];
  /** Whether the attribute is to be sent. */
  readonly sent: boolean[];
}

/** Which attributes an answer has; made once for each kind of reader and list of attributes. */
export class AnswerChoice {
  readonly #sends: (key: AttributeKey) => boolean;
  readonly #labels: Labels[] = [];

  /** `sends`: whether stored attributes of this key are sent, in every entry alike. */
  constructor(sends: (key: AttributeKey) => boolean) {
    this.#sends = sends;
  }

  labels(dictionary: Dictionary): Labels {
    for (const labels of this.#labels) if (labels.dictionary === dictionary) return labels;
    const labels: Labels = { dictionary, known: [], sent: [] };
    this.#labels.push(labels);
    return labels;
  }

  /** Whether attributes with this label are sent. A dictionary that was read anew has other labels. */
  sent(labels: Labels, number: number, label: AttributeLabel): boolean {
    if (labels.known[number] !== label) {
      labels.known[number] = label;
      labels.sent[number] = this.#sends(label.key);
    }
    return labels.sent[number] as boolean;
  }
}

/** Places of the attributes to send, and of the values of one: the writer goes backwards. */
let attributePlaces = new Int32Array(256);
let valuePlaces = new Int32Array(256);
let at = 0;

/** An attribute whose values stand in rows. */
type ManyOf = (key: AttributeKey) => Attribute | undefined;

/** Writes a SearchResultEntry operation, without the message around it. `above`: DN of the parent; `many`: asked where the record has no values. */
export function writeAnswer(
  writer: BerWriter,
  record: Uint8Array,
  dictionary: Dictionary,
  above: string,
  choice: AnswerChoice,
  many: ManyOf,
): boolean {
  if (!isRdnInside(record) || isConflictRecord(record)) return false;
  const mark = writer.length;
  if (
    writeAttributes(writer, record, dictionary, choice, many) &&
    writeName(writer, record, dictionary, above)
  ) {
    writer.wrap(OP.searchEntry, mark);
    return true;
  }
  writer.dropSince(mark);
  return false;
}

function writeAttributes(
  writer: BerWriter,
  record: Uint8Array,
  dictionary: Dictionary,
  choice: AnswerChoice,
  many: ManyOf,
): boolean {
  const labels = choice.labels(dictionary);
  at = attributesAt(record);
  let count = 0;
  for (let left = varint(record); left > 0; left--) {
    const number = varint(record);
    if (number === 0) return false;
    const length = varint(record);
    if (choice.sent(labels, number, dictionary.attribute(number))) {
      if (count === attributePlaces.length) attributePlaces = grown(attributePlaces);
      attributePlaces[count++] = number;
      attributePlaces[count++] = at;
    }
    at += length;
  }
  if (at > record.length) return false;
  const all = writer.length;
  while (count > 0) {
    at = attributePlaces[--count] as number;
    const { key, name } = dictionary.attribute(attributePlaces[--count] as number);
    const mark = writer.length;
    if (record[at] !== 0) writeValues(writer, record);
    else if (!writeMany(writer, many(key))) return false;
    writer.wrap(TAG.set, mark);
    writer.text(name);
    writer.wrap(TAG.sequence, mark);
  }
  writer.wrap(TAG.sequence, all);
  return true;
}

function writeMany(writer: BerWriter, attribute: Attribute | undefined): boolean {
  if (!(attribute instanceof ManyAttribute)) return false;
  const { held } = attribute;
  if (held !== undefined) {
    for (let i = held.length - 1; i >= 0; i--) writer.octets(held[i] as Uint8Array);
    return true;
  }
  for (let i = attribute.head.chunks - 1; i >= 0; i--) {
    const chunk = attribute.chunk(i);
    visitBackwards(chunk, (at, length) => writer.octetsOf(chunk, at, length));
  }
  return true;
}

function writeValues(writer: BerWriter, record: Uint8Array): void {
  const values = varint(record);
  if (values === 1) {
    const length = varint(record);
    writer.octetsOf(record, at, length);
    return;
  }
  while (valuePlaces.length < 2 * values) valuePlaces = grown(valuePlaces);
  const places = valuePlaces;
  for (let i = 0; i < values; i++) {
    const length = varint(record);
    places[2 * i] = at;
    places[2 * i + 1] = length;
    at += length;
  }
  for (let i = values - 1; i >= 0; i--) {
    writer.octetsOf(record, places[2 * i] as number, places[2 * i + 1] as number);
  }
}

/** The DN: one naming value that needs no escapes, before the parent's name. */
function writeName(writer: BerWriter, record: Uint8Array, dictionary: Dictionary, above: string): boolean {
  at = RDN_AT;
  if (varint(record) !== 1) return false;
  const number = varint(record);
  if (number === 0) return false;
  const rule = varint(record);
  if (rule === 0) return false;
  const length = varint(record);
  const end = at + length;
  if (length === 0 || end > record.length) return false;
  for (let i = at; i < end; i++) if (PLAIN[record[i] as number] === 0) return false;
  const { name } = dictionary.attribute(number);
  const first = name.charCodeAt(0);
  if (first >= 0x30 && first <= 0x39) return false;
  const mark = writer.length;
  if (above !== '') {
    writer.rawText(above);
    writer.octet(COMMA);
  }
  writer.rawOf(record, at, length);
  writer.octet(EQUALS);
  writer.rawText(name);
  writer.wrap(TAG.octetString, mark);
  return true;
}

/** Whether an object class of the record has this lower-case ASCII name. Undefined: ask the attributes. */
export function recordHasClass(
  record: Uint8Array,
  dictionary: Dictionary,
  name: Uint8Array,
): boolean | undefined {
  if (!isRdnInside(record)) return undefined;
  at = attributesAt(record);
  for (let left = varint(record); left > 0; left--) {
    const number = varint(record);
    if (number === 0) return undefined;
    const length = varint(record);
    if (dictionary.attribute(number).key === OBJECT_CLASS) return hasName(record, name);
    at += length;
  }
  return false;
}

function hasName(record: Uint8Array, name: Uint8Array): boolean {
  for (let left = varint(record); left > 0; left--) {
    const length = varint(record);
    if (length === name.length && equalsLower(record, name)) return true;
    at += length;
  }
  return false;
}

function equalsLower(record: Uint8Array, name: Uint8Array): boolean {
  for (let i = 0; i < name.length; i++) {
    const octet = record[at + i] as number;
    const lower = octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet;
    if (lower !== name[i]) return false;
  }
  return true;
}

/** The number at `at`, which moves behind it. The record was checked. */
function varint(record: Uint8Array): number {
  let octet = record[at++] as number;
  if (octet < 0x80) return octet;
  let value = octet & 0x7f;
  let scale = 0x80;
  while (octet >= 0x80) {
    octet = record[at++] as number;
    value += (octet & 0x7f) * scale;
    scale *= 0x80;
  }
  return value;
}

function grown(places: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(places.length * 2);
  larger.set(places);
  return larger;
}

function plainOctets(): Uint8Array {
  const plain = new Uint8Array(256);
  for (const sign of "-._@'/()=*&!?:%$~") plain[sign.charCodeAt(0)] = 1;
  for (let octet = 0; octet < 128; octet++)
    if (/[0-9A-Za-z]/.test(String.fromCharCode(octet))) plain[octet] = 1;
  return plain;
}
