/**
 * `polyarch generate`: sample people and groups as LDIF, the same for the same seed. Streams.
 */

import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { sampleEntries } from '../../app/sample-data.js';
import { sampleLdif } from '../../app/sample-ldif.js';
import { LdapError } from '../../base/ldap-error.js';
import { OperatorError } from '../../base/operator-error.js';
import { parseDn } from '../../dn/dn-text.js';
import { defineCommand } from '../command.js';
import { Progress } from '../progress.js';

export const generate = defineCommand({
  options: {
    entries: { type: 'number', default: 1000, describe: 'Entries in all, containers and groups included' },
    base: { type: 'string', default: 'dc=example,dc=com', describe: 'Base DN' },
    seed: { type: 'number', default: 1, describe: 'The same seed gives the same entries' },
    file: { type: 'string', default: '-', describe: 'File to write; - is standard output' },
    'user-password': {
      type: 'string',
      describe: 'Password of every sample person (stored hashed); none when absent',
    },
  },
  examples: [
    ['$0 generate --entries 100000 --file people.ldif', 'A hundred thousand entries in a file'],
    ['$0 generate --base "o=acme" | ldapadd -x ...', 'Sample entries for another directory'],
  ],
  async run(args) {
    if (!Number.isInteger(args.entries) || args.entries < 1 || args.entries > 100_000_000)
      throw new OperatorError('COMMAND_INVALID', '--entries takes a whole number from 1 to 100000000');
    checkBase(args.base);
    const out = args.file === '-' ? process.stdout : createWriteStream(args.file);
    const progress = new Progress('entries', args.file === '-');
    const opened = args.file === '-' ? undefined : once(out, 'open');
    await opened;
    let done = 0;
    const options = {
      entries: args.entries,
      base: args.base,
      seed: args.seed,
      userPassword: args['user-password'],
    };
    for (const text of sampleLdif(sampleEntries(options), (count) => {
      done = count;
    })) {
      if (!out.write(text)) await once(out, 'drain');
      progress.update(done, done / args.entries);
    }
    if (out !== process.stdout) await new Promise<void>((resolve) => out.end(() => resolve()));
    progress.finish(done);
    return undefined;
  },
});

/** Refuses what is not a base DN. */
function checkBase(base: string): void {
  try {
    if (parseDn(base).rdns.length > 0) return;
  } catch (error) {
    if (!(error instanceof LdapError)) throw error;
  }
  throw new OperatorError(
    'COMMAND_INVALID',
    `--base: "${base}" is not a base DN; write it like dc=example,dc=com`,
  );
}
