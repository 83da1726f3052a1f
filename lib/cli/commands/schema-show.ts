/** `polyarch schema show`: one element in full, and what refers to it. */
import { LdapError } from '../../base/ldap-error.js';
import { findDefinitions } from '../../schema/check-definitions.js';
import { displayName } from '../../schema/description.js';
import type { Schema } from '../../schema/schema.js';
import { formatDescription } from '../../schema/schema-format.js';
import { defineCommand, jsonOption } from '../command.js';
import { facts, printData } from '../output.js';
import { findSchema, schemaOptions } from '../schema-source.js';

export const schemaShow = defineCommand({
  options: {
    ...schemaOptions,
    name: { type: 'string', demandOption: true, describe: 'Name or OID of the element' },
    ...jsonOption,
  },
  examples: [['$0 schema show --name inetOrgPerson', 'A class of the installation, and what uses it']],
  async run(args) {
    const { schema } = await findSchema(args);
    const shown = findDefinitions(schema, args.name).map(({ description, file }) => ({
      kind: description.kind,
      name: displayName(description),
      definition: formatDescription(description),
      file,
      ...usesOf(schema, description.kind, description.id),
    }));
    if (shown.length === 0) throw new LdapError('noSuchObject', `the schema has no element '${args.name}'`);
    printData({ elements: shown }, args.json, () =>
      shown
        .map(({ required, allowed, below, syntax, ...rest }) =>
          facts([
            [rest.kind, rest.definition],
            ['file', rest.file],
            ...(syntax === undefined ? [] : ([['syntax', syntax]] as const)),
            ...(below.length === 0 ? [] : ([['below it', below.join(', ')]] as const)),
            ...(required.length === 0 ? [] : ([['required by', required.join(', ')]] as const)),
            ...(allowed.length === 0 ? [] : ([['allowed by', allowed.join(', ')]] as const)),
          ]),
        )
        .join('\n\n'),
    );
    return undefined;
  },
});

interface Uses {
  readonly syntax: string | undefined;
  readonly below: readonly string[];
  readonly required: readonly string[];
  readonly allowed: readonly string[];
}

function usesOf(schema: Schema, kind: string, oid: string): Uses {
  const type = kind === 'attributeTypes' ? schema.attributeType(oid) : undefined;
  const objectClass = kind === 'objectClasses' ? schema.objectClass(oid) : undefined;
  const having = (set: 'must' | 'may') =>
    type === undefined ? [] : schema.objectClasses.filter((one) => one[set].has(type)).map((one) => one.name);
  const below =
    type !== undefined
      ? schema.subtypes(type).filter((one) => one !== type)
      : objectClass !== undefined
        ? schema.objectClasses.filter((one) => one !== objectClass && schema.isSubclass(one, objectClass))
        : [];
  return {
    syntax: type?.syntax.description,
    below: below.map((one) => one.name),
    required: having('must'),
    allowed: having('may'),
  };
}
