/**
 * `polyarch replication conflicts`: the journal of resolved conflicts.
 */
import type { ConflictLine } from '../../app/monitor/server-reports.js';
import { defineCommand, jsonOption } from '../command.js';
import { printData, table } from '../output.js';
import { callServer, targetOptions } from '../server-target.js';

export const replicationConflicts = defineCommand({
  options: {
    ...targetOptions,
    ...jsonOption,
    base: { type: 'string', describe: 'Base DN of the domain; absent: all domains' },
    limit: { type: 'number', default: 1000, describe: 'Lines to show, the newest' },
    kind: { type: 'string', describe: 'Only conflicts of this kind, such as value-lost' },
    entry: { type: 'string', describe: 'Only conflicts of the entry with this UUID' },
    all: {
      type: 'boolean',
      default: false,
      describe: 'Also those that somebody settled (replication resolve)',
    },
  },
  examples: [['$0 replication conflicts --dir /var/lib/polyarch', 'What lost to what, newest last']],
  async run(args) {
    const result = (await callServer(args, {
      command: 'conflicts',
      limit: args.limit,
      ...(args.all ? { all: true } : {}),
      ...(args.kind === undefined ? {} : { kind: args.kind }),
      ...(args.entry === undefined ? {} : { entry: args.entry }),
      ...(args.base === undefined ? {} : { domain: args.base }),
    })) as { total: number; resolved: number; conflicts: readonly ConflictLine[] };
    printData(result, args.json, () => {
      const settled =
        result.resolved === 0 || args.all
          ? ''
          : `settled and not shown: ${result.resolved} (--all shows them)`;
      if (result.conflicts.length === 0) return ['no conflicts', settled].filter(Boolean).join('; ');
      const rows = result.conflicts.map((line) => [
        line.time,
        line.resolved ? `${line.kind} (settled)` : line.kind,
        line.dn ?? line.entryUuid,
        line.attribute ?? '',
        line.value ?? '',
        line.id,
        line.winner ?? '',
      ]);
      const text = table(
        ['time', 'conflict', 'entry', 'attribute', 'what did not survive', 'id', 'lost to'],
        rows,
      );
      const older =
        result.total > rows.length ? `${result.total - rows.length} older lines are not shown` : '';
      return [text, ...linkLines(result.conflicts), older, settled].filter(Boolean).join('\n');
    });
    return undefined;
  },
});

/** Entries that name a contested name, under the table. */
function linkLines(lines: readonly ConflictLine[]): string[] {
  const linked = lines.filter(({ namedBy }) => namedBy !== undefined);
  if (linked.length === 0) return [];
  const told = linked.map(({ id, namedBy = [], namedByMore = 0 }) => {
    const more = namedByMore > 0 ? [`${namedByMore} more`] : [];
    return `  ${id}: ${[...namedBy, ...more].join('; ')}`;
  });
  return ['Entries that name a contested name (they may mean the one or the other):', ...told];
}
