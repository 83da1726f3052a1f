/**
 * Against silent divergence: goes through our rows and compares with each followed peer in turn, in the background, and tells when entries differ.
 *
 * Owns timers and what was found last; the comparison is comparison.ts. Everything here takes a small share of processor time: a step of the pass is followed by a rest of many
 * times its length.
 */

import { StoreError } from '../port/ordered-store.js';
import { FrameError } from '../sync/frame-error.js';
import { QuestionAnswerer } from './answer-questions.js';
import { Comparison, type ComparisonOptions, type ComparisonReport, type Difference } from './comparison.js';
import { type RepairLine, repairFrom } from './repair.js';
import type { ReplicaAlert } from './replica-seams.js';

/** The rest after a step of the pass, in lengths of the step: while digests are made for the first time, and later as a rule, and at least. */
const FIRST_REST = 9;
const REST = 49;
const LEAST_REST = 19;
/** A pass that takes longer rests less, as far as LEAST_REST lets it: what is wrong shall be found within a minute. */
const PASS_MS = 25_000;
const MIN_REST_MS = 20;
/** Between two passes. */
const PASS_GAP_MS = 5000;
const COMPARE_GAP_MS = 10_000;
/** While more digests than this are to be made anew, the pass makes them, with its rests; comparisons are left out, but not so many in a row. */
const MANY_WAITING = 2000;
const MAX_LEFT_OUT = 30;
/** Differing entries of which a background comparison says what differs. */
const DESCRIBED = 20;
const NAMED = 3;

export interface DivergenceOptions extends Omit<ComparisonOptions, 'answerer'> {
  readonly server: string;
  /** Names of those that are compared with now: peers that are followed, and servers that brokers lead to. */
  following(): readonly string[];
  alert(alert: ReplicaAlert): void;
}

/** What `replication verify` answers. */
export interface VerifyResult {
  readonly reports: readonly ComparisonReport[];
  /** Of the same peers, once something was repaired. */
  readonly after: readonly ComparisonReport[];
  /** Entries whose rows changed here without a write, or cannot be read. */
  readonly damagedHere: readonly string[];
  readonly repairs: readonly RepairLine[];
}

export class Divergence {
  readonly #options: DivergenceOptions;
  readonly #answerer: QuestionAnswerer;
  readonly #comparison: Comparison;
  readonly #reports = new Map<string, ComparisonReport>();
  readonly #cancels = new Set<() => void>();
  #stopped = true;
  #ended = false;
  #comparing: Promise<unknown> = Promise.resolve();
  #stepping: Promise<unknown> = Promise.resolve();
  #turn = 0;
  #treeTurn = 0;
  #toldDamaged = 0;
  #leftOut = 0;

  constructor(options: DivergenceOptions) {
    this.#options = options;
    this.#answerer = new QuestionAnswerer(options.backend);
    this.#comparison = new Comparison({ ...options, ask: options.ask, answerer: this.#answerer });
  }

  start(): void {
    this.#stopped = false;
    this.#later(MIN_REST_MS, () => this.#step());
    this.#later(COMPARE_GAP_MS, () => this.#compareNext());
  }

  /** Resolves when nothing of it touches the store any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#ended = true;
    for (const cancel of this.#cancels) cancel();
    this.#cancels.clear();
    await this.#stepping;
  }

  /** Answers a peer's question. */
  async answer(question: Uint8Array): Promise<Uint8Array> {
    return await this.#answerer.answer(question);
  }

  /** Whom entries are compared with. */
  peers(): readonly string[] {
    return this.#options.following();
  }

