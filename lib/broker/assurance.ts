/**
 * Assured replication on one server: lets local writes wait for others, and tells others what this server holds (docs/assurance.md).
 *
 * Owns the links that take part, the waits and their timers, and the counts; the rules are sync/assured-waits.ts and sync/acknowledgements.ts. A wish goes out once a turn,
 * whatever number of writes wait. Who does not know these frames is heard by the states that every session sends.
 */
import type { Changelog } from '../changelog/changelog.js';
import { type Csn, csnReplica, laterCsn, type ReplicaId, ZERO_CSN } from '../csn/csn.js';
import { ServerState } from '../csn/server-state.js';
import type { Clock } from '../port/clock.js';
import {
  type Acknowledging,
  type AcknowledgingEvent,
  type Held,
  newAcknowledging,
  stepAcknowledging,
} from '../sync/acknowledgements.js';
import type { Acknowledgement, Wish } from '../sync/assurance-frames.js';
import {
  type AssuredOutcome,
  type AssuredWish,
  type Candidate,
  isBack,
  judge,
  NOTHING_HELD,
} from '../sync/assured-waits.js';
import type { Frame, Hello, ServerStates } from '../sync/frames.js';
import type { MemberRow } from '../sync/member-row.js';

/** After so long without a wish, what is waited for is asked anew; and so is who is left out. */
const ASK_WAITING_MS = 1000;
const ASK_LEFT_OUT_MS = 5000;

export interface AssuranceOptions {
  readonly server: string;
  /** undefined: a broker alone, which only tells. */
  readonly replica: ReplicaId | undefined;
  readonly changelog: Changelog;
  /** What the entries hold; undefined: there are none. */
  applied(): ServerState | undefined;
  /** Every server of the domain. */
  members(): readonly MemberRow[];
  readonly clock: Clock;
  /** Servers whose entries count for safe-read; undefined: all directories. */
  readonly group?: ReadonlySet<string> | undefined;
  /** A server is left out from now on, or counts again. */
  told?(name: string, leftOut: boolean): void;
}

/** A link that takes part. */
export interface AssuranceLink {
  /** Takes a frame of assurance; false for any other. */
  take(frame: Frame): boolean;
  /** What the peer holds, as its session said. */
  states(states: ServerStates): void;
  leave(): void;
}

/** Counts since the start, for one mode. */
export interface AssuredCounts {
  sent: number;
  acknowledged: number;
  reduced: number;
  timeout: number;
}

interface Wait {
  readonly csn: Csn;
  readonly wish: AssuredWish;
  readonly cancel: () => void;
  readonly end: (outcome: AssuredOutcome) => void;
}

interface Member {
  readonly peer: string;
  send(frame: Frame): void;
}

export class Assurance {
  readonly counts: Readonly<Record<AssuredWish['mode'], AssuredCounts>> = {
    'safe-data': { sent: 0, acknowledged: 0, reduced: 0, timeout: 0 },
    'safe-read': { sent: 0, acknowledged: 0, reduced: 0, timeout: 0 },
  };
  /** Writes that a server did not acknowledge in time, by its name. */
  readonly missed = new Map<string, number>();
  readonly #options: AssuranceOptions;
  readonly #links = new Set<Member>();
  readonly #waits = new Set<Wait>();
  readonly #held = new Map<string, { readonly log: Csn; readonly applied: Csn }>();
  readonly #leftOut = new Set<string>();
  #state: Acknowledging<Member>;
  /** Newest change that somebody waited for. */
  #wished: Csn = ZERO_CSN;
  #round = 0;
  #sending = false;
  #wishedMs = Number.NEGATIVE_INFINITY;

  constructor(options: AssuranceOptions) {
    this.#options = options;
    this.#state = newAcknowledging(options.server);
    options.changelog.onAdvance(() => this.advanced());
  }

  /** Writes that wait now. */
  get waiting(): number {
    return this.#waits.size;
  }

