/**
 * EntryMarks: a set of entry numbers as bits, in pages by number: one bit for each number of a page that has a mark. For sets that may come to hold every entry: a Set of
 * a million numbers is one object of 20 MiB, copied whole whenever it grows.
 *
 * takeSome() goes from page to page, so that a page that is marked again and again keeps none of the others waiting.
 */
import type { EntryId } from '../backend.js';

const PAGE_WORDS = 128;
const WORD_BITS = 32;
const PAGE = PAGE_WORDS * WORD_BITS;

interface Page {
  readonly words: Uint32Array;
  /** Marks in it; never 0. */
  count: number;
}

export class EntryMarks {
  readonly #pages = new Map<number, Page>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  has(id: EntryId): boolean {
    const page = this.#pages.get(Math.floor(id / PAGE));
    return page !== undefined && ((page.words[wordOf(id)] as number) & bitOf(id)) !== 0;
  }

  add(id: EntryId): void {
    const number = Math.floor(id / PAGE);
    let page = this.#pages.get(number);
    if (page === undefined) {
      page = { words: new Uint32Array(PAGE_WORDS), count: 0 };
      this.#pages.set(number, page);
    }
    const word = wordOf(id);
    const before = page.words[word] as number;
    if ((before & bitOf(id)) !== 0) return;
    page.words[word] = before | bitOf(id);
    page.count += 1;
    this.#size += 1;
  }

  /** True when it had a mark. */
  delete(id: EntryId): boolean {
    const number = Math.floor(id / PAGE);
    const page = this.#pages.get(number);
    const word = wordOf(id);
    const before = page?.words[word] ?? 0;
    if (page === undefined || (before & bitOf(id)) === 0) return false;
    page.words[word] = before & ~bitOf(id);
    page.count -= 1;
    this.#size -= 1;
    if (page.count === 0) this.#pages.delete(number);
    return true;
  }

  clear(): void {
    this.#pages.clear();
    this.#size = 0;
  }

  /** Takes up to `most` numbers out, those of a page in their order; the page that was looked at comes last the next time. */
  takeSome(most: number): EntryId[] {
    const taken: EntryId[] = [];
    for (const [number, page] of this.#pages) {
      if (taken.length >= most) break;
      this.#pages.delete(number);
      takeFrom(page, number * PAGE, most, taken);
      // Behind all others, and not met again in this call: it is full then.
      if (page.count > 0) this.#pages.set(number, page);
    }
    this.#size -= taken.length;
    return taken;
  }
}

/** Moves marks of a page to `taken` until that has `most`. */
function takeFrom(page: Page, first: number, most: number, taken: EntryId[]): void {
  for (let word = 0; word < PAGE_WORDS && page.count > 0; word++) {
    let bits = page.words[word] as number;
    while (bits !== 0) {
      if (taken.length >= most) return;
      const bit = WORD_BITS - 1 - Math.clz32(bits & -bits);
      bits &= bits - 1;
      page.words[word] = bits;
      page.count -= 1;
      taken.push((first + word * WORD_BITS + bit) as EntryId);
    }
  }
}

function wordOf(id: EntryId): number {
  return Math.floor((id % PAGE) / WORD_BITS);
}

function bitOf(id: EntryId): number {
  return 1 << (id % WORD_BITS);
}
