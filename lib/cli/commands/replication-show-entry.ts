/**
 * `polyarch replication show-entry`: the replication metadata of one entry.
 */
import type { EntryReport } from '../../app/monitor/server-reports.js';
import { defineCommand, jsonOption } from '../command.js';
import { facts, printData, table } from '../output.js';
import { callServer, targetOptions } from '../server-target.js';

export const replicationShowEntry = defineCommand({
  options: {
    ...targetOptions,
    ...jsonOption,
    dn: {
      type: 'string',
      demandOption: true,
      describe: 'DN of the entry, or entryUUID=<uuid> for one that is deleted',
    },
  },
  examples: [
    [
      '$0 replication show-entry --dir /var/lib/polyarch --dn "uid=user.1,ou=people,dc=example,dc=com"',
      'Registers, life and history',
    ],
  ],
  async run(args) {
    const report = (await callServer(args, { command: 'show-entry', dn: args.dn })) as EntryReport;
    printData(report, args.json, () => show(report));
    return undefined;
  },
});

function show(report: EntryReport): string {
  return [
    facts([
      ['DN', report.dn],
      ['entryUUID', report.uuid],
      ['Alive', report.alive ? 'yes' : 'no'],
      ['Conflict', report.conflict ? 'yes: another entry holds its name' : 'no'],
      ['Created', `${report.created.csn} by ${report.created.by}`],
      ['Modified', `${report.modified.csn} by ${report.modified.by}`],
      ['Parent', `${report.parent} since ${report.parentCsn}`],
      ['RDN', `${report.rdn} since ${report.rdnCsn}`],
      ['Claim to the name', report.claimCsn],
      ['Life', report.life.map((event) => `${event.kind} ${event.csn}`).join(', ') || '-'],
    ]),
    table(
      ['attribute', 'values'],
      report.attributes.map((attribute) => [attribute.name, attribute.values]),
    ),
    ...(report.history.length === 0
      ? []
      : [
          table(
            ['change', 'time', 'kind', 'by', 'effects'],
            report.history.map((row) => [
              row.csn,
              row.time,
              row.void ? `${row.kind} (no effect)` : row.kind,
              row.by,
              row.effects.join('\n'),
            ]),
          ),
        ]),
  ].join('\n');
}
