/**
 * Keys of a change log in the ordered store. All begin with the log's own prefix, which no other log's prefix begins with.
 *
 *   prefix 01 origin(2) csn(12)  -> the encoded change
 *   prefix 02 origin(2)          -> CSN (12): newest change of the origin that was trimmed away; what follows it is held
 *   prefix 04                    -> octets and changes counted, and the server state that they are counted to
 *   prefix 05                    -> origins (2 each) that another directory than their own was seen to agree about (provisional.ts); absent: all
 *   prefix 03                    -> generation id as text (only where no backend keeps it)
 *
 * Origin and CSN are big-endian, so a range of keys is a range of one origin's stream.
 */

import { carveBytes } from '../base/bytes.js';
import { CSN_BYTES, type Csn, csnFromBytes, csnReplica, putCsn, type ReplicaId } from '../csn/csn.js';
import type { StoreRange } from '../port/ordered-store.js';

const CHANGE = 1;
const TRIMMED = 2;
const GENERATION = 3;
const SIZE = 4;
const CONFIRMED = 5;

export class ChangelogKeys {
  readonly #prefix: Uint8Array;

  constructor(prefix: Uint8Array) {
    this.#prefix = prefix.slice();
  }

  change(csn: Csn): Uint8Array {
    const key = this.#key(CHANGE, csnReplica(csn), CSN_BYTES);
    putCsn(key, key.length - CSN_BYTES, csn);
    return key;
  }

  trimmed(origin: ReplicaId): Uint8Array {
    return this.#key(TRIMMED, origin, 0);
  }

  generation(): Uint8Array {
    return this.#single(GENERATION);
  }

  size(): Uint8Array {
    return this.#single(SIZE);
  }

  confirmed(): Uint8Array {
    return this.#single(CONFIRMED);
  }

  /** Changes of `origin` after `after` (from the first when undefined) up to and with `through` (to the last when undefined). */
  changes(origin: ReplicaId, after: Csn | undefined, through: Csn | undefined): StoreRange {
    return {
      gte: after === undefined ? this.#key(CHANGE, origin, 0) : successor(this.change(after)),
      lt: through === undefined ? this.#key(CHANGE, origin + 1, 0) : successor(this.change(through)),
    };
  }

  /** Changes of this origin and of all with a higher id. */
  changesFrom(origin: number): StoreRange {
    return { gte: this.#key(CHANGE, origin, 0), lt: this.#key(TRIMMED, 0, 0) };
  }

  allTrimmed(): StoreRange {
    return { gte: this.#key(TRIMMED, 0, 0), lt: this.generation() };
  }

  /** Every key of the log. */
  all(): StoreRange {
    return { gte: this.#key(CHANGE, 0, 0), lt: this.#key(CONFIRMED + 1, 0, 0) };
  }

  /** The CSN of a change key. */
  csnOf(key: Uint8Array): Csn {
    return csnFromBytes(key, key.length - CSN_BYTES);
  }

  #single(kind: number): Uint8Array {
    const key = new Uint8Array(this.#prefix.length + 1);
    key.set(this.#prefix);
    key[this.#prefix.length] = kind;
    return key;
  }

  #key(kind: number, origin: number, extra: number): Uint8Array {
    const length = this.#prefix.length;
    // One past the last replica id does not fit into two octets: the next kind is the bound then.
    const next = origin > 0xffff;
    const key = carveBytes(length + 3 + extra);
    key.set(this.#prefix);
    key[length] = next ? kind + 1 : kind;
    key[length + 1] = next ? 0 : origin >>> 8;
    key[length + 2] = next ? 0 : origin & 0xff;
    return key;
  }
}

function successor(key: Uint8Array): Uint8Array {
  const next = new Uint8Array(key.length + 1);
  next.set(key);
  return next;
}
