/**
 * OutputQueue: gathers what is sent to one socket during a turn of the event loop into one write.
 *
 * All queues with something to write are flushed together by one setImmediate, so answers to every request of a turn leave in one write a
 * socket. The buffers are pooled: a socket that keeps up costs no allocation, an idle one no memory. Sent bytes are copied at once.
 */
import type { Socket } from 'node:net';

const BUFFER_BYTES = 65_536;
const POOLED_BUFFERS = 64;

const pool: Buffer[] = [];
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
    this.#buffer ??= pool.pop() ?? Buffer.allocUnsafeSlow(BUFFER_BYTES);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
    if (!this.#isDirty) {
      this.#isDirty = true;
      if (dirty.length === 0) setImmediate(flushDirty);
      dirty.push(this);
    }
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
    if (length < 4096) {
      // A small answer is copied out: whether or not the kernel takes it at once, the large buffer is free again.
      const small = Buffer.allocUnsafe(length);
      small.set(buffer.subarray(0, length));
      recycle(buffer);
      this.#socket.write(small);
      return;
    }
    this.#socket.write(buffer.subarray(0, length), () => recycle(buffer));
  }
}

function recycle(buffer: Buffer): void {
  if (pool.length < POOLED_BUFFERS) pool.push(buffer);
}
