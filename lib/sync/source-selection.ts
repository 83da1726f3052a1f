/**
 * From which upstream to take each origin's changes, so that in any mesh, ring or chain a change crosses a link at most once, and a slow link once for a whole site.
 *
 * Rule: the cheapest way to the origin (source-rank.ts: the origin itself, or a relay nearer to it than we are), of equals the newest advert, then the least loaded; kept
 * as long as it serves. A source is left when its session is gone, when it cannot serve what we need, or when a change that another upstream has advertised did not
 * arrive within the grace time; one that was left for that is not taken again for a while. Pure: the same inputs give the same choice on every server and every run.
 */
import type { Csn, ReplicaId } from '../csn/csn.js';
import type { ServerState } from '../csn/server-state.js';
import type { ServerDistances } from '../topology/distances.js';
import { compareRanks, sourceRank } from './source-rank.js';

/** A session with a server that publishes to us. */
export interface Upstream {
  readonly id: number;
  /** Name of the server at the other end. */
  readonly name?: string;
  /** The replica at the other end; undefined for a broker without a directory. */
  readonly replica: ReplicaId | undefined;
  readonly log: ServerState;
  readonly trimmed: ServerState;
  /** Origins that it said it cannot serve to us. */
  readonly unavailable: ReadonlySet<ReplicaId>;
  /** Origins whose changes did not follow each other when they came from it. */
  readonly holes?: ReadonlySet<ReplicaId>;
  /** The way from it is closed at this hour: nothing comes before it opens. */
  readonly closed?: boolean;
  /** Sessions that it serves, as it last said. */
  readonly load?: number;
}

/** What we hold. `newest` counts received changes that are not on disk yet. */
export interface Holdings {
  readonly replica: ReplicaId | undefined;
  newest(origin: ReplicaId): Csn | undefined;
}

export interface Choice {
  readonly upstream: number;
  /** The change that the source owes us, and since when another upstream has it. */
  readonly owed: { readonly csn: Csn; readonly sinceMs: number } | undefined;
  /** The source that was left because it owed us a change, and when. */
  readonly left?: { readonly upstream: number; readonly atMs: number } | undefined;
  /** Since when nobody who could serve has what another one does not keep for us any more. */
  readonly starvedMs?: number | undefined;
}

export interface Selection {
  readonly choices: ReadonlyMap<ReplicaId, Choice>;
  /** Origins with newer changes somewhere that no upstream can serve from where we are, or none has that could: only a total update helps. */
  readonly unservable: readonly ReplicaId[];
}

export const SOURCE_GRACE_MS = 300;
/** A source that lagged is not preferred again for so long. */
const SOURCE_RETURN_MS = 5000;

/** So long those that could serve an origin have to come by what they lack themselves. */
export const STARVED_MS = 5000;

/** The choices now. `nowMs` is monotonic. */
export function selectSources(
  before: ReadonlyMap<ReplicaId, Choice>,
  upstreams: readonly Upstream[],
  held: Holdings,
  nowMs: number,
  graceMs: number = SOURCE_GRACE_MS,
  distances: ServerDistances | undefined = undefined,
): Selection {
  const choices = new Map<ReplicaId, Choice>();
  const unservable: ReplicaId[] = [];
  for (const origin of knownOrigins(upstreams)) {
    const own = held.newest(origin);
    const newest = newestAdvertised(upstreams, origin);
    // Our own changes come back to us only when we have lost them.
    if (origin === held.replica && (newest === undefined || (own !== undefined && newest <= own))) continue;
    const able = upstreams.filter((upstream) => canServe(upstream, origin, own));
    if (able.length === 0) {
      // A hole is not mended by a total update from who has it: it waits for another upstream.
      const holed = upstreams.some((upstream) => upstream.holes?.has(origin) === true);
      if (!holed && isNewer(newest, own)) unservable.push(origin);
      continue;
    }
    const choice = new SourceChoice(able, origin, own, held.replica, distances);
    const next = choice.after(before.get(origin), nowMs, graceMs);
    if (!isStarved(upstreams, able, origin, own)) {
      choices.set(origin, next);
      continue;
    }
    const starvedMs = before.get(origin)?.starvedMs ?? nowMs;
    choices.set(origin, { ...next, starvedMs });
    if (nowMs - starvedMs >= STARVED_MS) unservable.push(origin);
  }
  return { choices, unservable };
}

/** Whether those that can serve have no more than we do, while one that has more does not keep what we need any more: they may be waiting for us. */
function isStarved(
  upstreams: readonly Upstream[],
  able: readonly Upstream[],
  origin: ReplicaId,
  own: Csn | undefined,
): boolean {
  if (isNewer(newestAdvertised(able, origin), own)) return false;
  return upstreams.some(
    (upstream) =>
      !able.includes(upstream) &&
      upstream.holes?.has(origin) !== true &&
      isNewer(upstream.log.get(origin), own),
  );
}

