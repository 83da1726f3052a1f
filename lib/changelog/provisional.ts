/**
 * Whose changes a broker's log holds on the word of that server alone, since the log began on an empty disk (replication-model.md section 7).
 *
 * A server that was restored and wrote on may be the first to fill such a log; what others hold of it shows that, and the log gives way to them (broker/forks.ts). Owns one row: the origins that were
 * seen to agree with another directory. Invariant: without the row nothing is provisional: logs of directories, and those that an older version began.
 */
import type { ReplicaId } from '../csn/csn.js';
import { type OrderedStore, StoreError, type StoreOp } from '../port/ordered-store.js';

export class Provisional {
  readonly #store: OrderedStore;
  readonly #key: Uint8Array;
  #confirmed: ReadonlySet<ReplicaId> | undefined;

  /** `fresh`: the log has not begun. Throws a StoreError. */
  constructor(store: OrderedStore, key: Uint8Array, fresh: boolean) {
    this.#store = store;
    this.#key = key;
    const row = store.get(key);
    if (row !== undefined) this.#confirmed = readOrigins(row);
    else if (fresh) this.#confirmed = new Set();
  }

  /** What is to be written as the log begins. */
  ops(): readonly StoreOp[] {
    return this.#confirmed === undefined ? [] : [this.#row(this.#confirmed)];
  }

  /** Whether nobody but the origin itself was seen to hold this history of it. */
  has(origin: ReplicaId): boolean {
    return this.#confirmed?.has(origin) === false;
  }

  /** Another directory agrees about these. A row that does not reach the disk is made up for when it comes again. */
  confirm(origins: readonly ReplicaId[]): void {
    const news = origins.filter((origin) => this.has(origin));
    if (this.#confirmed === undefined || news.length === 0) return;
    this.#confirmed = new Set([...this.#confirmed, ...news]);
    this.#store.batch([this.#row(this.#confirmed)], { sync: true }).catch(() => {});
  }

  #row(confirmed: ReadonlySet<ReplicaId>): StoreOp {
    const value = new Uint8Array([...confirmed].sort((a, b) => a - b).flatMap((id) => [id >>> 8, id & 0xff]));
    return { type: 'put', key: this.#key, value };
  }
}

function readOrigins(row: Uint8Array): ReadonlySet<ReplicaId> {
  if (row.length % 2 !== 0) throw new StoreError('damaged', 'confirmed origins of a change log: cut short');
  const origins = new Set<ReplicaId>();
  for (let at = 0; at < row.length; at += 2)
    origins.add((((row[at] ?? 0) << 8) | (row[at + 1] ?? 0)) as ReplicaId);
  return origins;
}
