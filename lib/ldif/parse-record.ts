/**
 * What the lines of one LDIF record say (RFC 2849 section "Formal Syntax Definition of LDIF"), increment included (RFC 4525 section 4).
 *
 * Takes unfolded lines without comments. More lenient than the RFC in three ways that real files need: UTF-8 may stand unencoded, the last '-' of a modify
 * may be missing, and newrdn, deleteoldrdn and newsuperior come in any order. Every fault names its line. Values are copies: they do not
 * keep the file's chunks alive.
 */
import { fromBase64, latin1, utf8Decode } from '../base/bytes.js';
import { LIMITS } from '../base/limits.js';
import type { EntryModification, RawValues } from '../entry/modification.js';
import type { LdifChange, LdifControl, LdifRecord } from './ldif-record.js';

const SPACE = 0x20;
const COLON = 0x3a;
const LESS = 0x3c;
const DASH = 0x2d;

/** A line after unfolding. */
export interface LogicalLine {
  /** Of its first physical line, from 1. */
  readonly number: number;
  readonly octets: Uint8Array;
}

/** A malformed record: caught by the reader, which goes on with the next. */
export class LdifFault extends Error {
  override readonly name = 'LdifFault';
  readonly line: number;

  constructor(line: number, reason: string) {
    super(reason);
    this.line = line;
  }
}

type ReadUrl = ((url: string) => Uint8Array | string) | undefined;

interface Field {
  readonly line: number;
  readonly name: string;
  /** Octets of the line, and where what follows the first colon starts. */
  readonly octets: Uint8Array;
  readonly at: number;
}

/** The lines without a leading `version:`; throws LdifFault when it is not 1. Only for the first record of a file. */
export function parseVersion(lines: readonly LogicalLine[]): readonly LogicalLine[] {
  const [first] = lines;
  if (first === undefined || first.octets[0] === DASH) return lines;
  if (latin1(first.octets.subarray(0, 8)).toLowerCase() !== 'version:') return lines;
  const version = latin1(first.octets.subarray(8)).trim();
  if (version !== '1') throw new LdifFault(first.number, 'only version 1 of LDIF is known');
  return lines.slice(1);
}

/** The record that the lines describe. `lines`: at least one. Throws LdifFault. */
export function parseRecord(lines: readonly LogicalLine[], readUrl: ReadUrl): LdifRecord {
  const first = parseField(lines[0] as LogicalLine);
  if (first.name.toLowerCase() !== 'dn') throw new LdifFault(first.line, "a record starts with 'dn:'");
  const dn = textValue(first, readUrl);
  let next = 1;
  const controls: LdifControl[] = [];
  for (; next < lines.length; next++) {
    const line = lines[next] as LogicalLine;
    if (!startsWithName(line, 'control')) break;
    if (controls.length >= LIMITS.controls) {
      throw new LdifFault(line.number, `more than ${LIMITS.controls} controls (limit controls)`);
    }
    controls.push(parseControl(parseField(line), readUrl));
  }
  const type = lines[next];
  if (type !== undefined && startsWithName(type, 'changetype')) {
    const field = parseField(type);
    const change = parseChange(
      field,
      textValue(field, readUrl).toLowerCase(),
      lines.slice(next + 1),
      readUrl,
    );
    return { kind: 'change', dn, controls, change };
  }
  if (controls.length > 0) {
    throw new LdifFault(type?.number ?? first.line, "'changetype:' must follow 'control:'");
  }
  return { kind: 'content', dn, attributes: parseAttributes(first.line, lines.slice(next), readUrl) };
}

function parseChange(
  field: Field,
  type: string,
  lines: readonly LogicalLine[],
  readUrl: ReadUrl,
): LdifChange {
  switch (type) {
    case 'add':
      return { kind: 'add', attributes: parseAttributes(field.line, lines, readUrl) };
    case 'delete': {
      const [extra] = lines;
      if (extra !== undefined) throw new LdifFault(extra.number, 'nothing may follow in a delete record');
      return { kind: 'delete' };
    }
    case 'modify':
      return { kind: 'modify', modifications: parseModifications(lines, readUrl) };
    case 'modrdn':
    case 'moddn':
      return parseModifyDn(field.line, lines, readUrl);
    default:
      throw new LdifFault(field.line, `'${shortened(type)}' is no changetype`);
  }
}

