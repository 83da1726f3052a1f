/**
 * BerWriter: fills one growing buffer from its end towards its start, so that every length is known when its header is written.
 *
 * Elements are therefore written last first, and a constructed element's header after its content: mark = writer.length; write the content's
 * elements in reverse; writer.wrap(tag, mark). Lengths come out in their shortest form. The buffer is reused by reset(); a view from bytes() is
 * valid until then. Capacity grown for one huge message is given back.
 */
import { TAG } from './tags.js';

const RETAINED_BYTES = 1_048_576;

export class BerWriter {
  readonly #initialBytes: number;
  #buffer: Buffer;
  /** Index of the first octet written; everything from here to the end is content. */
  #at: number;

  constructor(initialBytes = 4096) {
    this.#initialBytes = initialBytes;
    this.#buffer = Buffer.allocUnsafeSlow(initialBytes);
    this.#at = initialBytes;
  }

  /** Octets written: a mark for wrap(). */
  get length(): number {
    return this.#buffer.length - this.#at;
  }

  /** Forgets everything written. */
  reset(): void {
    if (this.#buffer.length > RETAINED_BYTES) this.#buffer = Buffer.allocUnsafeSlow(this.#initialBytes);
    this.#at = this.#buffer.length;
  }

  /** What was written: a view, valid until the next write or reset(). */
  bytes(): Uint8Array {
    return this.#buffer.subarray(this.#at);
  }

  /** A copy of what was written since `mark`. */
  copySince(mark: number): Uint8Array {
    return new Uint8Array(this.#buffer.subarray(this.#at, this.#buffer.length - mark));
  }

  /** Forgets what was written since `mark`. */
  dropSince(mark: number): void {
    this.#at = this.#buffer.length - mark;
  }

  /** Puts a header before everything written since `mark`. */
  wrap(tag: number, mark: number): void {
    this.header(tag, this.length - mark);
  }

  /** Identifier and length octets. */
  header(tag: number, contentBytes: number): void {
    this.#reserve(6);
    const buffer = this.#buffer;
    let at = this.#at;
    if (contentBytes < 0x80) {
      buffer[--at] = contentBytes;
    } else {
      let rest = contentBytes;
      let octets = 0;
      while (rest > 0) {
        buffer[--at] = rest % 256;
        rest = Math.floor(rest / 256);
        octets += 1;
      }
      buffer[--at] = 0x80 | octets;
    }
    buffer[--at] = tag;
    this.#at = at;
  }

  /** Octets as they are. */
  raw(bytes: Uint8Array): void {
    const length = bytes.length;
    this.#reserve(length);
    this.#at -= length;
    if (length <= 24) {
      const buffer = this.#buffer;
      for (let i = 0, at = this.#at; i < length; i++, at++) buffer[at] = bytes[i] as number;
    } else {
      this.#buffer.set(bytes, this.#at);
    }
  }

  /** `length` octets of `bytes` from `start` on, as they are. */
  rawOf(bytes: Uint8Array, start: number, length: number): void {
    this.#reserve(length);
    this.#at -= length;
    if (length <= 40) {
      const buffer = this.#buffer;
      for (let i = start, at = this.#at, end = start + length; i < end; i++, at++)
        buffer[at] = bytes[i] as number;
    } else {
      this.#buffer.set(bytes.subarray(start, start + length), this.#at);
    }
  }

  /** One octet as it is. */
  octet(value: number): void {
    this.#reserve(1);
    this.#buffer[--this.#at] = value;
  }

  /** An octet string of `length` octets of `bytes` from `start` on. */
  octetsOf(bytes: Uint8Array, start: number, length: number): void {
    this.rawOf(bytes, start, length);
    this.header(TAG.octetString, length);
  }

  /** An octet string. */
  octets(bytes: Uint8Array, tag: number = TAG.octetString): void {
    this.raw(bytes);
    this.header(tag, bytes.length);
  }

  /** An octet string of UTF-8 text. */
  text(text: string, tag: number = TAG.octetString): void {
    const mark = this.length;
    this.rawText(text);
    this.header(tag, this.length - mark);
  }

  /** The UTF-8 octets of text. */
  rawText(text: string): void {
    const length = text.length;
    if (length <= 64) {
      this.#reserve(length);
      const buffer = this.#buffer;
      let at = this.#at;
      let i = length - 1;
      for (; i >= 0; i--) {
        const code = text.charCodeAt(i);
        if (code >= 0x80) break;
        buffer[--at] = code;
      }
      if (i < 0) {
        this.#at = at;
        return;
      }
    }
    const octets = Buffer.byteLength(text, 'utf8');
    this.#reserve(octets);
    this.#at -= octets;
    this.#buffer.write(text, this.#at, octets, 'utf8');
  }

  /** An INTEGER (or ENUMERATED) of -2^31 .. 2^31-1 in its shortest form. */
  integer(value: number, tag: number = TAG.integer): void {
    this.#reserve(8);
    let rest = value | 0;
    let octets = 0;
    let last: number;
    do {
      last = rest & 0xff;
      this.#buffer[--this.#at] = last;
      rest >>= 8;
      octets += 1;
    } while (!((rest === 0 && last < 0x80) || (rest === -1 && last >= 0x80)));
    this.#buffer[--this.#at] = octets;
    this.#buffer[--this.#at] = tag;
  }

  /** A BOOLEAN; true is FF (RFC 4511 section 5.1). */
  boolean(value: boolean, tag: number = TAG.boolean): void {
    this.#reserve(3);
    this.#buffer[--this.#at] = value ? 0xff : 0;
    this.#buffer[--this.#at] = 1;
    this.#buffer[--this.#at] = tag;
  }

  /** A NULL. */
  null(tag: number = TAG.null): void {
    this.header(tag, 0);
  }

  #reserve(octets: number): void {
    if (this.#at >= octets) return;
    const used = this.length;
    const grown = Buffer.allocUnsafeSlow(Math.max(this.#buffer.length * 2, used + octets));
    grown.set(this.#buffer.subarray(this.#at), grown.length - used);
    this.#buffer = grown;
    this.#at = grown.length - used;
  }
}
