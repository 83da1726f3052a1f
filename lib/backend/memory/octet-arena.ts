/**
 * OctetArena: many small byte strings by number, in a few large pieces of memory: no object for each of them, and the bound is exact.
 *
 * Octets live in segments that are filled one after another. An item is written over its earlier octets where it fits there; else those are dead. Before
 * memory is taken, the segment with most dead octets is compacted and filled again, if they are an eighth of it. When the bound is reached, the segment
 * that is compacted next in turn lets go of what nobody asked for since the last time (second chance). A flat open-addressing table finds items; it doubles as
 * they come, and from a size on takes all its room at once, as moving more of them would hold others up.
 * What get() gives is a copy; view() is void after the next call that writes.
 */
import { assert } from '../../base/assert.js';
import { carveBytes } from '../../base/bytes.js';

/** Octets before an item: its number (f64), its length (u32), and the octets of its place with the header (u32), which may be more. */
const HEADER_BYTES = 16;
const UNIT_BYTES = 16;
const MAX_SEGMENT_BYTES = 1 << 20;
const MIN_SEGMENT_BYTES = 4096;
/** Segments that a small arena has; a large one has more. */
const FEW_SEGMENTS = 16;
/** Octets of arena for each place of the table, where the owner does not say better. */
const PLACE_SHARE = 384;
/** Dead octets for which a segment is compacted before memory is taken: one in so many. It costs a modify about a microsecond at most. */
const DEAD_SHARE = 8;
/** An item takes at most this part of a segment. */
const ITEM_SHARE = 4;
const TABLE_PLACE_BYTES = 13;
const FIRST_PLACES = 64;
/** Up to so many places the table doubles: some 3 ms the last time. */
const DOUBLED_PLACES = 2 ** 18;
/** Part of the places that items take at most. */
const FULL = 0.75;
const HASH = 0x9e3779b1;
const NOWHERE = -1;

interface Segment {
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
  readonly numbers: Float64Array;
  /** Octets used from the start. */
  used: number;
  /** Those of places whose items are held. */
  live: number;
}

/** See the file header. Numbers are positive integers below 2^53; 0 is never held. */
export class OctetArena {
  readonly #segmentBytes: number;
  readonly #mostSegments: number;
  readonly #segments: Segment[] = [];
  /** The segment that is being filled. */
  #head = NOWHERE;
  /** The segment that was compacted last because the bound was reached. */
  #hand = NOWHERE;
  /** Places that the table may have. */
  readonly #mostPlaces: number;
  #shift = 0;
  #mask = 0;
  /** Items for which the table has room as it is. */
  #roomy = 0;
  /** The table: number (0: free), place in units over all segments, whether it was asked for. */
  #keys = new Float64Array();
  #places = new Uint32Array();
  #asked = new Uint8Array();
  #count = 0;

  /** `limitBytes`: octets for all, the table included. `itemBytes`: of a usual item, or less. */
  constructor(limitBytes: number, itemBytes: number = PLACE_SHARE) {
    this.#mostPlaces = Math.max(FIRST_PLACES, 2 ** Math.ceil(Math.log2(limitBytes / itemBytes)));
    const room = limitBytes - this.#mostPlaces * TABLE_PLACE_BYTES;
    const share = 2 ** Math.floor(Math.log2(Math.max(1, room / FEW_SEGMENTS)));
    this.#segmentBytes = Math.min(MAX_SEGMENT_BYTES, Math.max(MIN_SEGMENT_BYTES, share));
    this.#mostSegments = Math.max(2, Math.floor(room / this.#segmentBytes));
    this.#makeTable(FIRST_PLACES);
  }

  /** Items held. */
  get count(): number {
    return this.#count;
  }

  /** Octets of memory taken. */
  get bytes(): number {
    return this.#segments.length * this.#segmentBytes + this.#keys.length * TABLE_PLACE_BYTES;
  }

  /** Whether there is memory not yet used, besides what is left of the head: nothing goes for the next item. */
  get hasRoom(): boolean {
    return this.#segments.length < this.#mostSegments && this.#count < this.#mostPlaces * FULL;
  }

  /** Longest item that is taken. */
  get longest(): number {
    return this.#segmentBytes / ITEM_SHARE - HEADER_BYTES;
  }

