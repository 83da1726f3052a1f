/** What the table of digests holds of one entry, made of its record: at once, or in steps where the record is large. */
import { type Steps, whole } from '../../base/steps.js';
import type { EntryState } from '../../conflict/entry-state.js';
import { digestInSteps, digestState } from '../../conflict/state-digest.js';
import { StoreError } from '../../port/ordered-store.js';
import type { EntryId } from '../backend.js';
import type { Dictionary } from '../rows/dictionary.js';
import { checkRecord, checksumOf, decodeState, isAliveRecord, isSoundInSteps } from '../rows/entry-record.js';
import { SLICE_OCTETS } from './bucket-records.js';
import { bucketOf } from './bucket-sums.js';
import type { TableRow } from './digest-table.js';

export interface RecordWorld {
  readonly dictionary: Dictionary;
  /** What of a state counts. Default: all of it. */
  readonly restrict?: ((state: EntryState) => EntryState) | undefined;
}

/** Whether the digest of a record is made in steps: it is more than one piece of work takes. */
export const isLarge = (record: Uint8Array): boolean => record.length >= SLICE_OCTETS;

/** See the file header. Counts what it makes, and knows entries whose record is sound and whose values, which stand in rows of their own, are not. */
export class RecordDigests {
  readonly #world: RecordWorld;
  /** The bucket of an entry as far as it is known; and what is wrong with its row. */
  readonly #bucketOf: (id: EntryId) => number;
  readonly #note: (id: EntryId, what: string) => void;
  readonly unsound = new Set<EntryId>();
  made = 0;

  constructor(
    world: RecordWorld,
    bucketOf: (id: EntryId) => number,
    note: (id: EntryId, what: string) => void,
  ) {
    this.#world = world;
    this.#bucketOf = bucketOf;
    this.#note = note;
  }

  /** undefined: not alive. */
  rowOf(id: EntryId, record: Uint8Array): TableRow | undefined {
    if (isLarge(record)) return whole(this.rowInSteps(id, record));
    this.made += 1;
    try {
      if (this.unsound.has(id)) return this.#odd(id);
      if (!isAliveRecord(checkRecord(record))) return undefined;
      const state = this.#counted(record);
      return { bucket: bucketOf(state.uuid), digest: digestState(state), checksum: checksumOf(record) };
    } catch (error) {
      return this.#unreadable(id, error);
    }
  }

  /** rowOf() in steps. */
  *rowInSteps(id: EntryId, record: Uint8Array): Steps<TableRow | undefined> {
    this.made += 1;
    try {
      if (!isAliveRecord(checkRecord(record, yield* isSoundInSteps(record)))) return undefined;
      const state = this.#counted(record);
      const digest = yield* digestInSteps(state);
      if (this.unsound.has(id)) return this.#odd(id);
      return { bucket: bucketOf(state.uuid), digest, checksum: checksumOf(record) };
    } catch (error) {
      return this.#unreadable(id, error);
    }
  }

  #counted(record: Uint8Array): EntryState {
    const { dictionary, restrict } = this.#world;
    const state = decodeState(record, dictionary);
    return restrict === undefined ? state : restrict(state);
  }

  #unreadable(id: EntryId, error: unknown): TableRow {
    if (!(error instanceof StoreError)) throw error;
    this.#note(id, error.message);
    return this.#odd(id);
  }

  /** Unlike any other: whoever compares finds it. */
  #odd(id: EntryId): TableRow {
    const digest = { high: 0xffff_ffff, low: id % 0x1_0000_0000 };
    return { bucket: this.#bucketOf(id), digest, checksum: 0 };
  }
}
