/**
 * How wishes for acknowledgement spread over all links of a domain, and acknowledgements find their way back: the part of every server, as a pure state machine.
 *
 * Owns per origin the newest wish, the link it came over first, and what was said to it. Invariants: a wish is passed on once, so a flood ends; a link's wish is always known
 * at its other end, so the ways back form a tree with the origin at its root, and no answer runs in a circle; what a server says of itself only grows. What is said is bounded by
 * batches: of several wishes that wait, one answer serves all.
 */
import { LIMITS } from '../base/limits.js';
import { type Csn, csnReplica, type ReplicaId, ZERO_CSN } from '../csn/csn.js';
import type { ServerState } from '../csn/server-state.js';
import type { Acknowledgement, Wish } from './assurance-frames.js';

/** A wish of another server that is older than this is not passed to new links: nobody waits so long. */
const WISH_MS = 60_000;

interface Heard<L> {
  readonly wish: Wish;
  /** The way back; undefined: it is gone. */
  readonly from: L | undefined;
  readonly atMs: number;
  /** The oldest that is waited for: nothing is said before it is held. */
  readonly logFrom: Csn;
  readonly appliedFrom: Csn;
  /** Said last. */
  readonly log: Csn;
  readonly applied: Csn;
}

/** `L`: a link. */
export interface Acknowledging<L> {
  readonly server: string;
  readonly heard: ReadonlyMap<ReplicaId, Heard<L>>;
}

export type AcknowledgingEvent<L> =
  /** A peer wishes. */
  | { readonly kind: 'wish'; readonly link: L; readonly wish: Wish; readonly held: Held }
  /** We hold more than before. */
  | { readonly kind: 'advanced'; readonly held: Held }
  /** A peer says what servers hold. */
  | { readonly kind: 'said'; readonly link: L; readonly rows: readonly Acknowledgement[] }
  | { readonly kind: 'link-up'; readonly link: L }
  | { readonly kind: 'link-down'; readonly link: L };

/** What we hold. */
export interface Held {
  readonly log: ServerState;
  readonly applied: ServerState;
}

export type AcknowledgingEffect<L> =
  | { readonly kind: 'say'; readonly link: L; readonly rows: readonly Acknowledgement[] }
  /** To every link but one (undefined: but none). */
  | { readonly kind: 'pass-on'; readonly wish: Wish; readonly except: L | undefined }
  /** To one link. */
  | { readonly kind: 'tell'; readonly wish: Wish; readonly link: L };

export interface AcknowledgingStep<L> {
  readonly state: Acknowledging<L>;
  readonly effects: readonly AcknowledgingEffect<L>[];
}

export function newAcknowledging<L>(server: string): Acknowledging<L> {
  return { server, heard: new Map() };
}

/** One event. `nowMs` is monotonic. Never throws for what a peer sent. */
export function stepAcknowledging<L>(
  state: Acknowledging<L>,
  event: AcknowledgingEvent<L>,
  nowMs: number,
): AcknowledgingStep<L> {
  switch (event.kind) {
    case 'wish':
      return hear(state, event.link, event.wish, event.held, nowMs);
    case 'advanced':
      return say(state, event.held);
    case 'said':
      return { state, effects: passBack(state, event.link, event.rows) };
    case 'link-up': {
      const effects: AcknowledgingEffect<L>[] = [];
      for (const { wish, atMs, from } of state.heard.values())
        if (from !== undefined && nowMs - atMs < WISH_MS)
          effects.push({ kind: 'tell', wish, link: event.link });
      return { state, effects };
    }
    case 'link-down': {
      const heard = new Map(state.heard);
      for (const [origin, one] of heard)
        if (one.from === event.link) heard.set(origin, { ...one, from: undefined });
      return { state: { ...state, heard }, effects: [] };
    }
  }
}

function hear<L>(
  state: Acknowledging<L>,
  link: L,
  wish: Wish,
  held: Held,
  nowMs: number,
): AcknowledgingStep<L> {
  const origin = csnReplica(wish.csn);
  const before = state.heard.get(origin);
  if (before === undefined && state.heard.size >= LIMITS.replicas) return { state, effects: [] };
  if (before !== undefined && !isNewer(wish, before.wish)) return { state, effects: [] };
  const same = before !== undefined && before.from === link && before.wish.round === wish.round;
  // On another way nothing was said yet, and it is not known who waits there for what: say all.
  const heard = new Map(state.heard).set(origin, {
    wish,
    from: link,
    atMs: nowMs,
    logFrom: same ? oldest(before.wish.csn, before.log, before.logFrom, wish.csn) : ZERO_CSN,
    appliedFrom: same ? oldest(before.wish.csn, before.applied, before.appliedFrom, wish.csn) : ZERO_CSN,
    log: same ? before.log : ZERO_CSN,
    applied: same ? before.applied : ZERO_CSN,
  });
  const said = say({ ...state, heard }, held);
  return { state: said.state, effects: [{ kind: 'pass-on', wish, except: link }, ...said.effects] };
}

/** The oldest change that is waited for, after a newer wish came. */
function oldest(wish: Csn, said: Csn, from: Csn, newer: Csn): Csn {
  return said < wish ? from : newer;
}

function isNewer(a: Wish, b: Wish): boolean {
  return a.csn > b.csn || (a.csn === b.csn && a.round > b.round);
}

/** Says to each way back what is new and waited for. */
function say<L>(state: Acknowledging<L>, held: Held): AcknowledgingStep<L> {
  let heard: Map<ReplicaId, Heard<L>> | undefined;
  const effects: AcknowledgingEffect<L>[] = [];
  for (const [origin, one] of state.heard) {
    const log = news(one.wish.csn, one.log, one.logFrom, held.log.get(origin));
    const applied = news(one.wish.csn, one.applied, one.appliedFrom, held.applied.get(origin));
    if ((log === one.log && applied === one.applied) || one.from === undefined) continue;
    heard ??= new Map(state.heard);
    heard.set(origin, { ...one, log, applied });
    effects.push({ kind: 'say', link: one.from, rows: [{ server: state.server, origin, log, applied }] });
  }
  return { state: heard === undefined ? state : { ...state, heard }, effects };
}

/** What to say now: what is held where it is waited for and not said, else what was said. */
function news(wish: Csn, said: Csn, from: Csn, held: Csn | undefined): Csn {
  return held !== undefined && said < wish && held > said && held >= from ? held : said;
}

function passBack<L>(
  state: Acknowledging<L>,
  link: L,
  rows: readonly Acknowledgement[],
): readonly AcknowledgingEffect<L>[] {
  const ways = new Map<L, Acknowledgement[]>();
  for (const row of rows) {
    const from = state.heard.get(row.origin)?.from;
    if (from === undefined || from === link) continue;
    const way = ways.get(from);
    if (way === undefined) ways.set(from, [row]);
    else way.push(row);
  }
  return [...ways].map(([to, given]) => ({ kind: 'say', link: to, rows: given }));
}
