/**
 * ReverseLookup: which entries hold a value, from the equality index, at once, as readers or as decisions see it.
 *
 * Owns the check that what the index names really holds the value (long values are hashed in keys). A long list that is not in memory is not waited
 * for here: RowsAway says so, carries the way to load it, and whoever can wait loads and asks again.
 */
import { equalBytes } from '../../base/bytes.js';
import { LdapError } from '../../base/ldap-error.js';
import type { AttributeKey } from '../../schema/attribute-type.js';
import type { EqualityRule } from '../../schema/matching-rule.js';
import type { EntryId } from '../backend.js';
import type { PendingRows } from '../layer.js';
import { INDEX_KIND, type KeySpace } from '../rows/key-space.js';
import type { HeldEntry } from '../rows/stored-entry.js';
import type { IndexSpec } from './index-config.js';
import { isWholeInKey } from './index-value.js';
import type { Postings } from './postings.js';

/** Loads before somebody who asks again is told to try later: the list changes faster than it is read. */
const MAX_LOADS = 16;
const NO_IDS: readonly EntryId[] = [];

/** Index rows that an answer needs are on disk and must be waited for. A client that meets it is told to try again. */
export class RowsAway extends LdapError {
  readonly #load: () => Promise<unknown>;

  constructor(load: () => Promise<unknown>) {
    super('busy', 'index rows that the answer needs are being read; try again');
    this.#load = load;
  }

  /** Resolves when asking again has a good chance. */
  async load(): Promise<void> {
    await this.#load();
  }
}

/** Runs `work` until no rows are away. Rejects with what it throws. */
export async function withRows<T>(work: () => T | Promise<T>): Promise<T> {
  for (let loads = 0; ; loads++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof RowsAway) || loads >= MAX_LOADS) throw error;
      await error.load();
    }
  }
}

/** What `work` answers, at once where no rows are away. Throws what it throws. */
export function rowsOrWait<T>(work: () => T): T | Promise<T> {
  try {
    return work();
  } catch (error) {
    if (error instanceof RowsAway) return withRows(work);
    throw error;
  }
}

/** The indexes whose rows are whole. */
export interface ReadyIndexes {
  spec(key: AttributeKey): IndexSpec | undefined;
}

export class ReverseLookup {
  readonly #indexes: ReadyIndexes;
  readonly #keys: KeySpace;
  readonly #postings: Postings;
  readonly #mayHold: (key: AttributeKey) => boolean;

  /** `mayHold`: false where no entry ever held the attribute: nothing is read then. */
  constructor(
    indexes: ReadyIndexes,
    keys: KeySpace,
    postings: Postings,
    mayHold: (key: AttributeKey) => boolean,
  ) {
    this.#mayHold = mayHold;
    this.#indexes = indexes;
    this.#keys = keys;
    this.#postings = postings;
  }

  /** The rule by which the attribute's values are indexed; undefined: there is no equality index. */
  rule(key: AttributeKey): EqualityRule | undefined {
    return this.#indexes.spec(key)?.equality;
  }

  /** Entries that may hold the value, ascending. None without an index. Throws RowsAway. */
  ids(key: AttributeKey, normal: Uint8Array, pending: PendingRows | undefined): readonly EntryId[] {
    if (this.rule(key) === undefined || !this.#mayHold(key)) return NO_IDS;
    const value = this.#keys.indexValue(key, INDEX_KIND.equality, normal);
    const ids = this.#postings.equalityNow(value, pending);
    if (ids === undefined) throw new RowsAway(async () => this.#postings.equality(value));
    return ids;
  }

  /** Whether an entry that the index named holds the value. */
  holds(entry: HeldEntry, key: AttributeKey, normal: Uint8Array): boolean {
    if (isWholeInKey(normal)) return true;
    const rule = this.rule(key);
    const values = entry.attribute(key)?.values ?? [];
    return values.some((value) => {
      const stored = rule?.normalize(value);
      return stored !== undefined && equalBytes(stored, normal);
    });
  }
}
