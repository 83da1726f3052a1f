/**
 * Entries in the order of an ordering index: for a caller that wants the first few of many, sorted (RFC 2891).
 *
 * The order is that of the least normal form of each entry's values; entries with equal forms come by rising number. Entries without the attribute come last
 * (RFC 2891 section 2.2). Backwards only where an entry has one value and none is without: else the rows' order is not the entries'. Rows are read
 * as the caller asks for more; what was given is remembered, so that an entry of several values is given once.
 */
import { compareBytes } from '../../base/bytes.js';
import type { CompiledFilter } from '../../filter/compiled-filter.js';
import type { StoreRow } from '../../port/ordered-store.js';
import type { AttributeKey } from '../../schema/attribute-type.js';
import type { Candidates, EntryId, OrderedRequest, StoredEntry } from '../backend.js';
import { INDEX_KIND } from '../rows/key-space.js';
import { type CandidateWorld, type InScope, ScanCandidates } from './candidates.js';
import { type IndexSpec, isStamp } from './index-config.js';
import { INDEX_VALUE_BYTES } from './index-value.js';
import type { LiveIndexes } from './live-indexes.js';
import { PostingReader, valueLength } from './posting-rows.js';

/** Index rows of a slice. */
const ROWS = 64;

export interface OrderedWorld extends CandidateWorld {
  readonly indexes: LiveIndexes;
}

/** The entries of the request in order; undefined where no index has this order. */
export function orderedCandidates(
  world: OrderedWorld,
  request: OrderedRequest,
  inScope: InScope,
): Candidates | undefined {
  const { indexes } = world;
  const { attribute, rule, reverse, others, filter } = request;
  const spec = indexes.spec(attribute);
  if (spec?.ordering === undefined || spec.ordering.name !== rule) return undefined;
  if (world.tree.collective.gives(attribute)) return undefined;
  if (!indexes.plain(attribute) || others.some((key) => !indexes.absent(key))) return undefined;
  // The derived container stands in no index.
  if (world.tree.lostAndFound() !== undefined) return undefined;
  const everywhere = isStamp(attribute) || requires(filter, attribute);
  if (reverse && !(everywhere && indexes.single(attribute))) return undefined;
  return new OrderedCandidates(world, spec, reverse, everywhere, inScope);
}

/** Whether only entries with a row match: a value that is merely there may have no normal form, and so no row. */
function requires(filter: CompiledFilter, attribute: AttributeKey): boolean {
  switch (filter.kind) {
    case 'and':
      return filter.clauses.some((clause) => requires(clause, attribute));
    case 'equality':
    case 'ordering':
      return filter.keys.length === 1 && filter.keys[0] === attribute;
    default:
      return false;
  }
}

class OrderedCandidates implements Candidates {
  readonly #world: OrderedWorld;
  readonly #spec: IndexSpec;
  readonly #reverse: boolean;
  readonly #inScope: InScope;
  readonly #given = new Set<EntryId>();
  #rows: AsyncIterator<readonly StoreRow[]> | undefined;
  /** Rows of the value that is being read, in the order in which they came. */
  #group: StoreRow[] = [];
  /** Groups that are complete, in order. */
  #ready: EntryId[][] = [];
  #rest: ScanCandidates | undefined;
  #ended = false;
  #withRest: boolean;
  readonly sure = false;
  readonly unindexed = false;
  readonly plan: string;
  readonly most: number;

  constructor(world: OrderedWorld, spec: IndexSpec, reverse: boolean, everywhere: boolean, inScope: InScope) {
    this.#world = world;
    this.#spec = spec;
    this.#reverse = reverse;
    this.#withRest = !everywhere;
    this.#inScope = inScope;
    this.plan = `order(${spec.key})`;
    this.most = world.tree.counters.entries;
    const { gte, lt } = world.keys.index(spec.key, INDEX_KIND.ordering);
    this.#rows = world.store.scan({ gte, lt, reverse }, ROWS)[Symbol.asyncIterator]();
  }

  async next(): Promise<readonly StoredEntry[] | undefined> {
    for (;;) {
      const ids = this.#ready.shift();
      if (ids !== undefined) {
        const entries = this.#entries(ids);
        if (entries.length > 0) return entries;
      } else if (this.#rows !== undefined) await this.#read(this.#rows);
      else return this.#ended ? undefined : await this.#without();
    }
  }

  async #read(rows: AsyncIterator<readonly StoreRow[]>): Promise<void> {
    const turn = await rows.next();
    if (turn.done === true) {
      this.#rows = undefined;
      this.#endGroup();
      return;
    }
    for (const row of turn.value) {
      const [first] = this.#group;
      if (first !== undefined && !sameValue(first.key, row.key)) this.#endGroup();
      this.#group.push(row);
    }
  }

  #endGroup(): void {
    const rows = this.#group;
    const [first] = rows;
    if (first === undefined) return;
    this.#group = [];
    const reader = new PostingReader();
    reader.take(this.#reverse ? rows.reverse() : rows);
    const ids = reader.finish();
    this.#ready.push(isCut(this.#world, this.#spec, first.key) ? this.#byValue(ids) : ids);
  }

  /** Rows hold the first octets of long values: their entries are ordered by the values themselves. */
  #byValue(ids: EntryId[]): EntryId[] {
    const least = new Map<EntryId, Uint8Array>();
    for (const id of ids) {
      for (const value of this.#world.tree.glance(id)?.attribute(this.#spec.key)?.values ?? []) {
        const normal = this.#spec.ordering?.normalize(value);
        const known = least.get(id);
        if (normal !== undefined && (known === undefined || compareBytes(normal, known) < 0))
          least.set(id, normal);
      }
    }
    const sign = this.#reverse ? -1 : 1;
    return ids.sort((a, b) => {
      const [x, y] = [least.get(a), least.get(b)];
      return (x === undefined || y === undefined ? 0 : compareBytes(x, y) * sign) || a - b;
    });
  }

  #entries(ids: readonly EntryId[]): StoredEntry[] {
    const entries: StoredEntry[] = [];
    for (const id of ids) {
      if (this.#given.has(id)) continue;
      this.#given.add(id);
      const entry = this.#world.tree.glance(id);
      if (entry !== undefined && this.#inScope(entry)) entries.push(entry);
    }
    return entries;
  }

  /** Those that have no value. */
  async #without(): Promise<readonly StoredEntry[] | undefined> {
    if (!this.#withRest) {
      this.#ended = true;
      return undefined;
    }
    const facts = { unindexed: false, plan: this.plan, most: this.most };
    this.#rest ??= new ScanCandidates(this.#world, this.#inScope, 0, [], facts);
    const slice = await this.#rest.next();
    if (slice === undefined) this.#ended = true;
    return slice?.filter(({ id }) => !this.#given.has(id));
  }

  close(): void {
    this.#rows?.return?.().catch(() => undefined); // nobody waits for a search that was given up
    this.#rows = undefined;
    this.#ended = true;
    this.#rest?.close();
  }
}

/** Whether two rows are of one value: the same key up to the form of the row. */
function sameValue(a: Uint8Array, b: Uint8Array): boolean {
  const length = valueLength(a);
  return valueLength(b) === length && compareBytes(a.subarray(0, length), b.subarray(0, length)) === 0;
}

/** Whether the row's value may be the beginning of longer ones. */
function isCut({ keys }: OrderedWorld, spec: IndexSpec, key: Uint8Array): boolean {
  const prefix = keys.index(spec.key, INDEX_KIND.ordering).gte.length;
  return valueLength(key) - 2 - prefix >= INDEX_VALUE_BYTES;
}
