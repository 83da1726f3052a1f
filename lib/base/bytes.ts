/**
 * Byte strings: the primitive of every other folder.
 *
 * Attribute values, keys and frames are Uint8Array and never strings. Buffer (a Uint8Array) is used inside this
 * file only for speed; nothing here does I/O. UTF-8 decoding is strict: malformed input is an answer, never U+FFFD.
 */
import { type Steps, whole } from './steps.js';

const EMPTY = new Uint8Array(0);
/** Octets of a long value that are decoded at once where nobody asks for the text. */
const DECODED_BYTES = 65_536;
const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The empty byte string (shared; never written to). */
export function emptyBytes(): Uint8Array {
  return EMPTY;
}

const SLAB_BYTES = 65_536;
/** Longer ones have memory of their own. */
const CARVED_BYTES = 2048;

/** Up to this many characters a loop beats the encoder. */
const CARVED_ASCII = 128;

/**
 * Cuts zeroed octets from larger pieces of memory. V8 keeps small arrays of their own on its heap and must move each of them out when native code asks
 * for it, and every larger one is a piece of memory that the garbage collector must know of. A piece lives as long as any of what was cut from it:
 * one carver for what lives equally long.
 */
export class Carver {
  #slab = new ArrayBuffer(0);
  #used = 0;

  carve(length: number): Uint8Array {
    if (length > CARVED_BYTES) return new Uint8Array(length);
    if (this.#used + length > this.#slab.byteLength) {
      this.#slab = new ArrayBuffer(SLAB_BYTES);
      this.#used = 0;
    }
    const bytes = new Uint8Array(this.#slab, this.#used, length);
    this.#used += length;
    return bytes;
  }
}

const shortLived = new Carver();

/** Zeroed octets for short-lived keys and values that go to native code. Whoever keeps one for long copies it. */
export function carveBytes(length: number): Uint8Array {
  return shortLived.carve(length);
}

/** A view of the same memory as a Buffer. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** UTF-8 bytes of `text`. */
export function utf8Encode(text: string): Uint8Array {
  return Buffer.from(text, 'utf8');
}

/** utf8Encode() for what is used at once; short ASCII, which is most, costs no call of native code. Short-lived as carveBytes(). */
export function utf8Fleeting(text: string): Uint8Array {
  const { length } = text;
  if (length > CARVED_ASCII) return utf8Encode(text);
  const bytes = carveBytes(length);
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 0x80) return utf8Encode(text);
    bytes[i] = code;
  }
  return bytes;
}

/** The text of UTF-8 `bytes`, or undefined where they are not valid UTF-8. */
export function utf8Decode(bytes: Uint8Array): string | undefined {
  if (isAscii(bytes)) return latin1(bytes);
  try {
    return strictDecoder.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Whether the octets are valid UTF-8; for ASCII no text is made. */
export function isUtf8(bytes: Uint8Array): boolean {
  if (isAscii(bytes)) return true;
  return bytes.length <= DECODED_BYTES ? utf8Decode(bytes) !== undefined : whole(isUtf8InSteps(bytes));
}

/** isUtf8() in steps. In pieces: the text of a long value would be memory for nothing. */
export function* isUtf8InSteps(bytes: Uint8Array): Steps<boolean> {
  // None while all has been ASCII.
  let decoder: typeof strictDecoder | undefined;
  for (let at = 0; at < bytes.length; at += DECODED_BYTES) {
    if (at > 0) yield;
    const piece = bytes.subarray(at, at + DECODED_BYTES);
    if (decoder === undefined && isAscii(piece)) continue;
    decoder ??= new TextDecoder('utf-8', { fatal: true });
    try {
      decoder.decode(piece, { stream: at + DECODED_BYTES < bytes.length });
    } catch {
      return false;
    }
  }
  return true;
}

/** Whether every octet is below 0x80. */
export function isAscii(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) if ((bytes[i] as number) >= 0x80) return false;
  return true;
}

/** Buffer's own decoders work on any Uint8Array: no Buffer is made for it. */
const { latin1Slice, hexSlice } = Buffer.prototype as unknown as {
  latin1Slice(this: Uint8Array, start: number, end: number): string;
  hexSlice(this: Uint8Array, start: number, end: number): string;
};

/** One char per octet: a lossless key for Maps. */
export function latin1(bytes: Uint8Array): string {
  return latin1Slice.call(bytes, 0, bytes.length);
}

/** latin1() of the first `length` octets. */
export function latin1Start(bytes: Uint8Array, length: number): string {
  return latin1Slice.call(bytes, 0, length);
}

/** The inverse of latin1(). */
export function fromLatin1(text: string): Uint8Array {
  return Buffer.from(text, 'latin1');
}

/** Bytewise order, as LevelDB sorts: negative, zero, positive. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  return Buffer.compare(a, b);
}

/** Whether both hold the same octets. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  if (a.length > 64) return Buffer.compare(a, b) === 0;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Whether `bytes` begin with the octets of `prefix`. From its end on: keys of a neighbourhood differ late. */
export function beginsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  for (let i = prefix.length - 1; i >= 0; i--) if (bytes[i] !== prefix[i]) return false;
  return true;
}

/** Whether both lists hold the same octets in the same order. */
export function equalByteLists(a: readonly Uint8Array[], b: readonly Uint8Array[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!equalBytes(a[i] as Uint8Array, b[i] as Uint8Array)) return false;
  return true;
}

/** One new byte string of all parts. */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts);
}

/** Lower-case hex text. */
export function toHex(bytes: Uint8Array): string {
  return hexSlice.call(bytes, 0, bytes.length);
}

/** Lower-case hex text of the octets from `start` to `end`. */
export function toHexPart(bytes: Uint8Array, start: number, end: number): string {
  return hexSlice.call(bytes, start, end);
}

/**
 * Writes the octets of lower-case hex digits, those of `text` from `from` on, until `count` octets stand at `at`. False where a character is no such digit.
 */
export function writeHex(bytes: Uint8Array, at: number, text: string, from: number, count: number): boolean {
  let wrong = 0;
  for (let i = 0; i < count; i++) {
    const high = hexDigit(text.charCodeAt(from + 2 * i));
    const low = hexDigit(text.charCodeAt(from + 2 * i + 1));
    wrong |= high | low;
    bytes[at + i] = (high << 4) | low;
  }
  return wrong >= 0;
}

/** The number that `count` lower-case hex digits of `text` from `from` on write: exact up to 2^53, wrong where a character is no such digit. */
export function readHex(text: string, from: number, count: number): number {
  let number = 0;
  for (let i = from; i < from + count; i++) number = number * 16 + hexDigit(text.charCodeAt(i));
  return number;
}

/** Negative for what is no digit. */
function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  return code >= 0x61 && code <= 0x66 ? code - 0x57 : -1;
}

/** Bytes of hex text, or undefined where it is not hex of even length. */
export function fromHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0) return undefined;
  const bytes = Buffer.from(text, 'hex');
  return bytes.length * 2 === text.length ? bytes : undefined;
}

/** Standard base64 text. */
export function toBase64(bytes: Uint8Array): string {
  return asBuffer(bytes).toString('base64');
}

/** Bytes of strict base64 text (padding required), or undefined. */
export function fromBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0) return undefined;
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}
