/**
 * OutputQueue: gathers what is sent to one socket during a turn of the event loop into one write.
 *
 * All queues with something to write are flushed together by one setImmediate, so answers to every request of a turn leave in one write a
 * socket. The buffers are pooled: a socket that keeps up costs no allocation, an idle one no memory. What is gathered begins in a small one, as hundreds of
 * sockets may be answered in one turn. Sent bytes are copied at once.
 */
import type { Socket } from 'node:net';

const BUFFER_BYTES = 65_536;
const POOLED_BUFFERS = 64;
const SMALL_BYTES = 4096;
const POOLED_SMALL = 256;

const pool: Buffer[] = [];
const smallPool: Buffer[] = [];
let dirty: OutputQueue[] = [];

function flushDirty(): void {
  const queues = dirty;
  dirty = [];
  for (const queue of queues) queue.flush();
}

export class OutputQueue {
  #socket: Socket;
  #buffer: Buffer | undefined;
  #length = 0;
  #isDirty = false;
  /** While true nothing is written (a TLS handshake goes on). */
  held = false;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Writes to another socket from now on (TLS over the same connection). */
  useSocket(socket: Socket): void {
    this.#socket = socket;
  }

  /** Octets not yet taken by the kernel. */
  get queuedBytes(): number {
    return this.#length + this.#socket.writableLength;
  }

  /** Copies bytes into the queue. */
  add(bytes: Uint8Array): void {
    if (this.#length + bytes.length > BUFFER_BYTES && this.#length > 0) this.#write();
    if (bytes.length > BUFFER_BYTES) {
      this.#socket.write(Buffer.from(bytes));
      return;
    }
    const length = this.#length + bytes.length;
    const buffer =
      this.#buffer !== undefined && length <= this.#buffer.length ? this.#buffer : this.#larger(length);
    buffer.set(bytes, this.#length);
    this.#length = length;
    if (!this.#isDirty) {
      this.#isDirty = true;
      if (dirty.length === 0) setImmediate(flushDirty);
      dirty.push(this);
    }
  }

  /** A buffer for `length` octets, which holds what was gathered. */
  #larger(length: number): Buffer {
    const former = this.#buffer;
    const buffer = bufferFor(length);
    if (former !== undefined) {
      buffer.set(former.subarray(0, this.#length));
      recycle(former);
    }
    this.#buffer = buffer;
    return buffer;
  }

  /** Writes what is gathered. */
  flush(): void {
    this.#isDirty = false;
    if (this.#length > 0 && !this.held) this.#write();
  }

  /** Drops what is gathered. */
  discard(): void {
    const buffer = this.#buffer;
    this.#buffer = undefined;
    this.#length = 0;
    if (buffer !== undefined) recycle(buffer);
  }

  #write(): void {
    const buffer = this.#buffer;
    if (buffer === undefined) return;
    const length = this.#length;
    this.#buffer = undefined;
    this.#length = 0;
    if (this.#socket.destroyed || this.#socket.writableEnded) {
      recycle(buffer);
      return;
    }
    if (length < SMALL_BYTES) {
      // A small answer is copied out: whether or not the kernel takes it at once, the buffer is free again.
      const small = Buffer.allocUnsafe(length);
      small.set(buffer.subarray(0, length));
      recycle(buffer);
      this.#socket.write(small);
      return;
    }
    this.#socket.write(buffer.subarray(0, length), () => recycle(buffer));
  }
}

/** A buffer of either size that holds so many octets. */
function bufferFor(length: number): Buffer {
  return length <= SMALL_BYTES
    ? (smallPool.pop() ?? Buffer.allocUnsafeSlow(SMALL_BYTES))
    : (pool.pop() ?? Buffer.allocUnsafeSlow(BUFFER_BYTES));
}

function recycle(buffer: Buffer): void {
  if (buffer.length === SMALL_BYTES) {
    if (smallPool.length < POOLED_SMALL) smallPool.push(buffer);
  } else if (pool.length < POOLED_BUFFERS) pool.push(buffer);
}
