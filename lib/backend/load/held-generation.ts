/**
 * Which data set an open domain holds, and how a copy of a peer's takes its place (total-update.ts).
 *
 * Owns the generation and whether a copy is under way. Invariants: nothing gives way before the mark of the copy is on disk; from then on nothing is read or written
 * until a copy is whole, across restarts.
 */
import { must } from '../../base/assert.js';
import type { ServerState } from '../../csn/server-state.js';
import { textOp } from '../domain-facts.js';
import { domainReplaced } from '../rows/replaced-domain.js';
import type { BackendParts } from '../store-backend.js';
import { ImageImport, markImport } from './total-update.js';

export class HeldGeneration {
  readonly #parts: BackendParts;
  #generationId: string | undefined;
  #importing: boolean;
  #import: ImageImport | undefined;

  constructor(parts: BackendParts) {
    this.#parts = parts;
    this.#generationId = parts.generationId;
    this.#importing = parts.importing;
  }

  get generationId(): string | undefined {
    return this.#generationId;
  }

  /** Between a begun and a finished copy. */
  get importing(): boolean {
    return this.#importing;
  }

  /** The data are a set of their own from here on. */
  async start(generationId: string): Promise<void> {
    const { writes, store, keys, fraction } = this.#parts;
    const named = [textOp(keys, 'generation', generationId), textOp(keys, 'fraction', fraction.record)];
    await writes.exclusively(() => store.batch(named, { sync: true }));
    this.#generationId = generationId;
  }

  /** `first`: done before anything gives way, with no write under way. Where that or the mark is refused, the domain stays as it was. */
  async beginCopy(first?: () => Promise<void>): Promise<void> {
    const { writes, indexJobs } = this.#parts;
    await indexJobs.stop();
    try {
      await writes.exclusively(() => this.#giveWay(first));
    } catch (error) {
      if (!this.#importing) {
        indexJobs.resume();
        indexJobs.start();
      }
      throw error;
    }
  }

  async #giveWay(first?: () => Promise<void>): Promise<void> {
    const { commit, store, keys, dictionary, indexes, tree, fraction, partDigests } = this.#parts;
    await first?.();
    await markImport(store, keys);
    this.#importing = true;
    dictionary.retire();
    commit.blocked = domainReplaced();
    const { isSingle, conformance, pause } = this.#parts;
    this.#import = await ImageImport.begin({
      ...{ store, keys, dictionary, isSingle, conformance, pause },
      indexes: indexes.wanted,
      fraction: fraction.wanted,
    });
    dictionary.forget();
    tree.clear();
    fraction.renewed();
    await commit.restart();
    partDigests.reset();
    this.#generationId = undefined;
  }

  /** Stores images; they need not be on disk when it resolves. Rejects when one is malformed. */
  async take(images: readonly Uint8Array[]): Promise<void> {
    await must(this.#import, 'an import has begun').take(images);
  }

  /** Sets state and generation, puts all on disk, takes the mark away and serves. */
  async finishCopy(generationId: string, state: ServerState): Promise<void> {
    const { commit, indexes, indexJobs, applied, feed, partDigests, onApplied } = this.#parts;
    indexes.ready = await must(this.#import, 'an import has begun').finish(generationId, state);
    indexJobs.resume();
    this.#import = undefined;
    await commit.restart();
    await applied.restart();
    commit.blocked = undefined;
    feed.reset();
    partDigests.reset();
    this.#importing = false;
    this.#generationId = generationId;
    onApplied?.();
    feed.advanced();
    // They may have been configured anew meanwhile.
    if (indexes.ready.description() !== indexes.wanted.description()) indexJobs.start();
  }
}
