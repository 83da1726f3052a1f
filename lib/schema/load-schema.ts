/**
 * Schema files to a Schema: definitions read from LDIF, all references checked, all faults told at once.
 *
 * The LDIF read here is what schema files use: one or more entries of `attribute: value` lines with folding and comments, base64 values
 * too; the five attributes of RFC 4512 section 4.2 that hold definitions count (with or without OpenLDAP's `olc` before and `{n}` in
 * front of the value), all others are passed over. Reading the files themselves is io's.
 */
import { fromBase64, utf8Decode } from '../base/bytes.js';
import { OperatorError } from '../base/operator-error.js';
import { buildAttributeTypes } from './build-attributes.js';
import { buildObjectClasses } from './build-classes.js';
import { buildSyntaxes } from './build-syntaxes.js';
import type { DescriptionKind } from './description.js';
import { DESCRIPTION_KINDS } from './description.js';
import { checkDitRules } from './dit-rules.js';
import { Schema } from './schema.js';
import type { SourcedDescription } from './schema-fault.js';
import { SchemaFaults } from './schema-fault.js';
import { parseDescription } from './schema-parser.js';

export interface SchemaFile {
  /** As faults show it. */
  readonly name: string;
  readonly text: string;
}

/** Attributes that hold definitions, in lower case. */
const KINDS = new Map<string, DescriptionKind>(DESCRIPTION_KINDS.map((kind) => [kind.toLowerCase(), kind]));

/** The schema that the files define together, read in order. Throws OperatorError SCHEMA_INVALID with all faults. */
export function buildSchema(files: readonly SchemaFile[]): Schema {
  const faults = new SchemaFaults();
  const sources: SourcedDescription[] = [];
  for (const file of files) readFile(file, sources, faults);
  const schema = assemble(sources, faults);
  if (faults.list.length > 0) {
    const count = faults.list.length;
    throw new OperatorError(
      'SCHEMA_INVALID',
      `The schema has ${count === 1 ? 'a fault' : `${count} faults`}; the first is ${faults.list[0] ?? ''}`,
      faults.list,
    );
  }
  return schema;
}

/** A schema of these definitions; what is wrong goes to `faults`, and the result is of use only when nothing does. */
export function assemble(sources: readonly SourcedDescription[], faults: SchemaFaults): Schema {
  const of = (kind: DescriptionKind) => sources.filter((one) => one.description.kind === kind);
  const syntaxes = buildSyntaxes(of('ldapSyntaxes'), faults);
  const attributeTypes = buildAttributeTypes(of('attributeTypes'), (oid) => syntaxes.get(oid), faults);
  const objectClasses = buildObjectClasses(of('objectClasses'), attributeTypes, faults);
  checkDitRules(sources, attributeTypes, objectClasses, faults);
  return new Schema({ sources, syntaxes, attributeTypes, objectClasses });
}

function readFile(file: SchemaFile, sources: SourcedDescription[], faults: SchemaFaults): void {
  for (const { line, text } of unfold(file.text)) {
    const at = { file: file.name, line };
    const colon = text.indexOf(':');
    if (colon < 1) {
      faults.add(at, 'The line is not of the form `attribute: value`.');
      continue;
    }
    const kind = kindOf(text.slice(0, colon));
    if (kind === undefined) continue;
    const value = readValue(text.slice(colon + 1));
    if (value === undefined) {
      faults.add(at, 'The value is not base64 of UTF-8 text.');
      continue;
    }
    const description = parseDescription(kind, withoutOrder(value));
    if (typeof description === 'string') faults.add(at, description);
    else sources.push({ description, ...at });
  }
}

function kindOf(attribute: string): DescriptionKind | undefined {
  const name = attribute.toLowerCase();
  return KINDS.get(name.startsWith('olc') ? name.slice(3) : name);
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
  return close < 0 ? value : value.slice(close + 1);
}

/** Logical lines of LDIF (RFC 2849): a line that starts with a space goes on the one before; comments and empty lines go. */
function* unfold(text: string): Generator<{ readonly line: number; readonly text: string }> {
  let current: { line: number; parts: string[] } | undefined;
  let number = 0;
  let start = text.startsWith('\ufeff') ? 1 : 0;
  while (start < text.length) {
    const newline = text.indexOf('\n', start);
    const end = newline < 0 ? text.length : newline;
    const physical = text.slice(start, end > start && text.charAt(end - 1) === '\r' ? end - 1 : end);
    number += 1;
    start = end + 1;
    if (physical.startsWith(' ') && current !== undefined) {
      current.parts.push(physical.slice(1));
      continue;
    }
    if (current !== undefined && isContent(current.parts))
      yield { line: current.line, text: current.parts.join('') };
    current = { line: number, parts: [physical] };
  }
  if (current !== undefined && isContent(current.parts))
    yield { line: current.line, text: current.parts.join('') };
}

function isContent(parts: readonly string[]): boolean {
  const first = parts[0] ?? '';
  return first !== '' && !first.startsWith('#');
}
