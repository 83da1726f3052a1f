/**
 * The connections of one server: numbers, limits, the sweep of idle ones, and the drain at shutdown.
 *
 * Owns no protocol. Invariant: a connection is in the registry from its acceptance to its `closed`.
 */
import type { Requester } from '../../access/requester.js';
import { LdapError } from '../../base/ldap-error.js';
import type { Clock } from '../../port/clock.js';
import type { OperationSettings } from '../settings.js';

/** What never changes of a connection. */
export interface ConnectionFacts {
  /** Its number, from 1. */
  readonly id: number;
  readonly peerAddress: string;
  /** Address and port. */
  readonly peerText: string;
  readonly localText: string;
  /** Wall time of acceptance, ms. */
  readonly openedMs: number;
}

/** Requests taken and not yet answered. */
export interface RequestCounts {
  readonly runningCount: number;
  readonly waiting: number;
}

/** What the registry and cn=monitor know of a connection. */
export interface RegisteredConnection {
  readonly facts: ConnectionFacts;
  readonly requester: Requester;
  readonly tls: boolean;
  readonly operationsStarted: number;
  readonly requests: RequestCounts;
  /** Looks at its deadlines. */
  sweep(nowMs: number): void;
  /** Finishes what was asked, says goodbye and closes. */
  drain(): void;
  /** Closes now. */
  abort(reason: string): void;
}

const SWEEP_MS = 1000;

export class ConnectionRegistry {
  readonly #clock: Clock;
  readonly #settings: () => OperationSettings;
  readonly #open = new Map<number, RegisteredConnection>();
  readonly #byAddress = new Map<string, number>();
  #nextId = 1;
  #draining = false;
  #cancelSweep: (() => void) | undefined;
  #emptied: (() => void)[] = [];

  constructor(clock: Clock, settings: () => OperationSettings) {
    this.#clock = clock;
    this.#settings = settings;
  }

  /** Connections accepted since the start. */
  get total(): number {
    return this.#nextId - 1;
  }

  get current(): number {
    return this.#open.size;
  }

  /** Open connections by rising number. */
  connections(): Iterable<RegisteredConnection> {
    return this.#open.values();
  }

  /** The number of a new connection. Throws LdapError busy or unavailable when there may be no more. */
  admit(address: string): number {
    const { maxConnections, maxConnectionsPerAddress } = this.#settings();
    if (this.#draining) throw new LdapError('unavailable', 'The server is shutting down.');
    if (this.#open.size >= maxConnections) {
      throw new LdapError(
        'busy',
        `The server has ${maxConnections} connections and takes no more (maxConnections).`,
      );
    }
    if ((this.#byAddress.get(address) ?? 0) >= maxConnectionsPerAddress) {
      throw new LdapError(
        'busy',
        `${address} has ${maxConnectionsPerAddress} connections and may open no more (maxConnectionsPerAddress).`,
      );
    }
    return this.#nextId++;
  }

  add(connection: RegisteredConnection): void {
    const { id, peerAddress } = connection.facts;
    this.#open.set(id, connection);
    this.#byAddress.set(peerAddress, (this.#byAddress.get(peerAddress) ?? 0) + 1);
    this.#cancelSweep ??= this.#clock.after(SWEEP_MS, () => this.#sweep());
  }

  remove(connection: RegisteredConnection): void {
    const { id, peerAddress } = connection.facts;
    if (!this.#open.delete(id)) return;
    const left = (this.#byAddress.get(peerAddress) ?? 1) - 1;
    if (left > 0) this.#byAddress.set(peerAddress, left);
    else this.#byAddress.delete(peerAddress);
    if (this.#open.size > 0) return;
    this.#cancelSweep?.();
    this.#cancelSweep = undefined;
    const emptied = this.#emptied;
    this.#emptied = [];
    for (const resolve of emptied) resolve();
  }

  /** Lets every connection finish what it runs; aborts those that are left after `graceMs`. Resolves when all are gone. */
  async drain(graceMs: number): Promise<void> {
    this.#draining = true;
    for (const connection of [...this.#open.values()]) connection.drain();
    if (this.#open.size === 0) return;
    const gone = new Promise<void>((resolve) => this.#emptied.push(resolve));
    const cancel = this.#clock.after(graceMs, () => {
      for (const connection of [...this.#open.values()]) connection.abort('the server shut down');
    });
    await gone;
    cancel();
  }

  #sweep(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const connection of [...this.#open.values()]) connection.sweep(nowMs);
    this.#cancelSweep = this.#open.size > 0 ? this.#clock.after(SWEEP_MS, () => this.#sweep()) : undefined;
  }
}
