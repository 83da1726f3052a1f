/**
 * Compares our entries with a peer's, over the session that we follow it by: sums from the root down to the buckets that differ, then entry by entry.
 *
 * Both sides go on taking writes. So an entry counts as different only when our digest of it was the same before and after the peer's, at states around the peer's state, and that twice:
 * a change on its way makes no false alarm. Reports and repairs nothing by itself (divergence.ts, repair.ts).
 */
import { decodeEntryImage } from '../backend/entry-image.js';
import { LIMITS } from '../base/limits.js';
import type { EntryUuid } from '../change/change.js';
import { differingParts } from '../conflict/judge-states.js';
import { NO_DIGEST, type StateDigest, sameDigest } from '../conflict/state-digest.js';
import { ServerState } from '../csn/server-state.js';
import type { Clock } from '../port/clock.js';
import {
  type Answer,
  type AskedFor,
  type ComparedEntry,
  decodeAnswer,
  encodeQuestion,
} from '../sync/compare-frames.js';
import {
  type ComparedBackend,
  nameOf,
  ownDigests,
  ownSums,
  type QuestionAnswerer,
} from './answer-questions.js';

const WAIT_MS = 250;
/** Waits for one answer, before the comparison is put off. */
const MAX_WAITS = 40;
/** Rounds that an entry must be found different in. */
const ROUNDS = 2;
const OCTETS = 256;
const SUM_BYTES = 8;

export interface Difference {
  readonly uuid: EntryUuid;
  /** Its DN as far as either side knows one. */
  readonly name: string;
  readonly kind: 'differs' | 'only-here' | 'only-there';
  /** Attributes and facts that differ; empty where one side does not have it, or it was not looked at. */
  readonly parts: readonly string[];
}

export type Verdict = 'equal' | 'different' | 'later' | 'unanswered' | 'refused';

export interface ComparisonReport {
  readonly peer: string;
  /** Wall clock, ms. */
  readonly atMs: number;
  /** `later`: no state could be found that both settle on; nothing is known. */
  readonly verdict: Verdict;
  /** Why not, for people. */
  readonly reason: string | undefined;
  readonly differences: readonly Difference[];
  /** There are more than were listed. */
  readonly more: boolean;
}

export interface ComparisonOptions {
  readonly backend: ComparedBackend;
  readonly answerer: QuestionAnswerer;
  readonly clock: Clock;
  ask(peer: string, question: Uint8Array): Promise<Uint8Array | undefined>;
}

/** Why a comparison ends without a result. */
class NoResult extends Error {
  readonly verdict: Verdict;

  constructor(verdict: Verdict, reason: string) {
    super(reason);
    this.verdict = verdict;
  }
}

export class Comparison {
  readonly #options: ComparisonOptions;

  constructor(options: ComparisonOptions) {
    this.#options = options;
  }

  /**
   * Compares with one peer. `fresh`: all rows of both sides are read anew first. `describe`: so many differing entries are fetched to say what differs. `stopped`
   * ends it early.
   */
  async with(
    peer: string,
    how: { readonly fresh: boolean; readonly describe: number; stopped?(): boolean },
  ): Promise<ComparisonReport> {
    const atMs = this.#options.clock.wallMs();
    const none = { peer, atMs, differences: [], more: false };
    try {
      if (how.fresh) await this.#scanBoth(peer);
      const { uuids, more } = await this.#suspects(peer);
      const found = await this.#confirmed(peer, uuids);
      if (found.length === 0) return { ...none, verdict: more ? 'later' : 'equal', reason: undefined };
      const differences: Difference[] = [];
      for (const { uuid, kind } of found) {
        if (how.stopped?.() === true) break;
        differences.push(await this.#describe(peer, uuid, kind, differences.length < how.describe));
      }
      return { peer, atMs, verdict: 'different', reason: undefined, differences, more };
    } catch (error) {
      if (!(error instanceof NoResult)) throw error;
      return { ...none, verdict: error.verdict, reason: error.message };
    }
  }

  /** Digests of entries here and there, each at states of their own; for a vote among peers. Undefined where there is no answer. */
  async digestThere(peer: string, uuid: EntryUuid): Promise<StateDigest | undefined> {
    try {
      const { entries } = await this.#ask(
        peer,
        { kind: 'entries', uuids: [uuid] },
        'entries',
        ServerState.EMPTY,
      );
      return entries[0];
    } catch (error) {
      if (error instanceof NoResult) return undefined;
      throw error;
    }
  }

