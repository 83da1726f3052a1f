/**
 * The composition root of a server: makes every part once, in order, and ends them in the reverse order.
 *
 * Start: schema, store (which is also the lock), certificates, domains (change log, backend, replica, broker), LDAP service, listeners, replication, HTTP. What was begun
 * is undone when a later step fails. Stop: no new connections, operations in progress finish, replication says goodbye, all is written, the store closes.
 */
import { SievedStore } from '../backend/memory/sieved-store.js';
import { UsnSource } from '../backend/usn-source.js';
import { Pacer } from '../broker/pacer.js';
import type { Settings } from '../config/option-table.js';
import { PasswordCache } from '../io/password-cache.js';
import { PasswordHashing } from '../io/password-hashing.js';
import { packageVersion } from '../io/schema-files.js';
import { systemClock } from '../io/system-clock.js';
import { systemRandom } from '../io/system-random.js';
import { TlsContext } from '../io/tls-context.js';
import { TlsLinks } from '../io/tls-links.js';
import type { Administration } from '../operation/administration.js';
import type { PolicyReport } from '../operation/bind/policy-report.js';
import type { AccessSink } from '../operation/connection/access-log.js';
import { LdapService } from '../operation/ldap-service.js';
import type { SchemaStore } from '../operation/schema/schema-store.js';
import type { IndexAdvice } from '../operation/search/index-advice.js';
import type { RightsReport, RightsWish } from '../operation/search/rights-report.js';
import type { Configuration } from '../operation/trees/config-entry.js';
import type { Log } from '../port/log.js';
import type { OrderedStore } from '../port/ordered-store.js';
import type { Schema } from '../schema/schema.js';
import { writerUrls } from '../topology/writers.js';
import { takeOwnBackups } from './backup/own-backups.js';
import { letClientsIn } from './client-listeners.js';
import { liveSettings, startSettings } from './config/operation-settings.js';
import { inDirectory, type ServerConfig } from './config/read-config.js';
import { scramParts } from './config/scram-parts.js';
import { openServing } from './data/serving-store.js';
import { beginReplication } from './domain/begin-replication.js';
import type { RunningDomain } from './domain/domain.js';
import { serveExternalChangelog } from './domain/external-changelog.js';
import { Incarnation } from './domain/incarnation.js';
import { type OpenedDomains, openDomains } from './domain/open-domains.js';
import { UnsyncedStore } from './domain/unsynced-store.js';
import { AlertWatch, alertSettings, alertTree } from './monitor/alert-watch.js';
import { assuranceTree } from './monitor/assurance-monitor.js';
import { listenHttp } from './monitor/http-endpoint.js';
import { makeStatus } from './monitor/make-status.js';
import { replicationTree } from './monitor/replication-monitor.js';
import { countingSeldom, type ExaminedServer, lookingSeldom, serverHealth } from './monitor/server-health.js';
import type { ServerStatus } from './monitor/server-status.js';
import { purgingTree } from './monitor/upkeep-monitor.js';
import { renewCertificate } from './server-tls.js';
import type { TopologyDomain } from './topology/topology-domain.js';
import type { TopologyOffice } from './topology/topology-office.js';
import { topologyTree } from './topology/topology-tree.js';
import { Undo } from './undo.js';

/** Milliseconds for operations in progress when the server stops. */
const DRAIN_MS = 5000;
const CERTIFICATE_WATCH_MS = 30_000;
/** Conflicts that stand are counted for alerts so often at most. */
const CONFLICTS_REST_MS = 60_000;
/** Entries change slowly; the operator who asks is told what is so now. */
const RARE_KEYS_REST_MS = 3_600_000;

