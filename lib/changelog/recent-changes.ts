/**
 * The newest changes of a log in memory, so that peers who follow closely are served without a disk read.
 *
 * Holds a contiguous tail of each origin's stream; what is dropped to stay within the bound is the oldest held, whatever its origin. As much is held as readers
 * asked for: twice what lay behind the oldest place that any of them asked for, all of the bound where a place was no longer held, an eighth of it at least. What
 * was asked for counts until as much as the bound has come once or twice. Never holds a change that is not durable (its owner pushes only such).
 */
import { emptyBytes } from '../base/bytes.js';
import type { EncodedChange } from '../change/change.js';
import { type Csn, csnReplica, type ReplicaId, ZERO_CSN } from '../csn/csn.js';

/** Dropped places at the front of a list are given back when they are this many and outnumber the rest. */
const COMPACT_AT = 1024;

/** Part of the bound that is held at least: one in so many. */
const LEAST_SHARE = 8;
/** How often what a reader asked for is held, as it may fall behind. */
const MARGIN = 2;

/** Octets of the objects that hold a change, besides its own: small changes are mostly these. */
export const HELD_CHANGE_BYTES = 256;

/** Stands where a change was, so that its memory goes at once. */
const DROPPED: EncodedChange = { csn: ZERO_CSN, previous: undefined, bytes: emptyBytes() };

interface Tail {
  changes: EncodedChange[];
  /** Index of the oldest held. */
  first: number;
}

export class RecentChanges {
  readonly #maxBytes: number;
  readonly #tails = new Map<ReplicaId, Tail>();
  /** Origins in the order of arrival: whose oldest goes next. */
  #order: ReplicaId[] = [];
  #orderFirst = 0;
  #bytes = 0;
  /** Octets that came since the two figures below were taken: at the bound they are taken anew. */
  #came = 0;
  /** Octets behind the oldest place that was asked for, since then and in the time before. At first anybody may come. */
  #asked = 0;
  #askedBefore: number;

  /** `maxBytes`: of the changes and the objects that hold them. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
    this.#askedBefore = maxBytes;
  }

  /** Octets held, those of the objects included. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds the newest change of its origin. One that is not newer than what is held would hide from readers what lies between: nothing older is held from there on. */
  push(change: EncodedChange): void {
    const origin = csnReplica(change.csn);
    const newest = this.#tails.get(origin)?.changes.at(-1);
    if (newest !== undefined && newest.csn >= change.csn) this.clear();
    let tail = this.#tails.get(origin);
    if (tail === undefined) {
      tail = { changes: [], first: 0 };
      this.#tails.set(origin, tail);
    }
    tail.changes.push(change);
    this.#order.push(origin);
    this.#bytes += heldBytes(change);
    this.#came += heldBytes(change);
    if (this.#came > this.#maxBytes) {
      this.#askedBefore = this.#asked;
      this.#asked = 0;
      this.#came = 0;
    }
    const most = this.#most();
    while (this.#bytes > most && this.#orderFirst < this.#order.length) this.#dropOldest();
  }

  /** Octets that may be held now. */
  #most(): number {
    const wanted = Math.max(this.#asked, this.#askedBefore) * MARGIN;
    return Math.min(this.#maxBytes, Math.max(wanted, this.#maxBytes / LEAST_SHARE));
  }

  /**
   * Changes of `origin` that follow `after` (undefined: the first change ever), up to about `maxBytes` and at least one; undefined when
   * the place is not held.
   */
  following(
    origin: ReplicaId,
    after: Csn | undefined,
    maxBytes: number,
    maxChanges: number,
  ): EncodedChange[] | undefined {
    const tail = this.#tails.get(origin);
    if (tail === undefined) return undefined;
    const start = placeAfter(tail, after);
    const first = tail.changes[start];
    if (first === undefined) return undefined;
    if (first.previous !== after) {
      this.#asked = this.#maxBytes;
      return undefined;
    }
    // Of what is held the same part as of this origin's.
    const behind = (this.#bytes * (tail.changes.length - start)) / (tail.changes.length - tail.first);
    this.#asked = Math.max(this.#asked, behind);
    const found: EncodedChange[] = [];
    let bytes = 0;
    for (let i = start; i < tail.changes.length && found.length < maxChanges; i++) {
      const change = tail.changes[i] as EncodedChange;
      if (bytes > 0 && bytes + change.bytes.length > maxBytes) break;
      bytes += change.bytes.length;
      found.push(change);
    }
    return found;
  }

  /** Forgets everything. */
  clear(): void {
    this.#tails.clear();
    this.#order = [];
    this.#orderFirst = 0;
    this.#bytes = 0;
  }

  #dropOldest(): void {
    const origin = this.#order[this.#orderFirst++] as ReplicaId;
    const tail = this.#tails.get(origin) as Tail;
    this.#bytes -= heldBytes(tail.changes[tail.first] as EncodedChange);
    tail.changes[tail.first++] = DROPPED;
    if (tail.first >= COMPACT_AT && tail.first * 2 > tail.changes.length) {
      tail.changes = tail.changes.slice(tail.first);
      tail.first = 0;
    }
    if (this.#orderFirst >= COMPACT_AT && this.#orderFirst * 2 > this.#order.length) {
      this.#order = this.#order.slice(this.#orderFirst);
      this.#orderFirst = 0;
    }
  }
}

const heldBytes = ({ bytes }: EncodedChange): number => bytes.length + HELD_CHANGE_BYTES;

/** Index of the first held change with a CSN above `after`. */
function placeAfter(tail: Tail, after: Csn | undefined): number {
  if (after === undefined) return tail.first;
  let low = tail.first;
  let high = tail.changes.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((tail.changes[middle] as EncodedChange).csn <= after) low = middle + 1;
    else high = middle;
  }
  return low;
}
