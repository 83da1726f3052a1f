/**
 * What a broker is given and whom it tells: the seam to whoever composes it (a directory server's replica, or a broker alone).
 *
 * Types only. A broker knows nothing of entries; the directory behind it is this small face.
 */
import type { Csn, ReplicaId } from '../csn/csn.js';
import type { ServerState } from '../csn/server-state.js';
import type { Hello, LinkPurpose, RefusalCode, ServerStates, Vouched } from '../sync/frames.js';
import type { Refusal } from '../sync/hello-check.js';
import type { MemberRow } from '../sync/member-row.js';
import type { SnapshotPlace, SnapshotSummary } from '../sync/snapshot-summary.js';
import type { WayStatus } from './pacer.js';

/** A server to subscribe to. */
export interface BrokerPeer {
  readonly name: string;
  /** Addresses to dial, best first; asked anew for every attempt. */
  addresses(): readonly string[];
}

/** Who we are. */
export interface BrokerIdentity {
  readonly server: string;
  /** undefined: a broker without a directory. */
  readonly replica: ReplicaId | undefined;
  /** Kept with the data directory; changes after a restore. */
  incarnation(): string;
  /** Made anew at every start of the process. */
  readonly boot: string;
  /** DN of the domain's base entry, normalized text. */
  readonly domain: string;
}

/** A frozen copy of the domain, for a peer that is to be initialized. Must be closed. */
export interface SnapshotReader extends SnapshotSummary {
  /** Every image once, in slices; each image at most LIMITS.imageBytes octets. May be iterated once. */
  images(): AsyncIterable<readonly Uint8Array[]>;
  close(): Promise<void>;
}

/** The directory behind the broker. */
export interface BrokerDirectory {
  /** undefined while it holds no data. */
  generation(): string | undefined;
  /** State of the changes applied to the entries. */
  applied(): ServerState;
  /** Between begin and end of a total update of ours. */
  importing(): boolean;
  /** `fraction`: what the copy is to hold at least (Hello.fraction); rejects with an Error where that is not held here. */
  openSnapshot(fraction: string): Promise<SnapshotReader>;
  /** Why data that are here are too small a part for such a copy, as a clause; undefined: they are not, or there are none. */
  shortOf?(fraction: string): string | undefined;
  /** Hello.fraction of a link with this purpose. Absent: everything. */
  fraction?(purpose: LinkPurpose): string | undefined;
}

/** What is known of the domain's servers: who belongs, and what each has applied. */
export interface BrokerMembers {
  /** Grows with every change. */
  readonly version: number;
  /** What changed since a version, for a peer; undefined: nothing, or nothing that may be told yet. */
  since(version: number): { readonly generation: string; readonly rows: readonly MemberRow[] } | undefined;
  take(generation: string, rows: readonly MemberRow[]): void;
  /** What this server has reported to hold and its entries lack some of; undefined: they lack nothing. */
  readonly promised?: ServerState | undefined;
  /** Who else holds what this server holds of servers that are out. */
  readonly vouched?: readonly Vouched[] | undefined;
  /** Why this peer must not be let in; undefined when it may. */
  bar(peer: Hello): Refusal | undefined;
  /** A peer was let in. */
  heard(peer: Hello): void;
  /** A peer is to be given a copy of our data; it may be made when this resolves. */
  register(peer: Hello): Promise<void>;
  /** A server that a broker fetches such a copy for. */
  admit(name: string, replica: ReplicaId | undefined): Promise<void>;
}

/** Who takes a total update. Each step is done when its promise resolves. */
export interface UpdateTarget {
  /** Where to go on in a copy that was cut; undefined: from its beginning. */
  resume?(): SnapshotPlace | undefined;
  prepare(summary: SnapshotSummary): Promise<void>;
  store(images: readonly Uint8Array[]): Promise<void>;
  finish(summary: SnapshotSummary): Promise<void>;
}

/** What the operator should know. `key` is the same for the same trouble: a caller may count instead of repeating. */
export interface BrokerAlert {
  readonly kind: RefusalCode | 'unservable' | 'hole' | 'store';
  readonly key: string;
  readonly message: string;
}

/** Whom the broker tells; every call is made outside of its own work and must not throw. */
export interface BrokerListener {
  alert(alert: BrokerAlert): void;
  /** A peer (its name, once it is known) holds newer changes of our own replica than our log: we were restored. They are being fetched. */
  ownChangesLost(newest: Csn, peer?: string): void;
  /** We hold no data, and this peer does. */
  couldInitializeFrom(peer: string): void;
  /** No upstream can serve these origins from our place; only a total update (from `peer`, say) helps. No origins: that is over. */
  tooFarBehind(origins: readonly ReplicaId[], peer: string | undefined): void;
  /** A peer introduced itself. */
  greeted(peer: Hello): void;
  /** A peer lets us in. */
  letIn?(peer: string): void;
  /** A peer does not let us in, because it does not count us among the domain's servers. */
  barred?(code: RefusalCode, reason: string, peer: string): void;
}

/** One session, for monitoring. */
export interface SessionStatus {
  /** `from`: we take changes from the peer; `to`: we give it ours. */
  readonly direction: 'from' | 'to';
  readonly peer: string;
  readonly address: string;
  readonly state: string;
  /** The last reason why it was not connected; empty when none. */
  readonly lastError: string;
  readonly sentBytes: number;
  readonly receivedBytes: number;
  /** Octets given to the network, after compression. */
  readonly sentWireBytes: number;
  readonly sentChanges: number;
  readonly receivedChanges: number;
  /** Milliseconds since something was heard; undefined when never. */
  readonly silentMs: number | undefined;
  /** Octets that the peer still takes (direction `to`). */
  readonly credit: number | undefined;
  readonly queuedBytes: number;
  /** What the peer holds, as it last said. */
  readonly states: ServerStates | undefined;
  /** The peer's clock minus ours when it last said. */
  readonly clockAheadMs: number | undefined;
  /** Origins whose changes pass here. */
  readonly origins: readonly ReplicaId[];
  /** What holds changes up on the way to the peer; undefined: nothing. */
  readonly way?: WayStatus | undefined;
}