export interface RunningServer {
  readonly config: ServerConfig;
  readonly domains: readonly RunningDomain[];
  /** The domain of the schema; undefined on a broker of its own. */
  readonly schemaDomain: RunningDomain | undefined;
  readonly schemaStore: SchemaStore | undefined;
  readonly topology: TopologyDomain;
  /** Lets servers join and leave. */
  readonly topologyOffice: TopologyOffice;
  readonly schema: Schema;
  /** Rows of all domains. */
  readonly store: OrderedStore;
  /** Which indexes searches have missed. */
  readonly advice: IndexAdvice;
  status(): ServerStatus;
  /** What is wrong with it now. */
  readonly alerts: AlertWatch;
  /** Takes commands over LDAP from now on. */
  serveAdministration(administration: Administration): void;
  /** Shows options as cn=config from now on. */
  serveConfiguration(configuration: Configuration): void;
  /** Takes over the options that may change while it runs. */
  configure(settings: Settings): void;
  /** Reads the certificates again. Rejects with OperatorError TLS_INVALID. */
  reloadCertificates(): Promise<void>;
  /** What password policies say of an account; see explainPolicy(). */
  explainPolicy(dn: string): Promise<PolicyReport>;
  /** What an identity may do with an entry; see explainRights(). */
  explainRights(wish: RightsWish): Promise<RightsReport>;
  /** Resolves when everything is written and closed. */
  stop(): Promise<void>;
}

/** Listeners of one server, by kind. */
export interface Listening {
  ldap: string | undefined;
  ldaps: string | undefined;
  /** Path of the Unix-domain socket. */
  ldapi?: string;
  replication: string | undefined;
  http: string | undefined;
}

/** Starts the server. Rejects with an OperatorError, with nothing left running. */
export async function startServer(config: ServerConfig, log: Log): Promise<RunningServer> {
  const undo = new Undo();
  try {
    return await start(config, log, undo);
  } catch (error) {
    await undo.run();
    throw error;
  }
}

/** The certificates, made or renewed where they are ours, and watched. */
async function openTls(config: ServerConfig, log: Log, undo: Undo): Promise<TlsContext> {
  const { files, settings } = config;
  await renewCertificate(config, log);
  const tls = await TlsContext.load({
    certificate: inDirectory(files, settings['tls.certificate']),
    key: inDirectory(files, settings['tls.key']),
    ca: inDirectory(files, settings['tls.ca']),
  });
  const unwatch = tls.watch(CERTIFICATE_WATCH_MS, log);
  undo.add(async () => unwatch());
  return tls;
}

/** Listens for HTTP, where that is configured; answers where. */
async function letProbesIn(
  settings: Settings,
  status: () => ServerStatus,
  undo: Undo,
): Promise<string | undefined> {
  if (settings['listen.http'] === 'none') return undefined;
  const http = await listenHttp(settings['listen.http'], status);
  undo.add(() => http.close());
  return http.address;
}

async function start(given: ServerConfig, log: Log, undo: Undo): Promise<RunningServer> {
  const { files, settings } = given;
  const peers = new Map(given.peers);
  const config: ServerConfig = { ...given, peers };
  const startedMs = systemClock.wallMs();
  const version = await packageVersion();
  const level = await openServing(given, log);
  undo.add(() => level.close());
  const store = new SievedStore(settings.durability === 'disk' ? level : new UnsyncedStore(level));
  const tls = await openTls(config, log, undo);
  const from = settings['replication.sourceAddress'];
  const network = new TlsLinks(tls, log, from === 'any' ? undefined : from);
  const incarnation = await Incarnation.open(files);
  const more = { usns: new UsnSource(), pacer: new Pacer(systemClock, config.ways) };
  const common = { config, store, network, incarnation, log, ...more };
  const opened = await openDomains(common, given.peers, peers, undo);
  const { schema, schemaDomain, topology, domains, listed } = opened;
  const service = makeService(config, opened, log, version, undo);
  service.configure({ incarnation: () => incarnation.current, writers: writersOf(settings, topology) });
  for (const domain of domains) service.directory.addDomain(domain.guarded, domain.assured, domain.deleted);
  addReports(service, schema, topology, domains);
  undo.add(await serveExternalChangelog({ store, log, service, domains, settings }));
  const listening: Listening = { ldap: undefined, ldaps: undefined, replication: undefined, http: undefined };
  // Replication begins before clients are let in: they are told to wait until peers have said what they know of this server.
  const replicating = { ...opened, config, log, version, network, listed: given.peers, peers };
  const { address, office: topologyOffice } = await beginReplication(replicating, undo);
  listening.replication = address;
  undo.add(() => service.drain(DRAIN_MS));
  if (domains.length > 0) await letClientsIn(settings, tls, listening, { log, service, undo });
  const shown = {
    config,
    domains: listed,
    topology: topology.domain,
    service,
    listening,
    startedMs,
    version,
  };
  const status = () => makeStatus(shown);
  service.directory.addTree(replicationTree(schema, status));
  const ownDomains = [topology.domain, ...(schemaDomain === undefined ? [] : [schemaDomain.domain])];
  const alerts = watchAlerts({ config, domains, ownDomains, status }, service, log, undo);
  listening.http = await letProbesIn(settings, status, undo);
  undo.add(takeOwnBackups(config, store, log));
  return {
    config,
    domains,
    schemaDomain: schemaDomain?.domain,
    topology,
    topologyOffice,
    schemaStore: schemaDomain,
    store,
    schema,
    status,
    advice: service.advice,
    alerts,
    serveAdministration: (administration) => service.serveAdministration(administration),
    serveConfiguration: (configuration) => service.serveConfiguration(configuration),
    configure: (settings) => reconfigure(settings, alerts, service, log),
    reloadCertificates: () => tls.reload(),
    explainPolicy: (dn) => service.explainPolicy(dn),
    explainRights: (wish) => service.explainRights(wish),
    stop: () => undo.run(),
  };
}

