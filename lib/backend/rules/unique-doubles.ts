/**
 * Values that must be unique and are held by two entries: writes on two servers at once, data that were there before the rule, an import.
 *
 * Nothing is undone, for replicas stay equal: the values are found and told. findDoubles() reads whole indexes, in slices; UniqueWatch looks at what
 * replication brings, as it comes. Which entries double each other follows from the entries alone, so every replica tells the same.
 */
import { latin1, utf8Decode } from '../../base/bytes.js';
import type { Change, EntryUuid } from '../../change/change.js';
import { baseKey as withoutOptions } from '../../entry/option-subtype.js';
import type { Log } from '../../port/log.js';
import type { OrderedStore, StoreRow } from '../../port/ordered-store.js';
import { dnKey, isAtOrBelow } from '../../schema/dn-key.js';
import type { EntryId, StoredEntry } from '../backend.js';
import { PostingReader, valueLength } from '../index/posting-rows.js';
import { RowsAway, withRows } from '../index/reverse-lookup.js';
import { INDEX_KIND, type KeySpace } from '../rows/key-space.js';
import type { HeldEntry } from '../rows/stored-entry.js';
import type { UniqueAttribute, UniqueRule } from './unique-rules.js';

/** A value with the entries that hold it, two or more. */
export interface DoubleValue {
  /** As configured. */
  readonly rule: string;
  readonly attribute: string;
  readonly value: string;
  /** DNs, some of them when there are many. */
  readonly entries: readonly string[];
}

/** Values told. */
const MAX_DOUBLES = 1000;
const MAX_ENTRIES = 20;
const SCAN_ROWS = 2000;
const SHOWN_OCTETS = 256;

export interface DoublesTree {
  byId(id: EntryId): HeldEntry | undefined;
  byUuid(uuid: EntryUuid): StoredEntry | undefined;
  holders(key: UniqueAttribute['key'], normal: Uint8Array): readonly StoredEntry[];
}

/** Every value that is double under the rules; up to MAX_DOUBLES. Rejects with a StoreError. */
export async function findDoubles(
  world: {
    readonly store: OrderedStore;
    readonly keys: KeySpace;
    readonly tree: DoublesTree;
    readonly pause: () => Promise<void>;
  },
  rules: readonly UniqueRule[],
): Promise<readonly DoubleValue[]> {
  const { store, keys, tree, pause } = world;
  const found = new Map<string, DoubleValue>();
  for (const rule of rules) {
    for (const attribute of rule.attributes) {
      for await (const rows of store.scan(keys.index(attribute.key, INDEX_KIND.equality), SCAN_ROWS)) {
        for (const id of heldOnce(rows, rule)) {
          const entry = tree.byId(id);
          if (entry === undefined || found.size >= MAX_DOUBLES) continue;
          for (const double of await withRows(() => doublesOf(tree, rule, entry)))
            found.set(nameOf(double), double);
        }
        await pause();
      }
    }
  }
  return [...found.values()];
}

/** First entries of the values in these rows that more than one entry may have. */
function heldOnce(rows: readonly StoreRow[], rule: UniqueRule): Set<EntryId> {
  const byValue = new Map<string, StoreRow[]>();
  for (const row of rows) {
    const value = latin1(row.key.subarray(0, valueLength(row.key)));
    const known = byValue.get(value);
    if (known === undefined) byValue.set(value, [row]);
    else known.push(row);
  }
  const ids = new Set<EntryId>();
  for (const group of byValue.values()) {
    const reader = new PostingReader();
    reader.take(group);
    const [first, second] = reader.finish();
    // A value in another attribute of the rule stands in another index.
    if (first !== undefined && (second !== undefined || rule.attributes.length > 1)) ids.add(first);
  }
  return ids;
}

