/**
 * The rules of `polyarch health`: numbered, each with what is wrong, why it matters, and the command that mends it.
 *
 * A function of facts that were gathered before (gather-health.ts). Numbers are never reused: scripts and dashboards go by them. docs/monitoring.md lists them.
 */
import { counted } from '../../base/counted.js';
import type { RareIndex } from '../data/index-admin.js';
import type { LinkHours, ServerStatus, UpkeepStatus } from './server-status.js';

export type Severity = 'error' | 'warning';

export interface Finding {
  readonly code: string;
  readonly severity: Severity;
  /** What it is about: a domain, a peer, a file. */
  readonly about: string;
  readonly what: string;
  readonly why: string;
  readonly mend: string;
}

/** What the rules look at. */
export interface HealthFacts {
  readonly dir: string;
  /** Why the configuration cannot be read; undefined when it can. */
  readonly configFault: string | undefined;
  /** undefined: it does not run. */
  readonly status: ServerStatus | undefined;
  readonly upkeep: readonly (UpkeepStatus & { readonly baseDn: string })[];
  /** Conflicts that stand, by kind. */
  readonly openConflicts: Readonly<Record<string, number>>;
  /** Substring indexes whose common keys are rare by now; absent: none, as of a server of before. */
  readonly rareKeys?: readonly RareIndex[];
  readonly freeBytes: number | undefined;
  readonly minFreeBytes: number;
  readonly certificates: readonly { readonly file: string; readonly endsMs: number }[];
  readonly nowMs: number;
}

const DAY_MS = 86_400_000;
const SOON_MS = 30 * DAY_MS;
const LAG_S = 60;
const CLOCK_S = 60;
/** Kinds of journal lines that say what is so now. */
export const OPEN_KINDS = ['name-conflict', 'orphan', 'move-loop', 'schema-violation'] as const;

/** States of a session in which the peer takes changes or a copy. */
const FOLLOWS: ReadonlySet<string> = new Set(['serving', 'exporting']);
const MOST_NAMED = 5;

/** All that is wrong; errors first, then by number. */
export function examine(facts: HealthFacts): readonly Finding[] {
  const findings = [...offlineFindings(facts)];
  const { status } = facts;
  if (status !== undefined)
    findings.push(
      ...domainFindings(status, facts.dir),
      ...replicationFindings(status, facts.dir, facts.nowMs),
      ...unfollowedFindings(status, facts),
    );
  findings.push(...upkeepFindings(facts), ...indexFindings(facts));
  return findings.sort((a, b) => {
    if (a.severity !== b.severity) return a.severity === 'error' ? -1 : 1;
    return a.code < b.code ? -1 : a.code > b.code ? 1 : 0;
  });
}

function* offlineFindings(facts: HealthFacts): Generator<Finding> {
  const { dir, configFault, status, freeBytes, minFreeBytes, certificates, nowMs } = facts;
  if (configFault !== undefined)
    yield finding('H001', 'error', dir, configFault, 'the server cannot start', `edit ${dir}/polyarch.yaml`);
  if (status === undefined)
    yield finding(
      'H002',
      'warning',
      dir,
      'the server does not run',
      'its clients find nobody',
      `polyarch start --dir ${dir}`,
    );
  if (freeBytes !== undefined && freeBytes < minFreeBytes)
    yield finding(
      'H003',
      'error',
      dir,
      `the disk has ${Math.floor(freeBytes / 1_048_576)} MiB free`,
      'writes are refused when it is full, and the change log is trimmed before',
      'free space, or give the data a larger disk',
    );
  for (const { file, endsMs } of certificates)
    if (endsMs - nowMs < SOON_MS)
      yield finding(
        'H004',
        endsMs < nowMs ? 'error' : 'warning',
        file,
        `the certificate ${endsMs < nowMs ? 'ended' : 'ends'} on ${new Date(endsMs).toISOString().slice(0, 10)}`,
        'clients and other servers refuse it then',
        `put a new one in its place; the server's own are renewed at a start: polyarch start --dir ${dir}`,
      );
}

function* domainFindings({ domains }: ServerStatus, dir: string): Generator<Finding> {
  for (const { baseDn, phase, reason, blocked, waiting = [], stampsAheadSeconds = 0 } of domains) {
    const why = reason ?? phase;
    if (stampsAheadSeconds > CLOCK_S)
      yield finding(
        'H024',
        'warning',
        baseDn,
        `times of changes made here are ${stampsAheadSeconds} s ahead of this server's clock`,
        'its clock is behind, was set back, or had to follow one that runs ahead: the last write wins by these times',
        'set the time of all servers by NTP',
      );
    if (phase === 'failed')
      yield finding(
        'H010',
        'error',
        baseDn,
        why,
        'it takes no writes',
        `polyarch stop --dir ${dir}; polyarch verify --dir ${dir}; polyarch start --dir ${dir}`,
      );
    else if (phase === 'full')
      yield finding('H011', 'error', baseDn, why, 'it takes no writes', 'free space on its disk');
    else if (phase !== 'ready' && phase !== 'relay')
      yield finding(
        'H012',
        'warning',
        baseDn,
        why,
        'clients are refused or must wait',
        `polyarch replication status --dir ${dir}`,
      );
    for (const line of blocked)
      yield finding(
        'H013',
        'error',
        baseDn,
        line,
        'changes of that server do not arrive here',
        `polyarch replication initialize --dir ${dir}, when it does not go on by itself`,
      );
    for (const line of waiting)
      yield finding(
        'H013',
        'warning',
        baseDn,
        line,
        'it comes after a change of another server that is not here yet',
        `polyarch replication status --dir ${dir}: mend what is not connected`,
      );
  }
}

