/**
 * HeadCache: heads of equality values in memory, as bytes (octet-arena.ts): hundreds of thousands of them cost the garbage collector nothing. Bounded.
 *
 * An item is found by a hash of the value's text and holds the text, which proves it. A value that is too long to be held is read each time.
 */
import { emptyBytes } from '../../base/bytes.js';
import { OctetArena } from '../memory/octet-arena.js';
import { decodeHead, encodeHead, type Head } from './posting-rows.js';

/** Octets for all heads: some 200,000 of usual length. */
const HEAD_BYTES = 12 << 20;
/** Octets of an item of usual length. */
const ITEM_BYTES = 64;
const LONGEST_TEXT = 512;

/** See the file header. Texts hold one octet a character (base/bytes.ts, latin1). */
export class HeadCache {
  readonly #arena = new OctetArena(HEAD_BYTES, ITEM_BYTES);
  readonly #item = new Uint8Array(LONGEST_TEXT + 128);

  /** The head of a value; 'none': it has no row; undefined: not known. */
  get(text: string): Head | 'none' | undefined {
    if (text.length > LONGEST_TEXT) return undefined;
    const place = this.#arena.find(hash(text));
    if (place < 0) return undefined;
    const item = this.#arena.view(place);
    if (((item[0] as number) << 8) + (item[1] as number) !== text.length) return undefined;
    for (let i = 0; i < text.length; i++) if (item[2 + i] !== text.charCodeAt(i)) return undefined;
    const at = 2 + text.length;
    return item.length === at ? 'none' : decodeHead(item, at);
  }

  set(text: string, head: Head | 'none'): void {
    if (text.length > LONGEST_TEXT) return;
    const item = this.#item;
    item[0] = text.length >>> 8;
    item[1] = text.length;
    for (let i = 0; i < text.length; i++) item[2 + i] = text.charCodeAt(i);
    const octets = head === 'none' ? emptyBytes() : encodeHead(head);
    item.set(octets, 2 + text.length);
    this.#arena.put(hash(text), item.subarray(0, 2 + text.length + octets.length));
  }

  clear(): void {
    this.#arena.clear();
  }
}

/** A positive number below 2^53. */
function hash(text: string): number {
  let low = 0x811c9dc5;
  let high = 0x9747b28c;
  for (let i = 0; i < text.length; i++) {
    const octet = text.charCodeAt(i);
    low = Math.imul(low ^ octet, 0x01000193);
    high = Math.imul(high ^ octet, 0x5bd1e995);
  }
  return ((high ^ (high >>> 15)) & 0xf_ffff) * 0x1_0000_0000 + (low >>> 0) + 1;
}
