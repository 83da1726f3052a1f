/**
 * Compares our entries with a peer's, over the session that we follow it by: sums from the root down to the buckets that differ, then entry by entry.
 *
 * Both sides go on taking writes. So an entry counts as different only when our digest of it was the same before and after the peer's, at states around the peer's state, and that twice:
 * a change on its way makes no false alarm. Reports and repairs nothing by itself (divergence.ts, repair.ts).
 */
import type { DigestTree } from '../backend/digest/digest-tree.js';
import { decodeEntryImage } from '../backend/digest/entry-image.js';
import { must } from '../base/assert.js';
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
  knownName,
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

/** What is compared with whom: a fraction that both hold, and our digests of it. */
interface Part {
  readonly peer: string;
  readonly fraction: string;
  readonly tree: DigestTree;
}

export interface ComparisonOptions {
  readonly backend: ComparedBackend;
  readonly answerer: QuestionAnswerer;
  readonly clock: Clock;
  ask(peer: string, question: Uint8Array): Promise<Uint8Array | undefined>;
}

/** The peer holds less of the entries than we asked about: no more can be compared. */
class Holds extends Error {
  readonly fraction: string;

  constructor(peer: string, fraction: string) {
    super(`${peer} holds ${fraction} only`);
    this.fraction = fraction;
  }
}

