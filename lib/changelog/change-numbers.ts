/**
 * Numbers for the changes of all domains of a server, for cn=changelog: 1, 2, 3 ... in CSN order, the same on every server.
 *
 * The rule: a change gets its number when its CSN is at or below the completeness of every domain: the CSN up to which no counting replica can still bring a
 * change that is not in the log. So servers with the same domains number the same changes alike, each in its own time. A replica that does not count (evicted, or silent too
 * long) holds nobody up; what it brings later is numbered when it comes, behind what was numbered meanwhile, so between servers the numbers of that stretch may differ, and they agree
 * again behind it, since all have numbered as many changes. Nothing is numbered twice or left out. Rows are derived: after a crash the same are made again.
 *
 * A server that took a copy of a domain counts on as the source of the copy did (copied-numbers.ts): the copy's row is taken over before anything else is numbered. From `first` on everything can be read.
 *
 *   prefix 00 -> last number, newest CSN numbered, then for each domain its number in the store, the state numbered and how many changes have numbers
 *   prefix 01 number(6) -> number of the domain (2), CSN (12)
 *   prefix 02 CSN (12) domain (2) -> number (6), newest CSN numbered before (12; absent in rows of before), only of changes that came late
 *   prefix 03 domain (2) -> what was copied, while changes of the copy have no numbers yet
 */
import { must } from '../base/assert.js';
import { carveBytes, emptyBytes } from '../base/bytes.js';
import { LIMITS } from '../base/limits.js';
import { type Csn, csnReplica, laterCsn, type ReplicaId, ZERO_CSN } from '../csn/csn.js';
import { ServerState } from '../csn/server-state.js';
import type { OrderedStore, StoreOp, StoreSnapshot } from '../port/ordered-store.js';
import type { Changelog } from './changelog.js';
import { copiedNumbers, decodeCopied, encodeCopied, heldOf, unreadAmong } from './copied-numbers.js';
import {
  decodeFacts,
  decodeRow,
  domainBytes,
  encodeFacts,
  encodeRow,
  lateKey,
  lateRow,
  NUMBER_BYTES,
  type NumberedChange,
  type NumberFacts,
  numberBytes,
  putNumber,
  readLate,
  readNumber,
} from './number-rows.js';
import { WaitingCsns } from './waiting-csns.js';

/** Copied changes that get their numbers in one batch; of a log as many as one read gives. */
const STEP_CHANGES = 1000;
const SLICE_ROWS = 256;

/** A domain whose changes are numbered. */
export interface NumberedLog {
  /** Its number in the store: below 65536. */
  readonly domain: number;
  /** Normal form of its base: decides between two changes of one CSN. */
  readonly baseKey: string;
  readonly changelog: Changelog;
  /** Every change with a CSN at or below this is in the log, as far as replicas that count are concerned. */
  complete(): Csn;
  /** Key of the row in which a copy of the domain leaves what its source had numbered. */
  readonly copied: Uint8Array;
}

interface Waiting {
  readonly log: NumberedLog;
  readonly csn: Csn;
}

export class ChangeNumbers {
  readonly #store: OrderedStore;
  readonly #prefix: Uint8Array;
  readonly #logs: readonly NumberedLog[];
  #numbered = new Map<number, ServerState>();
  /** How many changes of each domain have numbers; their sum is the last number. */
  #counts = new Map<number, number>();
  /** What was read and has no numbers yet, by log. */
  readonly #waitingCsns = new Map<NumberedLog, WaitingCsns>();
  /** The trimmed marks of the logs when their numbers were last forgotten. */
  #forgotten: readonly ServerState[] = [];
  /** Changes that came with a copy and have no numbers yet, by domain. */
  readonly #held = new Map<number, readonly Csn[]>();
  readonly #listeners = new Set<() => void>();
  #first = 1;
  #last = 0;
  #newest: Csn = ZERO_CSN;
  #running: Promise<void> | undefined;