/** How long changes could flow; a closed link owes nothing. */
function openSeconds(hours: LinkHours | undefined, nowMs: number): number {
  if (hours === undefined) return Number.POSITIVE_INFINITY;
  return hours.open ? (nowMs - Date.parse(hours.since)) / 1000 : 0;
}

function* replicationFindings(
  { peers, links, comparisons }: ServerStatus,
  dir: string,
  nowMs: number,
): Generator<Finding> {
  for (const { name, connected, reason } of peers)
    if (!connected)
      yield finding(
        'H020',
        'warning',
        name,
        `not connected: ${reason ?? 'no session'}`,
        'what it writes does not arrive here from it',
        `polyarch replication status --dir ${dir}`,
      );
  for (const { domain, peer, direction, lagSeconds, missing, clockAheadSeconds, hours } of links) {
    const about = `${peer} (${domain})`;
    if (direction === 'to' && Math.min(lagSeconds ?? 0, openSeconds(hours, nowMs)) > LAG_S)
      yield finding(
        'H021',
        'warning',
        about,
        `${lagSeconds} s behind, ${missing === undefined ? 'some changes' : counted(missing, 'change')} missing`,
        'its clients read what is old',
        `polyarch replication status --dir ${dir}`,
      );
    if (direction === 'from' && Math.abs(clockAheadSeconds ?? 0) > CLOCK_S)
      yield finding(
        'H022',
        'warning',
        about,
        `its clock is ${clockAheadSeconds} s ahead of this server's`,
        'the last write wins by these clocks',
        'set the time of both by NTP',
      );
  }
  for (const { domain, peer, verdict, differing } of comparisons)
    if (verdict === 'different')
      yield finding(
        'H023',
        'error',
        `${peer} (${domain})`,
        `${counted(differing, 'entry differs', 'entries differ')} though both hold the same changes`,
        'clients get different answers',
        `polyarch replication verify --dir ${dir} --repair`,
      );
}

/** Domains whose changes reach nobody. Where no peer is connected at all, that is the fault, and told of each of them. */
function* unfollowedFindings(
  { name, domains, peers, links }: ServerStatus,
  { dir, upkeep }: HealthFacts,
): Generator<Finding> {
  if (peers.length > 0 && !peers.some(({ connected }) => connected)) return;
  for (const { baseDn, phase } of domains) {
    if (phase !== 'ready' && phase !== 'full') continue;
    const members = upkeep.find((kept) => kept.baseDn === baseDn)?.members ?? [];
    const others = members.filter(
      (member) => member.name !== name && member.standing !== 'evicted' && member.kind !== 'expected',
    );
    const followed = links.some(
      ({ domain, direction, state }) => domain === baseDn && direction === 'to' && FOLLOWS.has(state),
    );
    if (others.length === 0 || followed) continue;
    yield finding(
      'H025',
      'warning',
      baseDn,
      `no server follows this one; ${counted(others.length, 'other belongs', 'others belong')}: ${named(others)}`,
      'what is written here reaches no other server',
      `polyarch replication status --dir DIR, at one of them, says why it does not; it must know ${name} as a peer and reach its replication address (here: polyarch replication status --dir ${dir})`,
    );
  }
}

function named(members: readonly { readonly name: string }[]): string {
  const names = members.slice(0, MOST_NAMED).map(({ name }) => name);
  return members.length > MOST_NAMED ? `${names.join(', ')} and more` : names.join(', ');
}

function* upkeepFindings({ status, upkeep, openConflicts, dir }: HealthFacts): Generator<Finding> {
  for (const { baseDn, heldBackBy, members } of upkeep)
    for (const { name, reason } of heldBackBy) {
      // This server runs: what keeps it from its report has a rule of its own.
      if (name === status?.name) continue;
      const known = members.some((member) => member.name === name);
      yield finding(
        'H030',
        'warning',
        baseDn,
        `${name} ${reason}`,
        'history and change log grow until it is back',
        known
          ? `start ${name}, or: polyarch replication evict --dir ${dir} --server ${name}`
          : `polyarch replication status --dir ${dir}; a server that knows it tells of it when it is connected`,
      );
    }
  for (const [kind, count] of Object.entries(openConflicts))
    if (count > 0)
      yield finding(
        'H031',
        'warning',
        kind,
        counted(count, 'conflict stands', 'conflicts stand'),
        'only people know what was meant',
        `polyarch replication conflicts --dir ${dir} --kind ${kind}; polyarch replication resolve --help`,
      );
}

function* indexFindings({ rareKeys = [], dir }: HealthFacts): Generator<Finding> {
  for (const { domain, attribute, common, rare } of rareKeys)
    yield finding(
      'H032',
      'warning',
      `${attribute}:substring (${domain})`,
      `${rare} of ${counted(common, 'common key')} of the index are rare by now`,
      'searches for what few entries have look at all entries',
      `polyarch index rebuild --dir ${dir} --index ${attribute}:substring`,
    );
}

function finding(
  code: string,
  severity: Severity,
  about: string,
  what: string,
  why: string,
  mend: string,
): Finding {
  return { code, severity, about, what, why, mend };
}
