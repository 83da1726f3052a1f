/**
 * DerivedRows: the rows of a domain that follow from its entries (names, uuids, counts, tombstones, marks and their journal lines), as verify
 * compares them: what the entries say must be there against what is there.
 *
 * Owns which rows follow and how a difference is told. Index rows are verify-index.ts.
 */
import { assert } from '../../base/assert.js';
import { emptyBytes, equalBytes, toHexPart } from '../../base/bytes.js';
import { counted } from '../../base/counted.js';
import { ROOT_UUID } from '../../change/change.js';
import { claimOf } from '../../conflict/claim.js';
import type { EntryState } from '../../conflict/entry-state.js';
import { CSN_BYTES, csnFromBytes } from '../../csn/csn.js';
import type { EntryId } from '../backend.js';
import type { EntryFacts } from '../digest/entry-facts.js';
import { parentIdOf } from './entry-record.js';
import { decodeJournalLine, journalLineKey } from './history-rows.js';
import { ID_BYTES, type KeySpace, ROOT_ID, readId, readUuid, TAG } from './key-space.js';
import { ManyAttribute } from './many-attribute.js';
import { deathCsn } from './outcome-rows.js';
import { type BookedRow, RowBook } from './row-book.js';
import { decodeClaims, decodeCount, encodeClaims, encodeIdRow } from './rows.js';

const CLAIM_BYTES = CSN_BYTES + ID_BYTES;

/** What an entry must have rows for. */
export interface DueEntry {
  readonly id: EntryId;
  readonly record: Uint8Array;
  readonly state: EntryState;
  readonly alive: boolean;
  /** What the row of a merged entry says (schema-marks.ts). */
  readonly mark: Uint8Array | undefined;
}

/** A key as reports name it: its first octets behind domain and tag, in hex. */
export function shownKey(key: Uint8Array): string {
  return toHexPart(key, 3, Math.min(key.length, 35));
}

export class DerivedRows {
  /** Tags whose rows found() is given. */
  static readonly TAGS = [
    ...[TAG.uuid, TAG.name, TAG.childCount, TAG.mark, TAG.journal, TAG.tombstone, TAG.values],
  ] as const;

  readonly #keys: KeySpace;
  readonly #judged: boolean;
  readonly #uuids = new RowBook();
  readonly #names = new RowBook();
  readonly #counts = new RowBook();
  readonly #deaths = new RowBook();
  readonly #marks = new RowBook();
  readonly #lines = new RowBook();
  readonly #values = new RowBook();

  /** `judged`: the rows of merged entries were written by the schema of now. */
  constructor(keys: KeySpace, judged: boolean) {
    this.#keys = keys;
    this.#judged = judged;
  }

  /** An entry, alive or dead. */
  due({ id, record, state, alive, mark }: DueEntry): void {
    const keys = this.#keys;
    this.#uuids.due(keys.uuid(state.uuid), encodeIdRow(id));
    const parentId = parentIdOf(record);
    if (alive) this.#counts.due(keys.childCount(parentId));
    const claim = claimOf(state);
    if (claim !== undefined) {
      const name = keys.name(claim.parent === ROOT_UUID ? ROOT_ID : parentId, claim.rdnKey);
      this.#names.due(name, claimRow(encodeClaims([{ csn: claim.csn, id }]), state.place.conflict));
    }
    const death = deathCsn(state.life);
    if (death !== undefined) this.#deaths.due(keys.tombstone(death, id));
    if (mark !== undefined) this.#marks.due(keys.mark(id), this.#judged ? mark : emptyBytes());
    for (const attribute of state.attributes.values())
      if (attribute instanceof ManyAttribute) this.#valuesOf(attribute);
  }

