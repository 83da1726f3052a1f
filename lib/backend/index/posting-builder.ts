/**
 * PostingBuilder: what the indexes hold of entries, worked out with the schema's rules and given to a sink that gathers it (posting-tables.ts).
 *
 * Entries come in rising id order.
 */
import { emptyBytes, equalByteLists } from '../../base/bytes.js';
import { CommonKeys } from '../../filter/keys-without-rows.js';
import type { OrderedStore } from '../../port/ordered-store.js';
import type { AttributeKey } from '../../schema/attribute-type.js';
import type { EntryId } from '../backend.js';
import { createTimestamp, modifyTimestamp } from '../rows/computed-attributes.js';
import { INDEX_KIND, type IndexKind, type KeySpace } from '../rows/key-space.js';
import type { IndexConfig, IndexSpec } from './index-config.js';
import type { IndexedState } from './index-keys.js';
import { type BuilderBounds, type IndexToFill, type PostingSink, PostingTables } from './posting-tables.js';

/** One index under construction. */
interface Building {
  readonly index: number;
  readonly spec: IndexSpec;
  readonly kind: IndexKind;
  /** Values of the entry before and their normal forms: neighbours often have the same object classes. */
  last: { readonly values: readonly Uint8Array[]; readonly normals: readonly Uint8Array[] } | undefined;
}

/** Where the postings of the indexes go. */
export type SinkFor = (indexes: readonly IndexToFill[]) => PostingSink;

/** Gathers here and writes to the store. */
export function gatherInto(store: OrderedStore, keys: KeySpace, bounds?: BuilderBounds): SinkFor {
  return (indexes) => new PostingTables(store, keys, indexes, bounds);
}

export class PostingBuilder {
  readonly #building: Building[] = [];
  readonly #sink: PostingSink;
  #entries = 0;
  /** Attributes of entries before, none of which has options, each at its place. */
  readonly #plain: AttributeKey[] = [];

  constructor(config: IndexConfig, sinkFor: SinkFor) {
    const build = (spec: IndexSpec, kind: IndexKind) => {
      this.#building.push({ index: this.#building.length, spec, kind, last: undefined });
    };
    for (const spec of config.specs) {
      if (spec.equality !== undefined) build(spec, INDEX_KIND.equality);
      if (spec.ordering !== undefined) build(spec, INDEX_KIND.ordering);
      if (spec.substring !== undefined) build(spec, INDEX_KIND.substring);
      if (spec.presence) build(spec, INDEX_KIND.presence);
    }
    this.#sink = sinkFor(
      this.#building.map(({ spec: { key, commonFrom }, kind }) => ({ attribute: key, kind, commonFrom })),
    );
  }

  /** Whether relieve() or write() should be called before more entries come. */
  get full(): boolean {
    return this.#sink.full;
  }

  /** Makes room. */
  relieve(): Promise<void> {
    return this.#sink.relieve();
  }

  /** Writes what has gathered; not synced. Answers the common keys, of which nothing was written, by attribute. */
  async write(): Promise<ReadonlyMap<AttributeKey, CommonKeys>> {
    const found = await this.#sink.write(this.#entries);
    const common = new Map<AttributeKey, CommonKeys>();
    for (const { index, spec } of this.#building) {
      const keys = found.get(index);
      if (keys !== undefined) common.set(spec.key, new CommonKeys(keys));
    }
    return common;
  }

  /** Takes a live entry. */
  add(id: EntryId, entry: IndexedState): void {
    this.#entries += 1;
    const optioned = this.#hasOptions(entry.shown);
    for (const building of this.#building) {
      const { key } = building.spec;
      if (key === 'createtimestamp') this.#value(building, id, createTimestamp(entry.state));
      else if (key === 'modifytimestamp') this.#value(building, id, modifyTimestamp(entry.state));
      else if (!optioned) {
        const attribute = entry.shown.get(key);
        if (attribute !== undefined) this.#values_(building, id, attribute.values);
      } else {
        for (const [has, attribute] of entry.shown) {
          if (has === key || has.startsWith(`${key};`)) this.#values_(building, id, attribute.values);
        }
      }
    }
  }

  /** Whether an attribute has options. Neighbours often have the same attributes. */
  #hasOptions(shown: ReadonlyMap<AttributeKey, unknown>): boolean {
    const plain = this.#plain;
    let at = 0;
    for (const key of shown.keys()) {
      if (plain[at] !== key) {
        if (key.includes(';')) return true;
        plain[at] = key;
      }
      at += 1;
    }
    return false;
  }

  #values_(building: Building, id: EntryId, values: readonly Uint8Array[]): void {
    const { last, index } = building;
    if (last !== undefined && equalByteLists(last.values, values)) {
      for (const normal of last.normals) this.#sink.put(index, id, normal);
      return;
    }
    const normals: Uint8Array[] = [];
    for (const value of values) {
      const normal = normalOf(building, value);
      if (normal === undefined) continue;
      normals.push(normal);
      this.#sink.put(index, id, normal);
    }
    if (values.length > 1) building.last = { values, normals };
  }

  #value(building: Building, id: EntryId, value: Uint8Array): void {
    const normal = normalOf(building, value);
    if (normal !== undefined) this.#sink.put(building.index, id, normal);
  }
}

/** What stands in the index for a value; undefined: nothing. */
function normalOf({ spec, kind }: Building, value: Uint8Array): Uint8Array | undefined {
  switch (kind) {
    case INDEX_KIND.presence:
      return emptyBytes();
    case INDEX_KIND.equality:
      return spec.equality?.normalize(value);
    case INDEX_KIND.ordering:
      return spec.ordering?.normalize(value);
    default:
      return spec.substring?.normalize(value);
  }
}
