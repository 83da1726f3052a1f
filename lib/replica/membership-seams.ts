/** What the table of a domain's servers (membership.ts) is given, and what it asks of its directory. */
import type { Changelog } from '../changelog/changelog.js';
import type { Csn, ReplicaId } from '../csn/csn.js';
import type { ServerState } from '../csn/server-state.js';
import type { Clock } from '../port/clock.js';
import type { OrderedStore } from '../port/ordered-store.js';
import type { Refusal } from '../sync/hello-check.js';

/** What a directory says of itself at one moment; see MemberReport. */
export interface OwnReport {
  readonly state: ServerState;
  readonly clock: Csn;
}

export interface MembershipOptions {
  readonly server: string;
  /** undefined: a broker alone. */
  readonly replica: ReplicaId | undefined;
  readonly store: OrderedStore;
  /** Prefix of every key. */
  readonly prefix: Uint8Array;
  readonly changelog: Changelog;
  readonly clock: Clock;
  /** Names of the configured peers. */
  readonly peers: readonly string[];
  /** The data set; undefined while there is none. Of a broker: what its log holds. */
  generation(): string | undefined;
  /** What the entries hold, and the moment of a report. undefined: a broker alone. */
  readonly directory:
    | { readonly state: ServerState; report(): Promise<OwnReport>; passClock(clock: Csn): void }
    | undefined;
  /** How long an undelete is accepted, ms. */
  readonly undeleteMs: number;
  /** A member that was silent for so long is evicted; 0: never. */
  readonly evictAfterMs: number;
  /** How often a report comes at most while changes are applied, ms. Default 5 s. */
  readonly reportMs?: number;
  /** Ends every session with that server. */
  dismiss(name: string, refusal: Refusal, replica: ReplicaId | undefined): void;
  alert(alert: { readonly kind: string; readonly key: string; readonly message: string }): void;
}
