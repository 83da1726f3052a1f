/**
 * Candidates of the data that were here when they were asked for: once a copy replaces these, they end with LdapError unavailable.
 *
 * Numbers of entries mean others in the copy, and what is missing while it comes is not missing in the domain: an answer that goes on is wrong, and one that ends is short without a word.
 */
import type { Candidates } from '../backend.js';
import type { Dictionary } from '../rows/dictionary.js';
import { domainReplaced } from '../rows/replaced-domain.js';

type Slice = Awaited<ReturnType<Candidates['next']>>;

export class SteadyCandidates implements Candidates {
  readonly #inner: Candidates;
  readonly #dictionary: Dictionary;
  readonly #dataSet: number;

  constructor(inner: Candidates, dictionary: Dictionary) {
    this.#inner = inner;
    this.#dictionary = dictionary;
    this.#dataSet = dictionary.dataSet;
  }

  next(): Slice | Promise<Slice> {
    this.#check();
    const slice = this.#inner.next();
    return slice instanceof Promise ? this.#checked(slice) : slice;
  }

  /** Rows may have gone while the slice was read, and whatever that led to is no fault of the store. */
  async #checked(slice: Promise<Slice>): Promise<Slice> {
    try {
      return await slice;
    } finally {
      this.#check();
    }
  }

  #check(): void {
    if (this.#dictionary.dataSet !== this.#dataSet) throw domainReplaced();
  }

  close(): void {
    this.#inner.close();
  }

  get unindexed(): boolean {
    return this.#inner.unindexed;
  }

  get plan(): string {
    return this.#inner.plan;
  }

  get most(): number {
    return this.#inner.most;
  }

  get sure(): boolean {
    return this.#inner.sure;
  }
}
