/**
 * `polyarch index verify`: compares the rows of every index with the entries; a running server checks itself.
 */
import { verifyIndexes } from '../../app/data/index-admin.js';
import { defineCommand, dirOption, jsonOption } from '../command.js';
import { EXIT_OTHER } from '../exit-code.js';
import { onIndexes } from '../index-names.js';
import { printData, table } from '../output.js';

export const indexVerify = defineCommand({
  options: { ...dirOption, ...jsonOption },
  examples: [
    ['$0 index verify --dir /var/lib/polyarch', 'Faults, one a line; exit code 80 when there are any'],
  ],
  async run(args) {
    const reports = await onIndexes(
      args.dir,
      args.json,
      { command: 'index-verify' },
      async (_config, domains) => await verifyIndexes(domains),
    );
    const rows = reports.map(({ baseDn, entries, faults }) => [baseDn, entries, faults.length]);
    const told = reports.flatMap(({ baseDn, faults }) => faults.map((fault) => `${baseDn}: ${fault}`));
    printData(reports, args.json, () => [table(['domain', 'entries', 'faults'], rows), ...told].join('\n'));
    return told.length > 0 ? EXIT_OTHER : undefined;
  },
});
