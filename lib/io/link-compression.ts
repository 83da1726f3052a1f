/**
 * Deflate streams for links: what is sent in one turn leaves in one flush; what comes is inflated piece by piece.
 *
 * Both run beside the event loop (zlib's threads). Bounded against bombs: output comes in small pieces, each judged by the frame assembler before the next is made, and no more
 * input is taken while some waits.
 */
import { constants, createDeflateRaw, createInflateRaw, type DeflateRaw, type InflateRaw } from 'node:zlib';

/** Octets of one piece of output. */
const PIECE_BYTES = 16_384;

export class LinkDeflater {
  readonly #stream: DeflateRaw;
  #isDirty = false;

  /** `out` takes compressed octets, later. */
  constructor(out: (bytes: Uint8Array) => void) {
    this.#stream = createDeflateRaw({ level: 4, chunkSize: PIECE_BYTES });
    this.#stream.on('data', out);
    this.#stream.on('error', () => {});
  }

  /** Octets not compressed yet. */
  get queuedBytes(): number {
    return this.#stream.writableLength;
  }

  /** Takes a copy. */
  write(bytes: Uint8Array): void {
    this.#stream.write(Buffer.from(bytes));
    if (this.#isDirty) return;
    this.#isDirty = true;
    setImmediate(() => {
      this.#isDirty = false;
      if (!this.#stream.destroyed && !this.#stream.writableEnded) this.#stream.flush(constants.Z_SYNC_FLUSH);
    });
  }

  /** `done` is called when everything was given out. */
  end(done: () => void): void {
    this.#stream.once('end', done);
    this.#stream.end();
  }

  discard(): void {
    this.#stream.destroy();
  }
}

export class LinkInflater {
  readonly #stream: InflateRaw;

  /** `out` takes inflated octets, later; `drained`: more input may come; `failed`: the input is no deflate stream. */
  constructor(out: (bytes: Uint8Array) => void, drained: () => void, failed: (reason: string) => void) {
    this.#stream = createInflateRaw({ chunkSize: PIECE_BYTES });
    this.#stream.on('data', out);
    this.#stream.on('drain', drained);
    this.#stream.on('error', (error) =>
      failed(`what the peer compressed cannot be inflated: ${error.message}`),
    );
  }

  /** False: wait for `drained`. */
  write(bytes: Uint8Array): boolean {
    return this.#stream.destroyed || this.#stream.write(bytes);
  }

  /** No more input comes; `done` is called when all of it was given out. */
  end(done: () => void): void {
    if (this.#stream.destroyed) {
      done();
      return;
    }
    this.#stream.once('close', done);
    this.#stream.end();
  }

  discard(): void {
    this.#stream.destroy();
  }
}
