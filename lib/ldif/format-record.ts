/**
 * Writes LDIF (RFC 2849): records to ASCII text.
 *
 * A value that is no SAFE-STRING (octets above 0x7f, NUL, line ends; a space, ':' or '<' at its start; a space at its end) is written in
 * base64. Lines are folded at 76 columns unless told otherwise. Invariant: the reader makes of the text what was written.
 */
import { isAscii, latin1, toBase64, utf8Encode } from '../base/bytes.js';
import { StepMeter } from '../base/steps.js';
import type { RawValues } from '../entry/modification.js';
import type { LdifChange, LdifControl, LdifRecord } from './ldif-record.js';

const COLUMNS = 76;
const SPACE = 0x20;

/** The first line of a file, and the blank line after it. */
export const LDIF_HEADER = 'version: 1\n\n';

export interface LdifFormat {
  /** False: no folding (`ldif-wrap=no`). Default true. */
  readonly wrap?: boolean;
  /** Comment lines before the record; line ends in them make more comment lines. */
  readonly comments?: readonly string[];
}

/** Text of a record with the blank line after it. */
export function formatRecord(record: LdifRecord, format: LdifFormat = {}): string {
  const columns = format.wrap === false ? Number.MAX_SAFE_INTEGER : COLUMNS;
  const out: string[] = [];
  for (const comment of format.comments ?? []) {
    for (const line of comment.split(/[\r\n]/)) addFolded(out, `# ${asciiComment(line)}`, columns);
  }
  addValue(out, 'dn', utf8Encode(record.dn), columns);
  if (record.kind === 'content') addAttributes(out, record.attributes, columns);
  else {
    for (const control of record.controls) addControl(out, control, columns);
    addChange(out, record.change, columns);
  }
  out.push('\n');
  return out.join('');
}

function addChange(out: string[], change: LdifChange, columns: number): void {
  out.push(`changetype: ${change.kind === 'modifyDn' ? 'modrdn' : change.kind}\n`);
  if (change.kind === 'modifyDn') {
    addValue(out, 'newrdn', utf8Encode(change.newRdn), columns);
    out.push(`deleteoldrdn: ${change.deleteOldRdn ? 1 : 0}\n`);
    if (change.newSuperior !== undefined) {
      addValue(out, 'newsuperior', utf8Encode(change.newSuperior), columns);
    }
  } else for (const piece of valuePieces(change, columns)) out.push(piece);
}

/** The lines behind `changetype` of an add or a modify, not folded, in pieces that one step takes. */
export const changePieces = (change: LdifChange): Iterable<string> =>
  valuePieces(change, Number.MAX_SAFE_INTEGER);

function* valuePieces(change: LdifChange, columns: number): Generator<string, void> {
  if (change.kind === 'add')
    for (const attribute of change.attributes) yield* attributePieces(attribute, columns);
  else if (change.kind === 'modify') {
    for (const { operation, attribute } of change.modifications) {
      const head: string[] = [];
      addFolded(head, `${operation}: ${attribute.description}`, columns);
      yield head.join('');
      yield* attributePieces(attribute, columns);
      yield '-\n';
    }
  }
}

function* attributePieces({ description, values }: RawValues, columns: number): Generator<string, void> {
  const meter = new StepMeter();
  let out: string[] = [];
  for (const value of values) {
    if (meter.isFull(value.length)) {
      yield out.join('');
      out = [];
    }
    addValue(out, description, value, columns);
  }
  yield out.join('');
}

function addAttributes(out: string[], attributes: readonly RawValues[], columns: number): void {
  for (const { description, values } of attributes) {
    for (const value of values) addValue(out, description, value, columns);
  }
}

function addControl(out: string[], control: LdifControl, columns: number): void {
  const head = `control: ${control.oid} ${control.critical}`;
  if (control.value === undefined) addFolded(out, head, columns);
  else addValue(out, head, control.value, columns);
}

/** `name: value` or `name:: base64`. */
function addValue(out: string[], name: string, value: Uint8Array, columns: number): void {
  if (value.length === 0) addFolded(out, `${name}:`, columns);
  else if (isSafe(value)) addFolded(out, `${name}: ${latin1(value)}`, columns);
  else addFolded(out, `${name}:: ${toBase64(value)}`, columns);
}

function isSafe(value: Uint8Array): boolean {
  const first = value[0];
  if (first === SPACE || first === 0x3a || first === 0x3c) return false;
  if (value[value.length - 1] === SPACE || !isAscii(value)) return false;
  for (let i = 0; i < value.length; i++) {
    const octet = value[i];
    if (octet === 0 || octet === 0x0a || octet === 0x0d) return false;
  }
  return true;
}

function addFolded(out: string[], line: string, columns: number): void {
  if (line.length <= columns) {
    out.push(line, '\n');
    return;
  }
  out.push(line.slice(0, columns), '\n');
  for (let at = columns; at < line.length; at += columns - 1) {
    out.push(' ', line.slice(at, at + columns - 1), '\n');
  }
}

/** Comments are for people: what is not printable ASCII becomes '?'. */
function asciiComment(text: string): string {
  let out = '';
  for (const char of text) out += char >= ' ' && char <= '~' ? char : '?';
  return out;
}