  /** What the last comparison with each peer found. */
  reports(): readonly ComparisonReport[] {
    return [...this.#reports.values()];
  }

  /** Reads everything anew and compares with these peers; then repairs what differs here, if asked to. */
  async verify(
    peers: readonly string[],
    repair: { readonly from: string | undefined } | undefined,
  ): Promise<VerifyResult> {
    const reports: ComparisonReport[] = [];
    for (const peer of peers) reports.push(await this.#compare(peer, true, Number.POSITIVE_INFINITY));
    const repairs =
      repair === undefined
        ? []
        : await repairFrom({ ...this.#options, comparison: this.#comparison }, reports, repair.from);
    const after: ComparisonReport[] = [];
    if (repairs.some(({ done }) => done))
      for (const peer of peers) after.push(await this.#compare(peer, false, DESCRIBED));
    return { reports, after, damagedHere: this.#options.backend.parts.digests.status().damaged, repairs };
  }

  #later(delayMs: number, run: () => void): void {
    if (this.#stopped) return;
    const cancel = this.#options.clock.after(delayMs, () => {
      this.#cancels.delete(cancel);
      if (!this.#stopped) run();
    });
    this.#cancels.add(cancel);
  }

  #step(): void {
    const { backend, clock } = this.#options;
    const { digests, partDigests } = backend.parts;
    const trees = partDigests.all();
    const tree = trees[this.#treeTurn++ % trees.length] ?? digests;
    const began = clock.monotonicMs();
    const step = backend.importing ? Promise.resolve(true) : tree.step();
    this.#stepping = step.then(
      (ended) => {
        const tookMs = clock.monotonicMs() - began;
        const ready = trees.every((one) => one.ready);
        const aimMs = PASS_MS / (tree.stepsOfPass * trees.length) - tookMs;
        const restMs = ready
          ? Math.max(tookMs * LEAST_REST, Math.min(tookMs * REST, aimMs))
          : tookMs * FIRST_REST;
        this.#tellDamaged();
        const idle = ended && (ready || trees.length === 1) && tree.waiting < MANY_WAITING;
        this.#later(idle ? PASS_GAP_MS : Math.max(MIN_REST_MS, restMs), () => this.#step());
      },
      // A store that fails says so on every other way.
      () => this.#later(PASS_GAP_MS, () => this.#step()),
    );
  }

  #tellDamaged(): void {
    const { damaged } = this.#options.backend.parts.digests.status();
    if (damaged.length <= this.#toldDamaged) {
      this.#toldDamaged = damaged.length;
      return;
    }
    this.#toldDamaged = damaged.length;
    this.#options.alert({
      kind: 'entry-damaged',
      key: 'entry-damaged',
      message: `${damaged.length} entries of ${this.#options.server} changed on disk without a change (${damaged[damaged.length - 1]}); to see and mend: polyarch replication verify --repair`,
    });
  }

  #compareNext(): void {
    const peers = this.#options.following();
    const peer = peers[this.#turn++ % Math.max(1, peers.length)];
    for (const name of this.#reports.keys()) if (!peers.includes(name)) this.#reports.delete(name);
    const done =
      peer === undefined || this.#options.backend.importing || this.#isBusy()
        ? Promise.resolve()
        : this.#compare(peer, false, DESCRIBED);
    const next = () => this.#later(COMPARE_GAP_MS, () => this.#compareNext());
    done.then(next, next);
  }

  /** Whether a comparison would have to make many digests at once. */
  #isBusy(): boolean {
    const { ready, waiting } = this.#options.backend.parts.digests;
    if (!ready) return true;
    this.#leftOut = waiting < MANY_WAITING || this.#leftOut >= MAX_LEFT_OUT ? 0 : this.#leftOut + 1;
    return this.#leftOut > 0;
  }

  /** One comparison at a time. */
  #compare(peer: string, fresh: boolean, describe: number): Promise<ComparisonReport> {
    const run = this.#comparing.then(async () => {
      try {
        const report = await this.#comparison.with(peer, { fresh, describe, stopped: () => this.#ended });
        this.#take(report);
        return report;
      } catch (error) {
        if (!(error instanceof FrameError) && !(error instanceof StoreError)) throw error;
        return this.#failed(peer, error.message);
      }
    });
    this.#comparing = run.catch(() => {});
    return run;
  }

  #failed(peer: string, reason: string): ComparisonReport {
    const atMs = this.#options.clock.wallMs();
    return { peer, atMs, verdict: 'unanswered', reason, differences: [], more: false };
  }

  #take(report: ComparisonReport): void {
    // A comparison without a result says nothing against what was found before.
    const known = this.#reports.get(report.peer);
    if (report.verdict === 'equal' || report.verdict === 'different' || known === undefined)
      this.#reports.set(report.peer, report);
    if (report.verdict !== 'different') return;
    const { peer, differences, more } = report;
    const names = differences.slice(0, NAMED).map(described).join('; ');
    this.#options.alert({
      kind: 'divergence',
      key: `divergence ${peer}`,
      message: `${this.#options.server} and ${peer} hold the same changes and ${more ? 'more than ' : ''}${differences.length} entries that differ: ${names}; to see all and mend: polyarch replication verify`,
    });
  }
}

/** One difference in a few words. */
export function described({ name, kind, parts }: Difference): string {
  if (kind === 'only-here') return `${name} (only here)`;
  if (kind === 'only-there') return `${name} (only there)`;
  return parts.length === 0 ? name : `${name} (${parts.join(', ')})`;
}
