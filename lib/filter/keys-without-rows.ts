/**
 * Common keys of a substring index: those that so many entries have that a list of the entries would narrow nothing. They have no rows; each stands for any entry.
 *
 * Owns which key may be common, and the set of one index. Which keys are is decided when an index is made as a whole, and holds until it is made anew
 * (docs/indexes.md): any set gives right answers as long as whoever writes rows and whoever looks them up go by the same one.
 */
import { latin1, latin1Start } from '../base/bytes.js';
import { gramCode, LONG_VALUE_KEY, type SubstringLookup, substringKeys } from './substring-keys.js';

/** Of so many entries one must have the key. */
const SHARE = 2;
/** And so many in all: shorter lists are read in no time. */
export const COMMON_HOLDERS = 4000;
/** Keys of one index that are taken for common. */
export const MOST_COMMON = 10_000;

/** Whether a key that `holders` of `entries` have is common. */
export function areCommon(holders: number, entries: number, least = COMMON_HOLDERS): boolean {
  return holders >= least && holders * SHARE >= entries;
}

/** Whether a common key that `holders` of `entries` have would have helped searches for long: half the share that made it common. */
export function isRareNow(holders: number, entries: number): boolean {
  return holders * SHARE * 2 < entries;
}

/** Whether a key can be: what marks values that are not cut up is looked up beside all others. */
export function mayBeCommon(key: Uint8Array): boolean {
  return key[0] !== LONG_VALUE_KEY[0];
}

/** See the file header. */
export class CommonKeys {
  static readonly NONE = new CommonKeys([]);
  readonly keys: readonly Uint8Array[];
  readonly #grams = new Set<number>();
  /** Starts and ends, and what they begin with. */
  readonly #anchors = new Set<string>();
  readonly #begun = new Set<string>();

  constructor(keys: readonly Uint8Array[]) {
    this.keys = keys;
    for (const key of keys) {
      const code = gramCode(key);
      if (code !== undefined) {
        this.#grams.add(code);
        continue;
      }
      this.#anchors.add(latin1(key));
      for (let length = 1; length <= key.length; length++) this.#begun.add(latin1Start(key, length));
    }
  }

  get size(): number {
    return this.keys.length;
  }

  /** Whether the gram of these three octets, as one number, is common. */
  hasGram(code: number): boolean {
    return this.#grams.has(code);
  }

  has(key: Uint8Array): boolean {
    const code = gramCode(key);
    if (code !== undefined) return this.#grams.has(code);
    return this.#anchors.size > 0 && this.#anchors.has(latin1(key));
  }

  /** Whether rows do not tell all entries that a lookup names. */
  concern({ key, prefix }: SubstringLookup): boolean {
    return prefix ? this.#begun.has(latin1(key)) : this.has(key);
  }

  /** The keys of a value that have rows. */
  rowsOf(normal: Uint8Array): readonly Uint8Array[] {
    const keys = substringKeys(normal);
    return this.size === 0 ? keys : keys.filter((key) => !this.has(key));
  }
}
