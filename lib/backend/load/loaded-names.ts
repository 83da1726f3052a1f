/**
 * LoadedNames: names and UUIDs of the entries of a bulk load, in flat tables: no object for an entry.
 *
 * Owns what the rows of both say until all entries are there: then they are written in the order of their keys, which spares the store most of its
 * work. The n-th entry has the number FIRST_ID + n.
 */
import type { EntryUuid } from '../../change/change.js';
import { CSN_BYTES, type Csn, putCsn } from '../../csn/csn.js';
import type { StoreRow } from '../../port/ordered-store.js';
import type { EntryId } from '../backend.js';
import { OctetTable } from '../memory/octet-table.js';
import { FIRST_ID, ID_BYTES, readUuid, writeId } from '../rows/key-space.js';

/** Octets of the row of a name with one claim (rows.ts): the last of them are the row of the entry's UUID. */
const CLAIM_BYTES = CSN_BYTES + ID_BYTES;
const FIRST_CLAIMS = 1024;
/** Where the UUID stands in the key of its row. */
const UUID_AT = 3;

/** See the file header. */
export class LoadedNames {
  readonly #names = new OctetTable();
  readonly #uuids = new OctetTable();
  #claims = new Uint8Array(FIRST_CLAIMS * CLAIM_BYTES);

  /** Entries taken. */
  get count(): number {
    return this.#names.count;
  }

  /** The entry whose name row has this key, or undefined. */
  named(nameKey: Uint8Array): EntryId | undefined {
    const number = this.#names.find(nameKey);
    return number < 0 ? undefined : ((FIRST_ID + number) as EntryId);
  }

  /** Whether an entry has this row of its UUID. */
  hasUuid(uuidKey: Uint8Array): boolean {
    return this.#uuids.find(uuidKey) >= 0;
  }

  uuidOf(id: EntryId): EntryUuid {
    return readUuid(this.#uuids.octets(id - FIRST_ID), UUID_AT);
  }

  /** Takes the next entry: keys of its rows, neither of which is there, and the CSN of its claim. Answers its number. */
  add(nameKey: Uint8Array, uuidKey: Uint8Array, csn: Csn): EntryId {
    const number = this.#names.value(nameKey, nameKey.length);
    this.#uuids.add(uuidKey);
    const at = number * CLAIM_BYTES;
    if (at === this.#claims.length) {
      const larger = new Uint8Array(at * 2);
      larger.set(this.#claims);
      this.#claims = larger;
    }
    const id = (FIRST_ID + number) as EntryId;
    putCsn(this.#claims, at, csn);
    writeId(this.#claims, at + CSN_BYTES, id);
    return id;
  }

  /** Rows of all names and UUIDs in the order of their keys; views: nothing may be added before they are written. */
  *rows(): Iterable<StoreRow> {
    for (const [table, from] of [
      [this.#names, 0],
      [this.#uuids, CSN_BYTES],
    ] as const) {
      for (const number of table.order()) {
        const at = number * CLAIM_BYTES;
        yield { key: table.octets(number), value: this.#claims.subarray(at + from, at + CLAIM_BYTES) };
      }
    }
  }
}
