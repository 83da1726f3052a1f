/**
 * Bulk load: entries straight into an empty domain, without the write path; for import and for a first base entry.
 *
 * Parents come before children. Every entry gets a CSN of this replica as its add, so that the domain is what it would be had they been added
 * one by one. Nothing is synced until the end; a `loading` mark stands from first to last, so a half-filled domain is never served.
 * Entries were checked against the schema by the caller. Long values of one index key may share a hash: two values of one entry then
 * make one posting.
 */
import { assert, must } from '../../base/assert.js';
import { equalBytes } from '../../base/bytes.js';
import { type EntryUuid, type NamedRdn, type PreservedFacts, ROOT_UUID } from '../../change/change.js';
import { rdnKeyOf } from '../../change/named-rdn.js';
import type { EntryState } from '../../conflict/entry-state.js';
import type { Csn, ReplicaId } from '../../csn/csn.js';
import { CsnGenerator } from '../../csn/csn-generator.js';
import type { Dn, Rdn } from '../../dn/dn.js';
import type { Attributes } from '../../entry/entry.js';
import type { Clock } from '../../port/clock.js';
import type { OrderedStore, StoreOp } from '../../port/ordered-store.js';
import type { SortedRun } from '../../port/sorted-run.js';
import type { AttributeKey } from '../../schema/attribute-type.js';
import { childKey, isAtOrBelow } from '../../schema/dn-key.js';
import type { Schema } from '../../schema/schema.js';
import type { EntryId } from '../backend.js';
import { domainNumber, formatOps, readFacts, textOp } from '../domain-facts.js';
import { heldOps } from '../index/held-indexes.js';
import { DEFAULT_INDEXES, IndexConfig, type IndexOptions } from '../index/index-config.js';
import { gatherInto, PostingBuilder, type SinkFor } from '../index/posting-builder.js';
import { encodeCounters } from '../rows/counters.js';
import { Dictionary } from '../rows/dictionary.js';
import { encodeRecord } from '../rows/entry-record.js';
import { FIRST_ID, KeySpace, ROOT_ID } from '../rows/key-space.js';
import { LargeAttributes, type ValueBounds } from '../rows/large-attributes.js';
import { classCounts } from '../rows/outcome-rows.js';
import { encodeCount } from '../rows/rows.js';
import { shownOf, singleValued } from '../rows/shown.js';
import { chunkOps, type ValueLayer } from '../rows/value-rows.js';
import { wipeDomain } from '../wipe-domain.js';
import { LoadedNames } from './loaded-names.js';
import { StoreRun } from './store-run.js';

/** Rows of entries written at once: what waits outlives the garbage collector's looks. */
const BATCH_ENTRIES = 2_000;
/** Of all other rows, which wait as octets of few objects. */
const BATCH_ROWS = 10_000;

export interface LoadOptions {
  readonly store: OrderedStore;
  readonly baseDn: Dn;
  readonly schema: Schema;
  readonly replica: ReplicaId;
  readonly clock: Clock;
  /** Names the new data set. */
  readonly generationId: string;
  /** creatorsName of entries that bring none. */
  readonly initiator: string;
  readonly indexes?: IndexOptions;
  /** How many values of an attribute stand in its record. Default VALUE_BOUNDS. */
  readonly values?: ValueBounds;
  /** Where postings gather. Default: here. */
  readonly postings?: (keys: KeySpace) => SinkFor;
  /** Where rows go that come in the order of their keys; each call begins another run. Default: to the store. */
  readonly run?: () => SortedRun;
  /** Where the rows of entries go, asked for once `postings` was. Default: to a `run`. */
  readonly entries?: () => SortedRun;
  /** The CSN of every entry, for data that all servers begin with: it stands in no server state. */
  readonly genesis?: Csn;
}

/** An entry to load. */
export interface LoadEntry {
  readonly dn: Dn;
  /** Register form of the first RDN of `dn` (Schema.namedRdn). */
  readonly rdn: NamedRdn;
  readonly uuid: EntryUuid;
  /** The UUID was drawn for this entry just now: no entry before it has it. */
  readonly isNewUuid?: boolean;
  readonly attributes: Attributes;
  readonly preserved?: PreservedFacts;
}

/** Why an entry was not taken. */
export type LoadRefusal = 'no-parent' | 'exists' | 'uuid-exists' | 'outside-base' | 'invalid-name';

interface Loaded {
  readonly id: EntryId;
  readonly uuid: EntryUuid;
}

/** What the base entry hangs below. */
const ROOT: Loaded = { id: ROOT_ID, uuid: ROOT_UUID };

