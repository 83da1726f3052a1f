/**
 * Group commit of received changes: while one synced batch is written, what comes gathers in the next.
 *
 * Owns order and waiting only; its owner gives the rows, and is told what became durable before any waiter is. Invariants: one batch at a time, in the order of
 * arrival; when one is refused, everything that waited is refused with it.
 */
import type { EncodedChange } from '../change/change.js';
import type { OrderedStore, StoreOp } from '../port/ordered-store.js';

interface Waiting {
  readonly changes: readonly EncodedChange[];
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * Puts the rows of received changes on disk together with what follows from the changes. Undefined: not now, the log is to write them itself. `durable` is called in the
 * turn in which they are on disk, before the promise resolves; it rejects when the store refused them.
 */
export type CarryRows = (
  changes: readonly EncodedChange[],
  rows: readonly StoreOp[],
  durable: () => void,
) => Promise<void> | undefined;

export interface AppendQueueOwner {
  row(change: EncodedChange): StoreOp;
  durable(changes: readonly EncodedChange[]): void;
  refused(changes: readonly EncodedChange[]): void;
}

export class AppendQueue {
  readonly #store: OrderedStore;
  readonly #owner: AppendQueueOwner;
  #waiting: Waiting[] = [];
  #writing = false;
  /** Asked before the queue writes by itself. */
  carry: CarryRows = () => undefined;

  constructor(store: OrderedStore, owner: AppendQueueOwner) {
    this.#store = store;
    this.#owner = owner;
  }

  /** Nothing is written and nothing waits. */
  get empty(): boolean {
    return !this.#writing && this.#waiting.length === 0;
  }

  /** Resolves when these changes, and all given before, are on disk. Rejects with a StoreError. */
  add(changes: readonly EncodedChange[]): Promise<void> {
    if (changes.length === 0 && !this.#writing) return Promise.resolve();
    const durable = new Promise<void>((resolve, reject) => {
      this.#waiting.push({ changes, resolve, reject });
    });
    if (!this.#writing) void this.#write();
    return durable;
  }

  /** Resolves when nothing is left to write. */
  async idle(): Promise<void> {
    while (this.#writing) await this.add([]).catch(() => {});
  }

  async #write(): Promise<void> {
    this.#writing = true;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      const changes = batch.flatMap((append) => append.changes);
      let told = false;
      const durable = (): void => {
        if (!told) this.#owner.durable(changes);
        told = true;
      };
      try {
        if (changes.length > 0) {
          const rows = changes.map((change) => this.#owner.row(change));
          await (this.carry(changes, rows, durable) ?? this.#store.batch(rows, { sync: true }));
        }
      } catch (error) {
        this.#refuse([...batch, ...this.#waiting], error);
        break;
      }
      durable();
      for (const append of batch) append.resolve();
    }
    this.#writing = false;
  }

  #refuse(all: readonly Waiting[], error: unknown): void {
    this.#waiting = [];
    for (const append of all) {
      this.#owner.refused(append.changes);
      append.reject(error);
    }
  }
}
