/**
 * `polyarch import-ldif`: into a stopped server (fast, replaces the data), or through LDAP into a running one.
 */
import { importEntries } from '../../app/import-entries.js';
import { importOnline } from '../../app/import-online.js';
import { readServerConfig, type ServerConfig } from '../../app/read-config.js';
import { OperatorError } from '../../base/operator-error.js';
import { octetsOf, type ReadProgress, readOctets } from '../../io/octet-file.js';
import { requireBase } from '../base-dn.js';
import { defineCommand, dirOption, jsonOption } from '../command.js';
import { EXIT_OTHER } from '../exit-code.js';
import { connectTo, givenUrl, ldapOptions } from '../ldap-options.js';
import { printData } from '../output.js';
import { Progress } from '../progress.js';
import { Rejects } from '../rejects.js';

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
  ],
  async run(args) {
    const size = await sizeOf(args.file);
    const read: ReadProgress = { bytesRead: 0 };
    const source = { name: args.file, chunks: readOctets(args.file, read) };
    const rejects = new Rejects(args.file, args.rejects);
    const progress = new Progress('entries', args.json);
    let failure: number | undefined;
    const options = {
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
      const url = givenUrl(args);
      const entries =
        url === undefined ? await offline(args, source, options) : await online(url, args, source, options);
      progress.finish(entries);
      printData({ entries, rejected: rejects.count }, args.json, () =>
        rejects.count === 0
          ? `imported ${entries} entries`
          : `imported ${entries} entries; ${rejects.count} records were refused`,
      );
    } finally {
      rejects.close();
    }
    return failure;
  },
});

type Source = Parameters<typeof importEntries>[1];

async function offline(
  args: { readonly dir: string; readonly base?: string | undefined },
  source: Source,
  options: Omit<Parameters<typeof importEntries>[2], 'base'>,
): Promise<number> {
  const config = await readServerConfig(args.dir);
  const { entries } = await importEntries(config, source, { ...options, base: baseOf(config, args.base) });
  return entries;
}

async function online(
  url: string,
  args: Parameters<typeof connectTo>[1],
  source: Source,
  options: Parameters<typeof importOnline>[2],
): Promise<number> {
  const client = await connectTo(url, args);
  try {
    return await importOnline(client, source, options);
  } finally {
    client.unbind();
  }
}

/** The domain that is meant. */
export function baseOf(config: ServerConfig, given: string | undefined): string {
  const { domains } = config.settings;
  if (given !== undefined) {
    requireBase(given, '--base');
    const normal = (text: string) => text.toLowerCase().replaceAll(/\s*([,=+])\s*/g, '$1');
    const found = domains.find((domain) => normal(domain) === normal(given));
    if (found !== undefined) return found;
  } else if (domains[0] !== undefined && domains.length === 1) return domains[0];
  throw new OperatorError(
    'COMMAND_INVALID',
    `say which domain with --base; this server holds ${domains.join('; ')}`,
  );
}

async function sizeOf(file: string): Promise<number | undefined> {
  try {
    return await octetsOf(file);
  } catch (error) {
    throw new OperatorError('LDIF_INVALID', `cannot read ${file}: ${(error as Error).message}`, [], {
      cause: error,
    });
  }
}
