/**
 * What a domain keeps and for whom, as text: shared by `replication members` and `replication purge`.
 */
import type { UpkeepStatus } from '../app/monitor/server-status.js';
import { counted } from '../base/counted.js';
import { facts, table } from './output.js';

const MiB = 1_048_576;

/** A domain's upkeep as the control socket gives it; `now`: what a purge took away. */
export type DomainUpkeep = UpkeepStatus & {
  readonly baseDn: string;
  readonly now?: UpkeepStatus['purged'];
};

/** Bounds, sizes and the table of servers of one domain. */
export function upkeepText(domain: DomainUpkeep): string {
  const { now, purged } = domain;
  const holders = domain.heldBackBy.map(({ name, reason }) => `${name} ${reason}`).join('; ');
  const pairs: [string, unknown][] = [
    ['Domain', domain.baseDn],
    ['All servers have', domain.stable ?? 'not known'],
    ['Settled until', domain.stableUntil ?? (holders === '' ? 'not known' : `held back: ${holders}`)],
    ['History rows', domain.historyRows ?? 'not counted yet'],
    [
      'Change log',
      `${counted(domain.changelogChanges, 'change')}, ${(domain.changelogBytes / MiB).toFixed(1)} MiB`,
    ],
    ['Oldest change', domain.changelogOldest ?? 'none'],
    ['Purged since start', purgedText(purged)],
  ];
  if (now !== undefined) pairs.push(['Purged now', purgedText(now)]);
  const rows = domain.members.map((member) => [
    member.name,
    member.id ?? '',
    member.kind,
    member.standing,
    member.reportedAt ?? 'never',
    member.silentSeconds === 0 ? '' : `${Math.round(member.silentSeconds / 360) / 10} h`,
    member.applied ?? '',
  ]);
  const head = ['server', 'id', 'kind', 'standing', 'last report', 'silent', 'has applied'];
  return `${facts(pairs)}\n${table(head, rows)}`;
}

function purgedText(purged: UpkeepStatus['purged']): string {
  return [
    counted(purged.historyRows, 'history row'),
    counted(purged.moves, 'move'),
    counted(purged.journalLines, 'journal line'),
    counted(purged.tombstones, 'tombstone'),
    counted(purged.logChanges, 'logged change'),
  ].join(', ');
}
