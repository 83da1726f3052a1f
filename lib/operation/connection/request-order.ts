/**
 * RequestOrder: which requests of one connection wait, which run, and what may start next.
 *
 * Requests start in the order received and one at a time, except that a write may start while the writes before it are on their way to the disk
 * (they were released: their order is settled), so that pipelined writes share one fsync. Detached operations (persistent searches) run beside all others. Holds messages only; it starts and answers nothing.
 */
import { EXTENDED_OIDS } from '../../ldap/control-oids.js';
import type { RequestMessage } from '../../ldap/message.js';
import type { RunningOperation } from '../running-operation.js';

export class RequestOrder {
  #queue: RequestMessage[] = [];
  #head = 0;
  readonly #running = new Map<number, RunningOperation>();
  /** Operations that go on until they are ended. */
  readonly #detached = new Map<number, RunningOperation>();
  /** Running operations before whose end or release nothing else may start. */
  #unreleased = 0;

  get waiting(): number {
    return this.#queue.length - this.#head;
  }

  get runningCount(): number {
    return this.#running.size + this.#detached.size;
  }

  get detachedCount(): number {
    return this.#detached.size;
  }

  /** Requests taken and not yet answered. */
  get total(): number {
    return this.waiting + this.#running.size;
  }

  running(id: number): RunningOperation | undefined {
    return this.#running.get(id) ?? this.#detached.get(id);
  }

  /** Abandons what goes on until it is ended. True when there was any. */
  endDetached(): boolean {
    for (const operation of this.#detached.values()) operation.stopped ??= 'abandoned';
    return this.#detached.size > 0;
  }

  /** Whether this request may start now, were it the next. */
  mayStart(message: RequestMessage): boolean {
    return this.#running.size === 0 || (this.#unreleased === 0 && isWrite(message));
  }

  push(message: RequestMessage): void {
    this.#queue.push(message);
  }

  /** Takes the first waiting request when it may start. */
  shift(): RequestMessage | undefined {
    const message = this.#queue[this.#head];
    if (message === undefined || !this.mayStart(message)) return undefined;
    this.#head += 1;
    if (this.#head === this.#queue.length) this.clear();
    return message;
  }

  /** Takes a waiting request out. Binds and StartTLS stay: `cannotCancel`. undefined: there is none of this id. */
  unqueue(id: number): RequestMessage | 'cannotCancel' | undefined {
    for (let i = this.#head; i < this.#queue.length; i++) {
      const message = this.#queue[i] as RequestMessage;
      if (message.id !== id) continue;
      if (isBarrier(message)) return 'cannotCancel';
      this.#queue.splice(i, 1);
      return message;
    }
    return undefined;
  }

  /** Forgets what waits. */
  clear(): void {
    this.#queue = [];
    this.#head = 0;
  }

  /** The operation goes on after its start; `onRelease` is called when the next write may start. */
  began(operation: RunningOperation, onRelease: () => void): void {
    if (operation.detached) {
      this.#detached.set(operation.message.id, operation);
      return;
    }
    this.#running.set(operation.message.id, operation);
    if (operation.released) return;
    this.#unreleased += 1;
    operation.onRelease = () => {
      operation.onRelease = undefined;
      this.#unreleased -= 1;
      onRelease();
    };
  }

  /** The operation has its answer. False: it never went on after its start. */
  ended(operation: RunningOperation): boolean {
    const { id } = operation.message;
    if (this.#detached.get(id) === operation) return this.#detached.delete(id);
    if (this.#running.get(id) !== operation) return false;
    this.#running.delete(id);
    if (!operation.released) this.#unreleased -= 1;
    operation.onRelease = undefined;
    return true;
  }
}

function isWrite({ request: { kind } }: RequestMessage): boolean {
  return kind === 'modify' || kind === 'add' || kind === 'delete' || kind === 'modifyDn';
}

/** Whether nothing behind the request may be read before it is finished: it changes who asks, or how octets are protected. */
export function isBarrier({ request }: RequestMessage): boolean {
  return request.kind === 'bind' || (request.kind === 'extended' && request.oid === EXTENDED_OIDS.startTls);
}
