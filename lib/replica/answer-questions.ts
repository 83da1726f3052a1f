/**
 * Answers what a peer asks to compare its entries with ours (sync/compare-frames.ts). Changes nothing but the place of the pass through our rows.
 *
 * Invariant: digests are given only with the state that they belong to, and only when that covers what the question knows.
 */

import type { DigestTree } from '../backend/digest/digest-tree.js';
import { encodeEntryImage } from '../backend/digest/entry-image.js';
import type { StoreBackend } from '../backend/store-backend.js';
import { LIMITS } from '../base/limits.js';
import type { EntryUuid } from '../change/change.js';
import type { StateDigest } from '../conflict/state-digest.js';
import type { ServerState } from '../csn/server-state.js';
import { StoreError } from '../port/ordered-store.js';
import { type Answer, decodeQuestion, encodeAnswer, type Question } from '../sync/compare-frames.js';

/** What both ends need of a backend. */
export type ComparedBackend = Pick<
  StoreBackend,
  'generationId' | 'importing' | 'state' | 'history' | 'byUuid' | 'lastName' | 'restore'
> & { readonly parts: Pick<StoreBackend['parts'], 'digests' | 'partDigests' | 'fraction'> };

const NOTHING = new Uint8Array(0);
/** Passes that peers have us make at once, of different parts. */
const MAX_SCANS = 4;

export class QuestionAnswerer {
  readonly #backend: ComparedBackend;
  readonly #scans = new Map<DigestTree, Promise<void>>();

  constructor(backend: ComparedBackend) {
    this.#backend = backend;
  }

  /** Throws FrameError for a malformed question. */
  async answer(bytes: Uint8Array): Promise<Uint8Array> {
    return encodeAnswer(await this.#answer(decodeQuestion(bytes)));
  }

  async #answer({ generation, covering, asked, fraction }: Question): Promise<Answer> {
    const { generationId, importing, state } = this.#backend;
    if (importing || generationId !== generation)
      return { kind: 'refused', reason: 'it does not hold these data' };
    const tree = this.#backend.parts.partDigests.of(fraction);
    if (tree === undefined) return { kind: 'holds', fraction: this.#backend.parts.fraction.text };
    if (asked.kind === 'scan') return this.#scanned(tree, asked.pass);
    if (!state.coversAll(covering)) return { kind: 'later' };
    switch (asked.kind) {
      case 'sums':
        return (
          (await ownSums(tree, asked.first)) ?? {
            kind: 'later',
          }
        );
      case 'bucket': {
        const { rows, more } = await tree.bucket(asked.bucket, asked.after, LIMITS.comparedEntries);
        return {
          kind: 'entries',
          state,
          more,
          entries: rows.map(({ uuid, digest }) => ({ uuid, ...digest })),
        };
      }
      case 'entries': {
        const own = await ownDigests(tree, asked.uuids);
        if (own === undefined) return { kind: 'later' };
        const entries = asked.uuids.map((uuid, i) => ({ uuid, ...(own.digests[i] as StateDigest) }));
        return { kind: 'entries', state: own.state, more: false, entries };
      }
      case 'image':
        return await this.#image(asked.uuid);
    }
  }

  async #image(uuid: EntryUuid): Promise<Answer> {
    const { state } = this.#backend;
    const image = await ownImage(this.#backend, uuid);
    return {
      kind: 'image',
      state,
      name: knownName(this.#backend, uuid) ?? `entryUUID=${uuid}`,
      image: image ?? NOTHING,
    };
  }

  /** One pass at a time; a pass that began before the question does not count. */
  #scanned(tree: DigestTree, pass: number): Answer {
    if (!this.#scans.has(tree) && this.#scans.size >= MAX_SCANS) return { kind: 'later' };
    if (pass > 0) {
      if (tree.passes < pass) this.scan(tree);
      return { kind: 'scan', pass, done: tree.passes >= pass };
    }
    this.scan(tree);
    return { kind: 'scan', pass: tree.nextWhole, done: false };
  }

  /** Goes through all rows to the end of the running pass of a tree. */
  scan(tree: DigestTree): Promise<void> {
    const running = this.#scans.get(tree);
    if (running !== undefined) return running;
    const scan = (async () => {
      while (!(await tree.step())) await tree.rest();
    })().finally(() => this.#scans.delete(tree));
    this.#scans.set(tree, scan);
    scan.catch(() => {});
    return scan;
  }
}

/** Our own sums with their state; undefined: not now. */
export async function ownSums(
  digests: DigestTree,
  first: number | undefined,
): Promise<Extract<Answer, { kind: 'sums' }> | undefined> {
  return await digests.settled((state) => ({ kind: 'sums', state, sums: digests.sums(first) }));
}

/** Our own digests of entries with their state; undefined: not now. */
export async function ownDigests(
  tree: DigestTree,
  uuids: readonly EntryUuid[],
): Promise<{ readonly state: ServerState; readonly digests: readonly StateDigest[] } | undefined> {
  return await tree.settled((state) => ({ state, digests: uuids.map((uuid) => tree.of(uuid)) }));
}

/** The whole of an entry of ours; undefined when there is none, or it is too large. */
async function ownImage(backend: ComparedBackend, uuid: EntryUuid): Promise<Uint8Array | undefined> {
  const history = await backend.history(uuid);
  const state = backend.parts.digests.stateOf(uuid);
  return state === undefined ? undefined : encodeEntryImage({ state, history });
}

/** What people call an entry, dead or alive; undefined: nothing here names it, or its rows cannot be read. */
export function knownName(
  backend: Pick<ComparedBackend, 'byUuid' | 'lastName'>,
  uuid: EntryUuid,
): string | undefined {
  try {
    return backend.byUuid(uuid)?.dnText ?? backend.lastName(uuid);
  } catch (error) {
    if (error instanceof StoreError && error.failure === 'damaged') return undefined;
    throw error;
  }
}
