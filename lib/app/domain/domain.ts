/**
 * One domain of a running server: change log, backend, replica and broker, wired to each other.
 *
 * Owns their order: open (log, then backend), start (replica, then broker), stop (broker, then replica), close (backend). Alerts are logged once for each trouble.
 */
import { randomUUID } from 'node:crypto';
import { SECRET_ATTRIBUTES } from '../../access/secret-attributes.js';
import type { StoredEntry } from '../../backend/backend.js';
import type { IndexOptions } from '../../backend/index/index-config.js';
import { Preload } from '../../backend/memory/preload.js';
import type { StoreBackend } from '../../backend/store-backend.js';
import type { UsnSource } from '../../backend/usn-source.js';
import { must } from '../../base/assert.js';
import { OperatorError } from '../../base/operator-error.js';
import type { Assurance } from '../../broker/assurance.js';
import { Broker } from '../../broker/broker.js';
import type { BrokerIdentity } from '../../broker/broker-seams.js';
import type { Pacer } from '../../broker/pacer.js';
import type { EntryUuid } from '../../change/change.js';
import type { Changelog } from '../../changelog/changelog.js';
import type { HistoryRow } from '../../conflict/domain-view.js';
import { type Csn, csnReplica, type ReplicaId, toReplicaId } from '../../csn/csn.js';
import { parseDn } from '../../dn/dn-text.js';
import { nextTurn, systemClock } from '../../io/system-clock.js';
import { systemRandom } from '../../io/system-random.js';
import type { DomainAssurance } from '../../operation/write/assured.js';
import { DeletedEntries } from '../../operation/write/deleted-entries.js';
import type { LinkNetwork } from '../../port/link.js';
import type { Log } from '../../port/log.js';
import type { OrderedStore } from '../../port/ordered-store.js';
import type { Divergence } from '../../replica/divergence.js';
import { Replica } from '../../replica/replica.js';
import type { UpdateProgress } from '../../replica/replica-seams.js';
import type { GiveUp } from '../../replica/total-update.js';
import type { Schema } from '../../schema/schema.js';
import type { ServerConfig } from '../config/read-config.js';
import { type Alert, alertLog } from '../monitor/alert-log.js';
import { domainStatus } from '../monitor/domain-status.js';
import { refusingAlone } from '../monitor/replication-lag.js';
import type { DomainStatus } from '../monitor/server-status.js';
import { domainAssurance, openAssurance } from './assured-domain.js';
import { brokerPeers, brokerWays } from './broker-ways.js';
import { fractionOf } from './domain-fraction.js';
import { consistencyOptions, indexOptions, openChangelog } from './domain-options.js';
import { GuardedBackend } from './guarded-backend.js';
import type { Incarnation } from './incarnation.js';
import { openServable } from './open-servable.js';
import { Upkeep } from './upkeep.js';
import { watchDivergence } from './watch-divergence.js';

/** Milliseconds that writes wait at start for what others know of this server, at most. */
const START_HOLD_MS = 3000;

/** A new name for every start of the process. */
const BOOT = randomUUID();

export interface DomainParts {
  readonly config: ServerConfig;
  /** Text of the base DN. */
  readonly base: string;
  readonly store: OrderedStore;
  readonly schema: Schema;
  readonly network: LinkNetwork;
  readonly incarnation: Incarnation;
  /** Numbers of the changes applied on this server. */
  readonly usns: UsnSource;
  readonly log: Log;
  /** Instead of those of the configuration. */
  readonly indexes?: IndexOptions;
  /** Octets of the entry cache, instead of a share of the configured. */
  readonly cacheBytes?: number;
  /** Entries changed (BackendOptions). */
  readonly onApplied?: () => void;
  /** Holds changes back on limited ways; undefined: nothing does. */
  readonly pacer?: Pacer | undefined;
}

export class RunningDomain {
  /** As configured. */
  readonly baseText: string;
  /** Unguarded: for the server's own work. */
  readonly backend: StoreBackend;
  /** What clients see. */
  readonly guarded: GuardedBackend;
  readonly broker: Broker;
  /** Compares our entries with those of peers. */
  readonly divergence: Divergence;
  /** Who belongs to the domain, and what is kept for them. */
  readonly upkeep: Upkeep;
  /** Normal form of the base. */
  readonly baseKey: string;
  readonly schema: Schema;
  readonly assurance: Assurance;
  readonly deleted: DeletedEntries;
  /** What clients' writes wait for. */
  readonly assured: DomainAssurance;
  readonly #changelog: Changelog;
  readonly #replica: Replica;
  readonly #preload: Preload | undefined;
  readonly #log: Log;

