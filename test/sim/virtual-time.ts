/**
 * Time that stands still until the next event: every timer, delivery and disk write of a simulated run is an event of one queue.
 *
 * Between two events all promise reactions run to their end, so a run depends on its seed and on nothing else.
 */
import type { Clock } from '../../lib/port/clock.js';

interface Event {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
  cancelled: boolean;
}

export class VirtualTime {
  #heap: Event[] = [];
  #order = 0;
  nowMs = 0;
  /** Events performed. */
  performed = 0;

  at(delayMs: number, run: () => void): () => void {
    const event: Event = {
      atMs: this.nowMs + Math.max(0, delayMs),
      order: this.#order++,
      run,
      cancelled: false,
    };
    this.#push(event);
    return () => {
      event.cancelled = true;
    };
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.at(delayMs, resolve);
    });
  }

  /** Performs events until `untilMs` has come, or `done` says so. */
  async run(untilMs: number, done: () => boolean = () => false): Promise<void> {
    await settle();
    while (!done()) {
      const event = this.#heap[0];
      if (event === undefined || event.atMs > untilMs) break;
      this.#pop();
      if (event.cancelled) continue;
      this.nowMs = event.atMs;
      this.performed += 1;
      event.run();
      await settle();
    }
    if (!done() && this.nowMs < untilMs) this.nowMs = untilMs;
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(event);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!earlier(event, heap[parent] as Event)) break;
      heap[at] = heap[parent] as Event;
      at = parent;
    }
    heap[at] = event;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop() as Event;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && earlier(heap[child + 1] as Event, heap[child] as Event)) child += 1;
      if (!earlier(heap[child] as Event, last)) break;
      heap[at] = heap[child] as Event;
      at = child;
    }
    heap[at] = last;
  }
}

/** All promise reactions that are due. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function earlier(a: Event, b: Event): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}

/** 2026-01-01 UTC. */
export const EPOCH_MS = 1_767_225_600_000;

/** One machine's clock; silent once its process is dead. */
export class MachineClock implements Clock {
  readonly #time: VirtualTime;
  readonly #alive: () => boolean;
  readonly #offset: { wallMs: number };

  /** `offset`: of the wall clock; shared by the lives of one machine, and changed by clock jumps. */
  constructor(time: VirtualTime, offset: { wallMs: number }, alive: () => boolean) {
    this.#time = time;
    this.#offset = offset;
    this.#alive = alive;
  }

  wallMs(): number {
    return Math.floor(EPOCH_MS + this.#time.nowMs + this.#offset.wallMs);
  }

  monotonicMs(): number {
    return this.#time.nowMs;
  }

  after(delayMs: number, run: () => void): () => void {
    return this.#time.at(delayMs, () => {
      if (this.#alive()) run();
    });
  }
}