/** The choice for one origin. */
class SourceChoice {
  readonly #able: readonly Upstream[];
  readonly #origin: ReplicaId;
  readonly #own: Csn | undefined;
  readonly #ranks: ReadonlyMap<Upstream, readonly number[]>;

  constructor(
    able: readonly Upstream[],
    origin: ReplicaId,
    own: Csn | undefined,
    replica: ReplicaId | undefined,
    distances: ServerDistances | undefined,
  ) {
    this.#able = able;
    this.#origin = origin;
    this.#own = own;
    this.#ranks = new Map(
      able.map((upstream) => [upstream, sourceRank(upstream, origin, replica === undefined, distances)]),
    );
  }

  after(before: Choice | undefined, nowMs: number, graceMs: number): Choice {
    const left =
      before?.left !== undefined && nowMs - before.left.atMs < SOURCE_RETURN_MS ? before.left : undefined;
    const willing = this.#able.filter((upstream) => upstream.id !== left?.upstream);
    const best = this.#bestOf(willing.length > 0 ? willing : this.#able);
    const current = this.#able.find((upstream) => upstream.id === before?.upstream);
    if (before === undefined || current === undefined) return { upstream: best.id, owed: undefined, left };
    const nearer = compareRanks(this.#rank(best), this.#rank(current)) < 0;
    if (nearer && !isNewer(this.#own, this.#advert(best)))
      return { upstream: best.id, owed: undefined, left };
    const owed = this.#owed(before, current, nowMs);
    if (owed !== undefined && nowMs - owed.sinceMs >= graceMs) {
      const holders = this.#able.filter((upstream) => !isNewer(owed.csn, this.#advert(upstream)));
      if (!holders.includes(current) && holders.length > 0) {
        const next = this.#bestOf(holders);
        return { upstream: next.id, owed: undefined, left: { upstream: current.id, atMs: nowMs } };
      }
    }
    return { upstream: current.id, owed, left };
  }

  /** What the current source owes: first noticed, then counted until it is here. */
  #owed(before: Choice, current: Upstream, nowMs: number): Choice['owed'] {
    if (before.owed !== undefined && isNewer(before.owed.csn, this.#own)) return before.owed;
    const advertised = newestAdvertised(this.#able, this.#origin);
    if (advertised === undefined || !isNewer(advertised, this.#own)) return undefined;
    if (!isNewer(advertised, this.#advert(current))) return undefined;
    return { csn: advertised, sinceMs: nowMs };
  }

  /** The nearest; of equals the newest advert, then the least loaded, then the lowest id. */
  #bestOf(some: readonly Upstream[]): Upstream {
    return some.reduce((best, upstream) => {
      const nearness = compareRanks(this.#rank(upstream), this.#rank(best));
      if (nearness !== 0) return nearness < 0 ? upstream : best;
      const a = this.#advert(upstream);
      const b = this.#advert(best);
      if (a !== b) return isNewer(a, b) ? upstream : best;
      const load = (upstream.load ?? 0) - (best.load ?? 0);
      if (load !== 0) return load < 0 ? upstream : best;
      return upstream.id < best.id ? upstream : best;
    });
  }

  #advert(upstream: Upstream): Csn | undefined {
    return upstream.log.get(this.#origin);
  }

  #rank(upstream: Upstream): readonly number[] {
    return this.#ranks.get(upstream) ?? [];
  }
}

/** The upstream has this origin's stream (or is the origin), and still has what follows our place. */
function canServe(upstream: Upstream, origin: ReplicaId, own: Csn | undefined): boolean {
  if (upstream.unavailable.has(origin) || upstream.holes?.has(origin) === true) return false;
  const trimmed = upstream.trimmed.get(origin);
  if (trimmed !== undefined && isNewer(trimmed, own)) return false;
  return upstream.replica === origin || upstream.log.get(origin) !== undefined;
}

function knownOrigins(upstreams: readonly Upstream[]): Set<ReplicaId> {
  const origins = new Set<ReplicaId>();
  for (const upstream of upstreams) {
    if (upstream.replica !== undefined) origins.add(upstream.replica);
    for (const origin of upstream.log.replicas()) origins.add(origin);
  }
  return origins;
}

function newestAdvertised(upstreams: readonly Upstream[], origin: ReplicaId): Csn | undefined {
  let newest: Csn | undefined;
  for (const upstream of upstreams) {
    const csn = upstream.log.get(origin);
    if (isNewer(csn, newest)) newest = csn;
  }
  return newest;
}

function isNewer(a: Csn | undefined, b: Csn | undefined): boolean {
  return a !== undefined && (b === undefined || a > b);
}
