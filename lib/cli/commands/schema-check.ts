/** `polyarch schema check`: whether a schema file fits a schema. Changes nothing. */
import { checkSchemaFile } from '../../schema/check-definitions.js';
import { otherOidLine } from '../../schema/known-definitions.js';
import { defineCommand, jsonOption } from '../command.js';
import { printData } from '../output.js';
import { readSchemaFile, schemaFileOption } from '../read-schema-file.js';
import { findSchema, schemaOptions } from '../schema-source.js';

export const schemaCheck = defineCommand({
  options: {
    ...schemaOptions,
    ...schemaFileOption,
    ...jsonOption,
  },
  examples: [
    ['$0 schema check --file my.schema', 'Against the schema of the installation'],
    ['$0 schema check --dir /var/lib/polyarch --file 99user.ldif', "Against a server's schema"],
  ],
  async run(args) {
    const { schema } = await findSchema(args);
    const { fresh, known, otherOids } = checkSchemaFile(schema, await readSchemaFile(args.file));
    printData({ valid: true, new: fresh.length, known: known.length, otherOids }, args.json, () =>
      [
        `${args.file} fits: ${fresh.length} new definitions, ${known.length} that the schema has already`,
        ...otherOids.map(otherOidLine),
      ].join('\n'),
    );
    return undefined;
  },
});
