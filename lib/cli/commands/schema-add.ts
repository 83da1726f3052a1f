/** `polyarch schema add`: the definitions of a file into the schema of all servers, as one change. */
import type { SchemaEdit } from '../../app/config/change-schema.js';
import { counted } from '../../base/counted.js';
import { checkSchemaFile } from '../../schema/check-definitions.js';
import { otherOidLine } from '../../schema/known-definitions.js';
import { OWN_KINDS } from '../../schema/own-definitions.js';
import { defineCommand, jsonOption } from '../command.js';
import { printData } from '../output.js';
import { readSchemaFile, schemaFileOption } from '../read-schema-file.js';
import { editSchema, findSchema, schemaOptions } from '../schema-source.js';

export const schemaAdd = defineCommand({
  options: {
    ...schemaOptions,
    ...schemaFileOption,
    ...jsonOption,
  },
  examples: [
    [
      '$0 schema add --dir /var/lib/polyarch --file my.schema',
      'On this machine, whether the server runs or not',
    ],
    ['$0 schema add --url ldap://localhost:1389 --file 99user.ldif', 'Over LDAP'],
  ],
  async run(args) {
    const { schema } = await findSchema(args);
    const { fresh, known, otherOids } = checkSchemaFile(schema, await readSchemaFile(args.file));
    const edits: SchemaEdit[] = [];
    for (const kind of OWN_KINDS) {
      const values = fresh.filter((one) => one.kind === kind).map(({ text }) => text);
      if (values.length > 0) edits.push({ operation: 'add', kind, values });
    }
    if (edits.length > 0) await editSchema(args, edits);
    printData({ added: fresh.length, known: known.length, otherOids }, args.json, () =>
      [
        `added ${counted(fresh.length, 'definition')}; the schema had ${known.length} already`,
        ...otherOids.map(otherOidLine),
      ].join('\n'),
    );
    return undefined;
  },
});
