/**
 * verify: every invariant of a domain's rows, checked by reading all of them; each violation in a sentence.
 *
 * Works on a snapshot beside a running backend or on a closed one. Memory does not grow with the domain but by one bit an entry: rows that follow from entries
 * are summed (derived-rows.ts), and read again only when the sums differ. Owns rows of entries, names, counts, histories, moves, journal,
 * reference jobs and counters; index rows are verify-index.ts. Violations beyond MAX_VIOLATIONS are counted, not told.
 */
import { latin1, utf8Decode } from '../base/bytes.js';
import { reasonOf } from '../base/thrown.js';
import type { EntryUuid } from '../change/change.js';
import { type EntryState, isAlive } from '../conflict/entry-state.js';
import { type Csn, csnFromBytes, ZERO_CSN } from '../csn/csn.js';
import type { OrderedStore, StoreSnapshot } from '../port/ordered-store.js';
import type { Schema } from '../schema/schema.js';
import type { EntryId } from './backend.js';
import { EntryFacts } from './digest/entry-facts.js';
import { type DomainFacts, readFacts } from './domain-facts.js';
import { type IndexConfig, REBUILDING } from './index/index-config.js';
import { IndexVerifier } from './index/verify-index.js';
import { HeldFraction } from './load/held-fraction.js';
import { DerivedRows, shownKey } from './rows/derived-rows.js';
import { Dictionary } from './rows/dictionary.js';
import { checkRecord, decodeState, isAliveRecord, isRdnInside, parentIdOf } from './rows/entry-record.js';
import { decodeHistoryRow, decodeMoveRow } from './rows/history-rows.js';
import { type KeySpace, readId, TAG } from './rows/key-space.js';
import { ManyAttribute } from './rows/many-attribute.js';
import { classCounts } from './rows/outcome-rows.js';
import { shownOf, singleValued } from './rows/shown.js';
import { decodeJob, jobFaults, jobNumber } from './rules/reference-job-row.js';
import { type Conformance, conformanceOfPart, markOf } from './rules/schema-marks.js';
import { manyFaults } from './verify-values.js';

const MAX_VIOLATIONS = 1000;
/** Rows that are looked at in one turn; entries cost more. */
const ROWS = 500;
const ENTRIES = 100;

export interface VerifyOptions {
  readonly store: OrderedStore;
  readonly keys: KeySpace;
  readonly schema: Schema;
  readonly indexes: IndexConfig;
}

export interface Verdict {
  /** One sentence each. */
  readonly violations: readonly string[];
  /** Violations that were not told for their number. */
  readonly untold: number;
  readonly entries: number;
}

/** Reads the whole domain. Rejects only when the store cannot be read. */
export async function verifyDomainRows(options: VerifyOptions): Promise<Verdict> {
  const snapshot = options.store.snapshot();
  try {
    return await new Verifier(options, snapshot).run();
  } finally {
    await snapshot.close();
  }
}

class Verifier {
  readonly #options: VerifyOptions;
  readonly #snapshot: StoreSnapshot;
  readonly #facts: DomainFacts;
  readonly #conformance: Conformance;
  readonly #others: EntryFacts;
  readonly #derived: DerivedRows;
  readonly #violations: string[] = [];
  #untold = 0;
  /** The second reading: what the first one said is not said again. */
  #again = false;
  #entries = 0;
  #alive = 0;
  #aliases = 0;
  #referrals = 0;

