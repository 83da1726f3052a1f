/** `polyarch schema remove`: takes a definition away that was added over LDAP and that nothing needs. */
import { LdapError } from '../../base/ldap-error.js';
import { OperatorError } from '../../base/operator-error.js';
import { findDefinitions } from '../../schema/check-definitions.js';
import { OWN_KINDS } from '../../schema/own-definitions.js';
import { defineCommand, jsonOption } from '../command.js';
import { printData } from '../output.js';
import { editSchema, findSchema, schemaOptions } from '../schema-source.js';

export const schemaRemove = defineCommand({
  options: {
    ...schemaOptions,
    name: { type: 'string', demandOption: true, describe: 'Name or OID of the definition' },
    kind: { type: 'string', choices: OWN_KINDS, describe: 'Its kind, where several share the name' },
    ...jsonOption,
  },
  examples: [
    ['$0 schema remove --dir /var/lib/polyarch --name badgeNumber', 'When no entry uses it any more'],
  ],
  async run(args) {
    const { schema, inactive } = await findSchema(args);
    const found = findDefinitions(schema, args.name).filter(
      ({ description }) => args.kind === undefined || description.kind === args.kind,
    );
    if (found.length > 1)
      throw new OperatorError(
        'COMMAND_INVALID',
        `several definitions have the name '${args.name}' (${found.map((one) => one.description.kind).join(', ')}); say which with --kind`,
      );
    const kind = OWN_KINDS.find((one) => one === (found[0]?.description.kind ?? args.kind));
    const id =
      found[0]?.description.id ??
      inactive.find(({ text }) => text.startsWith(`( ${args.name} `))?.text.split(' ')[1];
    if (kind === undefined || id === undefined)
      throw new LdapError(
        'noSuchAttribute',
        `the schema has no definition '${args.name}' that could be removed`,
      );
    await editSchema(args, [{ operation: 'delete', kind, values: [id] }]);
    printData({ removed: id }, args.json, () => `removed ${args.name} (${id})`);
    return undefined;
  },
});
