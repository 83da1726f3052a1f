/**
 * Definitions from the text of a schema file, as our own and other products' files write them.
 *
 * Two forms. LDIF: entries of `attribute: value` lines with folding, comments and base64, where the attributes of RFC 4512 section 4.2 count, with or
 * without OpenLDAP's `olc` before and `{n}` in front of the value (cn=schema of 389-ds and OpenDJ, cn=config of OpenLDAP, change records that add); all others
 * are passed over. OpenLDAP's .schema: directives `attributetype ( ... )`. In both, OID macros (objectidentifier) are resolved. Every fault is told with its line.
 */
import { fromBase64, utf8Decode } from '../base/bytes.js';
import type { DescriptionKind } from './description.js';
import { DESCRIPTION_KINDS } from './description.js';
import type { SchemaFaults, SourcedDescription } from './schema-fault.js';
import { parseDescription } from './schema-parser.js';

export interface SchemaFile {
  /** As faults show it. */
  readonly name: string;
  readonly text: string;
}

/** Attributes that hold definitions, in lower case. */
const ATTRIBUTES = new Map<string, DescriptionKind>(
  DESCRIPTION_KINDS.map((kind) => [kind.toLowerCase(), kind]),
);
/** Directives: OpenLDAP writes them in the singular; the plural is common too. */
const DIRECTIVES = new Map<string, DescriptionKind>([
  ...ATTRIBUTES,
  ['attributetype', 'attributeTypes'],
  ['objectclass', 'objectClasses'],
  ['ldapsyntax', 'ldapSyntaxes'],
  ['ditcontentrule', 'dITContentRules'],
  ['ditstructurerule', 'dITStructureRules'],
  ['nameform', 'nameForms'],
]);
const MACRO = 'objectidentifier';

interface LogicalLine {
  readonly line: number;
  readonly text: string;
}

/** What one file defines, in its order; what is wrong goes to `faults`. */
export function readSchemaText(file: SchemaFile, faults: SchemaFaults): SourcedDescription[] {
  const reader = new Reader(file.name, faults);
  const { text } = file;
  if (isDirectives(text)) for (const line of directives(text)) reader.directive(line);
  else for (const line of unfold(text)) reader.ldif(line);
  return reader.sources;
}

class Reader {
  readonly sources: SourcedDescription[] = [];
  readonly #file: string;
  readonly #faults: SchemaFaults;
  readonly #macros = new Map<string, string>();

  constructor(file: string, faults: SchemaFaults) {
    this.#file = file;
    this.#faults = faults;
  }

  ldif({ line, text }: LogicalLine): void {
    // Ends a modification of a change record.
    if (text.trim() === '-') return;
    const colon = text.indexOf(':');
    const attribute = text.slice(0, Math.max(colon, 0)).trim().toLowerCase();
    const name = attribute.startsWith('olc') ? attribute.slice(3) : attribute;
    const kind = ATTRIBUTES.get(name);
    if (attribute === '') this.#fault(line, 'The line is not of the form `attribute: value`.');
    else if (kind !== undefined || name === MACRO) this.#value(line, kind, readValue(text.slice(colon + 1)));
    else if (attribute === 'delete' || attribute === 'replace') this.#taking(line, text.slice(colon + 1));
  }

  directive({ line, text }: LogicalLine): void {
    const end = wordEnd(text);
    const name = text.slice(0, end).toLowerCase();
    const kind = DIRECTIVES.get(name);
    if (kind === undefined && name !== MACRO)
      this.#fault(line, `'${text.slice(0, Math.min(end, 40))}' is no directive of a schema file.`);
    else this.#value(line, kind, text.slice(end).trim());
  }

