/**
 * What a replica is given and whom it asks: the seams to the broker, to what is known of the domain's servers, and to the server that it is a part of. Types only.
 */
import type { Backend } from '../backend/backend.js';
import type { Changelog } from '../changelog/changelog.js';
import type { Csn, ReplicaId } from '../csn/csn.js';
import type { ServerState } from '../csn/server-state.js';
import type { Clock } from '../port/clock.js';
import type { MemberRow } from '../sync/member-row.js';
import type { SnapshotPlace, SnapshotSummary } from '../sync/snapshot-summary.js';
import type { Witness } from './lost-changes.js';
import type { HeldPart, SnapshotSource, SnapshotTarget } from './snapshot-source.js';
import type { Heard } from './sole-holdings.js';

/** What is known of the domain's servers, as far as it concerns our own data and writes. */
export interface ReplicaMembers {
  /** Every server once, by name. */
  rows(): readonly MemberRow[];
  /** Why our own changes must wait; undefined when they need not. */
  owed(): 'untold' | 'lacking' | undefined;
  /** What tells whether others hold a change. */
  witness(): Witness;
  /** Why no copy of that server's data may be taken while these others are connected, as a sentence, or undefined. */
  copyBar(name: string, connected: readonly string[]): string | undefined;
  /** Our data give way to a copy of what `source` holds. */
  copied(source: string, state: ServerState): void;
  /** Told when changes of our own may still come back. */
  readonly place: { owing: () => boolean };
  /** What each connected server holds. */
  connected: () => readonly Heard[];
}

/** How our data come to be replaced. */
export interface KeepCircumstances {
  /** Whom we take the copy from, by name. */
  readonly peer: string;
  /** Others hold another history of ours. */
  readonly forked: boolean;
  /** A peer does not count us among the domain's servers. */
  readonly outside: boolean;
  /** The copy was begun already, from another source, or before a crash. */
  readonly again: boolean;
}

/** Changes of our own that only we have, when our data are replaced (reissue.ts). */
export interface ReplicaReissue {
  /** Keeps, on disk, what we made and the source does not hold. */
  keep(source: ServerState, circumstances: KeepCircumstances): Promise<number>;
  /** Why local writes must wait, as a sentence; undefined when they need not. */
  readonly held: string | undefined;
  /** Our changes up to this one came back from others. */
  cameBack(newest: Csn): void;
  /** From here on, what is kept is put back whenever `ready` says that it can be, or made anew, but while a change is `waiting`. */
  start(ready: () => boolean, waiting: () => boolean): void;
  /** Resolves when nothing is made any more. */
  pause(): Promise<void>;
  /** Something may have been kept. */
  soon(): void;
  stop(): Promise<void>;
}

/** What a replica asks of its broker. */
export interface UpdateCarrier {
  initializeFrom(
    peer: string,
    target: {
      resume?(): SnapshotPlace | undefined;
      prepare(summary: SnapshotSummary): Promise<void>;
      store(images: readonly Uint8Array[]): Promise<void>;
      finish(summary: SnapshotSummary): Promise<void>;
    },
  ): Promise<void>;
  /** Resolves when every peer answered or failed once, and each of `callers`, servers that dial this one, was heard. */
  firstContacts(callers: readonly string[]): Promise<void>;
  /** Names of the configured peers, connected or not. */
  peerNames(): readonly string[];
  /** What each connected peer holds, as it last said. */
  heard(): readonly Heard[];
  reintroduce(reason: string): void;
}

export interface ReplicaAlert {
  readonly kind: string;
  /** The same for the same trouble. */
  readonly key: string;
  readonly message: string;
}

export interface ReplicaOptions {
  readonly server: string;
  readonly replica: ReplicaId;
  readonly backend: Pick<Backend, 'replay' | 'carry' | 'state' | 'generationId'> &
    SnapshotSource &
    SnapshotTarget;
  /** What of the entries is held. Absent: everything. */
  readonly part?: HeldPart | undefined;
  readonly changelog: Changelog;
  readonly clock: Clock;
  /** Initialize an empty replica from the first peer that has data, and one that fell too far behind. */
  readonly autoInitialize: boolean;
  /** Initialize anew when others have forgotten what we need; default: as autoInitialize. */
  readonly autoReinitialize?: boolean;
  /** How long writes wait at start for what others know of us, at most; 0: not at all. */
  readonly startHoldMs: number;
  /** undefined where nobody keeps it. */
  readonly members?: ReplicaMembers | undefined;
  readonly reissue?: ReplicaReissue | undefined;
  /** Changes of others were applied. */
  applied?(): void;
  /** Makes and records a new incarnation. */
  renewIncarnation(): Promise<void>;
  alert(alert: ReplicaAlert): void;
}

/** A total update of ours, for monitoring. */
export interface UpdateProgress {
  /** Copied from at the moment. */
  readonly peer: string;
  readonly images: number;
  readonly bytes: number;
  /** Live entries that the snapshot holds; undefined before it began. */
  readonly entryCount: number | undefined;
  readonly sinceMs: number;
  /** Why the last attempt ended; undefined before one did, and again when the next one receives data. */
  readonly failure: string | undefined;
}
