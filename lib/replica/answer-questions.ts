/**
 * Answers what a peer asks to compare its entries with ours (sync/compare-frames.ts). Changes nothing but the place of the pass through our rows.
 *
 * Invariant: digests are given only with the state that they belong to, and only when that covers what the question knows.
 */
import { encodeEntryImage } from '../backend/entry-image.js';
import type { StoreBackend } from '../backend/store-backend.js';
import { LIMITS } from '../base/limits.js';
import type { EntryUuid } from '../change/change.js';
import type { StateDigest } from '../conflict/state-digest.js';
import type { ServerState } from '../csn/server-state.js';
import { type Answer, decodeQuestion, encodeAnswer, type Question } from '../sync/compare-frames.js';

/** What both ends need of a backend. */
export type ComparedBackend = Pick<
  StoreBackend,
  'generationId' | 'importing' | 'state' | 'history' | 'byUuid' | 'lastName' | 'restore'
> & { readonly parts: Pick<StoreBackend['parts'], 'digests'> };

const NOTHING = new Uint8Array(0);

export class QuestionAnswerer {
  readonly #backend: ComparedBackend;
  #scan: Promise<void> | undefined;

  constructor(backend: ComparedBackend) {
    this.#backend = backend;
  }

  /** Throws FrameError for a malformed question. */
  async answer(bytes: Uint8Array): Promise<Uint8Array> {
    return encodeAnswer(await this.#answer(decodeQuestion(bytes)));
  }

  async #answer({ generation, covering, asked }: Question): Promise<Answer> {
    const { generationId, importing, state } = this.#backend;
    if (importing || generationId !== generation)
      return { kind: 'refused', reason: 'it does not hold these data' };
    if (asked.kind === 'scan') return this.#scanned(asked.pass);
    if (!state.coversAll(covering)) return { kind: 'later' };
    switch (asked.kind) {
      case 'sums':
        return (
          (await ownSums(this.#backend, asked.first)) ?? {
            kind: 'later',
          }
        );
      case 'bucket': {
        const { rows, more } = await this.#backend.parts.digests.bucket(
          asked.bucket,
          asked.after,
          LIMITS.comparedEntries,
        );
        return {
          kind: 'entries',
          state,
          more,
          entries: rows.map(({ uuid, digest }) => ({ uuid, ...digest })),
        };
      }
      case 'entries': {
        const own = await ownDigests(this.#backend, asked.uuids);
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
    return { kind: 'image', state, name: nameOf(this.#backend, uuid), image: image ?? NOTHING };
  }

  /** One pass at a time; a pass that began before the question does not count. */
  #scanned(pass: number): Answer {
    const { digests } = this.#backend.parts;
    if (pass > 0) {
      if (digests.passes < pass) this.scan();
      return { kind: 'scan', pass, done: digests.passes >= pass };
    }
    this.scan();
    return { kind: 'scan', pass: digests.nextWhole, done: false };
  }

  /** Goes through all rows to the end of the running pass. */
  scan(): Promise<void> {
    const { digests } = this.#backend.parts;
    this.#scan ??= (async () => {
      while (!(await digests.step())) await digests.rest();
    })().finally(() => {
      this.#scan = undefined;
    });
    this.#scan.catch(() => {});
    return this.#scan;
  }
}

/** Our own sums with their state; undefined: not now. */
export async function ownSums(
  backend: ComparedBackend,
  first: number | undefined,
): Promise<Extract<Answer, { kind: 'sums' }> | undefined> {
  const { digests } = backend.parts;
  return await digests.settled((state) => ({ kind: 'sums', state, sums: digests.sums(first) }));
}

/** Our own digests of entries with their state; undefined: not now. */
export async function ownDigests(
  backend: ComparedBackend,
  uuids: readonly EntryUuid[],
): Promise<{ readonly state: ServerState; readonly digests: readonly StateDigest[] } | undefined> {
  const { digests } = backend.parts;
  return await digests.settled((state) => ({ state, digests: uuids.map((uuid) => digests.of(uuid)) }));
}

/** The whole of an entry of ours; undefined when there is none, or it is too large. */
export async function ownImage(backend: ComparedBackend, uuid: EntryUuid): Promise<Uint8Array | undefined> {
  const history = await backend.history(uuid);
  const state = backend.parts.digests.stateOf(uuid);
  return state === undefined ? undefined : encodeEntryImage({ state, history });
}

/** What people call an entry. */
export function nameOf(backend: Pick<ComparedBackend, 'byUuid' | 'lastName'>, uuid: EntryUuid): string {
  return backend.byUuid(uuid)?.dnText ?? backend.lastName(uuid) ?? `entryUUID=${uuid}`;
}
