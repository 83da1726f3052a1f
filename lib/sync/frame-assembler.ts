/**
 * Cuts a byte stream into replication frames: four octets of length (big-endian), then that many octets.
 *
 * Judges a length as soon as its four octets are there, before anything is kept for it, and never allocates by an announced length: what came is kept in the
 * pieces it came in, and joined once the frame is whole. Knows nothing of what a frame says (frames.ts).
 */
import { emptyBytes } from '../base/bytes.js';
import { FrameError } from './frame-error.js';

/** Octets of a length. */
export const FRAME_HEADER_BYTES = 4;
const HEADER_BYTES = FRAME_HEADER_BYTES;

export class FrameAssembler {
  #maxBytes: number;
  #pieces: Uint8Array[] = [];
  #bytes = 0;
  /** Octets of the first piece that were given out already. */
  #consumed = 0;

  /** `maxBytes`: the longest frame accepted until allow() says otherwise. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Changes the bound, when the peer is known. */
  allow(maxBytes: number): void {
    this.#maxBytes = maxBytes;
  }

  /** Octets kept and not given out. */
  get pendingBytes(): number {
    return this.#bytes;
  }

  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#pieces.push(bytes);
    this.#bytes += bytes.length;
  }

  /** Everything kept, taken out: it is no frame as it stands. */
  takeRest(): Uint8Array {
    return this.#take(this.#bytes);
  }

  /** The next whole frame without its length, or undefined; a view of what was pushed where it came in one piece. Throws FrameError on a length beyond the bound. */
  next(): Uint8Array | undefined {
    if (this.#bytes < HEADER_BYTES) return undefined;
    const length = this.#peekLength();
    if (length === 0) throw new FrameError('an empty frame');
    if (length > this.#maxBytes) {
      throw new FrameError(`a frame of ${length} octets; at most ${this.#maxBytes} are accepted`);
    }
    if (this.#bytes < HEADER_BYTES + length) return undefined;
    this.#take(HEADER_BYTES);
    return this.#take(length);
  }

  #peekLength(): number {
    let length = 0;
    let piece = 0;
    let at = this.#consumed;
    for (let i = 0; i < HEADER_BYTES; i++) {
      while (at >= (this.#pieces[piece] as Uint8Array).length) {
        piece += 1;
        at = 0;
      }
      length = length * 256 + ((this.#pieces[piece] as Uint8Array)[at++] as number);
    }
    return length;
  }

  #take(length: number): Uint8Array {
    this.#bytes -= length;
    const first = this.#pieces[0] ?? emptyBytes();
    if (first.length - this.#consumed >= length) {
      const view = first.subarray(this.#consumed, this.#consumed + length);
      this.#consumed += length;
      if (this.#consumed === first.length) this.#dropPieces(1);
      return view;
    }
    const whole = new Uint8Array(length);
    let filled = 0;
    let used = 0;
    for (const piece of this.#pieces) {
      const part = piece.subarray(this.#consumed, this.#consumed + length - filled);
      whole.set(part, filled);
      filled += part.length;
      if (this.#consumed + part.length === piece.length) {
        used += 1;
        this.#consumed = 0;
      } else {
        this.#consumed += part.length;
      }
      if (filled === length) break;
    }
    this.#pieces.splice(0, used);
    return whole;
  }

  #dropPieces(count: number): void {
    this.#pieces.splice(0, count);
    this.#consumed = 0;
  }
}
