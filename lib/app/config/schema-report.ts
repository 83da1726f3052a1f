/**
 * The schema as plain data, for the control socket and for commands: every definition in RFC 4512's syntax with the file it came from.
 */
import type { DescriptionKind } from '../../schema/description.js';
import { assemble } from '../../schema/load-schema.js';
import type { InactiveDefinition } from '../../schema/own-definitions.js';
import type { Schema } from '../../schema/schema.js';
import { SchemaFaults, type SourcedDescription } from '../../schema/schema-fault.js';
import { formatDescription } from '../../schema/schema-format.js';
import { parseDescription } from '../../schema/schema-parser.js';

export interface SchemaReport {
  readonly definitions: readonly {
    readonly kind: DescriptionKind;
    readonly text: string;
    /** `cn=schema` for what was added over LDAP. */
    readonly file: string;
  }[];
  readonly inactive: readonly InactiveDefinition[];
}

/** The report. */
export function schemaReport(schema: Schema, inactive: readonly InactiveDefinition[]): SchemaReport {
  return {
    definitions: schema.sources.map(({ description, file }) => ({
      kind: description.kind,
      text: formatDescription(description),
      file,
    })),
    inactive,
  };
}

/** The schema that a report tells of. */
export function reportedSchema({ definitions }: Pick<SchemaReport, 'definitions'>): Schema {
  const sources: SourcedDescription[] = [];
  for (const { kind, text, file } of definitions) {
    const description = parseDescription(kind, text);
    if (typeof description !== 'string') sources.push({ description, file, line: 0 });
  }
  return assemble(sources, new SchemaFaults());
}