  private constructor(store: OrderedStore, prefix: Uint8Array, logs: readonly NumberedLog[]) {
    this.#store = store;
    this.#prefix = prefix.slice();
    this.#logs = [...logs].sort((a, b) => (a.baseKey < b.baseKey ? -1 : 1));
    for (const log of this.#logs) this.#waitingCsns.set(log, new WaitingCsns(log.changelog));
  }

  /** Reads what was numbered. Rejects with a StoreError. */
  static async open(
    store: OrderedStore,
    prefix: Uint8Array,
    logs: readonly NumberedLog[],
  ): Promise<ChangeNumbers> {
    const numbers = new ChangeNumbers(store, prefix, logs);
    const facts = store.get(numbers.#key(0));
    if (facts !== undefined) numbers.#take(decodeFacts(facts, numbers.#logs[0]?.domain ?? 0));
    for (const { domain } of numbers.#logs) {
      const held = store.get(numbers.#key(3, domainBytes(domain)));
      if (held !== undefined) numbers.#held.set(domain, decodeCopied(held).held);
    }
    numbers.#first = numbers.#last + 1;
    for await (const keys of store.scanKeys({ ...numbers.#range(1, 0), limit: 1 }, 1))
      for (const key of keys) numbers.#first = readNumber(key, key.length - NUMBER_BYTES);
    return numbers;
  }

  /** Number of the oldest change that can be read; above `last` when there is none. */
  get first(): number {
    return this.#first;
  }

  get last(): number {
    return this.#last;
  }

  /** Calls `listener` when changes got numbers; the function returned ends it. */
  onAdvance(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Numbers what is complete and forgets what the logs no longer hold. One run at a time. Rejects with a StoreError. */
  step(): Promise<void> {
    this.#running ??= this.#step().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** Numbered changes from `from` to `to`, both included, in slices. */
  async *range(from: number, to: number): AsyncGenerator<readonly NumberedChange[]> {
    const first = Math.max(from, this.#first);
    const last = Math.min(to, this.#last);
    if (first > last) return;
    const range = { gte: this.#numberKey(first), lt: this.#numberKey(last + 1) };
    for await (const rows of this.#store.scan(range, SLICE_ROWS))
      yield rows.map(({ key, value }) => decodeRow(readNumber(key, key.length - NUMBER_BYTES), value));
  }

  /** The number of a change; undefined while it has none. */
  numberOf(csn: Csn, domain: number): number | undefined {
    const late = this.#store.get(this.#key(2, lateKey(csn, domain)));
    if (late !== undefined) return readNumber(late, 0);
    for (let number = this.from(csn); number <= this.#last; number++) {
      const row = this.#at(number);
      if (row === undefined || row.csn > csn) return undefined;
      if (row.csn === csn && row.domain === domain) return number;
    }
    return undefined;
  }

  /** The least number such that all changes before it that did not come late are older than `csn`. */
  from(csn: Csn): number {
    let low = this.#first;
    let high = this.#last + 1;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const reached = this.#reached(middle);
      if (reached !== undefined && reached < csn) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The newest CSN among the changes up to this number; it never falls, where CSNs of changes that came late do. */
  #reached(number: number): Csn | undefined {
    for (let at = number; at >= this.#first; at--) {
      const row = this.#at(at);
      if (row === undefined) return undefined;
      const late = this.#store.get(this.#key(2, lateKey(row.csn, row.domain)));
      if (late === undefined) return row.csn;
      const before = readLate(late);
      if (before !== undefined) return before;
    }
    return undefined;
  }

  #at(number: number): NumberedChange | undefined {
    const row = this.#store.get(this.#numberKey(number));
    return row === undefined ? undefined : decodeRow(number, row);
  }

  /**
   * What a copy of a domain carries, for total-update.ts: `state` and `snapshot` are the copy's. Undefined for a domain whose changes are not numbered here. Rejects with a StoreError.
   */
  async copyOf(domain: number, state: ServerState, snapshot: StoreSnapshot): Promise<Uint8Array | undefined> {
    const log = this.#logs.find((one) => one.domain === domain);
    if (log === undefined) return undefined;
    const row = this.#store.get(this.#key(0), snapshot);
    const facts = row === undefined ? undefined : decodeFacts(row, this.#logs[0]?.domain ?? 0);
    const counted = {
      count: facts?.counts.get(domain) ?? 0,
      newest: facts?.newest ?? ZERO_CSN,
      numbered: facts?.numbered.get(domain) ?? ServerState.EMPTY,
    };
    return encodeCopied(await copiedNumbers(log.changelog, counted, state, snapshot));
  }

  async #step(): Promise<void> {
    for (const log of this.#logs) await this.#adopt(log);
    await this.#forget();
    for (;;) {
      const complete = this.#complete();
      const waiting = await this.#waiting(complete);
      if (waiting.length === 0) return;
      await this.#number(waiting);
      for (const listener of [...this.#listeners]) listener();
    }
  }

  /** Counts on as the source of a copy did, when one was taken since. What had numbers before can be read by number no more. */
  async #adopt({ domain, copied }: NumberedLog): Promise<void> {
    const row = this.#store.get(copied);
    if (row === undefined) return;
    const { count, newest, numbered, held } = decodeCopied(row);
    for (const waiting of this.#waitingCsns.values()) waiting.clear();
    for (const range of [this.#range(1, 0), { gte: this.#key(2), lt: this.#key(3) }])
      for await (const keys of this.#store.scanKeys(range, SLICE_ROWS))
        await this.#store.batch(
          keys.map((key) => ({ type: 'del', key: key.slice() })),
          { sync: false },
        );
    this.#numbered.set(domain, numbered);
    this.#counts.set(domain, count);
    this.#held.set(domain, held);
    const last = [...this.#counts.values()].reduce((sum, one) => sum + one, 0);
    this.#newest = laterCsn(this.#newest, newest);
    const facts = { last, newest: this.#newest, numbered: this.#numbered, counts: this.#counts };
    await this.#store.batch(
      [
        { type: 'put', key: this.#key(0), value: encodeFacts(facts) },
        { type: 'put', key: this.#key(3, domainBytes(domain)), value: row },
        { type: 'del', key: copied },
      ],
      { sync: false },
    );
    this.#last = last;
    this.#first = last + 1;
  }

  #complete(): Csn {
    let least: Csn | undefined;
    for (const log of this.#logs) {
      const complete = log.complete();
      if (least === undefined || complete < least) least = complete;
    }
    return least ?? ZERO_CSN;
  }

  /** The next changes in CSN order: whatever is read of each origin, cut where one of them was not read to its end. */
  async #waiting(complete: Csn): Promise<readonly Waiting[]> {
    const found: Waiting[] = [];
    let cut = complete;
    for (const log of this.#logs) {
      const held = ServerState.of(this.#held.get(log.domain) ?? []);
      for (const newest of log.changelog.state.merge(held).csns()) {
        const origin = csnReplica(newest);
        const read = await this.#readOrigin(log, origin);
        for (const csn of read) {
          if (csn > complete) break;
          found.push({ log, csn });
        }
        const last = read[read.length - 1];
        if (last !== undefined && last < newest && last < cut) cut = last;
      }
    }
    const order = (a: Waiting, b: Waiting) =>
      a.csn < b.csn ? -1 : a.csn > b.csn ? 1 : a.log.baseKey < b.log.baseKey ? -1 : 1;
    return found.filter(({ csn }) => csn <= cut).sort(order);
  }

  async #readOrigin(log: NumberedLog, origin: ReplicaId): Promise<readonly Csn[]> {
    const after = this.#numbered.get(log.domain)?.get(origin);
    const held = heldOf(this.#held.get(log.domain) ?? [], origin, after);
    if (held.length > 0) return held.slice(0, STEP_CHANGES);
    const waiting = must(this.#waitingCsns.get(log), 'the logs are those of the constructor');
    const known = waiting.get(origin, after);
    if (known.length > 0) return known;
    const slice = await log.changelog.read(origin, after, LIMITS.logReadBytes);
    if (slice.kind === 'changes') {
      const csns = slice.changes.map(({ csn }) => csn);
      waiting.put(origin, csns);
      return csns;
    }
    // What was trimmed before it was numbered, or is of other data, cannot be read: the count goes on behind it.
    const oldest = slice.kind === 'too-old' ? slice.oldest : log.changelog.trimmed.get(origin);
    if (oldest === undefined || oldest === after) return [];
    this.#pass(log.domain, oldest);
    return this.#readOrigin(log, origin);
  }

  #pass(domain: number, csn: Csn): void {
    this.#numbered.set(domain, (this.#numbered.get(domain) ?? ServerState.EMPTY).with(csn));
  }

  /** What the store refuses has no numbers, and gets them at the next step: what is known changes behind the batch. */
  async #number(waiting: readonly Waiting[]): Promise<void> {
    const ops: StoreOp[] = [];
    const numbered = new Map(this.#numbered);
    const counts = new Map(this.#counts);
    const given = new Map<number, Csn[]>();
    let last = this.#last;
    let newest = this.#newest;
    const unread = unreadAmong(waiting, this.#logs, this.#held, this.#numbered);
    for (const [place, { log, csn }] of waiting.entries()) {
      last += 1;
      if (place >= unread) ops.push(...this.#rowsOf(last, log.domain, csn, newest));
      newest = laterCsn(newest, csn);
      const ofDomain = given.get(log.domain);
      if (ofDomain === undefined) given.set(log.domain, [csn]);
      else ofDomain.push(csn);
    }
    for (const [domain, csns] of given) {
      numbered.set(domain, (numbered.get(domain) ?? ServerState.EMPTY).merge(ServerState.of(csns)));
      counts.set(domain, (counts.get(domain) ?? 0) + csns.length);
    }
    const done = [...this.#held].flatMap(([domain, held]) =>
      held.every((csn) => numbered.get(domain)?.covers(csn) === true) ? [domain] : [],
    );
    for (const domain of done) ops.push({ type: 'del', key: this.#key(3, domainBytes(domain)) });
    ops.push({ type: 'put', key: this.#key(0), value: encodeFacts({ last, newest, numbered, counts }) });
    await this.#store.batch(ops, { sync: false });
    for (const domain of done) this.#held.delete(domain);
    this.#numbered = numbered;
    this.#counts = counts;
    if (unread > 0) this.#first = this.#last + unread + 1;
    this.#last = last;
    this.#newest = newest;
  }

  #rowsOf(number: number, domain: number, csn: Csn, newest: Csn): StoreOp[] {
    const row: StoreOp = { type: 'put', key: this.#numberKey(number), value: encodeRow(domain, csn) };
    if (csn >= newest) return [row];
    return [row, { type: 'put', key: this.#key(2, lateKey(csn, domain)), value: lateRow(number, newest) }];
  }

  /** Rows of changes that the logs do not hold any more go: looked for when a log was trimmed. */
  async #forget(): Promise<void> {
    const marks = this.#logs.map(({ changelog }) => changelog.trimmed);
    if (marks.every((mark, i) => mark === this.#forgotten[i])) return;
    await this.#forgetTrimmed();
    this.#forgotten = marks;
  }

  async #forgetTrimmed(): Promise<void> {
    const logs = new Map(this.#logs.map((log) => [log.domain, log.changelog]));
    for await (const rows of this.range(this.#first, this.#last)) {
      const gone: StoreOp[] = [];
      for (const { number, domain, csn } of rows) {
        const log = logs.get(domain);
        if (log !== undefined && !log.trimmed.covers(csn)) break;
        gone.push({ type: 'del', key: this.#numberKey(number) });
        gone.push({ type: 'del', key: this.#key(2, lateKey(csn, domain)) });
      }
      if (gone.length === 0) return;
      await this.#store.batch(gone, { sync: false });
      this.#first += gone.length / 2;
      if (gone.length / 2 < rows.length) return;
    }
  }

  #take({ last, newest, numbered, counts }: NumberFacts): void {
    this.#last = last;
    this.#newest = newest;
    for (const [domain, state] of numbered) this.#numbered.set(domain, state);
    for (const [domain, count] of counts) this.#counts.set(domain, count);
  }

  #range(kind: number, from: number) {
    return { gte: this.#key(kind, numberBytes(from)), lt: this.#key(kind + 1) };
  }

  #numberKey(number: number): Uint8Array {
    const at = this.#prefix.length + 1;
    const key = carveBytes(at + NUMBER_BYTES);
    key.set(this.#prefix);
    key[at - 1] = 1;
    putNumber(key, at, number);
    return key;
  }

  #key(kind: number, rest: Uint8Array = emptyBytes()): Uint8Array {
    const key = carveBytes(this.#prefix.length + 1 + rest.length);
    key.set(this.#prefix);
    key[this.#prefix.length] = kind;
    key.set(rest, this.#prefix.length + 1);
    return key;
  }
}
