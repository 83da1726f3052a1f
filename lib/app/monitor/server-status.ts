/**
 * What a running server says of itself: the shape of `status`, in JSON as the control socket gives it.
 */

export interface PeerStatus {
  readonly name: string;
  readonly address: string;
  /** Whether changes flow from it now. */
  readonly connected: boolean;
  /** Last reason why not; undefined when connected. */
  readonly reason: string | undefined;
}

export interface DomainStatus {
  readonly baseDn: string;
  /** `relay`: a broker's, without entries; `held`: reads, but no writes yet; `empty`: waits for data; `initializing`: takes a copy from a peer; `full`: writes are refused until space returns; `failed`: needs a restart. */
  readonly phase: 'ready' | 'relay' | 'held' | 'empty' | 'initializing' | 'full' | 'failed';
  /** Why, when the phase is not ready. */
  readonly reason: string | undefined;
  readonly entries: number;
  readonly generationId: string | undefined;
  /** The part of the attributes that is held (entry/fraction-text.ts); absent: all. */
  readonly fraction?: string;
  /** Changes applied to the entries, as server state text. */
  readonly applied: string;
  /** Changes held in the change log, as server state text. */
  readonly received: string;
  /** Whether a connected peer holds changes that are not applied here; undefined when no peer is connected. */
  readonly behind: boolean | undefined;
  /** By how much the newest of them is newer than what is applied here, ms; 0 when not behind. */
  readonly lagMs: number | undefined;
  /** Other servers whose last report names changes that are not applied here, newer ones or those of another history of a server, where no connected peer has that; absent: none. */
  readonly awaits?: readonly string[];
  /** By how much the times of its own changes are ahead of its clock, s; absent: not at all. */
  readonly stampsAheadSeconds?: number;
  /** The total update that runs: rows taken so far, and entries of the source (their histories come on top). `trouble`: why it does not go on. */
  readonly copying?: {
    readonly from: string;
    readonly rows: number;
    readonly entries: number | undefined;
    readonly trouble: string | undefined;
  };
  /** Origins whose next change cannot be applied, with the reason. */
  readonly blocked: readonly string[];
  /** Origins whose next change waits for one of another server that is on its way (a link is broken, say); absent: none. */
  readonly waiting?: readonly string[];
}

/** A server of the domain, as this one knows it. */
export interface MemberStatus {
  readonly name: string;
  /** `expected`: configured and never heard of. */
  readonly kind: 'expected' | 'broker' | 'directory';
  readonly id: number | undefined;
  readonly standing: 'member' | 'returning' | 'evicted';
  /** What it had applied when it last said so, as server state text. */
  readonly applied: string | undefined;
  /** ISO 8601, by its clock. */
  readonly reportedAt: string | undefined;
  /** Silence that counts towards eviction. */
  readonly silentSeconds: number;
}

/** What a domain keeps, and until where it has forgotten. */
export interface UpkeepStatus {
  /** What every server has applied, as server state text; undefined: not known. */
  readonly stable: string | undefined;
  /** No server will make an older change, ISO 8601. */
  readonly stableUntil: string | undefined;
  /** Servers that keep history from being forgotten, with the reason as a clause. */
  readonly heldBackBy: readonly { readonly name: string; readonly reason: string }[];
  /** Rows of history that the last pass left; undefined before one. */
  readonly historyRows: number | undefined;
  readonly changelogBytes: number;
  readonly changelogChanges: number;
  /** CSN of the oldest change in the change log. */
  readonly changelogOldest: string | undefined;
  /** Taken away since the start. */
  readonly purged: {
    readonly historyRows: number;
    readonly moves: number;
    readonly journalLines: number;
    readonly tombstones: number;
    readonly logChanges: number;
  };
  readonly members: readonly MemberStatus[];
}

/** Whether changes may flow over a way by the schedules of its links. */
export interface LinkHours {
  readonly open: boolean;
  /** ISO 8601. */
  readonly since: string;
  readonly until: string;
}

/** One session of replication. */
export interface LinkStatus {
  readonly domain: string;
  readonly peer: string;
  /** `from`: changes come from the peer; `to`: they go to it. */
  readonly direction: 'from' | 'to';
  readonly address: string;
  readonly state: string;
  /** Why it is not connected. */
  readonly lastError: string | undefined;
  /** Since something was heard. */
  readonly silentSeconds: number | undefined;
  /** What the peer has applied (a broker: holds), as server state text. */
  readonly peerHolds: string | undefined;
  /** Changes in our log that the peer lacks, at most 10,000; undefined: not known, or not counted yet. */
  readonly missing: number | undefined;
  /** How much newer than the peer's newest changes ours are. */
  readonly lagSeconds: number | undefined;
  readonly sentChanges: number;
  readonly receivedChanges: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
  /** Octets given to the network in this session, after compression and before TLS. */
  readonly sentWireBytes: number;
  /** What may be sent to the peer, kilobits a second, shared with all that goes over the same links; undefined: no limit. */
  readonly bandwidthKbit: number | undefined;
  /** Hours of the links on the way to the peer; undefined where they are always open. */
  readonly hours: LinkHours | undefined;
  /** Octets that the peer still takes (direction `to`). */
  readonly credit: number | undefined;
  readonly queuedBytes: number;
  readonly clockAheadSeconds: number | undefined;
}

/** The last comparison of a domain's entries with a peer's. */
export interface ComparisonStatus {
  readonly domain: string;
  readonly peer: string;
  /** ISO 8601. */
  readonly at: string;
  readonly verdict: 'equal' | 'different' | 'later' | 'unanswered' | 'refused';
  readonly reason: string | undefined;
  readonly differing: number;
  readonly more: boolean;
}

export interface ServerStatus {
  readonly name: string;
  readonly id: number;
  readonly site: string;
  readonly pid: number;
  readonly version: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly dir: string;
  readonly adminDn: string;
  /** Addresses really listened on; undefined when off. */
  readonly addresses: Readonly<Record<'ldap' | 'ldaps' | 'replication' | 'http', string | undefined>> & {
    /** Path of the Unix-domain socket. */
    readonly ldapi?: string;
  };
  readonly connections: { readonly current: number; readonly total: number };
  readonly operations: {
    readonly initiated: number;
    readonly completed: number;
    /** Completed, by kind of request. */
    readonly byKind: Readonly<Record<string, number>>;
  };
  readonly memoryMiB: number;
  readonly domains: readonly DomainStatus[];
  /** The domain cn=topology: who belongs. */
  readonly topology: DomainStatus;
  readonly peers: readonly PeerStatus[];
  readonly links: readonly LinkStatus[];
  readonly comparisons: readonly ComparisonStatus[];
}
