/** ConnectionTimes: the deadlines of one connection, all in monotonic ms, and how long its requests have held the event loop. */
import type { ResultName } from '../../base/result-code.js';
import type { OperationSettings } from '../settings.js';

/** Longest time that one client's requests hold the event loop before others have their turn, in ms. */
const TURN_MS = 5;

export interface Overdue {
  /** What a notice of disconnection says; undefined where the client did nothing wrong, and none is sent. */
  readonly notice: ResultName | undefined;
  readonly reason: string;
}

export class ConnectionTimes {
  #lastActiveMs: number;
  #turnMs: number;
  /** A message began to arrive then and is not whole. */
  #pduSinceMs: number | undefined;

  constructor(nowMs: number) {
    this.#lastActiveMs = nowMs;
    this.#turnMs = nowMs;
  }

  /** Something happened: octets came or an operation ended. A turn begins. */
  active(nowMs: number): void {
    this.#lastActiveMs = nowMs;
    this.#turnMs = nowMs;
  }

  /** A message arrived whole. */
  messageTaken(): void {
    this.#pduSinceMs = undefined;
  }

  /** Whether octets of a message that is not whole are held. */
  partial(held: boolean): void {
    if (held) this.#pduSinceMs ??= this.#lastActiveMs;
    else this.#pduSinceMs = undefined;
  }

  turnIsOver(nowMs: number): boolean {
    return nowMs - this.#turnMs >= TURN_MS;
  }

  /** Why the connection must end now; undefined while it need not. `busy`: requests run, wait or are held back. */
  overdue(
    nowMs: number,
    { idleMs, pduMs }: OperationSettings,
    busy: boolean,
    paused: boolean,
  ): Overdue | undefined {
    if (this.#pduSinceMs !== undefined && !paused && nowMs - this.#pduSinceMs >= pduMs) {
      return {
        notice: 'protocolError',
        reason: `A message did not arrive whole within ${pduMs} ms (pduMs).`,
      };
    }
    if (idleMs > 0 && !busy && nowMs - this.#lastActiveMs >= idleMs) {
      return { notice: undefined, reason: `The connection was idle for ${idleMs} ms (idleMs).` };
    }
    return undefined;
  }
}
