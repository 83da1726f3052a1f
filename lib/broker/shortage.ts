/**
 * When it is told that nobody keeps any more what this server lacks, and from whom it might take a copy instead.
 *
 * A copy ends everything else and drops what is here, so it is not asked for while one of those that we follow has not been heard: it may be dialed this moment, and keep what the others gave up
 * (two servers that were filled at the same time keep little each; their source keeps all). Owns the pace and that each thing is told once; which origins nobody can serve is
 * sync/source-selection.ts.
 */
import type { Csn, ReplicaId } from '../csn/csn.js';
import type { Upstream } from '../sync/source-selection.js';

/** So long those that are not connected have to come. */
export const ABSENT_MS = 5000;

/** A session that could be taken a copy from. */
export interface ShortageSession {
  readonly peerName: string;
  /** undefined: it has not introduced itself. */
  readonly upstream: Pick<Upstream, 'log'> | undefined;
}

/** What to tell: no origins when nothing is lacking any more. `peer`: one that has more and holds all our changes. */
export interface ShortageNews {
  readonly origins: readonly ReplicaId[];
  readonly peer: string | undefined;
}

export class Shortage {
  /** As last told; empty: nothing. */
  #told = '';
  #sinceMs: number | undefined;

  /** What comes next may find other data here. */
  forget(): void {
    this.#told = '';
    this.#sinceMs = undefined;
  }

  /**
   * News, or undefined. `origins`: those that nobody who is connected can serve. `expected`: how many we want to follow. `newest`: what we hold of an origin. `own`: our newest change. `nowMs` is monotonic.
   */
  look(
    origins: readonly ReplicaId[],
    sessions: readonly ShortageSession[],
    expected: number,
    held: { readonly own: Csn | undefined; newest(origin: ReplicaId): Csn | undefined },
    nowMs: number,
  ): ShortageNews | undefined {
    if (origins.length === 0) {
      const over = this.#told !== '';
      this.forget();
      return over ? { origins, peer: undefined } : undefined;
    }
    this.#sinceMs ??= nowMs;
    const heard = sessions.filter(({ upstream }) => upstream !== undefined).length;
    if (heard < expected && nowMs - this.#sinceMs < ABSENT_MS) return undefined;
    // Who takes a peer's data gives up its own: only one that holds all our changes will do.
    const { own } = held;
    const peer = sessions.find(({ upstream }) => {
      if (upstream === undefined || !(own === undefined || upstream.log.covers(own))) return false;
      return origins.some((origin) => (upstream.log.get(origin) ?? '') > (held.newest(origin) ?? ''));
    })?.peerName;
    const key = `${origins.join(' ')} ${peer ?? ''}`;
    if (key === this.#told) return undefined;
    this.#told = key;
    return { origins, peer };
  }
}
