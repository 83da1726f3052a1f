/**
 * SharedPieces: packed things on their way to another thread (shared-slots.ts), as many in a piece as find room.
 *
 * Owns the piece that is being filled. A piece is a slot, or memory of our own, copied when it is sent, where no slot is free or has room for a thing. Several may share slots.
 */
import { type SharedSlots, slotOctets } from './shared-slots.js';

/** A piece as the other thread is told of it. */
export type SentPiece = { readonly slot: number; readonly length: number } | { readonly copied: Uint8Array };

/** See the file header. */
export class SharedPieces {
  readonly #slots: SharedSlots;
  readonly #post: (piece: SentPiece) => void;
  #slot: number | undefined;
  #octets: Uint8Array = new Uint8Array(0);
  #view = new DataView(this.#octets.buffer);
  #used = 0;

  constructor(slots: SharedSlots, post: (piece: SentPiece) => void) {
    this.#slots = slots;
    this.#post = post;
  }

  /** Makes room for `needed` octets; then they go into `octets` from `used` on. */
  reserve(needed: number): void {
    if (this.#used + needed <= this.#octets.length) return;
    this.send();
    const { slotBytes } = this.#slots.memory;
    this.#slot = needed > slotBytes ? undefined : this.#slots.take();
    this.#octets =
      this.#slot === undefined
        ? new Uint8Array(Math.max(needed, slotBytes))
        : slotOctets(this.#slots.memory, this.#slot);
    this.#view = new DataView(this.#octets.buffer, this.#octets.byteOffset, this.#octets.length);
  }

  get octets(): Uint8Array {
    return this.#octets;
  }

  /** Of the same memory. */
  get view(): DataView {
    return this.#view;
  }

  /** Octets of the piece that are filled. */
  get used(): number {
    return this.#used;
  }

  /** Something was put into the room that was made, and ends here. */
  set used(end: number) {
    this.#used = end;
  }

  /** What was not sent yet. */
  get unsent(): Uint8Array {
    return this.#octets.subarray(0, this.#used);
  }

  /** Sends what there is. */
  send(): void {
    if (this.#used > 0)
      this.#post(
        this.#slot === undefined ? { copied: this.unsent } : { slot: this.#slot, length: this.#used },
      );
    this.#slot = undefined;
    this.#octets = new Uint8Array(0);
    this.#used = 0;
  }
}
