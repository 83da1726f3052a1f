/**
 * Byte strings: the primitive of every other folder.
 *
 * Attribute values, keys and frames are Uint8Array and never strings. Buffer (a Uint8Array) is used inside this
 * file only for speed; nothing here does I/O. UTF-8 decoding is strict: malformed input is an answer, never U+FFFD.
 */

const EMPTY = new Uint8Array(0);
const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The empty byte string (shared; never written to). */
export function emptyBytes(): Uint8Array {
  return EMPTY;
}

const SLAB_BYTES = 65_536;
const CARVED_BYTES = 1024;
let slab = new ArrayBuffer(SLAB_BYTES);
let slabUsed = 0;

/**
 * Zeroed octets cut from a larger piece of memory: for short-lived keys and values that go to native code. V8 keeps small arrays of their own on
 * its heap and must move each of them out when native code asks for it, which costs ten times as much. Whoever keeps one for long copies it.
 */
export function carveBytes(length: number): Uint8Array {
  if (length > CARVED_BYTES) return new Uint8Array(length);
  if (slabUsed + length > SLAB_BYTES) {
    slab = new ArrayBuffer(SLAB_BYTES);
    slabUsed = 0;
  }
  const bytes = new Uint8Array(slab, slabUsed, length);
  slabUsed += length;
  return bytes;
}

/** A view of the same memory as a Buffer. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** UTF-8 bytes of `text`. */
export function utf8Encode(text: string): Uint8Array {
  return Buffer.from(text, 'utf8');
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

/** Whether every octet is below 0x80. */
export function isAscii(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) if ((bytes[i] as number) >= 0x80) return false;
  return true;
}

/** Buffer's own decoder works on any Uint8Array: no Buffer is made for it. */
const { latin1Slice } = Buffer.prototype as unknown as {
  latin1Slice(this: Uint8Array, start: number, end: number): string;
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

/** One new byte string of all parts. */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts);
}

/** Lower-case hex text. */
export function toHex(bytes: Uint8Array): string {
  return asBuffer(bytes).toString('hex');
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
