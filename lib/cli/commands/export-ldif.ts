/**
 * `polyarch export-ldif`: from a stopped server, or through LDAP from a running one.
 */

import { readServerConfig } from '../../app/config/read-config.js';
import { readServerSchema } from '../../app/config/read-schema.js';
import { type ExportScope, exportEntries } from '../../app/data/export-entries.js';
import { RecordSelection } from '../../app/data/record-selection.js';
import { OperatorError } from '../../base/operator-error.js';
import type { Filter } from '../../filter/filter.js';
import type { LdapClient } from '../../io/ldap-client.js';
import { writeLdifFile } from '../../io/ldif-files.js';
import { formatRecord, LDIF_HEADER } from '../../ldif/format-record.js';
import type { LdifRecord } from '../../ldif/ldif-record.js';
import type { Schema } from '../../schema/schema.js';
import { defineCommand, dirOption } from '../command.js';
import { connectTo, givenUrl, ldapOptions } from '../ldap-options.js';
import { Progress } from '../progress.js';
import { givenAttributes, givenFilter, givenSelection, selectionOptions } from '../selection-options.js';
import { domainOf } from './import-ldif.js';

const PAGE = 1000;
/** What an import makes entries of again. */
const EXPORTED = ['*', 'entryUUID', 'createTimestamp', 'creatorsName', 'modifyTimestamp', 'modifiersName'];
const PRESENT: Filter = { kind: 'present', attribute: 'objectClass' };

export const exportLdif = defineCommand({
  options: {
    ...dirOption,
    ...ldapOptions,
    file: { type: 'string', default: '-', describe: 'File to write; .gz packs it; - is standard output' },
    base: { type: 'string', describe: 'DN to begin at; absent: the base of the only domain' },
    scope: {
      choices: ['sub', 'one', 'base'],
      default: 'sub',
      describe: 'The base and all below it, its children, or it alone',
    },
    ...selectionOptions,
    'user-attributes-only': { type: 'boolean', default: false, describe: 'Leave operational attributes out' },
    wrap: { type: 'boolean', default: true, describe: 'Fold long lines (--no-wrap: do not)' },
  },
  examples: [
    ['$0 export-ldif --dir /var/lib/polyarch --file all.ldif.gz', 'Everything of a stopped server'],
    ['$0 export-ldif --url ldap://localhost:1389 --filter "(ou=Sales)"', 'Some entries of a running server'],
  ],
  async run(args) {
    const filter = givenFilter(args);
    const scope = args.scope as ExportScope;
    const userOnly = args['user-attributes-only'];
    const chosen = givenSelection(args);
    const url = givenUrl(args);
    if (url === undefined) {
      const config = await readServerConfig(args.dir);
      const request = {
        domain: domainOf(config, args.base),
        root: args.base,
        scope,
        filter,
        userOnly,
        ...(chosen === undefined
          ? {}
          : { select: (schema: Schema) => new RecordSelection({ ...chosen, schema, filter: undefined }) }),
      };
      await write(args, exportEntries(config, request));
      return undefined;
    }
    const selection =
      chosen === undefined
        ? undefined
        : // The server selects attributes itself.
          new RecordSelection({
            ...chosen,
            attributes: [],
            schema: await readServerSchema(undefined),
            filter: undefined,
          });
    const client = await connectTo(url, args);
    try {
      const base = args.base ?? (await contextOf(client));
      const given = givenAttributes(args);
      const attributes = given.length > 0 ? given : userOnly ? ['*'] : EXPORTED;
      await write(args, online(client, { base, scope, filter: filter ?? PRESENT, attributes }, selection));
    } finally {
      client.unbind();
    }
    return undefined;
  },
});

async function write(
  args: { readonly file: string; readonly wrap: boolean },
  records: AsyncIterable<LdifRecord>,
): Promise<void> {
  const out = writeLdifFile(args.file);
  const progress = new Progress('entries', args.file === '-');
  let done = 0;
  try {
    let text = LDIF_HEADER;
    for await (const record of records) {
      text += formatRecord(record, { wrap: args.wrap });
      done += 1;
      if (text.length < 65_536) continue;
      await out.write(text);
      text = '';
      progress.update(done);
    }
    await out.write(text);
    await out.close();
  } catch (error) {
    await out.discard();
    throw error;
  }
  progress.finish(done);
}

async function* online(
  client: LdapClient,
  search: Parameters<LdapClient['searchPaged']>[0],
  selection: RecordSelection | undefined,
): AsyncGenerator<LdifRecord> {
  for await (const item of client.searchPaged(search, PAGE)) {
    if (item.kind !== 'entry') continue;
    const attributes = item.attributes.map(({ name, values }) => ({ description: name, values }));
    const record: LdifRecord = { kind: 'content', dn: item.dn, attributes };
    const taken = selection === undefined ? record : selection.record(record);
    if (taken !== undefined) yield taken;
  }
}

/** The only naming context of the server. */
async function contextOf(client: LdapClient): Promise<string> {
  const root = await client.readEntry('', ['namingContexts']);
  const values = root?.attributes.find(({ name }) => name.toLowerCase() === 'namingcontexts')?.values ?? [];
  const [only] = values;
  if (only !== undefined && values.length === 1) return Buffer.from(only).toString('utf8');
  throw new OperatorError(
    'COMMAND_INVALID',
    'the server holds several naming contexts; say which with --base',
  );
}
