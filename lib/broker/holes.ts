/**
 * Holes that peers sent: changes of an origin that do not follow what we hold.
 *
 * The first sight of a hole ends the session, for it may be of the way (our own disk refused what came between). The same hole in a later session is the peer's: that origin
 * is not taken from it until it is tried again, each time after twice as long. A hole is never accepted.
 */
import type { Csn, ReplicaId } from '../csn/csn.js';

const FIRST_RETRY_MS = 30_000;
const LAST_RETRY_MS = 960_000;

interface Hole {
  held: Csn | undefined;
  /** Not asked before this; undefined: seen once. */
  untilMs: number | undefined;
  retryMs: number;
  /** It sent none: it is spared the question. */
  spared?: boolean;
}

const NONE: ReadonlySet<ReplicaId> = new Set();

export class Holes {
  readonly #peers = new Map<string, Map<ReplicaId, Hole>>();

  /**
   * A hole came. `again`: it is the same as in an earlier session, and the peer is not asked for that origin for a while; `known`: that is so already, this was on its way.
   * `nowMs` is monotonic.
   */
  came(peer: string, origin: ReplicaId, held: Csn | undefined, nowMs: number): 'first' | 'again' | 'known' {
    const holes = this.#peers.get(peer) ?? new Map<ReplicaId, Hole>();
    this.#peers.set(peer, holes);
    const hole = holes.get(origin);
    if (hole === undefined || hole.held !== held) {
      holes.set(origin, { held, untilMs: undefined, retryMs: FIRST_RETRY_MS });
      return 'first';
    }
    if (hole.untilMs !== undefined) return 'known';
    hole.untilMs = nowMs + hole.retryMs;
    hole.retryMs = Math.min(2 * hole.retryMs, LAST_RETRY_MS);
    return 'again';
  }

  /** The peer itself said that it lacks what follows our place. */
  told(peer: string, origin: ReplicaId, place: Csn, nowMs: number): void {
    if (this.came(peer, origin, place, nowMs) === 'first') this.came(peer, origin, place, nowMs);
  }

  /** The peer is not asked for that origin for a while though it sent no hole: another one shall be first. */
  spare(peer: string, origin: ReplicaId, nowMs: number): void {
    const holes = this.#peers.get(peer) ?? new Map<ReplicaId, Hole>();
    this.#peers.set(peer, holes);
    const untilMs = nowMs + FIRST_RETRY_MS;
    holes.set(origin, { held: undefined, untilMs, retryMs: FIRST_RETRY_MS, spared: true });
  }

  /** Ends that. */
  unspare(peer: string, origin: ReplicaId): void {
    const holes = this.#peers.get(peer);
    if (holes?.get(origin)?.spared === true) holes.delete(origin);
  }

  /** Origins that the peer is not asked for now. */
  of(peer: string): ReadonlySet<ReplicaId> {
    const holes = this.#peers.get(peer);
    if (holes === undefined) return NONE;
    return new Set([...holes].filter(([, hole]) => hole.untilMs !== undefined).map(([origin]) => origin));
  }

  /** Whether something is to be asked of the peer again; in a new session, for it never sends twice what it sent in one. */
  retry(peer: string, nowMs: number): boolean {
    let any = false;
    for (const hole of this.#peers.get(peer)?.values() ?? []) {
      if (hole.untilMs === undefined || nowMs < hole.untilMs) continue;
      hole.untilMs = undefined;
      any = true;
    }
    return any;
  }
}
