/**
 * IdUnion: the ids of many lists, ascending and each once.
 *
 * Thousands of lists may have most of their ids in common. A few ids are gathered and sorted at the end; more are marked, a bit for each number of the
 * pages that have any, so memory and the work at the end follow the ids that differ. That work comes in steps.
 */
import { must } from '../../base/assert.js';
import { type Steps, whole } from '../../base/steps.js';
import type { EntryId } from '../backend.js';

/** From here on marking is faster than sorting. */
const MANY_IDS = 5000;
/** Numbers of a page. */
const PAGE = 65_536;
const WORD = 32;
/** Ids to take between two looks at the clock, and how many of them the reading of a list counts for. */
const STEP_IDS = 8192;
const LIST_IDS = 64;

export class IdUnion {
  readonly #few: EntryId[] = [];
  #pages: Map<number, Uint32Array> | undefined;
  #taken = 0;

  /** Takes ids in any order. True: it is time to look at the clock. */
  add(ids: readonly EntryId[]): boolean {
    if (this.#pages === undefined && this.#few.length + ids.length > MANY_IDS) {
      this.#pages = new Map();
      mark(this.#pages, this.#few);
    }
    if (this.#pages !== undefined) mark(this.#pages, ids);
    else for (const id of ids) this.#few.push(id);
    this.#taken += ids.length + LIST_IDS;
    if (this.#taken < STEP_IDS) return false;
    this.#taken = 0;
    return true;
  }

  /** The union, a page a step; without steps where there are few. */
  *sorted(): Steps<EntryId[]> {
    if (this.#pages === undefined) return sortedFew(this.#few);
    const out: EntryId[] = [];
    for (const page of [...this.#pages.keys()].sort((a, b) => a - b)) {
      readOut(page * PAGE, must(this.#pages.get(page), 'a page'), out);
      yield;
    }
    return out;
  }
}

function mark(pages: Map<number, Uint32Array>, ids: readonly EntryId[]): void {
  let number = -1;
  let words: Uint32Array = new Uint32Array(0);
  for (const id of ids) {
    const page = Math.floor(id / PAGE);
    if (page !== number) {
      number = page;
      words = pages.get(page) ?? new Uint32Array(PAGE / WORD);
      pages.set(page, words);
    }
    const at = id - page * PAGE;
    words[at >>> 5] = (words[at >>> 5] as number) | (1 << (at & 31));
  }
}

function readOut(first: number, words: Uint32Array, out: EntryId[]): void {
  for (let at = 0; at < words.length; at++) {
    for (let word = words[at] as number; word !== 0; word &= word - 1) {
      out.push((first + at * WORD + 31 - Math.clz32(word & -word)) as EntryId);
    }
  }
}

/** Sorts in place where needed and drops what is there twice. */
export function sortedIds(ids: EntryId[]): EntryId[] {
  if (ids.length <= MANY_IDS || isAscending(ids)) return sortedFew(ids);
  const union = new IdUnion();
  union.add(ids);
  return whole(union.sorted());
}

function sortedFew(ids: EntryId[]): EntryId[] {
  if (isAscending(ids)) return ids;
  const out: EntryId[] = [];
  let last = -1;
  for (const id of Float64Array.from(ids).sort()) {
    if (id !== last) out.push(id as EntryId);
    last = id;
  }
  return out;
}

function isAscending(ids: readonly EntryId[]): boolean {
  for (let i = 1; i < ids.length; i++) if ((ids[i - 1] as number) >= (ids[i] as number)) return false;
  return true;
}
