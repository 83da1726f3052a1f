/**
 * verify: every invariant of a domain's rows, checked by reading all of them; each violation in a sentence.
 *
 * Works on a snapshot beside a running backend or on a closed one. Owns rows of entries, names, counts, histories, moves, journal and counters;
 * index rows are verify-index.ts. Violations beyond MAX_VIOLATIONS are counted, not told.
 */

import { latin1 } from '../base/bytes.js';
import type { EntryUuid } from '../change/change.js';
import { ROOT_UUID } from '../change/change.js';
import { claimOf } from '../conflict/claim.js';
import { type EntryState, isAlive, LOST_AND_FOUND_UUID } from '../conflict/entry-state.js';
import type { Csn } from '../csn/csn.js';
import { csnFromBytes, ZERO_CSN } from '../csn/csn.js';
import type { OrderedStore, StoreSnapshot } from '../port/ordered-store.js';
import type { Schema } from '../schema/schema.js';
import type { EntryId } from './backend.js';
import { Dictionary } from './dictionary.js';
import { type DomainFacts, readFacts } from './domain-facts.js';
import { checkRecord, decodeState, isAliveRecord, isRdnInside, parentIdOf } from './entry-record.js';
import { decodeHistoryRow, decodeJournalLine, decodeMoveRow, journalLineKey } from './history-rows.js';
import type { IndexConfig } from './index-config.js';
import { type KeySpace, LOST_AND_FOUND_ID, ROOT_ID, readId, readUuid, TAG } from './key-space.js';
import { classCounts, deathCsn } from './outcome-rows.js';
import { decodeClaims, decodeCount, encodeClaims, type NameClaim } from './rows.js';
import { conformanceOf, markOf } from './schema-marks.js';
import { shownOf, singleValued } from './shown.js';
import { IndexVerifier } from './verify-index.js';

const MAX_VIOLATIONS = 1000;
const ROWS = 1000;

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

interface Seen {
  readonly uuid: EntryUuid;
  readonly alive: boolean;
  readonly parentId: EntryId;
  readonly conflict: boolean;
}