/** Values of the entry that others have too. Throws RowsAway. */
function doublesOf(tree: DoublesTree, rule: UniqueRule, entry: StoredEntry): readonly DoubleValue[] {
  if (!isAtOrBelow(dnKey(entry.dn), rule.baseKey) || !rule.concerns(entry)) return [];
  const doubles: DoubleValue[] = [];
  for (const attribute of rule.attributes) {
    for (const [key, stored] of entry.stored) {
      if (withoutOptions(key) !== attribute.key) continue;
      for (const value of stored.values) {
        const entries = holdersOf(tree, rule, attribute, value);
        if (entries.length < 2) continue;
        doubles.push({ rule: rule.text, attribute: attribute.name, value: shownValue(value), entries });
      }
    }
  }
  return doubles;
}

function holdersOf(
  tree: DoublesTree,
  rule: UniqueRule,
  attribute: UniqueAttribute,
  value: Uint8Array,
): readonly string[] {
  const normal = attribute.rule.normalize(value);
  const names = new Set<string>();
  for (const { key } of normal === undefined ? [] : rule.attributes) {
    for (const holder of tree.holders(key, normal as Uint8Array)) {
      if (isAtOrBelow(dnKey(holder.dn), rule.baseKey) && rule.concerns(holder)) names.add(holder.dnText);
    }
  }
  return [...names].sort().slice(0, MAX_ENTRIES);
}

function shownValue(value: Uint8Array): string {
  return utf8Decode(value)?.slice(0, SHOWN_OCTETS) ?? `${value.length} octets`;
}

function nameOf({ rule, entries, value }: DoubleValue): string {
  return `${rule}\n${value}\n${entries.join('\n')}`;
}

/** Doubles that replication brought since the start, as long as they are. */
export class UniqueWatch {
  readonly #rules: readonly UniqueRule[];
  readonly #tree: DoublesTree;
  readonly #log: Log;
  readonly #suspects = new Map<EntryUuid, string>();

  constructor(rules: readonly UniqueRule[], tree: DoublesTree, log: Log) {
    this.#rules = rules;
    this.#tree = tree;
    this.#log = log;
  }

  /** Changes of other servers are readable now. */
  replayed(changes: readonly Change[]): void {
    for (const { entry, body } of changes) {
      if (body.kind === 'delete' || body.kind === 'undelete') continue;
      const moved = body.kind === 'modifyDn' && body.parent !== undefined;
      if (moved || body.attributes.some(({ key }) => this.#concerns(key))) this.#look(entry);
    }
  }

  #concerns(key: UniqueAttribute['key']): boolean {
    const base = withoutOptions(key);
    return this.#rules.some(
      (rule) => rule.filtered || rule.attributes.some((attribute) => attribute.key === base),
    );
  }

  #look(uuid: EntryUuid): void {
    try {
      for (const double of this.#doubles(uuid)) {
        if (this.#suspects.size >= MAX_DOUBLES && !this.#suspects.has(uuid)) return;
        const name = nameOf(double);
        if (this.#suspects.get(uuid) === name) continue;
        this.#suspects.set(uuid, name);
        const { attribute, value, entries } = double;
        this.#log.warn(
          { attribute, value, entries },
          'a value that must be unique is held by several entries',
        );
      }
    } catch (error) {
      if (!(error instanceof RowsAway)) throw error;
      error.load().then(
        () => this.#suspects.set(uuid, ''),
        () => undefined,
      );
    }
  }

  #doubles(uuid: EntryUuid): readonly DoubleValue[] {
    const entry = this.#tree.byUuid(uuid);
    return entry === undefined ? [] : this.#rules.flatMap((rule) => doublesOf(this.#tree, rule, entry));
  }

  /** Those that are still double. */
  list(): readonly DoubleValue[] {
    const found = new Map<string, DoubleValue>();
    for (const uuid of [...this.#suspects.keys()]) {
      try {
        const doubles = this.#doubles(uuid);
        if (doubles.length === 0) this.#suspects.delete(uuid);
        for (const double of doubles) found.set(nameOf(double), double);
      } catch (error) {
        if (!(error instanceof RowsAway)) throw error;
        error.load().catch(() => undefined);
      }
    }
    return [...found.values()];
  }
}
