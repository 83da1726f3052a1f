/**
 * One row a session of replication: who is at the other end, what it lacks of what this server holds, what passed, and what waits; and what the last comparison of entries said.
 *
 * Owns the figures only. What a peer lacks is counted in our own change log after the peer's place, up to a bound, and not more often than once a second.
 */
import type { SessionStatus } from '../../broker/broker-seams.js';
import type { WayStatus } from '../../broker/pacer.js';
import type { Changelog } from '../../changelog/changelog.js';
import { csnReplica, csnTimeMs } from '../../csn/csn.js';
import type { ServerState } from '../../csn/server-state.js';
import type { Clock } from '../../port/clock.js';
import type { ComparisonReport } from '../../replica/comparison.js';
import type { ComparisonStatus, LinkHours, LinkStatus } from './server-status.js';

/** Changes that are counted of one peer. */
const MAX_COUNTED = 10_000;
const FRESH_MS = 1000;
/** Scrapers of metrics come less often than that. */
const MAX_AGE_MS = 60_000;
const MAX_PEERS = 1000;

interface Count {
  /** By the monotonic clock; -Infinity: never. */
  readonly countedMs: number;
  readonly missing: number | undefined;
  /** A newer count runs. */
  readonly counting: boolean;
}

/** Counts what peers lack, in the background; remembered by session: those of one peer may have heard of it at different times. */
export class MissingChanges {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #counts = new Map<string, Count>();
  readonly #running = new Set<Promise<void>>();

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock;
  }

  /** What `ask` answers, which asks for counts, with counts of now. Resolves always. */
  async fresh<T>(ask: () => T): Promise<T> {
    await Promise.all(this.#running);
    this.#counts.clear();
    ask();
    await Promise.all(this.#running);
    return ask();
  }

  /** As last counted, within the last minute; undefined where it was not. Begins a new count when that is more than a moment ago. */
  of(key: string, changelog: Changelog, state: ServerState): number | undefined {
    if (changelog.state.equals(state)) return 0;
    const known = this.#counts.get(key);
    const ageMs = this.#clock.monotonicMs() - (known?.countedMs ?? -Infinity);
    if (ageMs > FRESH_MS && known?.counting !== true) this.#count(key, known, changelog, state);
    return ageMs > MAX_AGE_MS ? undefined : known?.missing;
  }

  #count(key: string, known: Count | undefined, changelog: Changelog, state: ServerState): void {
    if (this.#counts.size >= MAX_PEERS) this.#counts.clear();
    this.#counts.set(key, { countedMs: -Infinity, missing: undefined, ...known, counting: true });
    const running = countAfter(changelog, state).then(
      (missing) => {
        this.#counts.set(key, { countedMs: this.#clock.monotonicMs(), missing, counting: false });
      },
      // A store that fails says so on every other way.
      () => {
        this.#counts.delete(key);
      },
    );
    this.#running.add(running);
    void running.finally(() => this.#running.delete(running));
  }
}

async function countAfter(changelog: Changelog, state: ServerState): Promise<number> {
  let missing = 0;
  for (const newest of changelog.state.csns()) {
    if (state.covers(newest)) continue;
    const origin = csnReplica(newest);
    for await (const slice of changelog.scan(origin, state.get(origin))) {
      missing += slice.length;
      if (missing >= MAX_COUNTED) return MAX_COUNTED;
    }
  }
  return missing;
}

/** The sessions of one domain. `log`: its change log. */
export function linkStatus(
  domain: string,
  sessions: readonly SessionStatus[],
  log: Changelog,
  counts: MissingChanges,
): LinkStatus[] {
  const numbers = new Map<string, number>();
  return sessions.map((session) => {
    const pair = `${session.direction} ${session.peer}`;
    const number = (numbers.get(pair) ?? 0) + 1;
    numbers.set(pair, number);
    const { states, silentMs, clockAheadMs, credit } = session;
    const there = states === undefined ? undefined : states.applied.size > 0 ? states.applied : states.log;
    return {
      domain,
      peer: session.peer,
      direction: session.direction,
      address: session.address,
      state: session.state,
      lastError: session.lastError === '' ? undefined : session.lastError,
      silentSeconds: silentMs === undefined ? undefined : Math.round(silentMs / 100) / 10,
      peerHolds: there?.toString(),
      missing: there === undefined ? undefined : counts.of(`${domain} ${pair} ${number}`, log, there),
      lagSeconds: there === undefined ? undefined : lagSeconds(log.state, there),
      sentChanges: session.sentChanges,
      receivedChanges: session.receivedChanges,
      sentBytes: session.sentBytes,
      receivedBytes: session.receivedBytes,
      sentWireBytes: session.sentWireBytes,
      bandwidthKbit: session.way?.bandwidthKbit,
      hours: hoursOf(session.way),
      credit,
      queuedBytes: session.queuedBytes,
      clockAheadSeconds: clockAheadMs === undefined ? undefined : Math.round(clockAheadMs / 100) / 10,
    };
  });
}

function hoursOf(way: WayStatus | undefined): LinkHours | undefined {
  if (way === undefined || !Number.isFinite(way.hours.untilMs)) return undefined;
  const { open, fromMs, untilMs } = way.hours;
  return { open, since: new Date(fromMs).toISOString(), until: new Date(untilMs).toISOString() };
}

/** By how much the newest change of ours that `there` lacks is newer than what it has of that origin. */
function lagSeconds(here: ServerState, there: ServerState): number {
  let lagMs = 0;
  for (const csn of here.csns()) {
    if (there.covers(csn)) continue;
    const known = there.get(csnReplica(csn));
    lagMs = Math.max(lagMs, known === undefined ? 0 : csnTimeMs(csn) - csnTimeMs(known));
  }
  return Math.round(lagMs / 100) / 10;
}

/** What comparisons of one domain found. */
export function comparisonStatus(domain: string, reports: readonly ComparisonReport[]): ComparisonStatus[] {
  return reports.map(({ peer, atMs, verdict, reason, differences, more }) => ({
    domain,
    peer,
    at: new Date(atMs).toISOString(),
    verdict,
    reason,
    differing: differences.length,
    more,
  }));
}
