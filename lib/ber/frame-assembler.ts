/**
 * FrameAssembler: chunks of a byte stream in, whole LDAP messages out.
 *
 * Frames that lie within one chunk are views of it; only a frame that straddles chunks is copied. Memory is bounded by twice the octets really
 * received and by maxBytes plus one chunk, never by an announced length, and the copying is linear in the octets received.
 * Octets once handed out are never written again.
 */
import { emptyBytes } from '../base/bytes.js';
import { BerError } from './ber-error.js';
import { FRAME_INCOMPLETE, FRAME_MALFORMED, frameLength } from './frame.js';

export class FrameAssembler {
  /** Greatest frame accepted, header included; may be raised while the stream runs (after a bind). */
  maxBytes: number;
  #bytes: Uint8Array = emptyBytes();
  #start = 0;
  #end = 0;
  /** Octets that the frame in progress will have; 0 while unknown. */
  #wanted = 0;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  /** Octets held that no frame given out contains. */
  get bufferedBytes(): number {
    return this.#end - this.#start;
  }

  /** Takes a chunk, which its owner must not write to again. */
  push(chunk: Uint8Array): void {
    const held = this.#end - this.#start;
    if (held === 0) {
      this.#bytes = chunk;
      this.#start = 0;
      this.#end = chunk.length;
      this.#owned = false;
      return;
    }
    if (!this.#owned || this.#end + chunk.length > this.#bytes.length) {
      const needed = held + chunk.length;
      const grown = new Uint8Array(Math.max(needed, Math.min(this.#wanted, 2 * needed)));
      grown.set(this.#bytes.subarray(this.#start, this.#end));
      this.#bytes = grown;
      this.#start = 0;
      this.#end = held;
      this.#owned = true;
    }
    this.#bytes.set(chunk, this.#end);
    this.#end += chunk.length;
  }
  /** Whether #bytes was allocated here and may be appended to. */
  #owned = false;

  /** The next whole frame, or undefined until more octets come. Throws BerError when the stream is beyond repair. */
  next(): Uint8Array | undefined {
    const length = frameLength(this.#bytes, this.#start, this.#end, this.maxBytes);
    if (length < 0) {
      throw length === FRAME_MALFORMED
        ? new BerError('malformed', 'the octets received are no LDAP message', this.#start)
        : new BerError('tooLong', `an LDAP message may have ${this.maxBytes} octets`, this.#start);
    }
    if (length === FRAME_INCOMPLETE || length > this.#end - this.#start) {
      this.#wanted = length;
      if (this.#start === this.#end) this.clear();
      return undefined;
    }
    const frame = this.#bytes.subarray(this.#start, this.#start + length);
    this.#start += length;
    return frame;
  }

  /** Forgets everything held. */
  clear(): void {
    this.#bytes = emptyBytes();
    this.#start = 0;
    this.#end = 0;
    this.#wanted = 0;
    this.#owned = false;
  }
}
