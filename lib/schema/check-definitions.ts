/**
 * A schema file held against a schema: what of it is new, and whether all of it fits. For commands that load files of other products.
 */
import { OperatorError } from '../base/operator-error.js';
import { definitionKey } from './definition-key.js';
import { displayName } from './description.js';
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

/** One name with two OIDs: products that took a definition from each other often numbered it anew. */
export interface OtherOid {
  /** As the file writes it. */
  readonly name: string;
  /** What the file says. */
  readonly oid: string;
  /** What the schema says. */
  readonly ours: string;
}

/** Tells people that the definition was passed over, and what stands in its place. */
export function otherOidLine({ name, oid, ours }: OtherOid): string {
  return `passed over: ${name} with the OID ${oid}; the schema has that name with ${ours}`;
}

/**
 * Checks the definitions of a file. One whose OID or first name the schema has already is passed over, whatever it says: data know attributes and classes by
 * their names. Throws OperatorError SCHEMA_INVALID with file and line of
 * every fault, or when the file holds no definition: it is another file than was meant.
 */
export function checkSchemaFile(schema: Schema, file: SchemaFile): CheckedFile {
  const faults = new SchemaFaults();
  const taken = new Set(schema.sources.map(({ description }) => definitionKey(description)));
  const fresh: SourcedDescription[] = [];
  const known: SourcedDescription[] = [];
  const otherOids: OtherOid[] = [];
  for (const sourced of readSchemaText(file, faults)) {
    const { description } = sourced;
    const ours = oidOfName(schema, description);
    if (isKnown(description, schema, taken)) known.push(sourced);
    else if (ours !== undefined)
      otherOids.push({ name: displayName(description), oid: description.id, ours });
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

/** OID under which the schema has the first name of an attribute type or object class. */
function oidOfName(schema: Schema, description: SourcedDescription['description']): string | undefined {
  const name = displayName(description);
  if (description.kind === 'attributeTypes') return schema.attributeType(name)?.oid;
  return description.kind === 'objectClasses' ? schema.objectClass(name)?.oid : undefined;
}

function isKnown(
  description: SourcedDescription['description'],
  schema: Schema,
  taken: ReadonlySet<string>,
): boolean {
  if (description.kind === 'ldapSyntaxes') return schema.syntax(description.id) !== undefined;
  return taken.has(definitionKey(description));
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
