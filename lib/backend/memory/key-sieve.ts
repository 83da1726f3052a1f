/**
 * KeySieve: which rows are surely not there, in two bits for each key, so that most reads of rows that no one wrote cost no look into the store.
 *
 * Owns which rows it is about: those that writes look for in vain (names, UUIDs, counts of children, heads of equality values). Keys share bits and a bit once
 * set stays: `lacks` is true of rows that are not there alone, never wrong the other way. It says nothing of a domain's rows of a kind before all of them that
 * stood in the store were added (learnt), while each key that was written meanwhile was added, too.
 */
import { INDEX_KIND, POSTING, TAG } from '../rows/key-space.js';
import { HashedBits, hashAgain, hashOf } from './hashed-bits.js';

/** Octets of the bits, a power of two: of rows that are not there it misses 0.3 % beside 100,000 entries with five such rows each, a fifth beside a million, half beside two. */
const BYTES = 2 ** 21;

/** Kinds of rows that it is about, by tag. Of index rows only heads are. */
const SIEVED_TAGS = [TAG.childCount, TAG.uuid, TAG.name, TAG.index] as const;
export type SievedTag = (typeof SIEVED_TAGS)[number];

export class KeySieve {
  readonly #bits = new HashedBits(BYTES);
  /** Domain number and tag of what is learnt. */
  readonly #learnt = new Set<number>();

  /** The row is there, or will be. Keys of other rows are passed over. */
  add(key: Uint8Array): void {
    if (!isSieved(key)) return;
    const hash = hashOf(key);
    this.#bits.add(hash);
    this.#bits.add(hashAgain(hash));
  }

  /** True: there is no such row. */
  lacks(key: Uint8Array): boolean {
    if (!isSieved(key) || !this.#learnt.has(kindOf(key))) return false;
    const hash = hashOf(key);
    return !this.#bits.has(hash) || !this.#bits.has(hashAgain(hash));
  }

  /** Whether all rows of the key's kind were added. */
  knows(key: Uint8Array): boolean {
    return this.#learnt.has(kindOf(key));
  }

  /** All rows with this domain and tag, the first three octets of a key, were added. */
  learn(prefix: Uint8Array): void {
    this.#learnt.add(kindOf(prefix));
  }
}

function isSieved(key: Uint8Array): boolean {
  const tag = key[2];
  if (tag === TAG.index) return isHead(key);
  return tag === TAG.uuid || tag === TAG.name || tag === TAG.childCount;
}

/** Whether an index row's key is that of a head: attribute, 00, kind, value with 00 as 00 ff, 00 00, form. Most others are told by their last octets. */
function isHead(key: Uint8Array): boolean {
  const end = key.length - 1;
  if (key[end] !== POSTING.head || key[end - 1] !== 0 || key[end - 2] !== 0) return false;
  let at = 3;
  while (at < end && key[at] !== 0) at += 1;
  if (key[at + 1] !== INDEX_KIND.equality) return false;
  for (at += 2; at < end; ) {
    if (key[at] !== 0) at += 1;
    else if (key[at + 1] === 0xff) at += 2;
    else return at + 2 === end;
  }
  return false;
}

/** Domain and tag as a number. */
function kindOf(key: Uint8Array): number {
  return ((key[0] as number) << 16) | ((key[1] as number) << 8) | (key[2] as number);
}