/** Why a comparison ends without a result. */
export class NoResult extends Error {
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
      return await this.#within(peer, this.#options.backend.parts.fraction.text, how, none);
    } catch (error) {
      if (error instanceof NoResult) return { ...none, verdict: error.verdict, reason: error.message };
      if (!(error instanceof Holds)) throw error;
      return {
        ...none,
        verdict: 'refused',
        reason: `${error.message}, which this server does not hold all of`,
      };
    }
  }

  /** Compares what a fraction holds of both; what the peer holds of that, where that is less. */
  async #within(
    peer: string,
    fraction: string,
    how: Parameters<Comparison['with']>[1],
    none: Pick<ComparisonReport, 'peer' | 'atMs' | 'differences' | 'more'>,
  ): Promise<ComparisonReport> {
    const { partDigests, fraction: own } = this.#options.backend.parts;
    try {
      const part: Part = { peer, fraction, tree: must(partDigests.of(fraction), 'a part of what is held') };
      if (how.fresh) await this.#scanBoth(part);
      const { uuids, more } = await this.#suspects(part);
      const found = await this.#confirmed(part, uuids);
      if (found.length === 0) return { ...none, verdict: more ? 'later' : 'equal', reason: undefined };
      const differences: Difference[] = [];
      for (const { uuid, kind } of found) {
        if (how.stopped?.() === true) break;
        const look = fraction === own.text && differences.length < how.describe;
        differences.push(await this.#describe(peer, uuid, kind, look));
      }
      return { ...none, verdict: 'different', reason: undefined, differences, more };
    } catch (error) {
      const less = error instanceof Holds ? error.fraction : undefined;
      if (less === undefined || less === fraction || partDigests.of(less) === undefined) throw error;
      return await this.#within(peer, less, how, none);
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
      if (error instanceof NoResult || error instanceof Holds) return undefined;
      throw error;
    }
  }

  /** The entry as the peer has it; empty image: it knows nothing of it. */
  async imageThere(
    peer: string,
    uuid: EntryUuid,
    covering: ServerState,
  ): Promise<Extract<Answer, { kind: 'image' }>> {
    try {
      return await this.#ask(peer, { kind: 'image', uuid }, 'image', covering);
    } catch (error) {
      if (!(error instanceof Holds)) throw error;
      throw new NoResult('refused', `${error.message}: nothing that this server holds can be copied from it`);
    }
  }

  async #scanBoth({ peer, fraction, tree }: Part): Promise<void> {
    const { clock, answerer } = this.#options;
    const { pass } = await this.#ask(peer, { kind: 'scan', pass: 0 }, 'scan', ServerState.EMPTY, fraction);
    for (const wanted = tree.nextWhole; tree.passes < wanted; ) await answerer.scan(tree);
    for (;;) {
      const { done } = await this.#ask(peer, { kind: 'scan', pass }, 'scan', ServerState.EMPTY, fraction);
      if (done) return;
      await pause(clock);
    }
  }

  /** Entries of buckets whose sums differ, and which do not look the same. */
  async #suspects(part: Part): Promise<{ uuids: EntryUuid[]; more: boolean }> {
    const uuids: EntryUuid[] = [];
    for (const first of await this.#differing(part, undefined)) {
      for (const second of await this.#differing(part, first)) {
        for (const uuid of await this.#inBucket(part, first * OCTETS + second)) {
          if (uuids.length >= LIMITS.comparedDifferences) return { uuids, more: true };
          uuids.push(uuid);
        }
      }
    }
    return { uuids, more: false };
  }

  async #differing({ peer, fraction, tree }: Part, first: number | undefined): Promise<number[]> {
    const before = await this.#own(() => ownSums(tree, first));
    const theirs = await this.#ask(peer, { kind: 'sums', first }, 'sums', before.state, fraction);
    const after = await this.#ownAt(theirs.state, () => ownSums(tree, first));
    const octets: number[] = [];
    for (let i = 0; i < OCTETS; i++)
      if (!sameSum(theirs.sums, after.sums, i) && !sameSum(theirs.sums, before.sums, i)) octets.push(i);
    return octets;
  }

  async #inBucket({ peer, fraction, tree }: Part, bucket: number): Promise<EntryUuid[]> {
    const here = new Map<EntryUuid, StateDigest>();
    const there = new Map<EntryUuid, ComparedEntry>();
    for (let after: EntryUuid | undefined, more = true; more; ) {
      const page = await tree.bucket(bucket, after, LIMITS.comparedEntries);
      for (const { uuid, digest } of page.rows) here.set(uuid, digest);
      after = page.rows[page.rows.length - 1]?.uuid;
      more = page.more && after !== undefined;
    }
    for (let after: EntryUuid | undefined, more = true; more; ) {
      const asked: AskedFor = { kind: 'bucket', bucket, after };
      const page = await this.#ask(peer, asked, 'entries', ServerState.EMPTY, fraction);
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
    part: Part,
    suspects: readonly EntryUuid[],
  ): Promise<{ readonly uuid: EntryUuid; readonly kind: Difference['kind'] }[]> {
    let left = suspects.map((uuid) => ({ uuid, kind: 'differs' as Difference['kind'] }));
    for (let round = 0; round < ROUNDS && left.length > 0; round++) {
      const next: typeof left = [];
      for (let at = 0; at < left.length; at += LIMITS.comparedEntries) {
        const uuids = left.slice(at, at + LIMITS.comparedEntries).map(({ uuid }) => uuid);
        next.push(...(await this.#differNow(part, uuids)));
      }
      left = next;
    }
    return left;
  }

  async #differNow({ peer, fraction, tree }: Part, uuids: readonly EntryUuid[]) {
    const before = await this.#own(() => ownDigests(tree, uuids));
    const theirs = await this.#ask(peer, { kind: 'entries', uuids }, 'entries', before.state, fraction);
    const after = await this.#ownAt(theirs.state, () => ownDigests(tree, uuids));
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
    const own = knownName(backend, uuid);
    if (!look || kind === 'only-here') return { uuid, name: own ?? `entryUUID=${uuid}`, kind, parts: [] };
    const there = await this.imageThere(peer, uuid, ServerState.EMPTY);
    const name = own ?? there.name;
    const here = backend.parts.digests.stateOf(uuid);
    if (there.image.length === 0 || here === undefined) return { uuid, name, kind, parts: [] };
    const theirs = backend.parts.fraction.image(decodeEntryImage(there.image));
    return { uuid, name, kind, parts: differingParts(here, theirs.state) };
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
    fraction: string = this.#options.backend.parts.fraction.text,
  ): Promise<Extract<Answer, { kind: K }>> {
    const { clock, backend } = this.#options;
    for (let waits = 0; waits < MAX_WAITS; waits++) {
      const generation = backend.generationId;
      if (generation === undefined || backend.importing)
        throw new NoResult('refused', 'this server holds no data at the moment');
      const bytes = await this.#options.ask(peer, encodeQuestion({ generation, covering, asked, fraction }));
      if (bytes === undefined || bytes.length === 0)
        throw new NoResult('unanswered', `${peer} is not connected, or does not compare entries`);
      const answer = decodeAnswer(bytes);
      if (answer.kind === 'refused') throw new NoResult('refused', `${peer}: ${answer.reason}`);
      if (answer.kind === 'holds') throw new Holds(peer, answer.fraction);
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
