/**
 * `polyarch import-ldif`: into a stopped server (fast, replaces the data), or through LDAP into a running one.
 */

import { readServerConfig, type ServerConfig } from '../../app/config/read-config.js';
import { readServerSchema } from '../../app/config/read-schema.js';
import { importEntries } from '../../app/data/import-entries.js';
import { importOnline, type OnlineOptions, type OnlineResult } from '../../app/data/import-online.js';
import { RecordSelection } from '../../app/data/record-selection.js';
import { existingServer } from '../../app/server-files.js';
import { counted } from '../../base/counted.js';
import { OperatorError } from '../../base/operator-error.js';
import { formatDn, parseDn } from '../../dn/dn-text.js';
import { systemReason } from '../../io/files.js';
import { octetsOf, type ReadProgress, readOctets } from '../../io/octet-file.js';
import { urlsOfFolder } from '../../io/url-folder.js';
import { requireBase } from '../base-dn.js';
import { defineCommand, dirOption, jsonOption } from '../command.js';
import { EXIT_OTHER } from '../exit-code.js';
import { connectTo, givenUrl, ldapOptions } from '../ldap-options.js';
import { printData } from '../output.js';
import { Progress } from '../progress.js';
import { Rejects } from '../rejects.js';
import {
  givenFilter,
  givenSelection,
  type SelectionArguments,
  selectionOptions,
} from '../selection-options.js';

export const importLdif = defineCommand({
  options: {
    ...dirOption,
    ...ldapOptions,
    file: { type: 'string', default: '-', describe: 'LDIF file; .gz is unpacked; - is standard input' },
    base: {
      type: 'string',
      describe: 'Base DN of the domain to replace (with --dir); needed when the server holds several',
    },
    continue: { type: 'boolean', default: false, describe: 'Go on after a record that is refused' },
    ...selectionOptions,
    'from-line': {
      type: 'number',
      default: 1,
      describe: 'Begin with the first record at or after this line',
    },
    resume: {
      type: 'boolean',
      default: false,
      describe: 'An import into a running server was cut: pass over entries that are there already',
    },
    'url-folder': {
      type: 'string',
      describe: 'Folder whose files values written as `name:< file:///...` may name; absent: none',
    },
    rejects: { type: 'string', describe: 'File for the records that are refused' },
    ...jsonOption,
  },
  examples: [
    ['$0 import-ldif --dir /var/lib/polyarch --file people.ldif', 'Replace the data of a stopped server'],
    [
      '$0 import-ldif --url ldap://localhost:1389 --file changes.ldif',
      'Add entries and apply changes on a running server',
    ],
    [
      '$0 import-ldif --dir DIR --file old.ldif --continue --rejects bad.ldif',
      'Load what can be loaded, keep the rest in a file',
    ],
    [
      '$0 import-ldif --url ldap://localhost:1389 --file people.ldif --resume',
      'Go on after an import that was cut',
    ],
  ],
  async run(args) {
    const url = givenUrl(args);
    if (args.resume && url === undefined)
      throw new OperatorError(
        'COMMAND_INVALID',
        '--resume works with --url; an import into a stopped server replaces its data wholly or not at all: run it again',
      );
    const size = await sizeOf(args.file);
    const read: ReadProgress = { bytesRead: 0 };
    const source = { name: args.file, chunks: readOctets(args.file, read) };
    const rejects = new Rejects(args.file, args.rejects);
    const progress = new Progress('entries', args.json);
    let failure: number | undefined;
    const folder = args['url-folder'];
    const options = {
      readUrl: folder === undefined ? undefined : urlsOfFolder(folder),
      resume: args.resume,
      ...(await selecting(args, url)),
      onReject: (item: Parameters<Rejects['add']>[0], reason: string, exitCode = EXIT_OTHER) => {
        if (!args.continue) return false;
        rejects.add(item, reason);
        failure = exitCode;
        return true;
      },
      onProgress: (done: number) =>
        progress.update(done, size === undefined ? undefined : read.bytesRead / size),
    };
    try {
      const { entries, present } =
        url === undefined ? await offline(args, source, options) : await online(url, args, source, options);
      progress.finish(entries);
      const rejected = rejects.count;
      printData({ entries, rejected, ...(args.resume ? { present } : {}) }, args.json, () =>
        [
          `imported ${counted(entries, 'entry', 'entries')}`,
          ...(present > 0 ? [`${present} ${present === 1 ? 'was' : 'were'} there already`] : []),
          ...(rejected > 0 ? [`${counted(rejected, 'record was', 'records were')} refused`] : []),
        ].join('; '),
      );
    } finally {
      rejects.close();
    }
    return failure;
  },
});

/** What of the file is taken, as the arguments say. */
async function selecting(
  args: SelectionArguments & { readonly dir: string; readonly 'from-line': number },
  url: string | undefined,
): Promise<Pick<OnlineOptions, 'select'>> {
  const chosen = givenSelection(args);
  const filter = givenFilter(args);
  const fromLine = args['from-line'];
  if (chosen === undefined && filter === undefined && fromLine <= 1) return {};
  // The schema of a running server is its own; names of the standard one compare as there.
  const schema = await readServerSchema(url === undefined ? existingServer(args.dir) : undefined);
  const none = { include: [], exclude: [], attributes: [] };
  const selection = new RecordSelection({ ...(chosen ?? none), schema, filter, fromLine });
  return { select: (item) => selection.item(item) };
}

type Source = Parameters<typeof importEntries>[1];

async function offline(
  args: { readonly dir: string; readonly base?: string | undefined },
  source: Source,
  options: Omit<Parameters<typeof importEntries>[2], 'base'>,
): Promise<OnlineResult> {
  const config = await readServerConfig(args.dir);
  const { entries } = await importEntries(config, source, { ...options, base: baseOf(config, args.base) });
  return { entries, present: 0 };
}

async function online(
  url: string,
  args: Parameters<typeof connectTo>[1],
  source: Source,
  options: Parameters<typeof importOnline>[2],
): Promise<OnlineResult> {
  const client = await connectTo(url, args);
  try {
    return await importOnline(client, source, options);
  } finally {
    client.unbind();
  }
}

/** The domain that is meant. */
function baseOf(config: ServerConfig, given: string | undefined): string {
  const { domains } = config.settings;
  if (given !== undefined) {
    requireBase(given, '--base');
    const found = domains.find((domain) => normalText(domain) === normalText(given));
    if (found !== undefined) return found;
  } else if (domains[0] !== undefined && domains.length === 1) return domains[0];
  throw new OperatorError(
    'COMMAND_INVALID',
    `say which domain with --base; this server holds ${domains.join('; ')}`,
  );
}

/** The domain that a DN lies in; the only one when none is given. */
export function domainOf(config: ServerConfig, given: string | undefined): string {
  if (given === undefined) return baseOf(config, undefined);
  requireBase(given, '--base');
  const { rdns } = parseDn(given);
  for (let above = 0; above < rdns.length; above++) {
    const text = formatDn({ rdns: rdns.slice(above) });
    if (config.settings.domains.some((domain) => normalText(domain) === normalText(text)))
      return baseOf(config, text);
  }
  return baseOf(config, given);
}

/** As far as the text alone tells. */
function normalText(text: string): string {
  return text.toLowerCase().replaceAll(/\s*([,=+])\s*/g, '$1');
}

async function sizeOf(file: string): Promise<number | undefined> {
  try {
    return await octetsOf(file);
  } catch (error) {
    throw new OperatorError('LDIF_INVALID', `cannot read ${file}: ${systemReason(error)}`, [], {
      cause: error,
    });
  }
}