  /** Place of an item for get() and view(), valid until the next call that writes; negative where it is not held. Counts as asked for. */
  find(key: number): number {
    const slot = this.#slot(key);
    // Number 0 looks like a free place, of which the table says where some earlier item was.
    if (key === 0 || this.#keys[slot] !== key) return NOWHERE;
    this.#asked[slot] = 1;
    return this.#places[slot] as number;
  }

  /** A copy of an item. */
  get(place: number): Uint8Array {
    const view = this.view(place);
    const copy = carveBytes(view.length);
    copy.set(view);
    return copy;
  }

  /** An item where it lies: void after the next call that writes. */
  view(place: number): Uint8Array {
    const { bytes, words } = this.#segmentOf(place);
    const offset = this.#offset(place);
    const length = words[(offset >>> 2) + 2] as number;
    return new Uint8Array(bytes.buffer, offset + HEADER_BYTES, length);
  }

  /** Puts an item in place of an earlier one with its number. False: it is too long to be held. */
  put(key: number, item: Uint8Array): boolean {
    const size = HEADER_BYTES + Math.ceil(item.length / UNIT_BYTES) * UNIT_BYTES;
    if (this.#overwrite(key, item, size)) return true;
    this.remove(key);
    if (item.length > this.longest) return false;
    const segment = this.#room(size);
    const offset = segment.used;
    segment.used += size;
    segment.live += size;
    segment.numbers[offset >>> 3] = key;
    segment.words[(offset >>> 2) + 2] = item.length;
    segment.words[(offset >>> 2) + 3] = size;
    segment.bytes.set(item, offset + HEADER_BYTES);
    const slot = this.#slot(key);
    this.#keys[slot] = key;
    this.#places[slot] = (this.#head * this.#segmentBytes + offset) / UNIT_BYTES;
    this.#asked[slot] = 1;
    this.#count += 1;
    return true;
  }

  /** Puts an item where its earlier octets lie. False: there are none, or their place is too small. */
  #overwrite(key: number, item: Uint8Array, size: number): boolean {
    const slot = this.#slot(key);
    if (this.#keys[slot] !== key) return false;
    const place = this.#places[slot] as number;
    const { bytes, words } = this.#segmentOf(place);
    const offset = this.#offset(place);
    if (size > (words[(offset >>> 2) + 3] as number)) return false;
    words[(offset >>> 2) + 2] = item.length;
    bytes.set(item, offset + HEADER_BYTES);
    this.#asked[slot] = 1;
    return true;
  }

  /** Forgets an item. The table closes ranks: those that stood behind it move up. */
  remove(key: number): void {
    let hole = this.#slot(key);
    if (this.#keys[hole] !== key) return;
    this.#count -= 1;
    const place = this.#places[hole] as number;
    const segment = this.#segmentOf(place);
    segment.live -= segment.words[(this.#offset(place) >>> 2) + 3] as number;
    for (let slot = (hole + 1) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const other = this.#keys[slot] as number;
      if (other === 0) break;
      const wanted = this.#first(other);
      if (((slot - wanted) & this.#mask) < ((slot - hole) & this.#mask)) continue;
      this.#keys[hole] = other;
      this.#places[hole] = this.#places[slot] as number;
      this.#asked[hole] = this.#asked[slot] as number;
      hole = slot;
    }
    this.#keys[hole] = 0;
  }

  clear(): void {
    this.#segments.length = 0;
    this.#head = NOWHERE;
    this.#hand = NOWHERE;
    this.#keys.fill(0);
    this.#count = 0;
  }

  #makeTable(places: number): void {
    this.#shift = 32 - Math.log2(places);
    this.#mask = places - 1;
    this.#roomy = Math.floor(places * FULL);
    this.#keys = new Float64Array(places);
    this.#places = new Uint32Array(places);
    this.#asked = new Uint8Array(places);
  }

  /** A larger table. Numbers stand in the order of their hashes in both, so memory is passed through once. */
  #growTable(): void {
    const [keys, places, asked] = [this.#keys, this.#places, this.#asked];
    this.#makeTable(
      keys.length < DOUBLED_PLACES ? Math.min(keys.length * 2, this.#mostPlaces) : this.#mostPlaces,
    );
    for (let former = 0; former < keys.length; former++) {
      const key = keys[former] as number;
      if (key === 0) continue;
      const slot = this.#slot(key);
      this.#keys[slot] = key;
      this.#places[slot] = places[former] as number;
      this.#asked[slot] = asked[former] as number;
    }
  }

  #segmentOf(place: number): Segment {
    return this.#segments[Math.floor((place * UNIT_BYTES) / this.#segmentBytes)] as Segment;
  }

  #offset(place: number): number {
    return (place * UNIT_BYTES) % this.#segmentBytes;
  }

  /** Where a number stands in the table, or the free place where it would. */
  #slot(key: number): number {
    const keys = this.#keys;
    let slot = this.#first(key);
    for (;;) {
      const found = keys[slot];
      if (found === key || found === 0) return slot;
      slot = (slot + 1) & this.#mask;
    }
  }

  #first(key: number): number {
    const high = Math.floor(key / 0x1_0000_0000);
    return Math.imul((key >>> 0) ^ Math.imul(high, HASH), HASH) >>> this.#shift;
  }

  /** A segment with room for `size` octets, made the head. */
  #room(size: number): Segment {
    if (this.#count >= this.#roomy && this.#keys.length < this.#mostPlaces) this.#growTable();
    const head = this.#segments[this.#head];
    const bounded = this.#count >= this.#roomy;
    if (!bounded && head !== undefined && head.used + size <= this.#segmentBytes) return head;
    const sparse = bounded ? NOWHERE : this.#sparsest(size);
    if (sparse !== NOWHERE) {
      this.#head = sparse;
      this.#compact(sparse, () => true);
    } else if (!bounded && this.#segments.length < this.#mostSegments) {
      this.#segments.push(newSegment(this.#segmentBytes));
      this.#head = this.#segments.length - 1;
    } else {
      this.#hand = (this.#hand + 1) % this.#segments.length;
      this.#head = this.#hand;
      this.#evict(this.#hand);
    }
    const segment = this.#segments[this.#head] as Segment;
    assert(segment.used + size <= this.#segmentBytes, 'a compacted segment has room');
    return segment;
  }

  /** The segment with the fewest octets that are held, if it is worth compacting and has room for `size` then. */
  #sparsest(size: number): number {
    let found = NOWHERE;
    let least = this.#segmentBytes - Math.max(size, this.#segmentBytes / DEAD_SHARE);
    for (const [index, { live }] of this.#segments.entries()) {
      if (live > least) continue;
      found = index;
      least = live;
    }
    return found;
  }

  /** Lets go of what nobody asked for since the last time, and of what is more than half of the segment. */
  #evict(index: number): void {
    const full = this.#segmentBytes / 2;
    this.#compact(index, (slot, keptBytes) => {
      if (this.#asked[slot] === 0 || keptBytes > full) return false;
      this.#asked[slot] = 0;
      return true;
    });
  }

  /** Moves what is held and stays to the start of the segment. `keptBytes`: of all that stays, this item included. */
  #compact(index: number, stays: (slot: number, keptBytes: number) => boolean): void {
    const segment = this.#segments[index] as Segment;
    const { bytes, words, numbers } = segment;
    const first = (index * this.#segmentBytes) / UNIT_BYTES;
    let kept = 0;
    for (let offset = 0; offset < segment.used; ) {
      const key = numbers[offset >>> 3] as number;
      const size = words[(offset >>> 2) + 3] as number;
      const slot = this.#slot(key);
      if (this.#keys[slot] === key && this.#places[slot] === first + offset / UNIT_BYTES) {
        if (stays(slot, kept + size)) {
          bytes.copyWithin(kept, offset, offset + size);
          this.#places[slot] = first + kept / UNIT_BYTES;
          kept += size;
        } else this.remove(key);
      }
      offset += size;
    }
    segment.used = kept;
    segment.live = kept;
  }
}

function newSegment(length: number): Segment {
  const buffer = new ArrayBuffer(length);
  return {
    bytes: new Uint8Array(buffer),
    words: new Uint32Array(buffer),
    numbers: new Float64Array(buffer),
    used: 0,
    live: 0,
  };
}
