/**
 * `polyarch replication verify`: whether servers that hold the same changes hold the same entries; names those that differ, and repairs them.
 */
import type { ReplicasVerified } from '../../app/domain/verify-replicas.js';
import type { Verdict } from '../../replica/comparison.js';
import { described } from '../../replica/divergence.js';
import { defineCommand, jsonOption } from '../command.js';
import { EXIT_OTHER } from '../exit-code.js';
import { printData, table } from '../output.js';
import { callServer, targetOptions } from '../server-target.js';

export const replicationVerify = defineCommand({
  options: {
    ...targetOptions,
    ...jsonOption,
    base: { type: 'string', describe: 'Base DN of the domain; absent: all domains' },
    peer: { type: 'string', describe: 'Compare with this server only' },
    repair: {
      type: 'boolean',
      default: false,
      describe: 'Put right the entries of this server that the facts, or other servers, show to be wrong',
    },
    from: {
      type: 'string',
      describe: 'With --repair: take the entries of this server, whatever the facts say',
    },
  },
  examples: [
    [
      '$0 replication verify --dir /var/lib/polyarch',
      'Entries that differ, one a line; exit code 80 when there are any',
    ],
    [
      '$0 replication verify --dir /var/lib/polyarch --repair',
      'The same, and repair this server where it is clear who is right',
    ],
    [
      '$0 replication verify --dir /var/lib/polyarch --repair --from east',
      'The same, taking the word of server east',
    ],
  ],
  async run(args) {
    const domains = (await callServer(args, {
      command: 'verify-replicas',
      repair: args.repair,
      ...(args.base === undefined ? {} : { domain: args.base }),
      ...(args.peer === undefined ? {} : { peer: args.peer }),
      ...(args.from === undefined ? {} : { from: args.from }),
    })) as readonly ReplicasVerified[];
    printData(domains, args.json, () => show(domains));
    return domains.every(isProven) ? undefined : EXIT_OTHER;
  },
});

/** All that was compared is equal, or is now. */
function isProven({ reports, after, damagedHere, absent }: ReplicasVerified): boolean {
  if (absent.length > 0 || damagedHere.length > 0) return false;
  return reports.every(({ peer, verdict }) => verdict === 'equal' || isEqual(after, peer));
}

function isEqual(reports: ReplicasVerified['after'], peer: string): boolean {
  return reports.some((report) => report.peer === peer && report.verdict === 'equal');
}

function resultText(verdict: Verdict, reason: string | undefined): string {
  return verdict === 'equal' || verdict === 'different' ? verdict : `not compared: ${reason ?? verdict}`;
}

function show(domains: readonly ReplicasVerified[]): string {
  const rows = domains.flatMap(({ baseDn, entries, reports, after, absent }) => [
    ...reports.map(({ peer, verdict, differences, more, reason }) => [
      baseDn,
      entries,
      peer,
      verdict === 'different' && isEqual(after, peer) ? 'equal now' : resultText(verdict, reason),
      verdict === 'different' ? `${more ? 'at least ' : ''}${differences.length}` : '',
    ]),
    ...absent.map((peer) => [baseDn, entries, peer, 'not compared: not connected', '']),
  ]);
  const lines =
    rows.length === 0
      ? ['this server has no peer to compare with']
      : [table(['domain', 'entries', 'with', 'result', 'differing'], rows)];
  for (const { baseDn, reports, damagedHere, repairs } of domains) {
    for (const { peer, differences } of reports)
      for (const difference of differences) lines.push(`${peer}: ${described(difference)}`);
    for (const line of damagedHere) lines.push(`${baseDn}: ${line}`);
    for (const { name, peer, done, why } of repairs)
      lines.push(done ? `repaired from ${peer}: ${name} (${why})` : `not repaired: ${name}: ${why}`);
  }
  return lines.join('\n');
}
