/**
 * A schema file held against a schema: what of it is new, and whether all of it fits. For commands that load files of other products.
 */
import { OperatorError } from '../base/operator-error.js';
import { definitionKey } from './definition-key.js';
import { type Description, displayName } from './description.js';
import { KnownDefinitions, type OtherOid } from './known-definitions.js';
import { assemble } from './load-schema.js';
import { OWN_KINDS, type OwnDefinition } from './own-definitions.js';
import type { Schema } from './schema.js';
import { SchemaFaults, type SourcedDescription } from './schema-fault.js';
import { formatDescription } from './schema-format.js';
import { readSchemaText, type SchemaFile } from './schema-text.js';

export interface CheckedFile {
  /** Definitions that the schema lacks; all of them fit. */
  readonly fresh: readonly OwnDefinition[];
  /** Those that it has already, with the same OID. */
  readonly known: readonly SourcedDescription[];
  /** Those whose name it has already, under another OID. */
  readonly otherOids: readonly OtherOid[];
}

/**
 * Checks the definitions of a file. One whose OID or first name the schema has already is passed over, whatever it says: data know attributes and classes by
 * their names. Throws OperatorError SCHEMA_INVALID with file and line of
 * every fault, or when the file holds no definition: it is another file than was meant.
 */
export function checkSchemaFile(schema: Schema, file: SchemaFile): CheckedFile {
  const faults = new SchemaFaults();
  const ours = new KnownDefinitions(schema.sources);
  const taken = new Set<string>();
  const fresh: SourcedDescription[] = [];
  const known: SourcedDescription[] = [];
  const otherOids: OtherOid[] = [];
  for (const sourced of readSchemaText(file, faults)) {
    const { description } = sourced;
    const otherOid = ours.otherOid(description);
    if (isKnown(description, schema, ours) || taken.has(definitionKey(description))) known.push(sourced);
    else if (otherOid !== undefined) otherOids.push(otherOid);
    else if (OWN_KINDS.some((kind) => kind === description.kind)) fresh.push(sourced);
    else
      faults.of(
        sourced,
        'cannot be added to a running directory; a file with it goes into the schema folder of every server.',
      );
    taken.add(definitionKey(description));
  }
  assemble([...schema.sources, ...fresh], faults);
  if (faults.list.length > 0) {
    const count = faults.list.length;
    throw new OperatorError(
      'SCHEMA_INVALID',
      `${file.name} has ${count === 1 ? 'a fault' : `${count} faults`}; nothing was added`,
      faults.list,
    );
  }
  if (fresh.length + known.length + otherOids.length === 0)
    throw new OperatorError('SCHEMA_INVALID', `${file.name} holds no definition of a schema`);
  return {
    fresh: fresh.map(({ description }) => ({
      kind: description.kind as OwnDefinition['kind'],
      text: formatDescription(description),
    })),
    known,
    otherOids,
  };
}

function isKnown(description: Description, schema: Schema, ours: KnownDefinitions): boolean {
  if (description.kind === 'ldapSyntaxes') return schema.syntax(description.id) !== undefined;
  return ours.has(description);
}

/** Definitions of any kind that have this name or OID. */
export function findDefinitions(schema: Schema, name: string): readonly SourcedDescription[] {
  const wanted = name.toLowerCase();
  return schema.sources.filter(
    ({ description }) =>
      description.id.toLowerCase() === wanted ||
      displayName(description).toLowerCase() === wanted ||
      (description.fields.get('NAME') ?? []).some((one) => one.toLowerCase() === wanted),
  );
}
