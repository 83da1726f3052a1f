/**
 * Server state (version vector): replica id -> newest CSN such that every earlier change of that origin is held.
 *
 * Values are immutable: with() answers a new state. Text and byte forms list replicas in rising order.
 */

import { assert } from '../base/assert.js';
import type { ByteWriter } from '../base/binary.js';
import { LIMITS } from '../base/limits.js';
import {
  CSN_BYTES,
  type Csn,
  csnFromBytes,
  csnReplica,
  parseCsn,
  putCsn,
  type ReplicaId,
  writeCsn,
} from './csn.js';

export class ServerState {
  static readonly EMPTY = new ServerState(new Map());
  readonly #newest: ReadonlyMap<ReplicaId, Csn>;

  private constructor(newest: ReadonlyMap<ReplicaId, Csn>) {
    this.#newest = newest;
  }

  /** The state that holds exactly these newest CSNs, one an origin. */
  static of(csns: Iterable<Csn>): ServerState {
    const newest = new Map<ReplicaId, Csn>();
    for (const csn of csns) {
      const replica = csnReplica(csn);
      const known = newest.get(replica);
      if (known === undefined || known < csn) newest.set(replica, csn);
    }
    return newest.size === 0 ? ServerState.EMPTY : new ServerState(newest);
  }

  /** Newest CSN of an origin, or undefined when none is held. */
  get(replica: ReplicaId): Csn | undefined {
    return this.#newest.get(replica);
  }

  /** Whether the change is held. */
  covers(csn: Csn): boolean {
    const newest = this.#newest.get(csnReplica(csn));
    return newest !== undefined && csn <= newest;
  }

  /** Whether every change held by `other` is held here. */
  coversAll(other: ServerState): boolean {
    for (const csn of other.#newest.values()) if (!this.covers(csn)) return false;
    return true;
  }

  /** This state and one more change; never moves back. */
  with(csn: Csn): ServerState {
    if (this.covers(csn)) return this;
    const newest = new Map(this.#newest);
    newest.set(csnReplica(csn), csn);
    return new ServerState(newest);
  }

  /** The least state that covers both. */
  merge(other: ServerState): ServerState {
    return ServerState.of([...this.#newest.values(), ...other.#newest.values()]);
  }

  /** Newest CSN of any origin. */
  newest(): Csn | undefined {
    let newest: Csn | undefined;
    for (const csn of this.#newest.values()) if (newest === undefined || csn > newest) newest = csn;
    return newest;
  }

  /** Newest CSNs, one an origin, by rising replica id. */
  csns(): Csn[] {
    if (this.#newest.size < 2) return [...this.#newest.values()];
    return [...this.#newest.entries()].sort((a, b) => a[0] - b[0]).map(([, csn]) => csn);
  }

  replicas(): ReplicaId[] {
    return [...this.#newest.keys()].sort((a, b) => a - b);
  }

  get size(): number {
    return this.#newest.size;
  }

  equals(other: ServerState): boolean {
    return this.size === other.size && this.coversAll(other) && other.coversAll(this);
  }

  /** CSNs joined by spaces. */
  toString(): string {
    return this.csns().join(' ');
  }

  /** The state that toString() wrote, or undefined. */
  static parse(text: string): ServerState | undefined {
    const csns: Csn[] = [];
    for (const part of text.split(' ')) {
      if (part === '') continue;
      const csn = parseCsn(part);
      if (csn === undefined || csns.length >= LIMITS.replicas) return undefined;
      csns.push(csn);
    }
    return ServerState.of(csns);
  }

  /** CSNs end to end, CSN_BYTES octets each. */
  toBytes(): Uint8Array {
    const csns = this.csns();
    const bytes = new Uint8Array(csns.length * CSN_BYTES);
    csns.forEach((csn, i) => {
      putCsn(bytes, i * CSN_BYTES, csn);
    });
    return bytes;
  }

  /** Writes what toBytes() answers. */
  write(writer: ByteWriter): void {
    if (this.#newest.size === 0) return;
    for (const csn of this.csns()) writeCsn(writer, csn);
  }

  /** The inverse of toBytes(); asserts a whole number of CSNs. */
  static fromBytes(bytes: Uint8Array): ServerState {
    assert(bytes.length % CSN_BYTES === 0, 'server state cut short');
    const csns: Csn[] = [];
    for (let at = 0; at < bytes.length; at += CSN_BYTES) csns.push(csnFromBytes(bytes, at));
    return ServerState.of(csns);
  }
}
