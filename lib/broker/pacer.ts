/**
 * Holds changes back on ways with a limit of bandwidth or closed hours; one for all domains of a server, since they share the lines.
 *
 * Owns the buckets, who waits, and one timer. Sessions that wait for the same line go in the order in which they came. Only what is read for a peer waits (changes, images of
 * a total update): heartbeats, acknowledgements and answers go at once and are charged. An octet is charged after it was sent, so each session may overdraw by one portion.
 */
import { LIMITS } from '../base/limits.js';
import type { Clock } from '../port/clock.js';
import { charge, newBucket, type TokenBucket, waitMs } from '../sync/token-bucket.js';
import { type ScheduleSpan, scheduleOpen, scheduleSpan } from '../topology/schedule.js';
import type { WayLine } from '../topology/ways.js';

/** What is sent may still be on its way through compression: looked at again so soon. */
const BUSY_MS = 5;
/** Clocks jump: a closed line is looked at again so soon. */
const LOOK_MS = 1000;

/** Who wants to send. */
export interface Sender {
  /** Waits for open hours too, not for bandwidth alone. */
  readonly scheduled: boolean;
  /** Whether all that was sent before is charged. */
  ready(): boolean;
  /** Called once, when it may send one portion. */
  go(): void;
}

interface Waiting extends Sender {
  readonly way: Way;
}

/** How a way is now, for people. */
export interface WayStatus {
  /** The lowest limit on the way; undefined: none. */
  readonly bandwidthKbit: number | undefined;
  /** Whether changes may flow by the hours of its links, since when and until when by wall time; infinite where that does not change. */
  readonly hours: ScheduleSpan;
}

export class Pacer {
  readonly #clock: Clock;
  readonly #lines: (server: string) => readonly WayLine[];
  readonly #buckets = new Map<string, TokenBucket>();
  #waiting: Waiting[] = [];
  #cancel: (() => void) | undefined;
  #looking = false;

  /** `lines`: what holds changes up on the way to a server. */
  constructor(clock: Clock, lines: (server: string) => readonly WayLine[]) {
    this.#clock = clock;
    this.#lines = lines;
  }

  /** The way to a server; undefined where nothing holds changes up. */
  way(server: string): Way | undefined {
    const lines = this.#lines(server);
    return lines.length === 0 ? undefined : new Way(this, lines);
  }

  /** Octets were sent over these lines. */
  charge(lines: readonly WayLine[], bytes: number): void {
    const nowMs = this.#clock.monotonicMs();
    for (const line of lines) {
      const bucket = this.#bucket(line, nowMs);
      if (bucket !== undefined) this.#buckets.set(line.name, charge(bucket, bytes, nowMs));
    }
  }

  /** Calls `sender.go` when it may send, at once where that is now. The returned function gives up. */
  wait(way: Way, sender: Sender): () => void {
    const waiting = {
      way,
      scheduled: sender.scheduled,
      ready: () => sender.ready(),
      go: () => sender.go(),
    };
    this.#waiting.push(waiting);
    this.#look();
    return () => {
      this.#waiting = this.#waiting.filter((one) => one !== waiting);
    };
  }

  /** Whether all of these lines are open. */
  open(lines: readonly WayLine[]): boolean {
    return lines.every((line) => scheduleOpen(line.schedule, this.#clock.wallMs()));
  }

  /** How the hours of these lines are: open while all are. */
  hours(lines: readonly WayLine[]): ScheduleSpan {
    const spans = lines.map((line) => scheduleSpan(line.schedule, this.#clock.wallMs()));
    const open = spans.every((span) => span.open);
    const telling = open ? spans : spans.filter((span) => !span.open);
    return {
      open,
      fromMs: open
        ? Math.max(...telling.map((span) => span.fromMs))
        : Math.min(...telling.map((span) => span.fromMs)),
      untilMs: open
        ? Math.min(...telling.map((span) => span.untilMs))
        : Math.max(...telling.map((span) => span.untilMs)),
    };
  }

  #bucket(line: WayLine, nowMs: number): TokenBucket | undefined {
    if (line.bandwidthKbit === undefined) return undefined;
    return this.#buckets.get(line.name) ?? newBucket(line.bandwidthKbit, nowMs);
  }

  /** Lets everybody go who may, in order. Whoever goes may wait again at once: it comes last. */
  #look(): void {
    if (this.#looking) return;
    this.#looking = true;
    try {
      const nextMs = this.#letGo();
      this.#cancel?.();
      this.#cancel = this.#waiting.length === 0 ? undefined : this.#clock.after(nextMs, () => this.#look());
    } finally {
      this.#looking = false;
    }
  }

  /** Answers when to look again, ms. */
  #letGo(): number {
    let nextMs = LOOK_MS;
    for (let i = 0; i < this.#waiting.length; ) {
      const waiting = this.#waiting[i] as Waiting;
      const delayMs = this.#delayMs(waiting);
      if (delayMs === 0) {
        this.#waiting.splice(i, 1);
        waiting.go();
      } else {
        nextMs = Math.min(nextMs, delayMs);
        i += 1;
      }
    }
    return nextMs;
  }

  #delayMs({ way, scheduled, ready }: Waiting): number {
    if (scheduled && !way.open) return LOOK_MS;
    if (!way.limited) return 0;
    if (!ready()) return BUSY_MS;
    const nowMs = this.#clock.monotonicMs();
    const waits = way.lines.map((line) => {
      const bucket = this.#bucket(line, nowMs);
      return bucket === undefined ? 0 : waitMs(bucket, nowMs);
    });
    return Math.min(LOOK_MS, Math.max(...waits));
  }
}

/** The way to one server. */
export class Way {
  readonly lines: readonly WayLine[];
  readonly #pacer: Pacer;

  constructor(pacer: Pacer, lines: readonly WayLine[]) {
    this.#pacer = pacer;
    this.lines = lines;
  }

  get limited(): boolean {
    return this.lines.some((line) => line.bandwidthKbit !== undefined);
  }

  /** Whether changes may flow by the hours of its links. */
  get open(): boolean {
    return this.#pacer.open(this.lines);
  }

  /** Octets of one portion: a fraction of a second's worth. */
  get portionBytes(): number {
    const limits = this.lines.flatMap(({ bandwidthKbit }) => bandwidthKbit ?? []);
    return Math.min(LIMITS.logReadBytes, ...limits.map((kbit) => newBucket(kbit, 0).burst));
  }

  /** Octets were sent, of whatever kind. */
  charge(bytes: number): void {
    this.#pacer.charge(this.lines, bytes);
  }

  /** As Pacer.wait(). */
  wait(sender: Sender): () => void {
    return this.#pacer.wait(this, sender);
  }

  status(): WayStatus {
    const limits = this.lines.flatMap(({ bandwidthKbit }) => bandwidthKbit ?? []);
    return {
      bandwidthKbit: limits.length === 0 ? undefined : Math.min(...limits),
      hours: this.#pacer.hours(this.lines),
    };
  }
}