class Verifier {
  readonly #options: VerifyOptions;
  readonly #snapshot: StoreSnapshot;
  readonly #facts: DomainFacts;
  readonly #violations: string[] = [];
  #untold = 0;
  readonly #entries = new Map<EntryId, Seen>();
  readonly #ids = new Map<EntryUuid, EntryId>([
    [ROOT_UUID, ROOT_ID],
    [LOST_AND_FOUND_UUID, LOST_AND_FOUND_ID],
  ]);
  /** Key of a name row -> its claims. */
  readonly #claims = new Map<string, NameClaim[]>();
  readonly #counts = new Map<EntryId, number>();
  readonly #deaths = new Set<string>();
  /** Rows that merged entries must have, by key. */
  readonly #marks = new Map<string, Uint8Array>();
  #alive = 0;
  #aliases = 0;
  #referrals = 0;
  /** Claims and places are checked when all numbers are known. */
  readonly #states: {
    readonly id: EntryId;
    readonly place: string;
    readonly claim: ReturnType<typeof claimOf>;
  }[] = [];

  constructor(options: VerifyOptions, snapshot: StoreSnapshot) {
    this.#options = options;
    this.#snapshot = snapshot;
    this.#facts = readFacts(options.store, options.keys, snapshot);
  }

  #say(sentence: string): void {
    if (this.#violations.length < MAX_VIOLATIONS) this.#violations.push(sentence);
    else this.#untold += 1;
  }

  async run(): Promise<Verdict> {
    const { store, keys, schema, indexes } = this.#options;
    if (this.#facts.loading !== undefined) this.#say(`${this.#facts.loading} did not end.`);
    const dictionary = await Dictionary.load(store, keys);
    const index = new IndexVerifier(store, keys, indexes, this.#snapshot);
    const isSingle = singleValued(schema);
    const conformance = conformanceOf(schema);
    await this.#each(TAG.entry, (key, value) => {
      const id = readId(key, 3);
      const state = decodeState(checkRecord(value), dictionary);
      this.#entry(id, value, state);
      const shown = shownOf(state, isSingle);
      if (state.merged) this.#marks.set(latin1(keys.mark(id)), markOf(state, shown, conformance));
      if (!isAlive(state)) return;
      if ((shown === state.attributes) !== isRdnInside(value)) {
        this.#say(`Entry ${state.uuid} is wrong about its RDN's values standing among its attributes.`);
      }
      const { aliases, referrals } = classCounts(shown);
      this.#aliases += aliases;
      this.#referrals += referrals;
      index.expect(id, { state, shown });
    });
    this.#settle();
    await this.#uuidRows();
    await this.#nameRows();
    await this.#countRows();
    await this.#historyRows();
    const lines = await this.#markRows(this.#facts.schema === conformance.fingerprint);
    await this.#otherRows(lines);
    this.#reachable();
    this.#counters();
    for (const sentence of await index.compare(dictionary, isSingle)) this.#say(sentence);
    return { violations: this.#violations, untold: this.#untold, entries: this.#entries.size };
  }

  /** Calls `check` for every row of a tag; what it throws is a violation. */
  async #each(tag: number, check: (key: Uint8Array, value: Uint8Array) => void): Promise<void> {
    const range = this.#options.keys.tagRange(tag);
    for await (const rows of this.#options.store.scan(range, ROWS, this.#snapshot)) {
      for (const { key, value } of rows) {
        try {
          check(key, value);
        } catch (error) {
          const reason = error instanceof Error ? error.message : String(error);
          this.#say(`Row ${latin1(key.subarray(2, 3))} ${hex(key)} cannot be read: ${reason}.`);
        }
      }
    }
  }

  #entry(id: EntryId, record: Uint8Array, state: EntryState): void {
    const { uuid } = state;
    const alive = isAlive(state);
    if (alive !== isAliveRecord(record)) this.#say(`Entry ${uuid} is flagged against its life events.`);
    if (this.#ids.has(uuid)) this.#say(`Entry ${uuid} is stored twice.`);
    this.#ids.set(uuid, id);
    this.#entries.set(id, { uuid, alive, parentId: parentIdOf(record), conflict: state.place.conflict });
    if (id >= this.#facts.counters.nextId) this.#say(`Entry ${uuid} has a number that is still to be given.`);
    let last: Csn | undefined;
    state.life.forEach((event, i) => {
      if (last !== undefined && event.csn <= last) this.#say(`Life events of ${uuid} are out of order.`);
      if (event.kind !== (i % 2 === 0 ? 'delete' : 'undelete'))
        this.#say(`Life events of ${uuid} do not alternate.`);
      last = event.csn;
    });
    const stamps = [state.created.csn, state.modified.csn, state.parentCsn, state.rdnCsn, state.claimCsn];
    for (const csn of last === undefined ? stamps : [...stamps, last]) {
      // ZERO_CSN: an entry that all servers began with.
      if (csn !== ZERO_CSN && !this.#facts.state.covers(csn))
        this.#say(`Entry ${uuid} shows change ${csn}, which the state does not cover.`);
    }
    for (const [key, attribute] of state.attributes) {
      if (attribute.values.length === 0) this.#say(`Attribute ${key} of ${uuid} has no values.`);
    }
    const death = deathCsn(state.life);
    if (death !== undefined) this.#deaths.add(`${death} ${id}`);
    this.#states.push({ id, place: state.place.parent, claim: claimOf(state) });
    if (!alive) return;
    this.#alive += 1;
    const parentId = parentIdOf(record);
    this.#counts.set(parentId, (this.#counts.get(parentId) ?? 0) + 1);
  }

  #settle(): void {
    for (const { id, place, claim } of this.#states) {
      const entry = this.#entries.get(id) as Seen;
      if (this.#ids.get(place as EntryUuid) !== entry.parentId) {
        this.#say(`Entry ${entry.uuid} hangs on number ${entry.parentId}, which is not its parent ${place}.`);
      }
      if (claim === undefined) continue;
      const parent = this.#ids.get(claim.parent);
      if (parent === undefined)
        this.#say(`Entry ${entry.uuid} claims a name below ${claim.parent}, which is not stored.`);
      else {
        const key = latin1(this.#options.keys.name(parent, claim.rdnKey));
        const claims = this.#claims.get(key);
        if (claims === undefined) this.#claims.set(key, [{ csn: claim.csn, id }]);
        else claims.push({ csn: claim.csn, id });
      }
    }
    this.#states.length = 0;
    for (const claims of this.#claims.values()) {
      claims.sort((a, b) => (a.csn < b.csn ? -1 : 1));
      claims.forEach(({ id }, i) => {
        const entry = this.#entries.get(id) as Seen;
        if (entry.conflict !== i > 0)
          this.#say(`Entry ${entry.uuid} is ${i > 0 ? 'not ' : ''}marked as in conflict about its name.`);
      });
    }
  }

  async #uuidRows(): Promise<void> {
    let rows = 0;
    await this.#each(TAG.uuid, (key, value) => {
      rows += 1;
      const uuid = readUuid(key, 3);
      const entry = this.#entries.get(readId(value, 0));
      if (entry?.uuid !== uuid)
        this.#say(`The uuid row of ${uuid} names number ${readId(value, 0)}, which is not that entry.`);
    });
    if (rows !== this.#entries.size)
      this.#say(`There are ${rows} uuid rows for ${this.#entries.size} entries.`);
  }

  async #nameRows(): Promise<void> {
    await this.#each(TAG.name, (key, value) => {
      const text = latin1(key);
      const expected = this.#claims.get(text);
      if (expected === undefined) this.#say(`The name row ${hex(key)} names entries that do not claim it.`);
      else if (latin1(encodeClaims(expected)) !== latin1(value)) {
        const found = decodeClaims(value).map(({ id }) => id);
        this.#say(`The name row ${hex(key)} lists ${found} where ${expected.map(({ id }) => id)} claim it.`);
      }
      this.#claims.delete(text);
    });
    for (const claims of this.#claims.values()) {
      this.#say(`The name of ${claims.map(({ id }) => this.#entries.get(id)?.uuid)} has no row.`);
    }
  }

  async #countRows(): Promise<void> {
    await this.#each(TAG.childCount, (key, value) => {
      const id = readId(key, 3);
      const expected = this.#counts.get(id) ?? 0;
      const found = decodeCount(value);
      if (found !== expected) this.#say(`Number ${id} counts ${found} children and has ${expected}.`);
      this.#counts.delete(id);
    });
    for (const [id, count] of this.#counts) this.#say(`Number ${id} has ${count} children and no count.`);
  }

  async #historyRows(): Promise<void> {
    await this.#each(TAG.history, (key, value) => {
      const entry = this.#entries.get(readId(key, 3));
      const { change } = decodeHistoryRow(value);
      const csn = csnFromBytes(key, 9);
      if (change.csn !== csn) this.#say(`The history row of change ${csn} holds change ${change.csn}.`);
      if (entry?.uuid !== change.entry)
        this.#say(`Change ${csn} of ${change.entry} stands in the history of another entry.`);
      if (!this.#facts.state.covers(csn))
        this.#say(`The history holds change ${csn}, which the state does not cover.`);
    });
  }

  /** Answers the keys of the journal lines that the rows tell of. `judged`: they were written by the schema of now. */
  async #markRows(judged: boolean): Promise<Set<string>> {
    const { keys } = this.#options;
    const lines = new Set<string>();
    await this.#each(TAG.mark, (key, value) => {
      const expected = this.#marks.get(latin1(key));
      const uuid = this.#entries.get(readId(key, 3))?.uuid;
      if (expected === undefined) this.#say(`Entry ${uuid} stands among the merged and is none of them.`);
      else if (judged && latin1(expected) !== latin1(value))
        this.#say(`The row of merged entry ${uuid} is wrong about its conformance to the schema.`);
      this.#marks.delete(latin1(key));
      if (value.length > 0) lines.add(latin1(journalLineKey(keys, decodeJournalLine(value))));
    });
    if (this.#marks.size > 0) this.#say(`${this.#marks.size} merged entries have no row that says so.`);
    return lines;
  }

  /** `violations`: keys of the lines about the schema that there must be. */
  async #otherRows(violations: Set<string>): Promise<void> {
    const { keys } = this.#options;
    let newest = '';
    await this.#each(TAG.move, (_key, value) => {
      const move = decodeMoveRow(value);
      newest = move.csn > newest ? move.csn : newest;
      if (!this.#ids.has(move.entry)) this.#say(`Move ${move.csn} is of ${move.entry}, which is not stored.`);
    });
    if (newest > this.#facts.counters.newestMove)
      this.#say(`Move ${newest} is newer than the newest one known.`);
    await this.#each(TAG.journal, (key, value) => {
      const line = decodeJournalLine(value);
      if (latin1(journalLineKey(keys, line)) !== latin1(key))
        this.#say(`Journal line of ${line.loser} stands under another key.`);
      if (line.kind === 'schema-violation' && !violations.delete(latin1(key)))
        this.#say(
          `Journal line of ${line.loser} says that ${line.entry} violates the schema, its row does not.`,
        );
    });
    if (violations.size > 0) this.#say(`${violations.size} entries outside the schema have no journal line.`);
    await this.#each(TAG.tombstone, (key) => {
      const text = `${csnFromBytes(key, 3)} ${readId(key, 15)}`;
      if (!this.#deaths.delete(text))
        this.#say(`Tombstone ${text} is of an entry that is not dead since then.`);
    });
    for (const text of this.#deaths) this.#say(`Dead entry ${text} has no tombstone.`);
  }

  /** Every live entry hangs on a live one, up to the root. */
  #reachable(): void {
    const known = new Map<EntryId, boolean>([
      [ROOT_ID, true],
      [LOST_AND_FOUND_ID, true],
    ]);
    for (const [id, { alive }] of this.#entries) {
      if (!alive) continue;
      const path: EntryId[] = [];
      let at = id;
      let answer = known.get(at);
      while (answer === undefined) {
        path.push(at);
        known.set(at, false); // a loop comes back here
        const entry = this.#entries.get(at);
        if (entry === undefined || !entry.alive) break;
        at = entry.parentId;
        answer = known.get(at);
      }
      for (const each of path) known.set(each, answer === true);
      if (answer !== true) this.#say(`Entry ${this.#entries.get(id)?.uuid} cannot be reached from the base.`);
    }
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

function hex(key: Uint8Array): string {
  return [...key.subarray(3, 35)].map((octet) => octet.toString(16).padStart(2, '0')).join('');
}
