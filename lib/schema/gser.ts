/**
 * Generic String Encoding Rules (RFC 3641), as the assertions of RFC 4523 are written: a value read into a tree.
 *
 * Types are not known here: `{ a 1, b 2 }` is fields, `{ a, b }` a list, `name:value` a choice. Total: undefined for malformed text. Nesting is bounded.
 */
import { fromHex } from '../base/bytes.js';
import { LIMITS } from '../base/limits.js';

export type Gser =
  | { readonly kind: 'fields'; readonly fields: ReadonlyMap<string, Gser> }
  | { readonly kind: 'list'; readonly items: readonly Gser[] }
  | { readonly kind: 'choice'; readonly name: string; readonly value: Gser }
  /** A quoted string. */
  | { readonly kind: 'text'; readonly text: string }
  /** A number, an OID, an identifier. */
  | { readonly kind: 'word'; readonly text: string }
  /** `'0F'H`. */
  | { readonly kind: 'octets'; readonly octets: Uint8Array }
  /** `'0101'B`. */
  | { readonly kind: 'bits'; readonly bits: string };

const SPACES = / */y;
const WORD = /[A-Za-z0-9.-]+/y;

/** The value that `text` writes. The caller has bounded its length. */
export function readGser(text: string): Gser | undefined {
  const reader = new Reader(text);
  const value = reader.value(0);
  return value !== undefined && reader.atEnd() ? value : undefined;
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  atEnd(): boolean {
    this.#skip();
    return this.#at === this.#text.length;
  }

  value(depth: number): Gser | undefined {
    if (depth > LIMITS.nesting) return undefined;
    this.#skip();
    switch (this.#text.charAt(this.#at)) {
      case '{':
        return this.#braces(depth);
      case '"':
        return this.#quoted();
      case "'":
        return this.#string();
      default: {
        const word = this.#word();
        if (word === undefined) return undefined;
        if (this.#text.charAt(this.#at) !== ':') return { kind: 'word', text: word };
        this.#at += 1;
        const value = this.value(depth + 1);
        return value === undefined ? undefined : { kind: 'choice', name: word, value };
      }
    }
  }

  #braces(depth: number): Gser | undefined {
    this.#at += 1;
    const fields = new Map<string, Gser>();
    const items: Gser[] = [];
    if (this.#take('}')) return { kind: 'fields', fields };
    do {
      const item = this.value(depth + 1);
      if (item === undefined) return undefined;
      this.#skip();
      const next = this.#text.charAt(this.#at);
      if (next === ',' || next === '}') items.push(item);
      else if (item.kind !== 'word' || fields.has(item.text)) return undefined;
      else {
        const value = this.value(depth + 1);
        if (value === undefined) return undefined;
        fields.set(item.text, value);
      }
    } while (this.#take(','));
    if (!this.#take('}') || (items.length > 0 && fields.size > 0)) return undefined;
    return items.length > 0 ? { kind: 'list', items } : { kind: 'fields', fields };
  }

  /** A quote in the text is doubled. */
  #quoted(): Gser | undefined {
    let text = '';
    for (let from = this.#at + 1; ; ) {
      const quote = this.#text.indexOf('"', from);
      if (quote < 0) return undefined;
      text += this.#text.slice(from, quote);
      if (this.#text.charAt(quote + 1) !== '"') {
        this.#at = quote + 1;
        return { kind: 'text', text };
      }
      text += '"';
      from = quote + 2;
    }
  }

  #string(): Gser | undefined {
    const end = this.#text.indexOf("'", this.#at + 1);
    if (end < 0) return undefined;
    const digits = this.#text.slice(this.#at + 1, end);
    const form = this.#text.charAt(end + 1);
    this.#at = end + 2;
    if (form === 'B') return isBits(digits) ? { kind: 'bits', bits: digits } : undefined;
    const octets = form === 'H' ? fromHex(digits.toLowerCase()) : undefined;
    return octets === undefined ? undefined : { kind: 'octets', octets };
  }

  #word(): string | undefined {
    WORD.lastIndex = this.#at;
    const word = WORD.exec(this.#text)?.[0];
    if (word !== undefined) this.#at += word.length;
    return word;
  }

  #take(char: string): boolean {
    this.#skip();
    if (this.#text.charAt(this.#at) !== char) return false;
    this.#at += 1;
    return true;
  }

  #skip(): void {
    SPACES.lastIndex = this.#at;
    SPACES.test(this.#text);
    this.#at = SPACES.lastIndex;
  }
}

function isBits(digits: string): boolean {
  for (let i = 0; i < digits.length; i++)
    if (digits.charAt(i) !== '0' && digits.charAt(i) !== '1') return false;
  return true;
}
