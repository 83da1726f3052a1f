/**
 * One search as a client sees it: a stream of entries and references with a result at its end.
 *
 * Owns the queue between the connection and the reader: when the reader falls behind by HIGH_WATER items the connection is paused, so that a large result needs bounded
 * memory. A reader that stops early abandons the search.
 */
import type { Attribute } from '../entry/entry.js';
import type { Control, LdapResult } from '../ldap/message.js';

const HIGH_WATER = 1000;
const LOW_WATER = 100;

export type SearchItem =
  | {
      readonly kind: 'entry';
      readonly dn: string;
      readonly attributes: readonly Attribute[];
      readonly controls: readonly Control[];
    }
  | { readonly kind: 'reference'; readonly urls: readonly string[] }
  | {
      readonly kind: 'intermediate';
      readonly oid: string | undefined;
      readonly value: Uint8Array | undefined;
    };

/** How a search ended. */
export interface SearchEnd {
  readonly result: LdapResult;
  readonly controls: readonly Control[];
}

/** What the connection does for a search. */
export interface SearchOwner {
  pause(): void;
  resume(): void;
  /** The reader has lost interest before the end. */
  abandon(): void;
}

export class SearchStream implements AsyncIterable<SearchItem> {
  readonly #owner: SearchOwner;
  #items: SearchItem[] = [];
  #head = 0;
  #end: SearchEnd | Error | undefined;
  #wake: (() => void) | undefined;
  #paused = false;

  constructor(owner: SearchOwner) {
    this.#owner = owner;
  }

  /** How the search ended; undefined while it goes on. */
  get end(): SearchEnd | undefined {
    return this.#end instanceof Error ? undefined : this.#end;
  }

  /** Takes an item from the connection. */
  push(item: SearchItem): void {
    this.#items.push(item);
    if (!this.#paused && this.#items.length - this.#head >= HIGH_WATER) {
      this.#paused = true;
      this.#owner.pause();
    }
    this.#wakeReader();
  }

  /** Takes the end from the connection: a result, or why there is none. */
  finish(end: SearchEnd | Error): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    this.#wakeReader();
  }

  /** Items until the end. The result, good or bad, is then in `end`; an error of the connection is thrown. */
  async *[Symbol.asyncIterator](): AsyncIterator<SearchItem> {
    try {
      for (;;) {
        const item = this.#next();
        if (item !== undefined) {
          yield item;
        } else if (this.#end instanceof Error) {
          throw this.#end;
        } else if (this.#end !== undefined) {
          return;
        } else {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
        }
      }
    } finally {
      this.#items = [];
      this.#head = 0;
      if (this.#end === undefined) this.#owner.abandon();
      this.#resume();
    }
  }

  #next(): SearchItem | undefined {
    const item = this.#items[this.#head];
    if (item === undefined) return undefined;
    this.#head += 1;
    if (this.#head === this.#items.length) {
      this.#items = [];
      this.#head = 0;
    }
    if (this.#items.length - this.#head <= LOW_WATER) this.#resume();
    return item;
  }

  #resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#owner.resume();
  }

  #wakeReader(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
