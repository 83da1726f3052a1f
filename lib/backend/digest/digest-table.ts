/**
 * The digest and bucket of each entry by its number, and the checksum of the record that it was made of, in pages of typed arrays: 16 octets an entry, read and written in place.
 */
import type { StateDigest } from '../../conflict/state-digest.js';
import type { EntryId } from '../backend.js';

const PAGE = 1024;
const WORDS = 4;

export interface TableRow {
  readonly bucket: number;
  readonly digest: StateDigest;
  /** The checksum that stands in the record. */
  readonly checksum: number;
}

export class DigestTable {
  readonly #pages = new Map<number, Uint32Array>();
  /** No page holds this number or a greater one. */
  #pastPages = 0;

  clear(): void {
    this.#pages.clear();
    this.#pastPages = 0;
  }

  get(id: EntryId): TableRow | undefined {
    const page = this.#pages.get(Math.floor(id / PAGE));
    if (page === undefined) return undefined;
    const at = (id % PAGE) * WORDS;
    const bucket = page[at] as number;
    if (bucket === 0) return undefined;
    return {
      bucket: bucket - 1,
      digest: { high: page[at + 1] as number, low: page[at + 2] as number },
      checksum: page[at + 3] as number,
    };
  }

  /** The checksum alone; undefined when the entry has no digest. */
  checksumOf(id: EntryId): number | undefined {
    const page = this.#pages.get(Math.floor(id / PAGE));
    const at = (id % PAGE) * WORDS;
    return page === undefined || page[at] === 0 ? undefined : page[at + 3];
  }

  set(id: EntryId, row: TableRow | undefined): void {
    const number = Math.floor(id / PAGE);
    let page = this.#pages.get(number);
    if (page === undefined) {
      if (row === undefined) return;
      page = new Uint32Array(PAGE * WORDS);
      this.#pages.set(number, page);
      this.#pastPages = Math.max(this.#pastPages, (number + 1) * PAGE);
    }
    const at = (id % PAGE) * WORDS;
    page[at] = row === undefined ? 0 : row.bucket + 1;
    page[at + 1] = row?.digest.high ?? 0;
    page[at + 2] = row?.digest.low ?? 0;
    page[at + 3] = row?.checksum ?? 0;
  }

  /** Calls `visit` with each number above `after` (all, when undefined) up to `last` (all, when undefined) that has a digest, ascending. It may change digests. */
  eachBetween(after: EntryId | undefined, last: EntryId | undefined, visit: (id: EntryId) => void): void {
    const from = after === undefined ? 0 : after + 1;
    const to = Math.min(last ?? Number.POSITIVE_INFINITY, this.#pastPages - 1);
    for (let number = Math.floor(from / PAGE); number * PAGE <= to; number++) {
      const page = this.#pages.get(number);
      if (page === undefined) continue;
      const first = number * PAGE;
      const end = Math.min(first + PAGE - 1, to);
      for (let id = Math.max(first, from); id <= end; id++)
        if (page[(id - first) * WORDS] !== 0) visit(id as EntryId);
    }
  }
}
