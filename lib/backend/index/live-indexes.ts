/**
 * The indexes of an open domain as they are now: those that searches may use, those that writes keep, and the one job that makes new ones.
 *
 * An index is `ready` when its rows name every entry: only then the planner knows it. While indexes are built, `building` is told of every entry
 * that is written (build-index.ts says how it catches up). Changes of `ready` happen in the writer's turn, so a search or a write
 * sees one configuration from its beginning to its end.
 */
import type { Steps } from '../../base/steps.js';
import type { IndexCatalog, KeyedClause } from '../../filter/filter-plan.js';
import type { SubstringLookup } from '../../filter/substring-keys.js';
import type { AttributeKey } from '../../schema/attribute-type.js';
import type { EntryId } from '../backend.js';
import type { Dictionary } from '../rows/dictionary.js';
import type { KeySpace } from '../rows/key-space.js';
import { type IndexConfig, type IndexSpec, isIndexable, isStamp } from './index-config.js';
import { type IndexedState, IndexKeys, type PostingSink } from './index-keys.js';

/** Told of writes while indexes are built. */
export interface Building {
  written(
    id: EntryId,
    before: IndexedState | undefined,
    after: IndexedState | undefined,
    sink: PostingSink,
  ): Steps<void>;
}

export class LiveIndexes implements IndexCatalog {
  readonly #keys: KeySpace;
  readonly #dictionary: Dictionary;
  #ready: IndexConfig;
  #indexKeys: IndexKeys;
  /** As configured: what is not ready is being built, or waits for it. */
  wanted: IndexConfig;
  building: Building | undefined;
  /** What entries have of others' attributes; undefined: nothing. */
  collective: Pick<IndexCatalog, 'shared'> | undefined;

  constructor(wanted: IndexConfig, ready: IndexConfig, keys: KeySpace, dictionary: Dictionary) {
    this.wanted = wanted;
    this.#ready = ready;
    this.#keys = keys;
    this.#dictionary = dictionary;
    this.#indexKeys = new IndexKeys(ready, keys);
  }

  /** Indexes whose rows are whole. */
  get ready(): IndexConfig {
    return this.#ready;
  }

  set ready(config: IndexConfig) {
    this.#ready = config;
    this.#indexKeys = new IndexKeys(config, this.#keys);
  }

  /** What the index rows of an entry gain and lose. `before`, `after`: undefined while it is not alive. */
  *differenceInSteps(
    id: EntryId,
    before: IndexedState | undefined,
    after: IndexedState | undefined,
    sink: PostingSink,
  ): Steps<void> {
    yield* this.#indexKeys.differenceInSteps(before, after, sink);
    if (this.building !== undefined) yield* this.building.written(id, before, after, sink);
  }

  presence(key: AttributeKey): boolean {
    return this.#ready.presence(key);
  }

  equality(key: AttributeKey): string | undefined {
    return this.#ready.equality(key);
  }

  substring(key: AttributeKey): string | undefined {
    return this.#ready.substring(key);
  }

  common(key: AttributeKey, lookup: SubstringLookup): boolean {
    return this.#ready.common(key, lookup);
  }

  ordering(key: AttributeKey): string | undefined {
    return this.#ready.ordering(key);
  }

  single(key: AttributeKey): boolean {
    return this.#ready.single(key) && !this.#dictionary.mayHaveOptions(key);
  }

  absent(key: AttributeKey): boolean {
    // No entry stores a stamp, and every entry has it.
    return isIndexable(key) && !isStamp(key) && !this.#dictionary.mayHold(key);
  }

  shared(clause: KeyedClause, key: AttributeKey): boolean | undefined {
    return this.collective?.shared?.(clause, key);
  }

  /** Whether no entry has the attribute under options: then its index rows are of its own values alone. */
  plain(key: AttributeKey): boolean {
    return !this.#dictionary.mayHaveOptions(key);
  }

  spec(key: AttributeKey): IndexSpec | undefined {
    return this.#ready.spec(key);
  }
}
