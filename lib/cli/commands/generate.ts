/**
 * `polyarch generate`: sample people and groups as LDIF, the same for the same seed. Streams.
 */

import { sampleLdif } from '../../app/data/sample-ldif.js';
import { sampleEntries } from '../../app/data/sample-people.js';
import { writeLdifFile } from '../../io/ldif-files.js';
import { requireBase } from '../base-dn.js';
import { defineCommand } from '../command.js';
import { Progress } from '../progress.js';
import { requireWhole } from '../whole-number.js';

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
    requireWhole(args.entries, 1, 100_000_000, '--entries');
    requireBase(args.base, '--base');
    const out = writeLdifFile(args.file);
    const progress = new Progress('entries', args.file === '-');
    let done = 0;
    const options = {
      entries: args.entries,
      base: args.base,
      seed: args.seed,
      userPassword: args['user-password'],
    };
    const chunks = sampleLdif(sampleEntries(options), (count) => {
      done = count;
    });
    for (const text of chunks) {
      await out.write(text);
      progress.update(done, done / args.entries);
    }
    await out.close();
    progress.finish(done);
    return undefined;
  },
});
