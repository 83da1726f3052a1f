/**
 * BerReader: a cursor over the subset of BER that LDAP uses (RFC 4511 section 5.1), zero-copy and bounded.
 *
 * Invariants: position <= limit <= bytes.length; nothing outside the element entered last is ever read; each call moves forward or throws BerError.
 * Indefinite lengths, lengths above four octets, tag numbers above 30 and constructed octet strings are refused; padded long-form lengths
 * are accepted. It never recurses and allocates only the views and texts that it returns.
 */
import { asBuffer, emptyBytes } from '../base/bytes.js';
import { BerError } from './ber-error.js';
import { TAG } from './tags.js';
import { textOf } from './text-intern.js';

export class BerReader {
  #bytes: Uint8Array = emptyBytes();
  #position = 0;
  #limit = 0;

  /** Reads octets start..end of `bytes`. */
  constructor(bytes: Uint8Array = emptyBytes(), start = 0, end = bytes.length) {
    this.reset(bytes, start, end);
  }

  /** Starts over on other octets, so that one reader serves many messages. */
  reset(bytes: Uint8Array, start = 0, end = bytes.length): void {
    this.#bytes = asBuffer(bytes);
    this.#position = start;
    this.#limit = end;
  }

  /** Index into the octets given to reset(). */
  get position(): number {
    return this.#position;
  }

  /** End of the element entered last. */
  get limit(): number {
    return this.#limit;
  }

  /** Whether the element entered last is used up. */
  get atEnd(): boolean {
    return this.#position >= this.#limit;
  }

  /** The next identifier octet, or -1 at the end. */
  peekTag(): number {
    return this.#position < this.#limit ? (this.#bytes[this.#position] as number) : -1;
  }

  /** Passes the header of an element with this tag and answers where its content ends; the content is next. */
  openElement(tag: number): number {
    const position = this.#position;
    if (position >= this.#limit) throw this.#fault(`element ${hex(tag)} is missing`);
    const found = this.#bytes[position] as number;
    if (found !== tag) throw this.#fault(`element ${hex(tag)} expected, ${hex(found)} found`);
    return this.#passHeader();
  }

  /** Narrows the reader to a constructed element's content. Answers what leave() needs. */
  enter(tag: number): number {
    const end = this.openElement(tag);
    const outer = this.#limit;
    this.#limit = end;
    return outer;
  }

  /** Back to the enclosing element; all content must have been read. */
  leave(outer: number): void {
    if (this.#position !== this.#limit) throw this.#fault('superfluous octets in an element');
    this.#limit = outer;
  }

  /** Back to the enclosing element, ignoring well-formed trailing elements (RFC 4511 section 4: unrecognized trailing components). */
  leaveExtensible(outer: number): void {
    while (this.#position < this.#limit) this.skip();
    this.#limit = outer;
  }

  /** Passes one element of any tag. */
  skip(): void {
    if (this.#position >= this.#limit) throw this.#fault('an element is missing');
    this.#position = this.#passHeader();
  }

  /** Content of an octet string (or of any primitive element with this tag): a view, not a copy. */
  octets(tag: number = TAG.octetString): Uint8Array {
    const end = this.openElement(tag);
    const view = this.#bytes.subarray(this.#position, end);
    this.#position = end;
    return view;
  }

  /** Content of an octet string as text, or undefined where it is not valid UTF-8. */
  text(tag: number = TAG.octetString): string | undefined {
    const end = this.openElement(tag);
    const text = textOf(this.#bytes, this.#position, end);
    this.#position = end;
    return text;
  }

  /** An INTEGER or ENUMERATED of at most four octets: -2^31 .. 2^31-1. */
  integer(tag: number = TAG.integer): number {
    const end = this.openElement(tag);
    const length = end - this.#position;
    if (length < 1 || length > 4) throw this.#fault('an integer must have one to four octets');
    let value = ((this.#bytes[this.#position] as number) << 24) >> 24;
    for (let i = 1; i < length; i++) value = (value << 8) | (this.#bytes[this.#position + i] as number);
    this.#position = end;
    return value;
  }

  /** A BOOLEAN. Any octet but 00 is taken as true: LDAP senders must write FF, and some do not. */
  boolean(tag: number = TAG.boolean): boolean {
    const end = this.openElement(tag);
    if (end - this.#position !== 1) throw this.#fault('a boolean must have one octet');
    const value = this.#bytes[this.#position] !== 0;
    this.#position = end;
    return value;
  }

  /** A NULL. */
  null(tag: number = TAG.null): void {
    if (this.openElement(tag) !== this.#position) throw this.#fault('a null must have no octets');
  }

  /** The whole next element, header included: a view. */
  element(): Uint8Array {
    const start = this.#position;
    this.skip();
    return this.#bytes.subarray(start, this.#position);
  }

  /** Checks that all octets were read. */
  finish(): void {
    if (this.#position !== this.#limit) throw this.#fault('superfluous octets at the end');
  }

  #passHeader(): number {
    let position = this.#position;
    if (((this.#bytes[position] as number) & 0x1f) === 0x1f)
      throw this.#fault('tag numbers above 30 are not used');
    position += 1;
    if (position >= this.#limit) throw this.#fault('a length is missing');
    let length = this.#bytes[position] as number;
    position += 1;
    if (length >= 0x80) {
      const octets = length & 0x7f;
      if (octets === 0) throw this.#fault('indefinite lengths are not allowed');
      if (octets > 4) throw this.#fault('a length may have four octets');
      if (position + octets > this.#limit) throw this.#fault('a length is cut short');
      length = 0;
      for (let i = 0; i < octets; i++) length = length * 256 + (this.#bytes[position + i] as number);
      position += octets;
    }
    if (length > this.#limit - position) throw this.#fault('an element is longer than what holds it');
    this.#position = position;
    return position + length;
  }

  #fault(message: string): BerError {
    return new BerError('malformed', message, this.#position);
  }
}

function hex(tag: number): string {
  return `0x${tag.toString(16).padStart(2, '0')}`;
}