  /** `kind`: undefined for an OID macro. */
  #value(line: number, kind: DescriptionKind | undefined, value: string | undefined): void {
    if (value === undefined) this.#fault(line, 'The value is not base64 of UTF-8 text.');
    else if (kind === undefined) this.#macro(line, withoutOrder(value));
    else this.#define(line, kind, withoutOrder(value));
  }

  /** A change record that takes definitions away: no file of ours does. */
  #taking(line: number, attribute: string): void {
    const name = attribute.trim().toLowerCase();
    if (ATTRIBUTES.has(name.startsWith('olc') ? name.slice(3) : name))
      this.#fault(line, 'A schema file adds definitions; to take some away: polyarch schema remove');
  }

  #define(line: number, kind: DescriptionKind, value: string): void {
    const description = parseDescription(kind, value, (written) => this.#resolve(written));
    if (typeof description === 'string') this.#fault(line, description);
    else this.sources.push({ description, file: this.#file, line });
  }

  /** `name oid`, `name other:suffix`. */
  #macro(line: number, value: string): void {
    const [name, oid, ...more] = value.split(/[ \t]+/, 3);
    if (name === undefined || oid === undefined || more.length > 0)
      this.#fault(line, 'An OID macro is a name and an OID.');
    else this.#macros.set(name.toLowerCase(), this.#resolve(oid));
  }

  #resolve(written: string): string {
    if (this.#macros.size === 0) return written;
    const colon = written.indexOf(':');
    const brace = written.indexOf('{');
    const end = colon >= 0 ? colon : brace >= 0 ? brace : written.length;
    const macro = this.#macros.get(written.slice(0, end).toLowerCase());
    if (macro === undefined) return written;
    return colon < 0 ? macro + written.slice(end) : `${macro}.${written.slice(colon + 1)}`;
  }

  #fault(line: number, sentence: string): void {
    this.#faults.add({ file: this.#file, line }, sentence);
  }
}

/** Whether the first line that says anything is a directive: a word that is followed by a space, not by a colon. */
function isDirectives(text: string): boolean {
  for (const { text: line } of physicalLines(text)) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    return startsDirective(line);
  }
  return false;
}

function wordEnd(line: string): number {
  let end = 0;
  while (end < line.length && !' \t(:'.includes(line.charAt(end))) end += 1;
  return end;
}

/** Directives begin in the first column with their name; every other line goes on the one before. Comments and empty lines go. */
function* directives(text: string): Generator<LogicalLine> {
  let current: { line: number; parts: string[] } | undefined;
  for (const { line, text: physical } of physicalLines(text)) {
    if (physical.trim() === '' || physical.startsWith('#')) continue;
    if (current !== undefined && !startsDirective(physical) && !isMisspelt(physical)) {
      current.parts.push(physical);
      continue;
    }
    if (current !== undefined) yield { line: current.line, text: current.parts.join(' ') };
    current = { line, parts: [physical] };
  }
  if (current !== undefined) yield { line: current.line, text: current.parts.join(' ') };
}

/** A word in lower case in the first column: no definition goes on with one. */
function isMisspelt(line: string): boolean {
  const first = line.charCodeAt(0);
  return first >= 0x61 && first <= 0x7a;
}

function startsDirective(line: string): boolean {
  const end = wordEnd(line);
  const name = line.slice(0, end).toLowerCase();
  return line.charAt(end) !== ':' && (DIRECTIVES.has(name) || name === MACRO);
}

/** After the first colon: a plain value, or ':' and base64. */
function readValue(rest: string): string | undefined {
  if (!rest.startsWith(':')) return rest.trim();
  const bytes = fromBase64(rest.slice(1).trim());
  return bytes === undefined ? undefined : utf8Decode(bytes);
}

/** OpenLDAP's order prefix `{12}` goes. */
function withoutOrder(value: string): string {
  if (!value.startsWith('{')) return value;
  const close = value.indexOf('}');
  return close < 0 ? value : value.slice(close + 1).trim();
}

/** Logical lines of LDIF (RFC 2849): a line that starts with a space goes on the one before; comments and empty lines go. */
function* unfold(text: string): Generator<LogicalLine> {
  let current: { line: number; parts: string[] } | undefined;
  for (const { line, text: physical } of physicalLines(text)) {
    if (physical.startsWith(' ') && current !== undefined) {
      current.parts.push(physical.slice(1));
      continue;
    }
    if (current !== undefined && isContent(current.parts))
      yield { line: current.line, text: current.parts.join('') };
    current = { line, parts: [physical] };
  }
  if (current !== undefined && isContent(current.parts))
    yield { line: current.line, text: current.parts.join('') };
}

function isContent(parts: readonly string[]): boolean {
  const first = parts[0] ?? '';
  return first.trim() !== '' && !first.startsWith('#');
}

function* physicalLines(text: string): Generator<LogicalLine> {
  let number = 0;
  let start = text.startsWith('\ufeff') ? 1 : 0;
  while (start < text.length) {
    const newline = text.indexOf('\n', start);
    const end = newline < 0 ? text.length : newline;
    number += 1;
    yield {
      line: number,
      text: text.slice(start, end > start && text.charAt(end - 1) === '\r' ? end - 1 : end),
    };
    start = end + 1;
  }
}
