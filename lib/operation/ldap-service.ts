/**
 * LdapService: the LDAP side of one server put together: directory, virtual trees, connections. What the composition root makes and what the
 * listeners call.
 */
import type { AccessPolicy } from '../access/access-policy.js';
import { firstAccessRules } from '../access/first-access-rules.js';
import type { Clock } from '../port/clock.js';
import type { AcceptConnection } from '../port/ldap-transport.js';
import type { Log } from '../port/log.js';
import type { PasswordHasher } from '../port/password-hasher.js';
import type { Random } from '../port/random.js';
import type { Schema } from '../schema/schema.js';
import type { Administration } from './administration.js';
import { explainPolicy, type PolicyReport } from './bind/policy-report.js';
import type { ScramParts } from './bind/scram.js';
import { ChangeWaits } from './change-wait.js';
import { type ChangelogFacts, ChangelogTree } from './changes/changelog-tree.js';
import { LiveSearches } from './changes/live-searches.js';
import type { AccessSink } from './connection/access-log.js';
import { LdapConnection } from './connection/connection.js';
import { ConnectionLog } from './connection/connection-log.js';
import { ConnectionRegistry } from './connection/connection-registry.js';
import { Directory } from './directory.js';
import type { SchemaStore } from './schema/schema-store.js';
import { SubschemaTree } from './schema/subschema.js';
import { EntryBytes } from './search/entry-bytes.js';
import { IndexAdvice } from './search/index-advice.js';
import { PagedCookies } from './search/paged-cookie.js';
import { explainRights, type RightsReport, type RightsWish } from './search/rights-report.js';
import { ScanGate } from './search/scan-gate.js';
import { SelectionCache } from './search/selection-cache.js';
import { SortedLists } from './search/sorted-list.js';
import type { ServerParts } from './server-parts.js';
import { DEFAULT_SETTINGS, type OperationSettings } from './settings.js';
import { Statistics } from './statistics.js';
import type { Configuration } from './trees/config-entry.js';
import { ConfigTree } from './trees/config-tree.js';
import { ConflictTree } from './trees/conflict-tree.js';
import { monitorTree } from './trees/monitor.js';

/** What a service is made of. */
export interface ServiceParts {
  readonly schema: Schema;
  /** The schema cannot be changed over LDAP when absent. */
  readonly schemaStore?: SchemaStore;
  readonly hasher: PasswordHasher;
  /** SASL SCRAM is not offered when absent. */
  readonly scram?: ScramParts;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** The first access rules when absent. */
  readonly policy?: AccessPolicy;
  readonly settings?: Partial<OperationSettings>;
  /** No access log when absent. */
  readonly accessLog?: AccessSink;
}

export class LdapService {
  /** Add domains and virtual trees here. */
  readonly directory: Directory;
  readonly registry: ConnectionRegistry;
  readonly statistics = new Statistics();
  /** Which indexes searches have missed. */
  readonly advice = new IndexAdvice();
  readonly #parts: ServerParts;
  #accessLog: AccessSink | undefined;

  constructor(given: ServiceParts) {
    const { schema, hasher, clock, random, log } = given;
    this.directory = new Directory(schema, () => this.#parts.settings.defaultReferral);
    this.#accessLog = given.accessLog;
    this.#parts = {
      schema,
      schemaStore: given.schemaStore,
      directory: this.directory,
      policy: given.policy ?? firstAccessRules(),
      hasher,
      scram: given.scram,
      clock,
      random,
      log,
      settings: { ...DEFAULT_SETTINGS, ...given.settings },
      statistics: this.statistics,
      pagedCookies: new PagedCookies(random),
      entryBytes: new EntryBytes(),
      selections: new SelectionCache(schema),
      sortedLists: new SortedLists(clock),
      scans: new ScanGate(clock, () => this.#parts.settings.unindexedSearches),
      advice: this.advice,
      liveSearches: new LiveSearches(),
      changeWaits: new ChangeWaits(),
      changelog: undefined,
      administration: undefined,
      configuration: undefined,
    };
    this.registry = new ConnectionRegistry(clock, () => this.#parts.settings);
    this.directory.addTree(new SubschemaTree(schema, given.schemaStore, clock));
    this.directory.addTree(monitorTree(this.#parts, this.registry));
    this.directory.addTree(new ConflictTree(schema, this.directory));
  }

  /** For the listeners: makes the connection of a transport. Throws LdapError busy or unavailable to refuse it. */
  readonly accept: AcceptConnection = (transport) => {
    const { peer, local } = transport;
    const facts = {
      id: this.registry.admit(peer.address),
      peerAddress: peer.address,
      peerText: `${peer.address}:${peer.port}`,
      localText: `${local.address}:${local.port}`,
      openedMs: this.#parts.clock.wallMs(),
    };
    const log = new ConnectionLog(this.#accessLog, this.#parts.clock, facts.id, facts.peerText);
    const connection = new LdapConnection(this.#parts, this.registry, transport, log, facts);
    this.registry.add(connection);
    return connection;
  };

  get settings(): OperationSettings {
    return this.#parts.settings;
  }

  /** What password policies say of the account of a DN; see explainPolicy(). */
  explainPolicy(dn: string): Promise<PolicyReport> {
    return explainPolicy(this.#parts, dn);
  }

  /** What an identity may do with an entry; see explainRights(). */
  explainRights(wish: RightsWish): Promise<RightsReport> {
    return explainRights(this.#parts, wish);
  }

  /** Serves the changes of these domains as cn=changelog. Called at most once. */
  serveChangelog(facts: ChangelogFacts): void {
    const tree = new ChangelogTree(this.#parts.schema, this.#parts.clock, facts);
    this.directory.addTree(tree);
    this.#parts.changelog = tree;
  }

  /** Takes commands of administrators from now on. */
  serveAdministration(administration: Administration): void {
    this.#parts.administration = administration;
  }

  /** Shows the server's options as cn=config, and takes changes. Called at most once. */
  serveConfiguration(configuration: Configuration): void {
    this.directory.addTree(new ConfigTree(this.#parts.schema, configuration));
    this.#parts.configuration = configuration;
  }

  /** Where the operations of connections that begin from now on are logged; undefined: nowhere. */
  logAccess(sink: AccessSink | undefined): void {
    this.#accessLog = sink;
  }

  /** Changes settings for what happens from now on. */
  configure(changes: Partial<OperationSettings>): void {
    this.#parts.settings = { ...this.#parts.settings, ...changes };
  }

  /** Ends all connections, letting each finish what it runs within `graceMs`; new ones are refused. */
  drain(graceMs: number): Promise<void> {
    return this.registry.drain(graceMs);
  }
}