  /** Which chunks have rows, only they know themselves: verify-values.ts counts what is in them. */
  #valuesOf({ place, head, source }: ManyAttribute): void {
    for (let i = 0; i < head.chunks; i++) {
      if (source.chunk(place, i).length > 0)
        this.#values.due(this.#keys.valueChunk(place.id, place.number, i));
    }
  }

  /** A row of one of TAGS; what is wrong about it alone is said. Throws for one that cannot be read. */
  found(key: Uint8Array, value: Uint8Array, say: (sentence: string) => void): void {
    const tag = key[2];
    if (tag === TAG.uuid) this.#uuids.found(key, value);
    else if (tag === TAG.name) this.#name(key, value, say);
    else if (tag === TAG.childCount) this.#counts.found(key, emptyBytes(), decodeCount(value));
    else if (tag === TAG.mark) this.#mark(key, value);
    else if (tag === TAG.tombstone) this.#deaths.found(key);
    else if (tag === TAG.values) this.#values.found(key);
    else this.#line(key, value, say);
  }

  #name(key: Uint8Array, value: Uint8Array, say: (sentence: string) => void): void {
    const claims = decodeClaims(value);
    claims.forEach(({ csn }, i) => {
      this.#names.found(key, claimRow(value.subarray(i * CLAIM_BYTES, (i + 1) * CLAIM_BYTES), i > 0));
      const before = claims[i - 1];
      if (before !== undefined && before.csn >= csn)
        say(`The name row ${shownKey(key)} lists its claims out of order.`);
    });
  }

  #mark(key: Uint8Array, value: Uint8Array): void {
    this.#marks.found(key, this.#judged ? value : emptyBytes());
    if (value.length > 0) this.#lines.due(journalLineKey(this.#keys, decodeJournalLine(value)));
  }

  #line(key: Uint8Array, value: Uint8Array, say: (sentence: string) => void): void {
    const line = decodeJournalLine(value);
    if (line.kind === 'schema-violation') this.#lines.found(key);
    if (!equalBytes(journalLineKey(this.#keys, line), key))
      say(`Journal line of ${line.loser} stands under another key.`);
  }

  #books(): readonly RowBook[] {
    return [
      ...[this.#uuids, this.#names, this.#counts, this.#deaths, this.#marks, this.#lines, this.#values],
    ];
  }

  /** Whether the rows are those that are due. */
  get even(): boolean {
    return this.#books().every((book) => book.even);
  }

  /** Before all is told a second time. Answers how many differences, at least, will not be named. */
  look(): number {
    let more = 0;
    for (const book of this.#books()) more += book.look();
    return more;
  }

  /** Names the differences, after the second reading. */
  tell(facts: EntryFacts, say: (sentence: string) => void): void {
    assert(!this.even, 'there is nothing to tell');
    this.#tellUuids(facts, say);
    this.#tellNames(facts, say);
    for (const { key, due, found } of this.#counts.differing()) {
      const id = readId(key, 3);
      if (found === 0) say(`Number ${id} has ${due} children and no count.`);
      else say(`Number ${id} counts ${found} children and has ${due}.`);
    }
    for (const { key, due } of this.#deaths.differing()) {
      const text = `${csnFromBytes(key, 3)} ${readId(key, 15)}`;
      if (due > 0) say(`Dead entry ${text} has no tombstone.`);
      else say(`Tombstone ${text} is of an entry that is not dead since then.`);
    }
    for (const { key } of this.#values.differing())
      say(`Values of number ${readId(key, 3)} stand in a row that no record names: ${shownKey(key)}.`);
    this.#tellMarks(facts, say);
  }

  #tellUuids(facts: EntryFacts, say: (sentence: string) => void): void {
    const { dueRows, foundRows } = this.#uuids;
    if (dueRows !== foundRows) say(`There are ${foundRows} uuid rows for ${dueRows} entries.`);
    for (const { key, rest, due } of this.#uuids.differing()) {
      const uuid = readUuid(key, 3);
      if (due === 0) {
        if (facts.of(readId(rest, 0))?.uuid === uuid) continue;
        say(`The uuid row of ${uuid} names number ${readId(rest, 0)}, which is not that entry.`);
      } else if (this.#uuids.withKey(key).filter((row) => row.due > 0).length > 1)
        say(`Entry ${uuid} is stored twice.`);
      else say(`Entry ${uuid}, number ${readId(rest, 0)}, is not found by its uuid.`);
    }
  }

  #tellNames(facts: EntryFacts, say: (sentence: string) => void): void {
    for (const { key, rest, due } of this.#names.differing()) {
      const id = readId(rest, CSN_BYTES);
      const twin = this.#names.withKey(key).find((row) => isTwin(row, rest) && row.due === 0);
      if (due === 0) {
        const explained = this.#names.withKey(key).some((row) => isTwin(row, rest) && row.due > 0);
        if (!explained) say(`The name row ${shownKey(key)} names number ${id}, which does not claim it.`);
      } else if (twin === undefined)
        say(`The name of ${facts.of(id)?.uuid} has no row that says so: ${shownKey(key)}.`);
      else {
        const should = rest[CLAIM_BYTES] === 0;
        say(`Entry ${facts.of(id)?.uuid} is ${should ? 'not ' : ''}marked as in conflict about its name.`);
      }
    }
  }

  #tellMarks(facts: EntryFacts, say: (sentence: string) => void): void {
    let missing = 0;
    for (const { key, due } of this.#marks.differing()) {
      const uuid = facts.of(readId(key, 3))?.uuid;
      const rows = this.#marks.withKey(key);
      const isDue = rows.some((row) => row.due > 0);
      const isFound = rows.some((row) => row.found > 0);
      if (isDue && isFound) {
        if (due > 0) say(`The row of merged entry ${uuid} is wrong about its conformance to the schema.`);
      } else if (isDue) missing += 1;
      else say(`Entry ${uuid} stands among the merged and is none of them.`);
    }
    if (missing > 0) say(`${missing} merged entries have no row that says so.`);
    let unwritten = 0;
    for (const { key, due, found } of this.#lines.differing()) {
      if (due > found) unwritten += 1;
      else
        say(
          `Journal line of ${csnFromBytes(key, 3)} says that ${readUuid(key, 3 + CSN_BYTES)} violates the schema, its row does not.`,
        );
    }
    if (unwritten > 0)
      say(
        `${counted(unwritten, 'entry outside the schema has', 'entries outside the schema have')} no journal line.`,
      );
  }
}

/** CSN and number of a claim, and whether another one holds the name. */
function claimRow(claim: Uint8Array, conflict: boolean): Uint8Array {
  const row = new Uint8Array(CLAIM_BYTES + 1);
  row.set(claim);
  row[CLAIM_BYTES] = conflict ? 1 : 0;
  return row;
}

/** Whether a claim's row is of the same claim and says the other about who holds the name. */
function isTwin(row: BookedRow, rest: Uint8Array): boolean {
  return (
    row.rest[CLAIM_BYTES] !== rest[CLAIM_BYTES] &&
    equalBytes(row.rest.subarray(0, CLAIM_BYTES), rest.subarray(0, CLAIM_BYTES))
  );
}
