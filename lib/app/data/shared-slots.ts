/**
 * SharedSlots: equal pieces of memory that two threads share, of which one thread fills what the other has read.
 *
 * Owns which slots are free, on the side that fills them; the other side names a slot when it is done with it. Buffers are never handed over from thread to
 * thread: the first buffer that a thread gives away makes V8 look at every later access to any typed array of that thread, whether its memory is
 * still there, which took half as long again for all of an import.
 */
import { assert } from '../../base/assert.js';

/** The memory, and how it is divided: what both threads know. */
export interface SharedMemory {
  readonly buffer: SharedArrayBuffer;
  readonly slotBytes: number;
}

/** Memory of `slots` slots. */
export function sharedMemory(slots: number, slotBytes: number): SharedMemory {
  return { buffer: new SharedArrayBuffer(slots * slotBytes), slotBytes };
}

/** The octets of a slot, or the first `length` of them. */
export function slotOctets(
  { buffer, slotBytes }: SharedMemory,
  slot: number,
  length: number = slotBytes,
): Uint8Array<SharedArrayBuffer> {
  return new Uint8Array(buffer, slot * slotBytes, length);
}

/** See the file header. */
export class SharedSlots {
  readonly memory: SharedMemory;
  readonly #free: number[] = [];
  readonly #count: number;

  constructor(memory: SharedMemory) {
    this.memory = memory;
    this.#count = memory.buffer.byteLength / memory.slotBytes;
    for (let slot = this.#count - 1; slot >= 0; slot--) this.#free.push(slot);
  }

  get free(): number {
    return this.#free.length;
  }

  /** Slots that the other thread has. */
  get away(): number {
    return this.#count - this.#free.length;
  }

  /** A free slot, from now on in use; undefined: there is none. */
  take(): number | undefined {
    return this.#free.pop();
  }

  /** The other thread is done with a slot. */
  give(slot: number): void {
    assert(!this.#free.includes(slot), 'a slot comes back once');
    this.#free.push(slot);
  }
}
