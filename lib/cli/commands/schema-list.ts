/** `polyarch schema list`: the definitions of a schema, one a line. */
import { displayName, field } from '../../schema/description.js';
import { USER_FILE } from '../../schema/own-definitions.js';
import type { SourcedDescription } from '../../schema/schema-fault.js';
import { defineCommand, jsonOption } from '../command.js';
import { printData, table } from '../output.js';
import { findSchema, schemaOptions } from '../schema-source.js';

export const schemaList = defineCommand({
  options: {
    ...schemaOptions,
    kind: {
      type: 'string',
      choices: [
        'attributeTypes',
        'objectClasses',
        'nameForms',
        'dITContentRules',
        'dITStructureRules',
        'ldapSyntaxes',
      ],
      describe: 'Only definitions of this kind',
    },
    own: { type: 'boolean', default: false, describe: 'Only definitions that were added over LDAP' },
    ...jsonOption,
  },
  examples: [
    ['$0 schema list --dir /var/lib/polyarch --own', 'What was added to this directory'],
    ['$0 schema list --kind objectClasses', 'The object classes of the installation'],
  ],
  async run(args) {
    const { schema, inactive } = await findSchema(args);
    const chosen = schema.sources.filter(
      (one) => (args.kind === undefined || one.description.kind === args.kind) && (!args.own || isOwn(one)),
    );
    const rows = chosen.map(({ description, file }) => ({
      kind: description.kind,
      name: displayName(description),
      oid: description.id,
      origin: field(description, 'X-ORIGIN'),
      file,
    }));
    printData({ definitions: rows, inactive }, args.json, () =>
      [
        table(
          ['kind', 'name', 'OID', 'origin', 'file'],
          rows.map((row) => [row.kind, row.name, row.oid, row.origin, row.file]),
        ),
        ...inactive.map(({ kind, text, reason }) => `takes no effect: ${kind}: ${text}: ${reason}`),
      ].join('\n'),
    );
    return undefined;
  },
});

function isOwn({ description }: SourcedDescription): boolean {
  return field(description, 'X-SCHEMA-FILE') === USER_FILE;
}
