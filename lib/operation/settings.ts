/** Settings of the operations that an operator may change. Bounds that protect the server itself stand in base/limits.ts. */

import { ADMIN_DN } from '../access/requester.js';
import { LIMITS } from '../base/limits.js';

export interface OperationSettings {
  readonly adminDn: string;
  /** Stored (hashed) password of the administrator; undefined: nobody can bind as the administrator. */
  readonly adminPassword: Uint8Array | undefined;
  /** Most entries that one search gives to anybody but the administrator; 0: no limit of the server's. */
  readonly sizeLimit: number;
  /** Seconds that one search may take for anybody but the administrator; 0: no limit of the server's. */
  readonly timeLimitSeconds: number;
  /** Most candidates that one search may look through for anybody but the administrator; 0: no limit. */
  readonly lookThroughLimit: number;
  /** Entries beyond which a search without an index is refused to anybody but the administrator; 0: no limit. */
  readonly unindexedEntries: number;
  /** Searches without an index that may read at once. */
  readonly unindexedSearches: number;
  /** Take binds that state version 2. */
  readonly allowVersion2: boolean;
  /** Accept a bind with a DN and no password as anonymous (RFC 4513 section 5.1.2 advises against it). */
  readonly allowUnauthenticatedBind: boolean;
  /** Refuse passwords on connections without TLS. */
  readonly requireTlsForPasswords: boolean;
  /** DN of the password policy for whom no other governs; undefined: none. */
  readonly defaultPasswordPolicy: string | undefined;
  /** Answer binds without the password policy control with the older controls of Netscape. */
  readonly netscapePasswordControls: boolean;
  /** DNs of entries that may act as any other entry (RFC 4370). */
  readonly proxies: readonly string[];
  /** Attribute in which SASL EXTERNAL looks for the common name of a certificate whose subject is no entry; undefined: nowhere. */
  readonly certificateAttribute: string | undefined;
  /** Milliseconds after which a connection without an operation is closed; 0: never. */
  readonly idleMs: number;
  /** Milliseconds that a message may take to arrive once begun. */
  readonly pduMs: number;
  readonly maxConnections: number;
  readonly maxConnectionsPerAddress: number;
  readonly messageBytesAnonymous: number;
  readonly messageBytes: number;
  readonly pipelinedRequests: number;
  /** Searches that go on until they are ended, at once: persistent searches and synchronizations. */
  readonly persistentSearches: number;
  /** Longest time for which a request waits for changes of other servers (wait for CSN control), ms. */
  readonly changeWaitMs: number;
  /** Names this life of the server's data: another one after a restore. */
  readonly incarnation: () => string;
  readonly vendorName: string;
  readonly vendorVersion: string;
  /** groupOfNames and groupOfUniqueNames may be without members. */
  readonly allowEmptyGroups: boolean;
  /** LDAP URLs of servers to ask for names that lie under no naming context of this one. */
  readonly defaultReferral: readonly string[];
  /** Where writes are referred, read for each; undefined: this server takes them itself. */
  readonly writers: (() => readonly string[]) | undefined;
  /** LDAP URLs of servers with the same data, read whenever the root DSE is. */
  readonly altServers: () => readonly string[];
}

export const DEFAULT_SETTINGS: OperationSettings = {
  adminDn: ADMIN_DN,
  adminPassword: undefined,
  sizeLimit: 0,
  timeLimitSeconds: 0,
  lookThroughLimit: 0,
  unindexedEntries: 100_000,
  unindexedSearches: 4,
  allowVersion2: false,
  allowUnauthenticatedBind: false,
  requireTlsForPasswords: false,
  defaultPasswordPolicy: undefined,
  netscapePasswordControls: true,
  proxies: [],
  certificateAttribute: undefined,
  idleMs: 0,
  pduMs: LIMITS.pduMs,
  maxConnections: 10_000,
  maxConnectionsPerAddress: 10_000,
  messageBytesAnonymous: LIMITS.messageBytesAnonymous,
  messageBytes: LIMITS.messageBytes,
  pipelinedRequests: LIMITS.pipelinedRequests,
  persistentSearches: 200,
  changeWaitMs: 10_000,
  incarnation: () => '',
  vendorName: 'Polyarch',
  vendorVersion: 'Polyarch Directory Server',
  allowEmptyGroups: false,
  defaultReferral: [],
  writers: undefined,
  altServers: () => [],
};