/** Attribute lines; values of one attribute are gathered. */
function parseAttributes(
  line: number,
  lines: readonly LogicalLine[],
  readUrl: ReadUrl,
): readonly RawValues[] {
  if (lines.length === 0) throw new LdifFault(line, 'the record has no attributes');
  const byName = new Map<string, { description: string; values: Uint8Array[] }>();
  const list: RawValues[] = [];
  let last: { description: string; values: Uint8Array[] } | undefined;
  for (const one of lines) {
    const field = parseField(one);
    const value = parseValue(field, readUrl);
    if (last?.description === field.name) {
      last.values.push(value);
      continue;
    }
    const lower = field.name.toLowerCase();
    if (lower === 'dn') {
      throw new LdifFault(field.line, "'dn:' inside a record (is a blank line missing before it?)");
    }
    if (lower === 'changetype') throw new LdifFault(field.line, "'changetype:' must follow 'dn:'");
    last = byName.get(lower);
    if (last === undefined) {
      last = { description: field.name, values: [value] };
      byName.set(lower, last);
      list.push(last);
    } else last.values.push(value);
  }
  return list;
}

function parseModifications(lines: readonly LogicalLine[], readUrl: ReadUrl): EntryModification[] {
  const modifications: EntryModification[] = [];
  let at = 0;
  while (at < lines.length) {
    const field = parseField(lines[at] as LogicalLine);
    const operation = field.name.toLowerCase();
    if (!isOperation(operation)) {
      throw new LdifFault(field.line, "'add:', 'delete:', 'replace:' or 'increment:' expected");
    }
    if (modifications.length >= LIMITS.modifications) {
      throw new LdifFault(
        field.line,
        `more than ${LIMITS.modifications} modifications (limit modifications)`,
      );
    }
    const description = textValue(field, readUrl).trim();
    if (!isDescription(description)) {
      throw new LdifFault(field.line, `'${shortened(description)}' is not an attribute description`);
    }
    const values: Uint8Array[] = [];
    at += 1;
    for (; at < lines.length; at++) {
      const line = lines[at] as LogicalLine;
      if (isDash(line)) break;
      const value = parseField(line);
      if (value.name.toLowerCase() !== description.toLowerCase()) {
        throw new LdifFault(value.line, `a value of '${shortened(description)}' or '-' expected`);
      }
      values.push(parseValue(value, readUrl));
    }
    at += 1;
    modifications.push({ operation, attribute: { description, values } });
  }
  return modifications;
}

function isOperation(text: string): text is EntryModification['operation'] {
  return text === 'add' || text === 'delete' || text === 'replace' || text === 'increment';
}

function parseModifyDn(line: number, lines: readonly LogicalLine[], readUrl: ReadUrl): LdifChange {
  const fields = new Map<string, string>();
  for (const one of lines) {
    const field = parseField(one);
    const name = field.name.toLowerCase();
    if ((name !== 'newrdn' && name !== 'deleteoldrdn' && name !== 'newsuperior') || fields.has(name)) {
      throw new LdifFault(field.line, "one each of 'newrdn:', 'deleteoldrdn:' and 'newsuperior:' expected");
    }
    const value = textValue(field, readUrl);
    if (name === 'deleteoldrdn' && value !== '0' && value !== '1') {
      throw new LdifFault(field.line, "'deleteoldrdn:' is 0 or 1");
    }
    fields.set(name, value);
  }
  const newRdn = fields.get('newrdn');
  const deleteOldRdn = fields.get('deleteoldrdn');
  if (newRdn === undefined) throw new LdifFault(line, "'newrdn:' is missing");
  if (deleteOldRdn === undefined) throw new LdifFault(line, "'deleteoldrdn:' is missing");
  return {
    kind: 'modifyDn',
    newRdn,
    deleteOldRdn: deleteOldRdn === '1',
    newSuperior: fields.get('newsuperior'),
  };
}

/** `control: <oid> [true|false] [value-spec]`. */
function parseControl(field: Field, readUrl: ReadUrl): LdifControl {
  const { octets } = field;
  let at = skipSpaces(octets, field.at);
  let end = at;
  while (end < octets.length && octets[end] !== SPACE && octets[end] !== COLON) end += 1;
  const oid = latin1(octets.subarray(at, end));
  if (!isOid(oid)) throw new LdifFault(field.line, `'${shortened(oid)}' is not the OID of a control`);
  at = skipSpaces(octets, end);
  for (end = at; end < octets.length && octets[end] !== SPACE && octets[end] !== COLON; ) end += 1;
  const word = latin1(octets.subarray(at, end)).toLowerCase();
  if (word !== '' && word !== 'true' && word !== 'false') {
    throw new LdifFault(field.line, 'the criticality of a control is true or false');
  }
  at = skipSpaces(octets, end);
  if (at < octets.length && octets[at] !== COLON) throw new LdifFault(field.line, 'text after a control');
  const value = at < octets.length ? parseValue({ ...field, at: at + 1 }, readUrl) : undefined;
  return { oid, critical: word === 'true', value };
}