  /** Servers that nobody waits for; those that belong no more are none. */
  get leftOut(): readonly string[] {
    const names = this.#candidates().map(({ name }) => name);
    return names.filter((name) => this.#leftOut.has(name)).sort();
  }

  /** Waits until others hold the change of ours, as wished, for at most `timeoutMs`. */
  wait(csn: Csn, wish: AssuredWish, timeoutMs: number): Promise<AssuredOutcome> {
    const counts = this.counts[wish.mode];
    counts.sent += 1;
    if (csn > this.#wished) this.#wished = csn;
    const now = this.#judge({ csn, wish }, false);
    // Those that are left out are asked too: so they come back.
    this.#wishSoon();
    if (now !== undefined) return Promise.resolve(this.#count(counts, now));
    return new Promise((resolve) => {
      const wait: Wait = {
        csn,
        wish,
        cancel: this.#options.clock.after(timeoutMs, () => this.#expire(wait)),
        end: (outcome) => {
          this.#waits.delete(wait);
          wait.cancel();
          resolve(this.#count(counts, outcome));
        },
      };
      this.#waits.add(wait);
    });
  }

  /** We hold more than before: in the log, or in the entries. */
  advanced(): void {
    if (this.#state.heard.size > 0) this.#step({ kind: 'advanced', held: this.#holding() });
  }

  /** Time passed. A link that is lost far from here may have been the way of an answer, and nobody here sees that: what is owed is asked for anew, which finds another way. */
  tick(): void {
    const sinceMs = this.#options.clock.monotonicMs() - this.#wishedMs;
    const isOut = this.#leftOut.size > 0 && this.leftOut.length > 0;
    if ((this.#waits.size > 0 && sinceMs >= ASK_WAITING_MS) || (isOut && sinceMs >= ASK_LEFT_OUT_MS))
      this.#wishAgain();
  }

  /** A session with that peer follows, or is followed. */
  enter(peer: Hello, send: (frame: Frame) => void): AssuranceLink {
    const link: Member = { peer: peer.server, send };
    const known = this.#linkTo(peer.server) !== undefined;
    this.#links.add(link);
    if (!known) this.#step({ kind: 'link-up', link });
    // Who is left out may be behind this link, and says so when asked.
    if (this.#waits.size > 0 || this.#leftOut.size > 0) this.#wishAgain();
    return {
      take: (frame) => this.#take(link, frame),
      states: (states) => this.#see(peer.server, states),
      leave: () => {
        this.#links.delete(link);
        this.#step({ kind: 'link-down', link });
        if (this.#waits.size > 0) this.#wishAgain();
      },
    };
  }

  #take(link: Member, frame: Frame): boolean {
    if (frame.kind !== 'assurance') return false;
    const { saying } = frame;
    const { replica } = this.#options;
    if (saying.kind === 'wish') {
      if (csnReplica(saying.wish.csn) !== replica)
        this.#step({ kind: 'wish', link, wish: saying.wish, held: this.#holding() });
      return true;
    }
    const mine = saying.rows.filter(({ origin }) => origin === replica);
    if (mine.length < saying.rows.length) this.#step({ kind: 'said', link, rows: saying.rows });
    if (mine.length > 0) this.#acknowledged(mine);
    return true;
  }

  /** The states of a session say the same, a little later. */
  #see(server: string, { log, applied }: ServerStates): void {
    const { replica } = this.#options;
    if (replica === undefined || this.#waits.size === 0) return;
    this.#acknowledged([
      {
        server,
        origin: replica,
        log: log.get(replica) ?? ZERO_CSN,
        applied: applied.get(replica) ?? ZERO_CSN,
      },
    ]);
  }

  #acknowledged(rows: readonly Acknowledgement[]): void {
    const kinds = new Map(this.#candidates().map(({ name, kind }) => [name, kind]));
    for (const { server, log, applied } of rows) {
      const kind = kinds.get(server);
      if (kind === undefined) continue;
      const before = this.#held.get(server) ?? NOTHING_HELD;
      const holding = {
        log: laterCsn(log, before.log),
        applied: laterCsn(applied, before.applied),
      };
      this.#held.set(server, holding);
      if (isBack(kind, holding, this.#due()) && this.#leftOut.delete(server))
        this.#options.told?.(server, false);
    }
    this.#judgeAll();
  }

  /** The newest change that somebody waited for, or what our log ends with: what it gave up, for a copy without it, nobody will have. */
  #due(): Csn {
    const { replica, changelog } = this.#options;
    const newest = replica === undefined ? undefined : changelog.newest(replica);
    return newest !== undefined && newest < this.#wished ? newest : this.#wished;
  }

  #judgeAll(): void {
    if (this.#waits.size === 0) return;
    const facts = this.#facts();
    for (const wait of [...this.#waits]) {
      const outcome = this.#judge(wait, false, facts);
      if (outcome !== undefined) wait.end(outcome);
    }
  }

  /** Of a change that our own log has given up, for a copy without it, the acknowledgements of later ones say nothing: it is put back, or made anew under another CSN. */
  #judge(
    { csn, wish }: Pick<Wait, 'csn' | 'wish'>,
    over: boolean,
    facts = this.#facts(),
  ): AssuredOutcome | undefined {
    const outcome = judge(csn, wish, facts, over);
    if (outcome === undefined || this.#options.changelog.holds(csn)) return outcome;
    return over ? { kind: 'timeout', have: [], missing: [], leftOut: [] } : undefined;
  }

  #expire(wait: Wait): void {
    const outcome = this.#judge(wait, true);
    if (outcome === undefined) return;
    for (const name of outcome.missing) {
      this.missed.set(name, (this.missed.get(name) ?? 0) + 1);
      if (this.#leftOut.has(name)) continue;
      this.#leftOut.add(name);
      this.#options.told?.(name, true);
    }
    wait.end(outcome);
    this.#judgeAll();
  }

  #facts() {
    return {
      candidates: this.#candidates(),
      held: this.#held,
      leftOut: this.#leftOut,
      group: this.#options.group,
    };
  }

  #candidates(): readonly Candidate[] {
    const { server, members } = this.#options;
    return members().filter(({ name, standing }) => standing === 'member' && name !== server);
  }

  #count(counts: AssuredCounts, outcome: AssuredOutcome): AssuredOutcome {
    if (outcome.kind === 'reached') counts.acknowledged += 1;
    else counts[outcome.kind] += 1;
    return outcome;
  }

  #wishSoon(): void {
    if (this.#sending) return;
    this.#sending = true;
    this.#wishedMs = this.#options.clock.monotonicMs();
    queueMicrotask(() => {
      this.#sending = false;
      this.#passOn({ csn: this.#wished, round: this.#round }, undefined);
    });
  }

  /** Links have changed: answers may need another way. */
  #wishAgain(): void {
    this.#round += 1;
    this.#wishSoon();
  }

  #passOn(wish: Wish, except: Member | undefined): void {
    const sent = new Set<string>(except === undefined ? [] : [except.peer]);
    for (const link of this.#links) {
      if (sent.has(link.peer)) continue;
      sent.add(link.peer);
      sendWish(link, wish);
    }
  }

  #linkTo(peer: string): Member | undefined {
    for (const link of this.#links) if (link.peer === peer) return link;
    return undefined;
  }

  #holding(): Held {
    const { changelog, applied } = this.#options;
    return { log: changelog.state, applied: applied() ?? ServerState.EMPTY };
  }

  #step(event: AcknowledgingEvent<Member>): void {
    const step = stepAcknowledging(this.#state, event, this.#options.clock.monotonicMs());
    this.#state = step.state;
    for (const effect of step.effects) {
      if (effect.kind === 'pass-on') this.#passOn(effect.wish, effect.except);
      else if (effect.kind === 'tell') sendWish(effect.link, effect.wish);
      else if (this.#links.has(effect.link))
        effect.link.send({ kind: 'assurance', saying: { kind: 'held', rows: effect.rows } });
    }
  }
}

function sendWish(link: Member, wish: Wish): void {
  link.send({ kind: 'assurance', saying: { kind: 'wish', wish } });
}
