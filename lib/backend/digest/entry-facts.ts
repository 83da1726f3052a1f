/**
 * EntryFacts: what verify asks of other entries by their numbers, without holding them all: who they are, and whether they hang on the base.
 *
 * Owns a cache of the entries asked for last (parents have many children) and one bit for each entry that is known to be reachable.
 */
import { type EntryUuid, ROOT_UUID } from '../../change/change.js';
import { LOST_AND_FOUND_UUID } from '../../conflict/entry-state.js';
import type { OrderedStore, StoreSnapshot } from '../../port/ordered-store.js';
import type { EntryId } from '../backend.js';
import { HalfLifeMap } from '../memory/half-life-map.js';
import { checkRecord, isAliveRecord, parentIdOf, uuidOf } from '../rows/entry-record.js';
import { type KeySpace, LOST_AND_FOUND_ID, ROOT_ID } from '../rows/key-space.js';

const CACHED = 20_000;
/** Entries of one piece of bits: a power of two. */
const PIECE = 2 ** 15;
/** No sound tree is as deep. */
const MAX_DEPTH = 10_000;

/** Part of an entry that others depend on. */
export interface EntryFact {
  readonly uuid: EntryUuid;
  readonly alive: boolean;
  readonly parentId: EntryId;
}

const DERIVED = new Map<EntryId, EntryFact>([
  [ROOT_ID, { uuid: ROOT_UUID, alive: true, parentId: ROOT_ID }],
  [LOST_AND_FOUND_ID, { uuid: LOST_AND_FOUND_UUID, alive: true, parentId: ROOT_ID }],
]);

export class EntryFacts {
  readonly #store: OrderedStore;
  readonly #keys: KeySpace;
  readonly #snapshot: StoreSnapshot;
  readonly #known = new HalfLifeMap<EntryId, EntryFact>(CACHED);
  readonly #reached = new Map<number, Uint8Array>();

  constructor(store: OrderedStore, keys: KeySpace, snapshot: StoreSnapshot) {
    this.#store = store;
    this.#keys = keys;
    this.#snapshot = snapshot;
  }

  /** undefined: there is no such entry, or it cannot be read. */
  of(id: EntryId): EntryFact | undefined {
    const known = DERIVED.get(id) ?? this.#known.get(id);
    if (known !== undefined) return known;
    const record = this.#store.get(this.#keys.entry(id), this.#snapshot);
    if (record === undefined) return undefined;
    try {
      checkRecord(record);
    } catch {
      return undefined;
    }
    const fact = { uuid: uuidOf(record), alive: isAliveRecord(record), parentId: parentIdOf(record) };
    this.#known.set(id, fact);
    return fact;
  }

  /** Whether an entry with this uuid is stored, by the uuid rows. */
  isStored(uuid: EntryUuid): boolean {
    if (uuid === ROOT_UUID || uuid === LOST_AND_FOUND_UUID) return true;
    return this.#store.get(this.#keys.uuid(uuid), this.#snapshot) !== undefined;
  }

  /** Whether a live entry with this parent hangs on live ones up to the base. */
  isReachable(id: EntryId, parentId: EntryId): boolean {
    const path = [id];
    for (let at = parentId; !DERIVED.has(at) && !this.#isReached(at); ) {
      const fact = this.of(at);
      // A loop never ends.
      if (fact === undefined || !fact.alive || path.length > MAX_DEPTH) return false;
      path.push(at);
      at = fact.parentId;
    }
    for (const each of path) this.#reach(each);
    return true;
  }

  #isReached(id: number): boolean {
    const piece = this.#reached.get(Math.floor(id / PIECE));
    const at = id % PIECE;
    return piece !== undefined && ((piece[at >>> 3] as number) & (1 << (at & 7))) !== 0;
  }

  #reach(id: number): void {
    const number = Math.floor(id / PIECE);
    let piece = this.#reached.get(number);
    if (piece === undefined) {
      piece = new Uint8Array(PIECE / 8);
      this.#reached.set(number, piece);
    }
    const at = id % PIECE;
    piece[at >>> 3] = (piece[at >>> 3] as number) | (1 << (at & 7));
  }
}
