/**
 * Schema files to a Schema: definitions read, all references checked, all faults told at once. Their text is schema-text.ts, reading the files
 * themselves is io's.
 */
import { OperatorError } from '../base/operator-error.js';
import { type Steps, whole } from '../base/steps.js';
import { buildAttributeTypes, subtypeClosure } from './build-attributes.js';
import { buildObjectClasses } from './build-classes.js';
import { buildSyntaxes } from './build-syntaxes.js';
import { definitionKey } from './definition-key.js';
import type { DescriptionKind } from './description.js';
import { checkDitRules } from './dit-rules.js';
import { buildDitRules } from './dit-structure.js';
import { Schema } from './schema.js';
import type { SourcedDescription } from './schema-fault.js';
import { SchemaFaults } from './schema-fault.js';
import { readSchemaText, type SchemaFile } from './schema-text.js';

/**
 * The schema that the files define together, read in order. Of OpenLDAP's *.schema files, as they come with other products, what a file before defined under the same OID is passed over. Throws OperatorError
 * SCHEMA_INVALID with all faults.
 */
export function buildSchema(files: readonly SchemaFile[]): Schema {
  const faults = new SchemaFaults();
  const sources: SourcedDescription[] = [];
  const taken = new Set<string>();
  for (const file of files) {
    const read = readSchemaText(file, faults);
    const fresh = file.name.endsWith('.schema')
      ? read.filter(({ description }) => !taken.has(definitionKey(description)))
      : read;
    for (const { description } of read) taken.add(definitionKey(description));
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
  return schema;
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
