/**
 * `polyarch deleted list`: entries that can be undeleted.
 */
import type { DeletedEntry } from '../../app/data/deleted-entries.js';
import { defineCommand, jsonOption } from '../command.js';
import { printData, table } from '../output.js';
import { callServer, targetOptions } from '../server-target.js';

export const deletedList = defineCommand({
  options: {
    ...targetOptions,
    ...jsonOption,
    base: { type: 'string', describe: 'Base DN of the domain; absent: all domains' },
    limit: { type: 'number', default: 1000, describe: 'Entries to show of each domain, the last deleted' },
  },
  examples: [['$0 deleted list --dir /var/lib/polyarch', 'What was deleted, when and by whom']],
  async run(args) {
    const domains = (await callServer(args, {
      command: 'upkeep-deleted',
      limit: args.limit,
      ...(args.base === undefined ? {} : { domain: args.base }),
    })) as readonly { readonly total: number; readonly entries: readonly DeletedEntry[] }[];
    printData(domains, args.json, () => {
      const entries = domains.flatMap((domain) => domain.entries);
      if (entries.length === 0) return 'no deleted entries';
      const left = domains.reduce((sum, { total }) => sum + total, 0) - entries.length;
      const rows = entries.map((entry) => [
        entry.deletedAt,
        entry.dn,
        entry.uuid,
        entry.deletedBy,
        entry.keptUntil,
      ]);
      const text = table(['deleted', 'name', 'entryUUID', 'by', 'kept until'], rows);
      return left > 0 ? `${text}\n${left} older ones are not shown` : text;
    });
    return undefined;
  },
});
