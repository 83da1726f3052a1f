/**
 * The servers of a domain as this one knows them: their reports, our own, and who belongs (replication-model.md sections 2 and 4).
 *
 * Owns the table, its rows on disk and our own report; the broker carries rows, stability.ts says what follows. Invariants: a report is on disk before anyone hears of it, and
 * says no more than what is on disk; whoever is given a copy of our data stands in the table before the copy is made, so that no later report of
 * ours reaches anyone without its row; our own changes are made only while we hold all that we ever reported and that is not gone for good.
 */
import { must } from '../base/assert.js';
import { type ReplicaId, ZERO_CSN } from '../csn/csn.js';
import { ServerState } from '../csn/server-state.js';
import { barOf, copyBar, dismissal, silentSentence } from '../sync/admission.js';
import type { Hello, Vouched } from '../sync/frames.js';
import type { Refusal } from '../sync/hello-check.js';
import { heldTo } from '../sync/member-promises.js';
import {
  expectedMember,
  type MemberReport,
  type MemberRow,
  mergeMembers,
  plainRows,
  type Standing,
} from '../sync/member-row.js';
import { Awaited, type Witness } from './lost-changes.js';
import {
  asIntroduced,
  callersOf,
  decidable,
  heldByMembers,
  isPutOut,
  isSuccessor,
  lackingOf,
  membersBeside,
  replicasOutside,
  saysMore,
  strayMaker,
  vouchedFor,
} from './member-facts.js';
import { MemberStore } from './member-store.js';
import type { MembershipOptions } from './membership-seams.js';
import { OwnPlace } from './own-place.js';
import { Returning } from './returning.js';
import { Silences } from './silences.js';
import type { Heard } from './sole-holdings.js';
import { type Bound, Stability } from './stability.js';

/** A report while changes are applied comes this often; while nothing happens, this seldom. */
const REPORT_MS = 5000;
const IDLE_REPORT_MS = 600_000;

interface Known {
  row: MemberRow;
  /** The state of the table in which it last changed. */
  version: number;
}

export class Membership {
  readonly #options: MembershipOptions;
  readonly #known = new Map<string, Known>();
  readonly #stability = new Stability();
  readonly #silences: Silences;
  readonly #returning: Returning;
  readonly #store: MemberStore;
  #version = 1;
  #generation: string | undefined;
  #undeleteFromMs = 0;
  #reporting = false;
  #reportedMs = Number.NEGATIVE_INFINITY;
  /** Names of the servers that are followed; those that came later count as members once they were heard of: what is forgotten by then they have to copy. */
  peers: readonly string[];
  /** What each connected server holds. */
  connected: () => readonly Heard[] = () => [];
  readonly #awaited = new Awaited();
  /** What others told of us. */
  readonly place: OwnPlace;
  /** Grows when the data under our feet are replaced: what was begun before counts no more. */
  epoch = 0;