/** `name:` and where the rest starts. */
function parseField(line: LogicalLine): Field {
  const { octets, number } = line;
  const colon = octets.indexOf(COLON);
  if (colon < 0) throw new LdifFault(number, "the line has no ':'");
  let hash = 0;
  for (let i = 0; i < colon; i++) hash = nameHash(hash, octets[i] as number);
  const name = readName(octets, 0, colon, hash);
  if (name === undefined) {
    const shown = latin1(octets.subarray(0, Math.min(colon, 80)));
    throw new LdifFault(number, `'${shortened(shown)}' is not an attribute description`);
  }
  return { line: number, name, octets, at: colon + 1 };
}

/** A file has few names and many lines: names met before are not made again. One name a slot. */
const names: string[] = new Array(1024).fill('');

/** The hash of a name, 0 at first, with one more of its octets. */
export function nameHash(hash: number, octet: number): number {
  return (hash * 31 + octet) & 0xffff;
}

/** The `length` octets from `start` on as a description, or undefined where they are none. `hash`: nameHash() of them. */
export function readName(
  octets: Uint8Array,
  start: number,
  length: number,
  hash: number,
): string | undefined {
  if (length > LIMITS.attributeDescriptionBytes) return undefined;
  const slot = (hash ^ (hash >> 10)) & 0x3ff;
  const known = names[slot] as string;
  if (known.length === length && length > 0) {
    let i = 0;
    while (i < length && known.charCodeAt(i) === octets[start + i]) i += 1;
    if (i === length) return known;
  }
  const name = latin1(octets.subarray(start, start + length));
  if (!isDescription(name)) return undefined;
  names[slot] = name;
  return name;
}

/** The value after the first colon: plain, `: base64` or `< url`. */
function parseValue(field: Field, readUrl: ReadUrl): Uint8Array {
  const { octets, at } = field;
  const mark = octets[at];
  if (mark === COLON) {
    const text = latin1(octets.subarray(skipSpaces(octets, at + 1))).trimEnd();
    const bytes = fromBase64(text);
    if (bytes === undefined) throw new LdifFault(field.line, `the value of '${field.name}' is not base64`);
    return bytes;
  }
  const start = skipSpaces(octets, mark === LESS ? at + 1 : at);
  if (mark === LESS) return readFrom(field, latin1(octets.subarray(start)).trimEnd(), readUrl);
  if (octets.includes(0, start)) {
    throw new LdifFault(field.line, `the value of '${field.name}' holds NUL; write it in base64`);
  }
  return new Uint8Array(octets.subarray(start));
}

function readFrom(field: Field, url: string, readUrl: ReadUrl): Uint8Array {
  if (readUrl === undefined) {
    throw new LdifFault(field.line, `the value of '${field.name}' is a URL, and none may be read here`);
  }
  const answer = readUrl(url);
  if (typeof answer !== 'string') return answer;
  throw new LdifFault(field.line, `the value of '${field.name}' cannot be read from its URL: ${answer}`);
}

function textValue(field: Field, readUrl: ReadUrl): string {
  const text = utf8Decode(parseValue(field, readUrl));
  if (text === undefined) throw new LdifFault(field.line, `the value of '${field.name}' is not UTF-8`);
  return text;
}

function startsWithName(line: LogicalLine, name: string): boolean {
  const { octets } = line;
  if (octets[name.length] !== COLON) return false;
  return latin1(octets.subarray(0, name.length)).toLowerCase() === name;
}

function isDash({ octets }: LogicalLine): boolean {
  return octets[0] === DASH && (octets.length === 1 || skipSpaces(octets, 1) === octets.length);
}

function skipSpaces(octets: Uint8Array, from: number): number {
  let at = from;
  while (octets[at] === SPACE) at += 1;
  return at;
}

/** The characters of RFC 4512 descriptions, and the '_' that some schemas use. */
function isDescription(text: string): boolean {
  if (text.length === 0 || text.length > LIMITS.attributeDescriptionBytes) return false;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    const letter = (c >= 0x61 && c <= 0x7a) || (c >= 0x41 && c <= 0x5a);
    const digit = c >= 0x30 && c <= 0x39;
    if (!letter && !digit && c !== 0x2d && c !== 0x2e && c !== 0x3b && c !== 0x5f) return false;
  }
  return true;
}

function isOid(text: string): boolean {
  if (text.length === 0 || text.length > LIMITS.oidBytes) return false;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if ((c < 0x30 || c > 0x39) && c !== 0x2e) return false;
  }
  return text.charCodeAt(0) !== 0x2e;
}

function shortened(text: string): string {
  return text.length <= 64 ? text : `${text.slice(0, 61)}...`;
}
