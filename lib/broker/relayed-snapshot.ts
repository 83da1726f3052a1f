/**
 * A total update that passes through: a broker without entries fetches a copy from a server that holds them and hands it on as it comes.
 *
 * It is the target of one session and the snapshot of another. Nothing is stored here: what was fetched and not yet handed on is one portion: the source is given its
 * credit back when the reader has taken it. What ends one side ends the other.
 */
import { must } from '../base/assert.js';
import { asError } from '../base/thrown.js';
import type { SnapshotSummary } from '../sync/snapshot-summary.js';
import type { SnapshotReader, UpdateTarget } from './broker-seams.js';

/** Fetches a copy into `target`; resolves when it was given whole, rejects with an Error that says why not. `begun` is given what ends it. */
export type Fetch = (target: UpdateTarget, begun: (stop: (reason: string) => void) => void) => Promise<void>;

/** Begins to fetch; resolves with the copy when its summary came. Rejects with an Error that says why it did not begin. */
export function relaySnapshot(fetch: Fetch): Promise<SnapshotReader> {
  const passage = new Passage();
  return new Promise((resolve, reject) => {
    const target: UpdateTarget = {
      prepare: async (summary) => resolve(new RelayedSnapshot(summary, passage)),
      store: (images) => passage.put(images),
      finish: async () => passage.end(),
    };
    fetch(target, (stop) => passage.stopWith(stop)).catch((error: unknown) => {
      passage.fail(error);
      reject(asError(error));
    });
  });
}

class RelayedSnapshot implements SnapshotReader {
  readonly generationId: string;
  readonly state: SnapshotReader['state'];
  readonly entryCount: number;
  readonly #passage: Passage;

  constructor({ generationId, state, entryCount }: SnapshotSummary, passage: Passage) {
    this.generationId = generationId;
    this.state = state;
    this.entryCount = entryCount;
    this.#passage = passage;
  }

  async *images(): AsyncGenerator<readonly Uint8Array[], undefined> {
    for (;;) {
      const images = await this.#passage.take();
      if (images === undefined) return undefined;
      yield images;
    }
  }

  async close(): Promise<void> {
    this.#passage.close();
  }
}

/** Hands portions from the one who fetches to the one who reads. */
class Passage {
  #portion: { readonly images: readonly Uint8Array[]; readonly taken: () => void } | undefined;
  #ended = false;
  #failure: unknown;
  #arrived: (() => void) | undefined;
  #stop: ((reason: string) => void) | undefined;

  stopWith(stop: (reason: string) => void): void {
    this.#stop = stop;
    if (this.#failure !== undefined) stop('the copy is not wanted any more');
  }

  /** Resolves when the portion was taken. */
  put(images: readonly Uint8Array[]): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) {
        reject(this.#failure);
        return;
      }
      this.#portion = { images, taken: resolve };
      this.#wake();
    });
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  fail(error: unknown): void {
    this.#failure ??= error;
    this.#wake();
  }

  /** The next portion; undefined at the end. Rejects when the copy was cut. */
  async take(): Promise<readonly Uint8Array[] | undefined> {
    while (this.#portion === undefined && !this.#ended && this.#failure === undefined)
      await new Promise<void>((resolve) => {
        this.#arrived = resolve;
      });
    if (this.#portion !== undefined) {
      const { images, taken } = must(this.#portion, 'it was looked at');
      this.#portion = undefined;
      taken();
      return images;
    }
    if (this.#ended) return undefined;
    throw this.#failure;
  }

  /** Nobody reads any more. */
  close(): void {
    if (this.#ended || this.#failure !== undefined) return;
    this.#failure = new Error('the copy is not wanted any more');
    this.#portion?.taken();
    this.#portion = undefined;
    this.#wake();
    this.#stop?.('the copy is not wanted any more');
  }

  #wake(): void {
    const arrived = this.#arrived;
    this.#arrived = undefined;
    arrived?.();
  }
}
