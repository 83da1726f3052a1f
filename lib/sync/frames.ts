/**
 * The frames of the replication protocol: what two servers may say to each other. Their octets are frame-octets.ts.
 *
 * Every link begins with one hello each way. A hello may carry octets after the fields below, which a later version adds. (docs: replication-model.md section 7.)
 *
 * Protocol versions: 1, the first; 2, links may be compressed (compression.ts); 3, who cannot be dialed offers its changes on the link that it dialed (lane frames).
 */
import type { EncodedChange } from '../change/change.js';
import type { Csn, ReplicaId } from '../csn/csn.js';
import type { ServerState } from '../csn/server-state.js';
import type { Saying } from './assurance-frames.js';
import type { Formats } from './formats.js';
import type { MemberRow } from './member-row.js';
import type { SnapshotPlace } from './snapshot-summary.js';

export const PROTOCOL_MIN = 1;
export const PROTOCOL_MAX = 3;
/** Protocol version from which a server takes changes on a link that was dialed to it. */
export const LANES_VERSION = 3;

/** Why a server is on the link: to be kept up to date, or to be given the whole domain anew. */
export type LinkPurpose = 'follow' | 'initialize';

/** How a server introduces itself for one domain. */
export interface Hello {
  readonly protocolMin: number;
  readonly protocolMax: number;
  readonly purpose: LinkPurpose;
  readonly server: string;
  /** undefined: a broker without a directory. */
  readonly replica: ReplicaId | undefined;
  /** Names the data directory's life: another one after a restore or a clone. */
  readonly incarnation: string;
  /** Names the run of the process. */
  readonly boot: string;
  /** DN of the domain's base entry, normalized text. */
  readonly domain: string;
  /** undefined: holds no data yet. */
  readonly generation: string | undefined;
  /** Something is heard from this server at least this often. */
  readonly heartbeatMs: number;
  readonly states: ServerStates;
  /** To be initialized: where to go on, when an earlier session was cut. */
  readonly resume?: SnapshotPlace | undefined;
  /** What the entries of this server hold, or shall hold when they are replaced: text of a fraction; undefined: everything. */
  readonly fraction?: string | undefined;
  /** Nobody can dial this server: who is dialed may open lanes on this link, to follow it. */
  readonly offers?: boolean | undefined;
  /** Who answers holds nothing worth following and may take a copy of the dialing server's data: nothing of both is compared. */
  readonly wants?: boolean | undefined;
  /** To be initialized: who the copy is for, when a broker fetches it for another server. */
  readonly behalf?: Behalf | undefined;
  /** What this server (or the one on whose behalf it speaks) reads, and itself writes; undefined: OLDEST_FORMATS. */
  readonly formats?: Formats | undefined;
  /** What this directory has reported to hold, where its entries lack some of it: it knows that, and makes no change before it holds again what others made of it; undefined: they lack nothing, or an older version speaks. */
  readonly promised?: ServerState | undefined;
  /** Of whom asks for a copy: what it holds that the sender, which has newer changes of the same servers, does not: other histories of theirs. */
  readonly lacks?: ServerState | undefined;
  /** Who else holds what the sender holds of servers that are out: who was cut off from those may know no other that does. Absent: nobody, or an older version speaks. */
  readonly vouched?: readonly Vouched[] | undefined;
}

/** Another member that has reported to hold changes of servers that are out (admission.ts, strays). */
export interface Vouched {
  readonly server: string;
  readonly state: ServerState;
}

/** For whom a broker fetches a copy. */
export interface Behalf {
  readonly server: string;
  readonly replica: ReplicaId | undefined;
  /** Brokers on the way, the sender of this hello counted. */
  readonly hops: number;
}

/** What a server holds, at a moment of its clock. */
export interface ServerStates {
  /** Durable in its change log. */
  readonly log: ServerState;
  /** Applied to its entries; empty for a broker. */
  readonly applied: ServerState;
  /** Trimmed from its change log. */
  readonly trimmed: ServerState;
  /** Wall clock, milliseconds since the epoch. */
  readonly clockMs: number;
}

/** Why a server ends a link. Part of the protocol: order and number are fixed. */
export const REFUSAL_CODES = [
  'protocol',
  'version',
  'domain',
  'generation',
  'identity',
  'replica-id',
  'self',
  'importing',
  'no-data',
  'forked',
  'busy',
  'closing',
  'evicted',
  'not-member',
] as const;
export type RefusalCode = (typeof REFUSAL_CODES)[number];

export type Frame =
  | { readonly kind: 'hello'; readonly hello: Hello }
  /** The last frame of its sender. */
  | { readonly kind: 'refuse'; readonly code: RefusalCode; readonly sentence: string }
  | { readonly kind: 'subscribe'; readonly origin: ReplicaId; readonly after: Csn | undefined }
  | { readonly kind: 'unsubscribe'; readonly origin: ReplicaId }
  /** Consecutive changes of one origin. */
  | { readonly kind: 'changes'; readonly origin: ReplicaId; readonly changes: readonly EncodedChange[] }
  /** Answer to a subscription: what follows `after` was trimmed up to `csn`, `after` is of another history, or the sender's log lacks what follows `csn`. */
  | { readonly kind: 'unavailable'; readonly origin: ReplicaId; readonly why: Unavailable; readonly csn: Csn }
  /** What the sender holds: advert, acknowledgement and heartbeat. */
  | { readonly kind: 'state'; readonly states: ServerStates }
  /** The sender takes this many more octets of changes or images. */
  | { readonly kind: 'credit'; readonly bytes: number }
  /** A total update begins: what its images will add up to. */
  | {
      readonly kind: 'summary';
      readonly generation: string;
      readonly state: ServerState;
      readonly entryCount: number;
    }
  /** Before a summary: which copy it is of, and where in it the images begin. An extension. */
  | { readonly kind: 'place'; readonly place: SnapshotPlace }
  | { readonly kind: 'images'; readonly images: readonly Uint8Array[] }
  | { readonly kind: 'images-end'; readonly imageCount: number }
  /** What the sender knows of the servers of this data set, whole or what is new (member-row.ts). An extension: who does not know it skips it. */
  | { readonly kind: 'members'; readonly generation: string; readonly rows: readonly MemberRow[] }
  /** For the receiver's administrator. An extension. */
  | { readonly kind: 'notice'; readonly sentence: string }
  /** Of assured writes: who waits, and what servers hold. An extension. */
  | { readonly kind: 'assurance'; readonly saying: Saying }
  /** How many sessions the publisher serves, for the choice among brokers. An extension. */
  | { readonly kind: 'load'; readonly sessions: number }
  /** Octets of another link within this one, which the server that was dialed opens (broker/lanes.ts). An extension. */
  | {
      readonly kind: 'lane';
      readonly number: number;
      readonly part: LanePart;
      /** Octets of the link; for a close the reason as text. */
      readonly bytes: Uint8Array;
    }
  /** A question of a subscriber, or the answer to it (compare-frames.ts). An extension. */
  | {
      readonly kind: 'talk';
      readonly number: number;
      readonly isAnswer: boolean;
      readonly bytes: Uint8Array;
    };

/** Why a subscription is not served. A receiver that knows two of them takes the third for the second. */
export const UNAVAILABLE = ['too-old', 'forked', 'damaged'] as const;
export type Unavailable = (typeof UNAVAILABLE)[number];

export const LANE_PARTS = ['open', 'octets', 'close'] as const;
export type LanePart = (typeof LANE_PARTS)[number];
