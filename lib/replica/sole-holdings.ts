/**
 * Changes of other servers that this one alone is known to hold: what a copy of another server's data would lose for good (replication-model.md section 5: nothing acknowledged vanishes).
 *
 * Invariant: named too much rather than too little: who was not heard, or reported nothing, holds nothing.
 */
import { type Csn, csnReplica, csnTimeMs, type ReplicaId } from '../csn/csn.js';
import { ServerState } from '../csn/server-state.js';
import type { MemberRow } from '../sync/member-row.js';

export interface SoleHolding {
  readonly origin: ReplicaId;
  /** Its newest change that another server is known to hold too. */
  readonly after: Csn | undefined;
  readonly newest: Csn;
}

/** `held`: by our log. `known`: what others hold, the source of the copy among them. `holds`: whether our log holds or held that very change. */
export function soleHoldings(
  held: ServerState,
  own: ReplicaId,
  known: readonly ServerState[],
  holds: (csn: Csn) => boolean,
): readonly SoleHolding[] {
  const sole: SoleHolding[] = [];
  for (const newest of held.csns()) {
    const origin = csnReplica(newest);
    if (origin === own || known.some((state) => state.covers(newest))) continue;
    let after: Csn | undefined;
    for (const state of known) {
      const theirs = state.get(origin);
      if (theirs !== undefined && (after === undefined || theirs > after) && holds(theirs)) after = theirs;
    }
    sole.push({ origin, after, newest });
  }
  return sole;
}

/**
 * Of what another server says that it holds, what counts for us where two histories of some servers are known, by what the source of a copy `lacks`: a change newer than ours covers ours by its CSN, and
 * may be of the other history; who holds the same as we do has to give it up as we do, and may not be asked: its log or that of whom it meets may have forgotten where they part.
 */
export function believed(state: ServerState, lacks: ServerState | undefined, held: ServerState): ServerState {
  if (lacks === undefined) return state;
  const forked = new Set(lacks.replicas());
  const older = (csn: Csn): boolean => held.covers(csn) && held.get(csnReplica(csn)) !== csn;
  return ServerState.of(state.csns().filter((csn) => !forked.has(csnReplica(csn)) || older(csn)));
}

/** What a connected server holds, as it last said. */
export interface Heard {
  readonly name: string;
  readonly log: ServerState;
  /** What its change log does not give any more. */
  readonly trimmed: ServerState;
}

/**
 * What servers other than this one and the source of a copy hold: as those that are connected say now, and as the others last reported, which a copy of their own may have made untrue. An evicted one
 * does not count; nor does, for an origin, who cannot give what the source lacks, since its log begins later: it would have to be copied in its turn.
 */
export function heldByOthers(
  rows: readonly MemberRow[],
  heard: readonly Heard[],
  server: string,
  source: { readonly name: string; readonly state: ServerState },
): readonly ServerState[] {
  const now = heard.filter(({ name }) => name !== source.name);
  const others = rows.filter(
    ({ name, standing }) =>
      name !== server &&
      name !== source.name &&
      standing !== 'evicted' &&
      !now.some((each) => each.name === name),
  );
  const given = ({ log, trimmed }: Heard): ServerState =>
    ServerState.of(
      log.csns().filter((csn) => {
        const mark = trimmed.get(csnReplica(csn));
        return mark === undefined || source.state.covers(mark);
      }),
    );
  return [...now.map(given), ...others.flatMap(({ report }) => report?.state ?? [])];
}

/** The newest change of our own that our log cannot give any more, where nobody is known to have it: a copy that lacks it could not be mended. */
export function beyondKeeping(
  own: ReplicaId,
  trimmed: ServerState,
  known: readonly ServerState[],
): Csn | undefined {
  const mark = trimmed.get(own);
  return mark === undefined || known.some((state) => state.covers(mark)) ? undefined : mark;
}

/** A copy was not begun: it would lose these. */
export class SoleHoldingsError extends Error {
  readonly holdings: readonly SoleHolding[];

  constructor(message: string, holdings: readonly SoleHolding[]) {
    super(message);
    this.holdings = holdings;
  }
}

/** What a person can do about a copy that was not begun without a word of theirs; '' where it was for another reason. */
export function wayOut(error: unknown, peer: string): string {
  if (!(error instanceof SoleHoldingsError)) return '';
  return `; it begins once a server that has them is reached, or with: polyarch replication initialize --dir DIR --from ${peer} --replace-all-data --give-up-changes (they are saved first)`;
}

/** One of them for people: how many, of whom, up to when. */
export function holdingText(
  { origin, newest }: SoleHolding,
  count: number,
  rows: readonly MemberRow[],
): string {
  const name = rows.find(({ replica }) => replica === origin)?.name;
  const of = name === undefined ? `replica ${origin}` : `${name} (replica ${origin})`;
  const changes = count === 1 ? '1 change' : `${count} changes`;
  return `${changes} of ${of} up to ${new Date(csnTimeMs(newest)).toISOString()} (${newest})`;
}
