/**
 * RowBook: rows of one kind that follow from entries, those that are due against those that there are (row-sums.ts).
 *
 * A first reading sums. Where it does not come out even, a second one of the same rows, after look(), gathers the rows of the first buckets that
 * differ. Memory is bounded by those. Owns neither reading nor sentences.
 */
import { latin1 } from '../../base/bytes.js';
import { RowSums, rowHash } from './row-sums.js';
import { checksum32 } from './value-hash.js';

/** Buckets that a second reading gathers: with millions of entries some ten thousand rows. */
const LOOKED_AT = 16;
const NOTHING = new Uint8Array(0);

/** A row and how often it is due and was found. */
export interface BookedRow {
  readonly key: Uint8Array;
  readonly rest: Uint8Array;
  due: number;
  found: number;
}

export class RowBook {
  readonly #sums = new RowSums();
  #isLookedAt: ((bucket: number) => boolean) | undefined;
  readonly #rows = new Map<string, BookedRow>();

  /** Whether all comes out even. */
  get even(): boolean {
    return this.#sums.even;
  }

  /** Rows that are due, by the first reading. */
  get dueRows(): number {
    return this.#sums.due;
  }

  /** Rows that there are, by the first reading. */
  get foundRows(): number {
    return this.#sums.found;
  }

  /** A row that is due: its key, and of its value what must be right. */
  due(key: Uint8Array, rest: Uint8Array = NOTHING): void {
    const hash = checksum32(key, 3);
    if (this.#isLookedAt === undefined) this.#sums.expect(hash, rowHash(hash, rest));
    else if (this.#isLookedAt(hash)) this.#row(key, rest).due += 1;
  }

  /** A row that there is; `times`: it stands for so many that are due. */
  found(key: Uint8Array, rest: Uint8Array = NOTHING, times = 1): void {
    const hash = checksum32(key, 3);
    if (this.#isLookedAt === undefined) this.#sums.take(hash, rowHash(hash, rest), times);
    else if (this.#isLookedAt(hash)) this.#row(key, rest).found += times;
  }

  #row(key: Uint8Array, rest: Uint8Array): BookedRow {
    const text = `${latin1(key)}\0${key.length} ${latin1(rest)}`;
    let row = this.#rows.get(text);
    if (row === undefined) {
      row = { key: key.slice(), rest: rest.slice(), due: 0, found: 0 };
      this.#rows.set(text, row);
    }
    return row;
  }

  /** From here on rows of the first buckets that differ are gathered. Answers how many buckets more differ. */
  look(): number {
    const { has, more } = this.#sums.differing(LOOKED_AT);
    this.#isLookedAt = has;
    return more;
  }

  /** Rows of the second reading that are not due as often as found. */
  differing(): BookedRow[] {
    return [...this.#rows.values()].filter(({ due, found }) => due !== found);
  }

  /** Rows of the second reading with this key. */
  withKey(key: Uint8Array): BookedRow[] {
    const text = latin1(key);
    return [...this.#rows.values()].filter((row) => latin1(row.key) === text);
  }
}
