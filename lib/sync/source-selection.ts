/**
 * From which upstream to take each origin's changes, so that in any mesh, ring or chain a change crosses a link at most once.
 *
 * Rule: the origin itself while its session is up; otherwise the upstream that advertises the newest change, kept as long as it serves. A source is left when its
 * session is gone, when it cannot serve what we need, or when a change that another upstream has advertised did not arrive within the grace time.
 * Pure: the same inputs give the same choice on every server and every run.
 */
import type { Csn, ReplicaId } from '../csn/csn.js';
import type { ServerState } from '../csn/server-state.js';

/** A session with a server that publishes to us. */
export interface Upstream {
  readonly id: number;
  /** The replica at the other end; undefined for a broker without a directory. */
  readonly replica: ReplicaId | undefined;
  readonly log: ServerState;
  readonly trimmed: ServerState;
  /** Origins that it said it cannot serve to us. */
  readonly unavailable: ReadonlySet<ReplicaId>;
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
}

export interface Selection {
  readonly choices: ReadonlyMap<ReplicaId, Choice>;
  /** Origins with newer changes somewhere that no upstream can serve from where we are: only a total update helps. */
  readonly unservable: readonly ReplicaId[];
}

export const SOURCE_GRACE_MS = 300;

/** The choices now. `nowMs` is monotonic. */
export function selectSources(
  before: ReadonlyMap<ReplicaId, Choice>,
  upstreams: readonly Upstream[],
  held: Holdings,
  nowMs: number,
  graceMs: number = SOURCE_GRACE_MS,
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
      if (newest !== undefined && (own === undefined || newest > own)) unservable.push(origin);
      continue;
    }
    choices.set(origin, chooseSource(before.get(origin), able, origin, own, nowMs, graceMs));
  }
  return { choices, unservable };
}

function chooseSource(
  before: Choice | undefined,
  able: readonly Upstream[],
  origin: ReplicaId,
  own: Csn | undefined,
  nowMs: number,
  graceMs: number,
): Choice {
  const best = bestOf(able, origin);
  const current = able.find((upstream) => upstream.id === before?.upstream);
  if (before === undefined || current === undefined) return { upstream: best.id, owed: undefined };
  const direct = able.find((upstream) => upstream.replica === origin);
  if (direct !== undefined && direct !== current && !isNewer(own, direct.log.get(origin))) {
    return { upstream: direct.id, owed: undefined };
  }
  // What the current source owes: first noticed, then counted until it is here.
  const advertised = best.log.get(origin);
  let owed = before.owed;
  if (owed !== undefined && !isNewer(owed.csn, own)) owed = undefined;
  if (
    owed === undefined &&
    advertised !== undefined &&
    isNewer(advertised, own) &&
    isNewer(advertised, current.log.get(origin))
  ) {
    owed = { csn: advertised, sinceMs: nowMs };
  }
  if (owed !== undefined && best !== current && nowMs - owed.sinceMs >= graceMs) {
    return { upstream: best.id, owed: undefined };
  }
  return { upstream: current.id, owed };
}

/** The newest advert; of equals the origin itself, then the lowest id. */
function bestOf(able: readonly Upstream[], origin: ReplicaId): Upstream {
  let best = able[0] as Upstream;
  for (const upstream of able) {
    const a = upstream.log.get(origin);
    const b = best.log.get(origin);
    const better =
      isNewer(a, b) ||
      (a === b && best.replica !== origin && (upstream.replica === origin || upstream.id < best.id));
    if (better) best = upstream;
  }
  return best;
}

/** The upstream has this origin's stream (or is the origin), and still has what follows our place. */
function canServe(upstream: Upstream, origin: ReplicaId, own: Csn | undefined): boolean {
  if (upstream.unavailable.has(origin)) return false;
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