  constructor(options: VerifyOptions, snapshot: StoreSnapshot) {
    this.#options = options;
    this.#snapshot = snapshot;
    this.#facts = readFacts(options.store, options.keys, snapshot);
    const { schema } = options;
    const fraction = HeldFraction.of(this.#facts.fraction, undefined, false, schema);
    this.#conformance = conformanceOfPart(schema, fraction);
    this.#others = new EntryFacts(options.store, options.keys, snapshot);
    this.#derived = new DerivedRows(options.keys, this.#facts.schema === this.#conformance.fingerprint);
  }

  #say(sentence: string): void {
    if (this.#again) return;
    if (this.#violations.length < MAX_VIOLATIONS) this.#violations.push(sentence);
    else this.#untold += 1;
  }

  async run(): Promise<Verdict> {
    const { store, keys, schema, indexes } = this.#options;
    const cutRebuild = this.#facts.indexes === REBUILDING;
    if (this.#facts.loading !== undefined) this.#say(`${this.#facts.loading} did not end.`);
    if (cutRebuild)
      this.#say('A rebuild of the indexes did not end; run it again: polyarch index rebuild --dir DIR.');
    const dictionary = await Dictionary.load(store, keys, this.#snapshot);
    const index = new IndexVerifier(store, keys, indexes, this.#snapshot);
    await this.#entryRows(dictionary, index);
    await this.#derivedRows();
    await this.#historyRows();
    await this.#moveRows();
    await this.#jobRows();
    this.#counters();
    if (!this.#derived.even) {
      this.#untold += this.#derived.look();
      this.#again = true;
      await this.#entryRows(dictionary, undefined);
      await this.#derivedRows();
      this.#again = false;
      this.#derived.tell(this.#others, (sentence) => this.#say(sentence));
    }
    // Rows that a cut rebuild did not come to are no damage.
    if (!cutRebuild)
      for (const sentence of await index.compare(dictionary, singleValued(schema))) this.#say(sentence);
    return { violations: this.#violations, untold: this.#untold, entries: this.#entries };
  }

  /** Calls `check` for every row of a tag; what it throws is a violation. */
  async #each(
    tag: number,
    check: (key: Uint8Array, value: Uint8Array) => void,
    slice: number = ROWS,
  ): Promise<void> {
    const range = this.#options.keys.tagRange(tag);
    for await (const rows of this.#options.store.scan(range, slice, this.#snapshot)) {
      for (const { key, value } of rows) {
        try {
          check(key, value);
        } catch (error) {
          const reason = reasonOf(error);
          this.#say(`Row ${latin1(key.subarray(2, 3))} ${shownKey(key)} cannot be read: ${reason}.`);
        }
      }
    }
  }

  /** `index`: told what the indexes must hold; undefined in the second reading. */
  async #entryRows(dictionary: Dictionary, index: IndexVerifier | undefined): Promise<void> {
    const isSingle = singleValued(this.#options.schema);
    const check = (key: Uint8Array, record: Uint8Array) => {
      const id = readId(key, 3);
      const state = decodeState(checkRecord(record), dictionary);
      const alive = isAlive(state);
      const shown = shownOf(state, isSingle);
      const mark = state.merged ? markOf(state, shown, this.#conformance) : undefined;
      this.#derived.due({ id, record, state, alive, mark });
      if (index === undefined) return;
      this.#entry(id, record, state, alive);
      if (!alive) return;
      if ((shown === state.attributes) !== isRdnInside(record)) {
        this.#say(`Entry ${state.uuid} is wrong about its RDN's values standing among its attributes.`);
      }
      const { aliases, referrals } = classCounts(shown);
      this.#alive += 1;
      this.#aliases += aliases;
      this.#referrals += referrals;
      index.expect(id, { state, shown });
    };
    await this.#each(TAG.entry, check, ENTRIES);
  }

  /** What an entry's record says of itself and of its parent. */
  #entry(id: EntryId, record: Uint8Array, state: EntryState, alive: boolean): void {
    const { uuid } = state;
    this.#entries += 1;
    if (alive !== isAliveRecord(record)) this.#say(`Entry ${uuid} is flagged against its life events.`);
    if (id >= this.#facts.counters.nextId) this.#say(`Entry ${uuid} has a number that is still to be given.`);
    this.#stamps(state);
    for (const [key, attribute] of state.attributes) {
      if (attribute instanceof ManyAttribute) this.#manyValues(uuid, id, attribute);
      else if (attribute.values.length === 0) this.#say(`Attribute ${key} of ${uuid} has no values.`);
    }
    const parentId = parentIdOf(record);
    if (this.#others.of(parentId)?.uuid !== state.place.parent)
      this.#say(`Entry ${uuid} hangs on number ${parentId}, which is not its parent ${state.place.parent}.`);
    if (alive && !this.#others.isReachable(id, parentId))
      this.#say(`Entry ${uuid} cannot be reached from the base.`);
  }

  /** Each value stands in its chunk, once, and number and sum are those of the record. */
  #manyValues(uuid: EntryUuid, id: EntryId, attribute: ManyAttribute): void {
    for (const fault of manyFaults(attribute, id))
      this.#say(`Attribute ${attribute.place.key} of ${uuid} ${fault}.`);
  }

  /** Life events alternate and rise; every change that the entry shows is covered. */
  #stamps(state: EntryState): void {
    const { uuid, created } = state;
    let last: Csn | undefined;
    state.life.forEach((event, i) => {
      if (last !== undefined && event.csn <= last) this.#say(`Life events of ${uuid} are out of order.`);
      if (event.kind !== (i % 2 === 0 ? 'delete' : 'undelete'))
        this.#say(`Life events of ${uuid} do not alternate.`);
      last = event.csn;
    });
    const covered = (csn: Csn) => {
      // ZERO_CSN: an entry that all servers began with.
      if (csn !== ZERO_CSN && !this.#facts.state.covers(csn))
        this.#say(`Entry ${uuid} shows change ${csn}, which the state does not cover.`);
    };
    covered(created.csn);
    for (const csn of [state.modified.csn, state.parentCsn, state.rdnCsn, state.rdnSince, state.claimCsn]) {
      if (csn !== created.csn) covered(csn);
    }
    if (last !== undefined) covered(last);
  }

  async #derivedRows(): Promise<void> {
    for (const tag of DerivedRows.TAGS) {
      await this.#each(tag, (key, value) => this.#derived.found(key, value, (text) => this.#say(text)));
    }
  }

  async #historyRows(): Promise<void> {
    await this.#each(TAG.history, (key, value) => {
      const { change } = decodeHistoryRow(value);
      const csn = csnFromBytes(key, 9);
      if (change.csn !== csn) this.#say(`The history row of change ${csn} holds change ${change.csn}.`);
      if (this.#others.of(readId(key, 3))?.uuid !== change.entry)
        this.#say(`Change ${csn} of ${change.entry} stands in the history of another entry.`);
      if (!this.#facts.state.covers(csn))
        this.#say(`The history holds change ${csn}, which the state does not cover.`);
    });
  }

  async #moveRows(): Promise<void> {
    let newest = '';
    await this.#each(TAG.move, (_key, value) => {
      const move = decodeMoveRow(value);
      newest = move.csn > newest ? move.csn : newest;
      if (!this.#others.isStored(move.entry))
        this.#say(`Move ${move.csn} is of ${move.entry}, which is not stored.`);
    });
    if (newest > this.#facts.counters.newestMove)
      this.#say(`Move ${newest} is newer than the newest one known.`);
  }

  /** References that are still to be changed: a job that cannot be read or done would leave them as they are. */
  async #jobRows(): Promise<void> {
    const { store, keys } = this.#options;
    const base = store.get(keys.meta('base'), this.#snapshot);
    const baseKey = base && utf8Decode(base);
    await this.#each(TAG.references, (key, value) => {
      const number = jobNumber(key);
      for (const fault of jobFaults(decodeJob(value), baseKey, (uuid) => this.#others.isStored(uuid)))
        this.#say(`Reference job ${number} cannot be done: ${fault}.`);
    });
  }

  #counters(): void {
    const { counters } = this.#facts;
    const compare = (what: string, found: number, expected: number) => {
      if (found !== expected) this.#say(`The domain counts ${found} ${what} and has ${expected}.`);
    };
    compare('entries', counters.entries, this.#alive);
    compare('aliases', counters.aliases, this.#aliases);
    compare('referrals', counters.referrals, this.#referrals);
  }
}