  private constructor(options: MembershipOptions) {
    this.#options = options;
    this.peers = options.peers;
    this.place = new OwnPlace(options.server, () => this.own);
    this.#store = new MemberStore(options.store, options.prefix);
    this.#silences = new Silences(options.clock, options.evictAfterMs);
    this.#returning = new Returning({
      ...{ server: options.server, witness: () => this.witness() },
      ...{ held: () => options.directory?.state, log: () => options.changelog.state },
    });
  }

  /** Reads the table. Rejects with a StoreError. */
  static async open(options: MembershipOptions): Promise<Membership> {
    const membership = new Membership(options);
    await membership.#load();
    return membership;
  }

  async #load(): Promise<void> {
    const { generation, rows } = await this.#store.load();
    this.#generation = generation;
    for (const row of rows) this.#known.set(row.name, { row, version: 1 });
    const own = this.own?.report;
    if (own !== undefined) this.#options.directory?.passClock(own.clock);
    this.#undeleteFromMs = own?.undeleteFromMs ?? 0;
    this.#expectPeers();
  }

  /** Our own row. */
  get own(): MemberRow | undefined {
    return this.#known.get(this.#options.server)?.row;
  }

  /** Grows with every change of the table. */
  get version(): number {
    return this.#version;
  }

  /** No undelete of an entry that died before this may be accepted, ms since the epoch. */
  get undeleteFromMs(): number {
    return this.#undeleteFromMs;
  }

  /** Every server once, by name; of two with one replica id the one that was heard of later. */
  rows(): readonly MemberRow[] {
    const rows = [...this.#known.values()].map(({ row }) => row);
    return rows
      .filter((row) => !rows.some((other) => isSuccessor(other, row)))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** How long a member was silent while most of the others were heard, ms. */
  silentMs(name: string): number {
    return this.#silences.of(name);
  }

  /** The whole table's changes since `version`, for a link. */
  since(version: number): { readonly generation: string; readonly rows: readonly MemberRow[] } | undefined {
    const generation = this.#options.generation();
    if (generation === undefined || generation !== this.#generation) return undefined;
    const news = [...this.#known.values()].filter((known) => known.version > version);
    const rows = news.flatMap(({ row }) => plainRows(row));
    return rows.length === 0 ? undefined : { generation, rows };
  }

  /** Takes rows from a link. */
  take(generation: string, rows: readonly MemberRow[]): void {
    if (generation !== this.#options.generation()) return;
    this.#followGeneration();
    this.place.hear(rows);
    const changed: MemberRow[] = [];
    const out = new Set<string>();
    for (const told of rows) {
      const before = this.#known.get(told.name)?.row;
      const row = before === undefined ? told : mergeMembers(before, told);
      if (row === before) continue;
      changed.push(row);
      if (isPutOut(row, before)) out.add(row.name);
      if (row.report?.atMs !== before?.report?.atMs) this.#silences.heard(row.name);
    }
    if (changed.length === 0) return;
    for (const row of changed) this.#put(row);
    this.#store.save(changed, false).catch(() => {}); // said again by others
    for (const { name, report } of changed) {
      if (name === this.#options.server) this.#learnOwn(report);
      else if (out.has(name)) this.#dismiss(name);
    }
  }

  /**
   * Why our own changes must wait: nobody told us yet what they know of us, since our data were replaced (`untold`); or we lack what we reported once, since we
   * were restored, or copied from a server that lacks it (`lacking`), and somebody may have it.
   */
  owed(): 'untold' | 'lacking' | undefined {
    const { directory, replica } = this.#options;
    if (directory === undefined) return undefined;
    if (!this.place.told) return 'untold';
    const { promised } = this;
    if (promised === undefined) return undefined;
    // Our own changes that others have come back before we write (replica.ts); those that nobody has are put back or made anew (reissue.ts).
    const lacking = lackingOf(promised, directory.state, replica, replicasOutside(this.rows()));
    return this.#awaited.of(lacking, this.witness()).length > 0 ? 'lacking' : undefined;
  }

  /** What we reported to hold, while our entries lack some of it. */
  get promised(): ServerState | undefined {
    const { directory } = this.#options;
    const reported = this.own?.report?.state;
    return reported === undefined || directory?.state.coversAll(reported) !== false ? undefined : reported;
  }

  /** Of what we know of the others, what tells whether they hold a change. */
  witness(): Witness {
    const { server, replica, clock } = this.#options;
    return { server, replica, rows: this.rows(), connected: this.connected(), nowMs: clock.wallMs() };
  }

  /** Who else holds what we hold of servers that are out. */
  get vouched(): readonly Vouched[] | undefined {
    return vouchedFor(this.#options.server, this.rows(), this.#options.changelog.state);
  }

  /** Why a peer must not be let in, or undefined. */
  bar(peer: Hello): Refusal | undefined {
    if (peer.generation !== undefined && peer.generation !== this.#options.generation()) return undefined;
    const row = this.#known.get(peer.server)?.row;
    const { server, changelog } = this.#options;
    const told = row?.standing === 'member' ? undefined : this.#returning.neededOf(peer, row);
    const log = changelog.state;
    return barOf(peer, { server, row, told, log, stray: strayMaker(peer, this.rows(), log) });
  }

  /** Why no copy of that server's data may be taken while these others are connected, as a sentence, or undefined. */
  copyBar(name: string, connected: readonly string[]): string | undefined {
    const { server } = this.#options;
    const others = membersBeside(this.rows(), [server, name]).filter((row) => connected.includes(row.name));
    return copyBar(this.#known.get(name)?.row, others, server);
  }

  /** A peer introduced itself and was let in. */
  heard(peer: Hello): void {
    if (peer.generation === undefined || peer.generation !== this.#options.generation()) return;
    this.#followGeneration();
    const row = this.#known.get(peer.server)?.row;
    const back = row?.standing === 'returning' && peer.wants !== true;
    const needed = back ? (this.#returning.neededOf(peer, row) ?? ServerState.EMPTY) : undefined;
    this.#keep(this.#enter(peer, needed)).catch(() => {});
  }

  /**
   * A peer is about to be given a copy of our data: it is a member from now on, on disk when it resolves. One that was evicted and may return is none before it is let in: until then
   * what it holds is not the copy, which may be cut. Rejects where a copy would lack what we had reported: others have forgotten by that, and only who reported it too waits for it before it writes.
   */
  async register(peer: Hello): Promise<void> {
    this.#followGeneration();
    const isFirst = this.#known.get((peer.behalf ?? peer).server)?.row.report === undefined;
    if (isFirst && this.promised !== undefined && (this.owed() !== undefined || this.place.owing()))
      throw new Error('it was restored, or has taken a copy, and lacks changes that it had reported');
    await this.#keep(this.#enter(peer));
  }

  /** A server that is about to join: it is a member from now on, on disk when it resolves, so that nothing more is forgotten that it will lack. */
  async admit(name: string, replica: ReplicaId | undefined): Promise<void> {
    this.#followGeneration();
    await this.#keep(this.#enter({ server: name, replica }));
  }

  /** The row of a peer that is new in the table, or back, for which it had to hold `needed`. */
  #enter(peer: Pick<Hello, 'server' | 'replica'>, needed?: ServerState): MemberRow | undefined {
    const known = this.#known.get(peer.server)?.row;
    const before = known ?? expectedMember(peer.server);
    const row = asIntroduced(before, peer.replica);
    if (row === known && needed === undefined) return undefined;
    const now = { standing: 'member', standingAtMs: this.#nextStandingMs(before) } as const;
    const entered = needed === undefined ? row : heldTo({ ...row, ...now }, needed);
    this.#put(entered);
    this.#silences.heard(peer.server);
    return entered;
  }

  async #keep(row: MemberRow | undefined): Promise<void> {
    if (row !== undefined) await this.#store.save([row], true);
  }

  /** Changes a server's standing by an administrator's word; on disk when it resolves. Throws an Error that says why not. */
  async decide(name: string, standing: Exclude<Standing, 'member'>): Promise<void> {
    if (name === this.#options.server) throw new Error(`${name} is this server`);
    const row = decidable(this.rows(), this.#known.get(name)?.row, name, standing);
    const next: MemberRow = { ...row, standing, standingAtMs: this.#nextStandingMs(row) };
    await this.#store.saveFirst(next);
    const now = must(this.#known.get(name), 'a known server').row;
    const decided = mergeMembers(now, next);
    this.#put(decided);
    if (standing === 'evicted') this.#dismiss(name);
    // What came meanwhile was written behind it, without it.
    if (now !== row) await this.#store.save([decided], true);
  }

  /** The causally stable bound, and who holds it back. */
  bound(): Bound {
    const held = this.#options.directory?.state ?? ServerState.EMPTY;
    const rows = this.rows();
    this.#stability.observe(rows, held);
    return this.#stability.bound(rows, held, this.#options);
  }

  /** What every member has: changes that none needs from a change log any more. */
  heldByAll(): ServerState {
    const { changelog, directory } = this.#options;
    return heldByMembers(this.rows(), directory?.state ?? changelog.state);
  }

  /** Our data are replaced by a copy of another server's: what others said is judged anew by what we hold now, and somebody may know more of us than we do. */
  copied(source: string, state: ServerState): void {
    this.epoch += 1;
    this.#stability.clear();
    this.#awaited.clear();
    this.#returning.copied(source, state);
    const { server } = this.#options;
    this.place.replaced(this.peers.length + callersOf(this.rows(), server, this.peers).length === 0);
  }

  /** To be called now and then: reports when there is something to say; evicts who was silent too long. */
  async tick(now = false): Promise<void> {
    this.#followGeneration();
    for (const name of this.#silences.tick(this.rows(), this.#options.server)) {
      await this.decide(name, 'evicted');
      this.#options.alert({ kind: 'evicted', key: `evicted ${name}`, message: silentSentence(name) });
    }
    if (this.#reporting || !this.#isReportDue(now)) return;
    this.#reporting = true;
    try {
      await this.#report();
    } finally {
      this.#reporting = false;
    }
  }

  #isReportDue(now: boolean): boolean {
    const { clock, directory, changelog } = this.#options;
    if (this.#generation === undefined || this.owed() !== undefined || this.place.owing()) return false;
    const report = this.own?.report;
    if (report === undefined || now) return true;
    const sinceMs = clock.monotonicMs() - this.#reportedMs;
    if (sinceMs < (this.#options.reportMs ?? REPORT_MS)) return false;
    const state = directory?.state ?? changelog.state;
    const outside = [...replicasOutside(this.rows()).keys()];
    return saysMore(report, state, this.#options.replica, outside) || sinceMs >= IDLE_REPORT_MS;
  }

  async #report(): Promise<void> {
    const { server, replica, directory, changelog, clock, undeleteMs } = this.#options;
    // From here on no older undelete is decided; those decided before are in the state that the report takes.
    this.#undeleteFromMs = Math.max(this.#undeleteFromMs, Math.floor(clock.wallMs()) - undeleteMs);
    const { epoch } = this;
    const outside = [...replicasOutside(this.rows()).keys()];
    const shunned = outside.map((origin) => ({
      replica: origin,
      through: changelog.newest(origin) ?? ZERO_CSN,
    }));
    const said =
      directory === undefined ? { state: changelog.state, clock: ZERO_CSN } : await directory.report();
    if (epoch !== this.epoch || this.owed() !== undefined || this.place.owing()) return;
    const before = this.own ?? expectedMember(server);
    const report: MemberReport = {
      ...said,
      atMs: Math.max((before.report?.atMs ?? 0) + 1, Math.floor(clock.wallMs())),
      undeleteFromMs: directory === undefined ? 0 : Math.max(0, this.#undeleteFromMs),
      shunned,
    };
    // With what we told of before and is gone: other tables say it too.
    const row = mergeMembers(before, { ...asIntroduced(before, replica), report });
    await this.#store.saveFirst(row);
    if (epoch !== this.epoch) return;
    this.#reportedMs = clock.monotonicMs();
    this.#put(mergeMembers(this.own ?? row, row));
    this.#returning.reported();
  }

  /** Another data set: all that is known is of the one before. */
  #followGeneration(): void {
    const generation = this.#options.generation();
    if (generation === undefined || generation === this.#generation) return;
    const dropped = this.#generation === undefined ? [] : [...this.#known.keys()];
    if (this.#generation !== undefined) {
      this.#known.clear();
      this.place.begin();
      this.#stability.clear();
      this.#expectPeers();
      this.epoch += 1;
    }
    this.#generation = generation;
    void this.#store.begin(generation, dropped).catch(() => {});
  }

  #expectPeers(): void {
    for (const name of this.peers) if (!this.#known.has(name)) this.#put(expectedMember(name));
  }

  #learnOwn(report: MemberReport | undefined): void {
    if (report === undefined) return;
    this.#undeleteFromMs = Math.max(this.#undeleteFromMs, report.undeleteFromMs);
    this.#options.directory?.passClock(report.clock);
  }

  #dismiss(name: string): void {
    const row = this.#known.get(name)?.row;
    if (row === undefined) return;
    this.#options.dismiss(name, dismissal(row, this.#options.server), row.replica);
  }

  #nextStandingMs(row: MemberRow): number {
    return Math.max(row.standingAtMs + 1, Math.floor(this.#options.clock.wallMs()));
  }

  #put(row: MemberRow): void {
    const before = this.#known.get(row.name)?.row;
    this.#version += 1;
    this.#known.set(row.name, { row, version: this.#version });
    this.#returning.note(row, before);
  }
}