  private constructor(
    parts: DomainParts,
    backend: StoreBackend,
    changelog: Changelog,
    upkeep: Upkeep,
    baseKey: string,
  ) {
    const { config, schema, incarnation } = parts;
    const { settings } = config;
    const id = must(toReplicaId(settings['server.id']), 'the configuration was checked');
    const log = parts.log.child({ domain: parts.base });
    this.#log = log;
    this.baseText = parts.base;
    this.backend = backend;
    this.#preload = settings['cache.preload'] ? new Preload(backend.parts, systemClock) : undefined;
    this.schema = schema;
    this.baseKey = baseKey;
    this.#changelog = changelog;
    this.upkeep = upkeep;
    const alert = alertLog(log);
    this.assurance = openAssurance({ config, changelog, backend, alert, members: upkeep.members });
    this.#replica = new Replica({
      applied: () => this.assurance.advanced(),
      server: settings['server.name'],
      replica: id,
      backend,
      changelog,
      clock: systemClock,
      members: upkeep.members,
      reissue: upkeep.reissue,
      part: backend.parts.fraction,
      autoInitialize: settings.initializeWhenEmpty,
      autoReinitialize: settings.initializeWhenBehind,
      startHoldMs: START_HOLD_MS,
      renewIncarnation: () => incarnation.renew(),
      alert,
    });
    this.guarded = new GuardedBackend(
      backend,
      settings.domains.includes(parts.base)
        ? refusingAlone(this.#replica, config, () => this.broker)
        : this.#replica,
    );
    const fromMs = (): number => upkeep.members.undeleteFromMs;
    this.deleted = new DeletedEntries({ backend, guarded: this.guarded, changelog, fromMs });
    this.assured = domainAssurance(this.assurance, config, (text) => this.matches(text));
    const name = settings['server.name'];
    this.divergence = watchDivergence(name, backend, alert, upkeep.members, () => this.broker);
    this.broker = new Broker({
      identity: identityOf(parts, id, baseKey),
      ...brokerWays(parts),
      allowed: undefined,
      directory: this.#replica,
      changelog,
      members: upkeep.members,
      answer: (question) => this.divergence.answer(question),
      assurance: this.assurance,
      clock: systemClock,
      random: systemRandom,
      listener: this.#replica,
    });
    upkeep.attach(this.broker);
  }

  /** Opens the domain's data. Rejects with an OperatorError or a StoreError. */
  static async open(parts: DomainParts): Promise<RunningDomain> {
    const { config, base, store, schema, log } = parts;
    const { settings } = config;
    const baseDn = parseDn(base);
    const baseKey = schema.dnKey(baseDn);
    if (baseKey === undefined)
      throw new OperatorError(
        'CONFIG_INVALID',
        `the base DN ${base} has a value that its attribute does not allow`,
      );
    const replica = must(toReplicaId(settings['server.id']), 'the configuration was checked');
    const changelog = await openChangelog(store, baseKey, replica);
    const alert = alertLog(log.child({ domain: base }));
    const backend = await openServable(config.files, {
      store,
      baseDn,
      schema,
      replica,
      clock: systemClock,
      log,
      sink: changelog,
      usns: parts.usns,
      fraction: fractionOf(settings, base, schema),
      // Its type may still have to come from a peer.
      indexes: parts.indexes ?? indexOptions(settings, schema, config.peers.size > 0),
      memberAttributes: settings['groups.memberAttributes'],
      ...(settings['groups.dynamic'] ? { dynamicGroups: { secret: SECRET_ATTRIBUTES } } : {}),
      ...(parts.indexes === undefined ? { consistency: consistencyOptions(settings) } : {}),
      cacheBytes:
        parts.cacheBytes ?? Math.floor((settings['cache.entryMiB'] * 1_048_576) / settings.domains.length),
      ...(parts.onApplied === undefined ? {} : { onApplied: parts.onApplied }),
      pause: nextTurn,
      onSkew: (csn, aheadMs) =>
        log.warn(
          { replica: csnReplica(csn), aheadMs },
          'a replica has a clock that is too far ahead; set its time',
        ),
      onFollow: (csn, aheadMs) => alert(clockFollowed(csn, aheadMs)),
      onFailed: (error) =>
        log.error({ error: error.message }, 'writing has ended; restart the server when the cause is mended'),
    });
    const { keys } = backend.parts;
    const upkeep = await Upkeep.open({ config, store, keys, changelog, backend, alert });
    return new RunningDomain(parts, backend, changelog, upkeep, baseKey);
  }

  /** Begins to replicate. */
  start(): void {
    this.#replica.start(this.broker);
    this.broker.start();
    const { writes, rules } = this.backend.parts;
    rules.jobs.start({
      submit: (initiator, decide) => this.guarded.submit(initiator, decide),
      exclusively: (work) => writes.exclusively(work),
    });
    this.upkeep.start();
    this.divergence.start();
    const { backend } = this;
    if (backend.importing) return;
    backend.parts.indexJobs.start();
    this.#preload?.start().catch((error: Error) => {
      this.#log.warn({ reason: error.message }, 'entries could not be read ahead of searches');
    });
  }

  /** Ends replication; resolves when nothing of it touches the data any more. */
  async stop(): Promise<void> {
    await this.#preload?.stop();
    await this.backend.parts.rules.jobs.stop();
    await this.divergence.stop();
    await this.upkeep.stop();
    await this.broker.stop();
    await this.#replica.stop();
  }

  /** Waits until all writes are on disk. */
  close(): Promise<void> {
    return this.backend.close();
  }

  /** Whether `text` writes this domain's base DN. */
  matches(text: string): boolean {
    return this.schema.dnKey(parseDn(text)) === this.baseKey;
  }

  /** The entry of this DN, when it lies in this domain. Throws LdapError invalidDNSyntax. */
  find(text: string): StoredEntry | undefined {
    return this.backend.byDn(parseDn(text));
  }

  /** History of an entry, ascending. */
  history(uuid: EntryUuid): Promise<readonly HistoryRow[]> {
    return this.backend.history(uuid);
  }

  /** Other peers from now on. `peers`: name -> address; addresses are looked up in it at every attempt. */
  setPeers(peers: ReadonlyMap<string, string>): void {
    this.broker.setPeers(brokerPeers(peers));
    this.upkeep.members.peers = [...peers.keys()];
  }

  /** Takes no local writes until it is called again without a reason (a sentence). */
  hold(reason: string | undefined): void {
    this.#replica.hold(reason);
  }

  /** Why local writes must wait; undefined when they need not. */
  writesHeld(): string | undefined {
    return this.#replica.writesHeld();
  }

  /** The newest change of a replica that each connected peer says to hold. */
  heldByPeers(replica: ReplicaId): readonly Csn[] {
    return this.broker.status().flatMap(({ states }) => states?.log.get(replica) ?? []);
  }

  /** Names of the peers whose changes flow here now. */
  following(): readonly string[] {
    return this.broker.following();
  }

  /** Replaces all data by those of a peer. `giveUp`: saves what would be lost by it; absent: it is refused then (SoleHoldingsError). */
  initialize(peer: string, giveUp?: GiveUp): Promise<void> {
    return this.#replica.initialize(peer, 'reissued', giveUp);
  }

  /** The total update that runs, if one does. */
  progress(): UpdateProgress | undefined {
    return this.#replica.progress();
  }

  status(): DomainStatus {
    const { members } = this.upkeep;
    return domainStatus({
      baseText: this.baseText,
      backend: this.backend,
      changelog: this.#changelog,
      replica: this.#replica,
      sessions: this.broker.status(),
      members: members.rows().filter(({ name }) => name !== members.own?.name),
      rival: this.broker.rival,
    });
  }
}

/** A client changed what another server had changed under a clock that is far ahead of ours. */
function clockFollowed(csn: Csn, aheadMs: number): Alert {
  const origin = csnReplica(csn);
  return {
    kind: 'clock-followed',
    key: `clock-followed ${origin}`,
    message: `times of changes made here follow those of replica ${origin}, ${Math.round(aheadMs / 1000)} s ahead of this server's clock, since a client changed what it had changed: set the time of the server that is wrong`,
  };
}

/** How this server introduces itself for a domain. */
function identityOf(
  { config, incarnation }: DomainParts,
  replica: ReplicaId,
  domain: string,
): BrokerIdentity {
  const server = config.settings['server.name'];
  return { server, replica, incarnation: () => incarnation.current, boot: BOOT, domain };
}