/** Begins a load: wipes the domain and marks it. */
export async function beginLoad(options: LoadOptions): Promise<BulkLoad> {
  const { store, schema } = options;
  const baseKey = schema.dnKey(options.baseDn);
  assert(baseKey !== undefined, 'the base DN was checked');
  const keys = new KeySpace(await domainNumber(store, baseKey));
  const before = readFacts(store, keys);
  await store.batch([...formatOps(store), textOp(keys, 'loading', 'an import')], { sync: true });
  await wipeDomain(store, keys);
  const dictionary = await Dictionary.load(store, keys);
  const indexes = new IndexConfig(options.indexes ?? DEFAULT_INDEXES, schema);
  const last = before.state.newest();
  return new BulkLoad(options, keys, dictionary, indexes, baseKey, last);
}

export class BulkLoad {
  readonly #options: LoadOptions;
  readonly #keys: KeySpace;
  readonly #dictionary: Dictionary;
  readonly #indexes: IndexConfig;
  readonly #builder: PostingBuilder;
  readonly #generator: CsnGenerator;
  readonly #baseKey: string;
  readonly #isSingle: (key: AttributeKey) => boolean;
  readonly #large: LargeAttributes;
  readonly #names = new LoadedNames();
  readonly #run: () => SortedRun;
  readonly #entries: SortedRun;
  /** Neighbours in an import share their parent: the last one's name and its parent. */
  #lastParent: { readonly rdns: readonly Rdn[]; readonly loaded: Loaded } | undefined;
  readonly #children = new Map<EntryId, number>();
  #values: StoreOp[] = [];
  #aliases = 0;
  #referrals = 0;
  #lastCsn: Csn | undefined;

  constructor(
    options: LoadOptions,
    keys: KeySpace,
    dictionary: Dictionary,
    indexes: IndexConfig,
    baseKey: string,
    last: Csn | undefined,
  ) {
    this.#options = options;
    this.#keys = keys;
    this.#dictionary = dictionary;
    this.#indexes = indexes;
    this.#builder = new PostingBuilder(indexes, options.postings?.(keys) ?? gatherInto(options.store, keys));
    this.#generator = new CsnGenerator(options.replica, last);
    this.#baseKey = baseKey;
    this.#isSingle = singleValued(options.schema);
    this.#run = options.run ?? (() => new StoreRun(options.store, BATCH_ROWS));
    this.#entries = (options.entries ?? options.run)?.() ?? new StoreRun(options.store, BATCH_ENTRIES);
    this.#large = new LargeAttributes(dictionary, options.schema, options.values);
  }

  /** Entries taken so far. */
  get count(): number {
    return this.#names.count;
  }

