/**
 * Where commands find a schema: on a server by LDAP, in a server's directory (running or not), or in the installation.
 */
import { existsSync } from 'node:fs';
import { changeSchemaOffline, type SchemaEdit } from '../app/config/change-schema.js';
import { readServerConfig } from '../app/config/read-config.js';
import { readServerSchema, readWholeSchema, SCHEMA_BASE } from '../app/config/read-schema.js';
import { reportedSchema, type SchemaReport } from '../app/config/schema-report.js';
import { callControl, isRunning } from '../app/control/control-client.js';
import { openOffline } from '../app/data/offline-store.js';
import { hasStore } from '../app/data/store-swap.js';
import { serverFiles } from '../app/server-files.js';
import { utf8Decode, utf8Encode } from '../base/bytes.js';
import { LdapError } from '../base/ldap-error.js';
import type { LdapClient } from '../io/ldap-client.js';
import { DESCRIPTION_KINDS } from '../schema/description.js';
import type { InactiveDefinition } from '../schema/own-definitions.js';
import type { Schema } from '../schema/schema.js';
import { dirOption } from './command.js';
import { connectTo, givenUrl, type LdapArguments, ldapOptions } from './ldap-options.js';

/** Options of every schema command. */
export const schemaOptions = { ...dirOption, ...ldapOptions } as const;

type Place = LdapArguments & { readonly dir: string };

export interface FoundSchema {
  readonly schema: Schema;
  readonly inactive: readonly InactiveDefinition[];
}

/** Reads the schema. Without a server in the directory it is that of the installation. Rejects as what it reads from does. */
export async function findSchema(args: Place): Promise<FoundSchema> {
  const url = givenUrl(args);
  if (url !== undefined) return { schema: await overLdap(url, args), inactive: [] };
  const files = serverFiles(args.dir);
  if (!existsSync(files.config)) return { schema: await readServerSchema(undefined), inactive: [] };
  if (await isRunning(files)) {
    const report = (await callControl(files, { command: 'schema' })) as SchemaReport;
    return { schema: reportedSchema(report), inactive: report.inactive };
  }
  const store = hasStore(files) ? await openOffline(files, false) : undefined;
  try {
    return await readWholeSchema(files, store);
  } finally {
    await store?.close();
  }
}

/** Makes a change where findSchema() reads. Rejects with LdapError when it is refused. */
export async function editSchema(args: Place, edits: readonly SchemaEdit[]): Promise<void> {
  const url = givenUrl(args);
  if (url !== undefined) {
    const client = await connectTo(url, args);
    try {
      await client.modify(
        SCHEMA_BASE,
        edits.map(({ operation, kind, values }) => ({
          operation,
          attribute: { description: kind, values: values.map(utf8Encode) },
        })),
      );
    } finally {
      client.unbind();
    }
    return;
  }
  const config = await readServerConfig(args.dir);
  if (await isRunning(config.files)) await callControl(config.files, { command: 'change-schema', edits });
  else await changeSchemaOffline(config, edits);
}

async function overLdap(url: string, args: LdapArguments): Promise<Schema> {
  const client = await connectTo(url, args);
  try {
    return await schemaOver(client);
  } finally {
    client.unbind();
  }
}

/** The schema that a server shows. Rejects with LdapError. */
export async function schemaOver(client: Pick<LdapClient, 'readEntry'>): Promise<Schema> {
  const entry = await client.readEntry(SCHEMA_BASE, [...DESCRIPTION_KINDS]);
  if (entry === undefined) throw new LdapError('noSuchObject', `the server shows no ${SCHEMA_BASE}`);
  return reportedSchema({
    definitions: entry.attributes.flatMap(({ name, values }) => {
      const kind = DESCRIPTION_KINDS.find((one) => one.toLowerCase() === name.toLowerCase());
      if (kind === undefined || kind === 'matchingRuleUse') return [];
      return values.map((value) => ({ kind, text: utf8Decode(value) ?? '', file: SCHEMA_BASE }));
    }),
  });
}