  /** The entry as the peer has it; empty image: it knows nothing of it. */
  async imageThere(
    peer: string,
    uuid: EntryUuid,
    covering: ServerState,
  ): Promise<Extract<Answer, { kind: 'image' }>> {
    return await this.#ask(peer, { kind: 'image', uuid }, 'image', covering);
  }

  async #scanBoth(peer: string): Promise<void> {
    const { clock, answerer, backend } = this.#options;
    const { pass } = await this.#ask(peer, { kind: 'scan', pass: 0 }, 'scan', ServerState.EMPTY);
    const { digests } = backend.parts;
    for (const wanted = digests.nextWhole; digests.passes < wanted; ) await answerer.scan();
    for (;;) {
      const { done } = await this.#ask(peer, { kind: 'scan', pass }, 'scan', ServerState.EMPTY);
      if (done) return;
      await pause(clock);
    }
  }

  /** Entries of buckets whose sums differ, and which do not look the same. */
  async #suspects(peer: string): Promise<{ uuids: EntryUuid[]; more: boolean }> {
    const uuids: EntryUuid[] = [];
    for (const first of await this.#differing(peer, undefined)) {
      for (const second of await this.#differing(peer, first)) {
        for (const uuid of await this.#inBucket(peer, first * OCTETS + second)) {
          if (uuids.length >= LIMITS.comparedDifferences) return { uuids, more: true };
          uuids.push(uuid);
        }
      }
    }
    return { uuids, more: false };
  }

  async #differing(peer: string, first: number | undefined): Promise<number[]> {
    const before = await this.#own(() => ownSums(this.#options.backend, first));
    const theirs = await this.#ask(peer, { kind: 'sums', first }, 'sums', before.state);
    const after = await this.#ownAt(theirs.state, () => ownSums(this.#options.backend, first));
    const octets: number[] = [];
    for (let i = 0; i < OCTETS; i++)
      if (!sameSum(theirs.sums, after.sums, i) && !sameSum(theirs.sums, before.sums, i)) octets.push(i);
    return octets;
  }

  async #inBucket(peer: string, bucket: number): Promise<EntryUuid[]> {
    const { digests } = this.#options.backend.parts;
    const here = new Map<EntryUuid, StateDigest>();
    const there = new Map<EntryUuid, ComparedEntry>();
    for (let after: EntryUuid | undefined, more = true; more; ) {
      const page = await digests.bucket(bucket, after, LIMITS.comparedEntries);
      for (const { uuid, digest } of page.rows) here.set(uuid, digest);
      after = page.rows[page.rows.length - 1]?.uuid;
      more = page.more && after !== undefined;
    }
    for (let after: EntryUuid | undefined, more = true; more; ) {
      const asked: AskedFor = { kind: 'bucket', bucket, after };
      const page = await this.#ask(peer, asked, 'entries', ServerState.EMPTY);
      for (const entry of page.entries) there.set(entry.uuid, entry);
      const last = page.entries[page.entries.length - 1]?.uuid;
      // A peer that repeats itself would be listened to for ever.
      more = page.more && last !== undefined && (after === undefined || last > after);
      after = last;
    }
    const all = new Set([...here.keys(), ...there.keys()]);
    return [...all].filter((uuid) => !sameDigest(here.get(uuid) ?? NO_DIGEST, there.get(uuid) ?? NO_DIGEST));
  }

  /** Those that differ for sure. */
  async #confirmed(
    peer: string,
    suspects: readonly EntryUuid[],
  ): Promise<{ readonly uuid: EntryUuid; readonly kind: Difference['kind'] }[]> {
    let left = suspects.map((uuid) => ({ uuid, kind: 'differs' as Difference['kind'] }));
    for (let round = 0; round < ROUNDS && left.length > 0; round++) {
      const next: typeof left = [];
      for (let at = 0; at < left.length; at += LIMITS.comparedEntries) {
        const uuids = left.slice(at, at + LIMITS.comparedEntries).map(({ uuid }) => uuid);
        next.push(...(await this.#differNow(peer, uuids)));
      }
      left = next;
    }
    return left;
  }

  async #differNow(peer: string, uuids: readonly EntryUuid[]) {
    const { backend } = this.#options;
    const before = await this.#own(() => ownDigests(backend, uuids));
    const theirs = await this.#ask(peer, { kind: 'entries', uuids }, 'entries', before.state);
    const after = await this.#ownAt(theirs.state, () => ownDigests(backend, uuids));
    return uuids.flatMap((uuid, i) => {
      const here = after.digests[i] ?? NO_DIGEST;
      const there = theirs.entries[i];
      if (there === undefined || there.uuid !== uuid) return [];
      if (!sameDigest(here, before.digests[i] ?? NO_DIGEST) || sameDigest(here, there)) return [];
      const kind: Difference['kind'] = sameDigest(here, NO_DIGEST)
        ? 'only-there'
        : sameDigest(there, NO_DIGEST)
          ? 'only-here'
          : 'differs';
      return [{ uuid, kind }];
    });
  }

  async #describe(
    peer: string,
    uuid: EntryUuid,
    kind: Difference['kind'],
    look: boolean,
  ): Promise<Difference> {
    const { backend } = this.#options;
    const own = nameOf(backend, uuid);
    if (!look || kind === 'only-here') return { uuid, name: own, kind, parts: [] };
    const there = await this.imageThere(peer, uuid, ServerState.EMPTY);
    const name = backend.byUuid(uuid) === undefined ? there.name : own;
    const here = backend.parts.digests.stateOf(uuid);
    if (there.image.length === 0 || here === undefined) return { uuid, name, kind, parts: [] };
    return { uuid, name, kind, parts: differingParts(here, decodeEntryImage(there.image).state) };
  }

  /** Ours, once writes let us settle. */
  async #own<T>(read: () => Promise<T | undefined>): Promise<T> {
    for (let waits = 0; waits < MAX_WAITS; waits++) {
      const own = await read();
      if (own !== undefined) return own;
      await pause(this.#options.clock);
    }
    throw new NoResult('later', 'this server is still reading its entries, or takes too many writes');
  }

  /** Ours at a state that covers `state`. */
  async #ownAt<T extends { readonly state: ServerState }>(
    state: ServerState,
    read: () => Promise<T | undefined>,
  ): Promise<T> {
    for (let waits = 0; waits < MAX_WAITS; waits++) {
      const own = await this.#own(read);
      if (own.state.coversAll(state)) return own;
      await pause(this.#options.clock);
    }
    throw new NoResult('later', 'this server does not hold yet what the other one holds');
  }

  async #ask<K extends Answer['kind']>(
    peer: string,
    asked: AskedFor,
    kind: K,
    covering: ServerState,
  ): Promise<Extract<Answer, { kind: K }>> {
    const { clock, backend } = this.#options;
    for (let waits = 0; waits < MAX_WAITS; waits++) {
      const generation = backend.generationId;
      if (generation === undefined || backend.importing)
        throw new NoResult('refused', 'this server holds no data at the moment');
      const bytes = await this.#options.ask(peer, encodeQuestion({ generation, covering, asked }));
      if (bytes === undefined || bytes.length === 0)
        throw new NoResult('unanswered', `${peer} is not connected, or does not compare entries`);
      const answer = decodeAnswer(bytes);
      if (answer.kind === 'refused') throw new NoResult('refused', `${peer}: ${answer.reason}`);
      if (answer.kind === kind) return answer as Extract<Answer, { kind: K }>;
      if (answer.kind !== 'later') throw new NoResult('unanswered', `${peer} answers something else`);
      await pause(clock);
    }
    throw new NoResult('later', `${peer} does not hold yet what this server holds`);
  }
}

function sameSum(a: Uint8Array, b: Uint8Array, index: number): boolean {
  for (let at = index * SUM_BYTES; at < (index + 1) * SUM_BYTES; at++) if (a[at] !== b[at]) return false;
  return true;
}

function pause(clock: Clock): Promise<void> {
  return new Promise((resolve) => void clock.after(WAIT_MS, resolve));
}
