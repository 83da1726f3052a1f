/** What every operation works with: the parts of one server, made once by its composition root. */
import type { AccessPolicy } from '../access/access-policy.js';
import type { Clock } from '../port/clock.js';
import type { Log } from '../port/log.js';
import type { PasswordHasher } from '../port/password-hasher.js';
import type { Random } from '../port/random.js';
import type { Schema } from '../schema/schema.js';
import type { Administration } from './administration.js';
import type { ScramParts } from './bind/scram.js';
import type { ChangeWaits } from './change-wait.js';
import type { ChangelogTree } from './changes/changelog-tree.js';
import type { LiveSearches } from './changes/live-searches.js';
import type { Directory } from './directory.js';
import type { SchemaStore } from './schema/schema-store.js';
import type { EntryBytes } from './search/entry-bytes.js';
import type { IndexAdvice } from './search/index-advice.js';
import type { PagedCookies } from './search/paged-cookie.js';
import type { ScanGate } from './search/scan-gate.js';
import type { SelectionCache } from './search/selection-cache.js';
import type { SortedLists } from './search/sorted-list.js';
import type { OperationSettings } from './settings.js';
import type { Statistics } from './statistics.js';
import type { Configuration } from './trees/config-entry.js';

export interface ServerParts {
  readonly schema: Schema;
  /** Where definitions are kept that are changed over LDAP; undefined: they cannot be. */
  readonly schemaStore: SchemaStore | undefined;
  readonly directory: Directory;
  readonly policy: AccessPolicy;
  readonly hasher: PasswordHasher;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** SCRAM, where it is offered. */
  readonly scram: ScramParts | undefined;
  /** May be replaced while the server runs. */
  settings: OperationSettings;
  readonly statistics: Statistics;
  readonly pagedCookies: PagedCookies;
  readonly entryBytes: EntryBytes;
  readonly selections: SelectionCache;
  readonly sortedLists: SortedLists;
  readonly scans: ScanGate;
  readonly advice: IndexAdvice;
  readonly liveSearches: LiveSearches;
  /** Operations that wait for changes of other servers. */
  readonly changeWaits: ChangeWaits;
  /** cn=changelog, where it is served. */
  changelog: ChangelogTree | undefined;
  /** Commands of administrators, where they are taken. */
  administration: Administration | undefined;
  /** The server's options, where cn=config shows them. */
  configuration: Configuration | undefined;
}
