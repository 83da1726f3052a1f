/**
 * `polyarch export-ldif`: from a stopped server, or through LDAP from a running one.
 */
import { exportEntries } from '../../app/export-entries.js';
import { readServerConfig } from '../../app/read-config.js';
import { LdapError } from '../../base/ldap-error.js';
import { OperatorError } from '../../base/operator-error.js';
import type { Filter } from '../../filter/filter.js';
import { parseFilter } from '../../filter/filter-text.js';
import type { LdapClient } from '../../io/ldap-client.js';
import { writeLdifFile } from '../../io/ldif-files.js';
import { formatRecord, LDIF_HEADER } from '../../ldif/format-record.js';
import type { LdifRecord } from '../../ldif/ldif-record.js';
import { defineCommand, dirOption } from '../command.js';
import { connectTo, givenUrl, ldapOptions } from '../ldap-options.js';
import { Progress } from '../progress.js';
import { baseOf } from './import-ldif.js';

const PAGE = 1000;
const PRESENT: Filter = { kind: 'present', attribute: 'objectClass' };

export const exportLdif = defineCommand({
  options: {
    ...dirOption,
    ...ldapOptions,
    file: { type: 'string', default: '-', describe: 'File to write; .gz packs it; - is standard output' },
    base: { type: 'string', describe: 'Base DN; absent: that of the only domain' },
    filter: { type: 'string', describe: 'Only entries that match, such as (ou=Sales)' },
    'user-attributes-only': { type: 'boolean', default: false, describe: 'Leave operational attributes out' },
    wrap: { type: 'boolean', default: true, describe: 'Fold long lines (--no-wrap: do not)' },
  },
  examples: [
    ['$0 export-ldif --dir /var/lib/polyarch --file all.ldif.gz', 'Everything of a stopped server'],
    ['$0 export-ldif --url ldap://localhost:1389 --filter "(ou=Sales)"', 'Some entries of a running server'],
  ],
  async run(args) {
    const filter = args.filter === undefined ? undefined : readFilter(args.filter);
    const url = givenUrl(args);
    if (url === undefined) {
      const config = await readServerConfig(args.dir);
      const records = exportEntries(config, baseOf(config, args.base), filter, args['user-attributes-only']);
      await write(args, records);
      return undefined;
    }
    const client = await connectTo(url, args);
    try {
      await write(
        args,
        online(
          client,
          args.base ?? (await contextOf(client)),
          filter ?? PRESENT,
          args['user-attributes-only'],
        ),
      );
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
  base: string,
  filter: Filter,
  userOnly: boolean,
): AsyncGenerator<LdifRecord> {
  const attributes = userOnly
    ? ['*']
    : ['*', 'entryUUID', 'createTimestamp', 'creatorsName', 'modifyTimestamp', 'modifiersName'];
  for await (const item of client.searchPaged({ base, filter, attributes }, PAGE))
    if (item.kind === 'entry')
      yield {
        kind: 'content',
        dn: item.dn,
        attributes: item.attributes.map(({ name, values }) => ({ description: name, values })),
      };
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

function readFilter(text: string): Filter {
  try {
    return parseFilter(text);
  } catch (error) {
    if (!(error instanceof LdapError)) throw error;
    throw new OperatorError('COMMAND_INVALID', `--filter: ${error.message}`, [], { cause: error });
  }
}
