/**
 * A domain on a server that runs a broker alone: it holds and forwards changes and has no entries.
 *
 * The change log learns the generation from the first peer; everything else is the broker's own doing.
 */
import { randomUUID } from 'node:crypto';
import { domainNumber } from '../../backend/domain-facts.js';
import { KeySpace } from '../../backend/rows/key-space.js';
import { OperatorError } from '../../base/operator-error.js';
import { Broker } from '../../broker/broker.js';
import { relayingAnswerer } from '../../broker/relayed-questions.js';
import type { Changelog } from '../../changelog/changelog.js';
import { parseDn } from '../../dn/dn-text.js';
import { systemClock } from '../../io/system-clock.js';
import { systemRandom } from '../../io/system-random.js';
import { alertLog } from '../monitor/alert-log.js';
import { replicationLag } from '../monitor/replication-lag.js';
import type { DomainStatus } from '../monitor/server-status.js';
import { openAssurance } from './assured-domain.js';
import { brokerPeers, brokerWays } from './broker-ways.js';
import type { DomainParts } from './domain.js';
import { openChangelog } from './domain-options.js';
import { Upkeep } from './upkeep.js';
import { brokersAmong } from './watch-divergence.js';

/** A new name for every start of the process. */
const BOOT = randomUUID();

export class Relay {
  /** As configured. */
  readonly baseText: string;
  readonly broker: Broker;
  /** Who belongs to the domain, and what is kept for them. */
  readonly upkeep: Upkeep;
  readonly #changelog: Changelog;

  private constructor(parts: DomainParts, changelog: Changelog, upkeep: Upkeep, baseKey: string) {
    const { config, base, incarnation, log } = parts;
    const alert = alertLog(log.child({ domain: base }));
    this.baseText = base;
    this.#changelog = changelog;
    this.upkeep = upkeep;
    this.broker = new Broker({
      identity: {
        server: config.settings['server.name'],
        replica: undefined,
        incarnation: () => incarnation.current,
        boot: BOOT,
        domain: baseKey,
      },
      ...brokerWays(parts),
      allowed: undefined,
      directory: undefined,
      changelog,
      members: upkeep.members,
      answer: (question) => relaying(question),
      assurance: openAssurance({
        ...{ config, changelog, alert },
        members: upkeep.members,
        backend: undefined,
      }),
      clock: systemClock,
      random: systemRandom,
      listener: {
        alert,
        ownChangesLost: () => {},
        couldInitializeFrom: () => {},
        tooFarBehind: (origins, peer) => {
          if (origins.length > 0)
            alert({
              kind: 'too-far-behind',
              key: 'too-far-behind',
              message: `changes of replica ${origins.join(', ')} are not kept by ${peer ?? 'any peer'} any more; this broker cannot forward them`,
            });
        },
        greeted: () => {},
      },
    });
    const relaying = relayingAnswerer(
      config.settings['server.name'],
      this.broker,
      brokersAmong(upkeep.members),
    );
    upkeep.attach(this.broker);
  }

  /** Opens the change log. Rejects with an OperatorError or a StoreError. */
  static async open(parts: DomainParts): Promise<Relay> {
    const { base, schema, store } = parts;
    const baseKey = schema.dnKey(parseDn(base));
    if (baseKey === undefined)
      throw new OperatorError(
        'CONFIG_INVALID',
        `the base DN ${base} has a value that its attribute does not allow`,
      );
    const changelog = await openChangelog(store, baseKey, undefined);
    const keys = new KeySpace(await domainNumber(store, baseKey));
    const alert = alertLog(parts.log.child({ domain: base }));
    const upkeep = await Upkeep.open({
      config: parts.config,
      store,
      keys,
      changelog,
      backend: undefined,
      alert,
    });
    return new Relay(parts, changelog, upkeep, baseKey);
  }

  /** Begins to forward. */
  start(): void {
    this.broker.start();
    this.upkeep.start();
  }

  /** Ends every session. */
  async stop(): Promise<void> {
    await this.upkeep.stop();
    await this.broker.stop();
  }

  /** Other peers from now on. */
  setPeers(peers: ReadonlyMap<string, string>): void {
    this.broker.setPeers(brokerPeers(peers));
    this.upkeep.members.peers = [...peers.keys()];
  }

  /** Names of the peers whose changes flow here now. */
  following(): readonly string[] {
    return this.broker.following();
  }

  status(): DomainStatus {
    const state = this.#changelog.state.toString();
    return {
      baseDn: this.baseText,
      phase: 'relay',
      reason: undefined,
      entries: 0,
      generationId: this.#changelog.recordedGeneration,
      applied: state,
      received: state,
      // What others hold is here once it is in the log.
      ...replicationLag(this.broker.status(), this.#changelog.state, [], () => true),
      blocked: [],
    };
  }
}