  /** Takes an entry, or says why not. When `needsTurn` is true afterwards, await turn() before the next. */
  add(entry: LoadEntry): LoadRefusal | undefined {
    const rdnKey = rdnKeyOf(entry.rdn);
    const parent = this.#parentOf(entry.dn, rdnKey);
    if (typeof parent === 'string') return parent;
    const { id: parentId, uuid: parentUuid } = parent;
    const keys = this.#keys;
    const nameKey = keys.name(parentId, rdnKey);
    if (this.#names.named(nameKey) !== undefined) return 'exists';
    const uuidKey = keys.uuid(entry.uuid);
    if (entry.isNewUuid !== true && this.#names.hasUuid(uuidKey)) return 'uuid-exists';
    const { clock, genesis } = this.#options;
    const csn = genesis ?? this.#generator.next(clock.wallMs());
    if (genesis === undefined) this.#lastCsn = csn;
    const id = this.#names.add(nameKey, uuidKey, csn);
    const stamp = { csn, by: this.#options.initiator };
    const state: EntryState = {
      uuid: entry.uuid,
      created: stamp,
      modified: stamp,
      preserved: entry.preserved ?? {},
      life: [],
      parent: parentUuid,
      parentCsn: csn,
      rdn: entry.rdn,
      rdnCsn: csn,
      rdnSince: csn,
      claimCsn: csn,
      merged: false,
      place: { parent: parentUuid, conflict: false },
      attributes: entry.attributes,
    };
    const shown = shownOf(state, this.#isSingle);
    const values: ValueLayer = { chunks: new Map(), adopted: [] };
    const attributes = this.#large.put(values, id, undefined, state.attributes);
    const kept = attributes === state.attributes ? state : { ...state, attributes };
    const record = encodeRecord(kept, parentId, shown === state.attributes, this.#dictionary);
    for (const op of chunkOps(values)) this.#values.push(op);
    this.#entries.put(keys.entry(id), record);
    this.#children.set(parentId, (this.#children.get(parentId) ?? 0) + 1);
    const { aliases, referrals } = classCounts(shown);
    this.#aliases += aliases;
    this.#referrals += referrals;
    this.#builder.add(id, { state, shown });
    return undefined;
  }

  /** The parent of an entry, itself loaded before. */
  #parentOf(dn: Dn, rdnKey: string): Loaded | LoadRefusal {
    if (dn.rdns.length === 0) return 'outside-base';
    const last = this.#lastParent;
    if (last !== undefined && sameAbove(last.rdns, dn.rdns)) return last.loaded;
    const { schema } = this.#options;
    const above = schema.dnKey({ rdns: dn.rdns.slice(1) });
    if (above === undefined) return 'invalid-name';
    if (childKey(above, rdnKey) === this.#baseKey) return ROOT;
    const loaded = this.#loaded(dn.rdns, 1);
    if (loaded === undefined) return isAtOrBelow(above, this.#baseKey) ? 'no-parent' : 'outside-base';
    this.#lastParent = { rdns: dn.rdns, loaded };
    return loaded;
  }
  /** The entry whose name is what stands from the `from`th RDN on; undefined: it was not loaded. */
  #loaded(rdns: readonly Rdn[], from: number): Loaded | undefined {
    const { schema } = this.#options;
    let rest = '';
    // From the root downwards until the base is reached, then by the names below it.
    let found: Loaded | undefined;
    for (let at = rdns.length - 1; at >= from; at--) {
      const rdnKey = must(schema.rdnKey(rdns[at] as Rdn), 'the name has a key');
      const parent: Loaded | undefined = found;
      if (parent === undefined) {
        rest = childKey(rest, rdnKey);
        if (rest !== this.#baseKey) continue;
      }
      found = this.#child(parent ?? ROOT, rdnKey);
      if (found === undefined) return undefined;
    }
    return found;
  }

  #child(parent: Loaded, rdnKey: string): Loaded | undefined {
    const id = this.#names.named(this.#keys.name(parent.id, rdnKey));
    return id === undefined ? undefined : { id, uuid: this.#names.uuidOf(id) };
  }

  /** Whether turn() is due: enough rows wait. */
  get needsTurn(): boolean {
    return this.#entries.full || this.#builder.full || this.#values.length >= BATCH_ENTRIES;
  }

  /** Hands rows to the store; a bounded number is on its way. */
  async turn(): Promise<void> {
    if (this.#values.length >= BATCH_ENTRIES) await this.#writeValues();
    await this.#entries.relieve();
    if (this.#builder.full) await this.#builder.relieve();
  }

  /** Rows of single values of large attributes. */
  async #writeValues(): Promise<void> {
    const ops = this.#values;
    this.#values = [];
    if (ops.length > 0) await this.#options.store.batch(ops, { sync: false });
  }

  /** Writes the rest, syncs, and takes the mark away: the domain may be opened. Answers the number of entries. */
  async finish(): Promise<number> {
    const { store } = this.#options;
    // The rows of indexes may be made in another thread.
    const [common] = await Promise.all([this.#builder.write(), this.#finishEntries()]);
    const facts = readFacts(store, this.#keys);
    const csn = this.#lastCsn;
    const state = csn === undefined ? facts.state : facts.state.with(csn);
    const counters = {
      ...facts.counters,
      nextId: FIRST_ID + this.count,
      entries: this.count,
      aliases: this.#aliases,
      referrals: this.#referrals,
      blockId: FIRST_ID + this.count - 1,
    };
    const keys = this.#keys;
    await store.batch(
      [
        ...this.#dictionary.takeOps(),
        { type: 'put', key: keys.meta('state'), value: state.toBytes() },
        { type: 'put', key: keys.meta('counters'), value: encodeCounters(counters) },
        textOp(keys, 'generation', this.#options.generationId),
        ...heldOps(keys, this.#indexes.withCommon(common)),
        textOp(keys, 'base', this.#baseKey),
        textOp(keys, 'loading', undefined),
      ],
      { sync: true },
    );
    return this.count;
  }

  /** Writes what waited until all entries were there. */
  async #finishEntries(): Promise<void> {
    await this.#writeValues();
    // The rows of entries may be made in another thread.
    await Promise.all([this.#entries.end(), this.#writeCounts(), this.#writeNames()]);
  }

  async #writeCounts(): Promise<void> {
    const counts = new StoreRun(this.#options.store, BATCH_ROWS);
    for (const id of [...this.#children.keys()].sort((a, b) => a - b)) {
      counts.put(this.#keys.childCount(id), encodeCount(this.#children.get(id) ?? 0));
      if (counts.full) await counts.relieve();
    }
    await counts.end();
  }

  async #writeNames(): Promise<void> {
    const names = this.#run();
    for (const { key, value } of this.#names.rows()) {
      names.put(key, value);
      if (names.full) await names.relieve();
    }
    await names.end();
  }
}

/** Whether two names have the same RDNs above their first ones. */
function sameAbove(a: readonly Rdn[], b: readonly Rdn[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 1; i < a.length; i++) {
    const [x, y] = [a[i] as Rdn, b[i] as Rdn];
    if (x === y) continue;
    if (x.length !== 1 || y.length !== 1) return false;
    const [p, q] = [x[0], y[0]];
    if (p === undefined || q === undefined || p.type !== q.type) return false;
    if (!equalBytes(p.value, q.value)) return false;
  }
  return true;
}
