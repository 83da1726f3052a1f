/**
 * Schema files to a Schema: definitions read, all references checked, all faults told at once. Their text is schema-text.ts, reading the files
 * themselves is io's.
 */
import { OperatorError } from '../base/operator-error.js';
import { type Steps, whole } from '../base/steps.js';
import { buildAttributeTypes, subtypeClosure } from './build-attributes.js';
import { buildObjectClasses } from './build-classes.js';
import { buildSyntaxes } from './build-syntaxes.js';
import type { DescriptionKind } from './description.js';
import { checkDitRules } from './dit-rules.js';
import { buildDitRules } from './dit-structure.js';
import { KnownDefinitions, type OtherOid } from './known-definitions.js';
import { Schema } from './schema.js';
import type { SourcedDescription } from './schema-fault.js';
import { SchemaFaults } from './schema-fault.js';
import { readSchemaText, type SchemaFile } from './schema-text.js';

/** A server's schema, and what of its own files was passed over. */
export interface BuiltSchema {
  readonly schema: Schema;
  readonly passedOver: readonly PassedOver[];
}

/** Definitions of one file that are not taken, as others are there already. */
export interface PassedOver {
  readonly file: string;
  /** Of how many the OID was known. */
  readonly known: number;
  readonly otherOids: readonly OtherOid[];
}

/** The schema that the files define together, read in order. Throws OperatorError SCHEMA_INVALID with all faults. */
export function buildSchema(files: readonly SchemaFile[]): Schema {
  return buildServerSchema(files, []).schema;
}

/**
 * The same with files that others made, perhaps for another product: of those, definitions whose OID or first name a file before has are passed over.
 * Twice in one file is a fault.
 */
export function buildServerSchema(standard: readonly SchemaFile[], own: readonly SchemaFile[]): BuiltSchema {
  const faults = new SchemaFaults();
  const sources = standard.flatMap((file) => readSchemaText(file, faults));
  const passedOver: PassedOver[] = [];
  const before = new KnownDefinitions(sources);
  for (const file of own) {
    const read = readSchemaText(file, faults);
    const unknown = read.filter(({ description }) => !before.has(description));
    const otherOids = unknown.flatMap(({ description }) => before.otherOid(description) ?? []);
    const fresh = unknown.filter(({ description }) => before.otherOid(description) === undefined);
    if (fresh.length < read.length)
      passedOver.push({ file: file.name, known: read.length - unknown.length, otherOids });
    before.add(fresh);
    sources.push(...fresh);
  }
  const schema = assemble(sources, faults);
  if (faults.list.length > 0) {
    const count = faults.list.length;
    throw new OperatorError(
      'SCHEMA_INVALID',
      `The schema has ${count === 1 ? 'a fault' : `${count} faults`}; the first is ${faults.list[0] ?? ''}`,
      faults.list,
    );
  }
  return { schema, passedOver };
}

/** A schema of these definitions; what is wrong goes to `faults`, and the result is of use only when nothing does. */
export function assemble(sources: readonly SourcedDescription[], faults: SchemaFaults): Schema {
  return whole(assembleInSteps(sources, faults));
}

/** The same in steps. */
export function* assembleInSteps(
  sources: readonly SourcedDescription[],
  faults: SchemaFaults,
): Steps<Schema> {
  const of = (kind: DescriptionKind) => sources.filter((one) => one.description.kind === kind);
  const syntaxes = buildSyntaxes(of('ldapSyntaxes'), faults);
  const attributeTypes = yield* buildAttributeTypes(of('attributeTypes'), (oid) => syntaxes.get(oid), faults);
  const objectClasses = yield* buildObjectClasses(of('objectClasses'), attributeTypes, faults);
  yield* checkDitRules(sources, attributeTypes, objectClasses, faults);
  const ditRules = yield* buildDitRules(sources, attributeTypes, objectClasses);
  const subtypes = yield* subtypeClosure(attributeTypes.all);
  return new Schema({ sources, syntaxes, attributeTypes, objectClasses, ditRules, subtypes });
}