/** Trees that tell of the topology and of what domains keep and promise. */
function addReports(
  { directory }: LdapService,
  schema: Schema,
  topology: TopologyDomain,
  domains: readonly RunningDomain[],
): void {
  directory.addTree(topologyTree(schema, () => topology.members));
  directory.addTree(purgingTree(schema, domains));
  directory.addTree(assuranceTree(schema, domains));
}

/** Looks at the server by the rules of health from now on. */
function watchAlerts(
  server: ExaminedServer & { readonly config: ServerConfig },
  { directory }: LdapService,
  log: Log,
  undo: Undo,
): AlertWatch {
  const { settings } = server.config;
  const counting = countingSeldom(CONFLICTS_REST_MS);
  const looking = lookingSeldom(RARE_KEYS_REST_MS, CONFLICTS_REST_MS);
  const alerts = new AlertWatch({
    server: settings['server.name'],
    ...alertSettings(settings),
    facts: () => serverHealth(server, counting, looking),
    log,
  });
  directory.addTree(alertTree(directory.schema, () => alerts.standing()));
  alerts.start();
  undo.add(() => alerts.stop());
  return alerts;
}

function makeService(
  config: ServerConfig,
  { schema, schemaDomain: schemaStore, topology }: OpenedDomains,
  log: Log,
  version: string,
  undo: Undo,
): LdapService {
  const { settings } = config;
  const scram = scramParts(settings, topology);
  const hasher = new PasswordHashing({ scramIterations: scram?.iterations });
  undo.add(() => hasher.close());
  const remembered = new PasswordCache(hasher, systemClock, settings['passwords.cacheSeconds'] * 1000);
  return new LdapService({
    schema,
    ...(schemaStore === undefined ? {} : { schemaStore }),
    hasher: remembered,
    ...(scram === undefined ? {} : { scram }),
    clock: systemClock,
    random: systemRandom,
    log,
    settings: {
      ...startSettings(settings),
      ...liveSettings(settings),
      vendorVersion: `Polyarch Directory Server ${version}`,
    },
    ...(settings['log.access'] ? { accessLog: accessSink(log) } : {}),
  });
}

/** Has the parts of a running server follow the options that reload. */
function reconfigure(settings: Settings, alerts: AlertWatch, service: LdapService, log: Log): void {
  alerts.configure(alertSettings(settings));
  service.configure(liveSettings(settings));
  service.logAccess(settings['log.access'] ? accessSink(log) : undefined);
}

/** Writes the access log. */
function accessSink(log: Log): AccessSink {
  return (record) => log.info({ ...record }, 'access');
}

/** Where writes are referred; undefined: this server takes them. */
function writersOf(
  settings: Settings,
  topology: Pick<TopologyDomain, 'members'>,
): (() => readonly string[]) | undefined {
  if (!settings.readOnly) return undefined;
  const { writeReferral } = settings;
  return () =>
    writeReferral.length > 0 ? writeReferral : writerUrls(topology.members, settings['server.name']);
}
