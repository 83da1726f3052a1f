/**
 * One domain of a simulated server's process, made of the production parts (change log, membership, replica, broker, upkeep), wired as a running server wires them.
 *
 * Does not own the process: whether it lives, its disk and its place in the network are the server's (sim-server.ts).
 */
import { Assurance } from '../../lib/broker/assurance.js';
import { Broker } from '../../lib/broker/broker.js';
import type { BrokerPeer } from '../../lib/broker/broker-seams.js';
import { Pacer } from '../../lib/broker/pacer.js';
import { Changelog } from '../../lib/changelog/changelog.js';
import type { Csn } from '../../lib/csn/csn.js';
import type { Clock } from '../../lib/port/clock.js';
import type { LinkNetwork } from '../../lib/port/link.js';
import type { OrderedStore } from '../../lib/port/ordered-store.js';
import { Housekeeping, type KeepLimits, type Pace } from '../../lib/replica/housekeeping.js';
import { Membership } from '../../lib/replica/membership.js';
import { Reissue } from '../../lib/replica/reissue.js';
import { Replica } from '../../lib/replica/replica.js';
import { serverDistances } from '../../lib/topology/distances.js';
import { waysFrom } from '../../lib/topology/ways.js';
import type { SeededRandom } from './seeded-random.js';
import type { SimDirectory } from './sim-directory.js';
import type { OpenDirectory, SimServerOptions } from './sim-server.js';

/** Quick enough that a short run sees all of it. */
const PACE: Pace = { tickMs: 200, purgeMs: 500, slowMs: 1500 };
const NO_LIMITS: KeepLimits = { logMaxAgeMs: 0, logMaxBytes: 0, diskMinFreeBytes: 0, journalMaxAgeMs: 0 };

export interface SimDomainParts {
  readonly options: SimServerOptions;
  /** Normal form of the base DN. */
  readonly base: string;
  /** First octets of the rows of its log and of its members. */
  readonly rows: { readonly log: number; readonly members: number };
  readonly store: OrderedStore;
  readonly clock: Clock;
  readonly network: LinkNetwork;
  readonly random: SeededRandom;
  readonly open: OpenDirectory;
  readonly salt: number;
  /** Names of the servers that are followed. */
  readonly peers: readonly string[];
  /** The data set that an empty one begins with; undefined: it waits for a copy. */
  readonly begins: string | undefined;
  readonly boot: string;
  incarnation(): string;
  renewIncarnation(): Promise<void>;
  alert(alert: { readonly kind: string; readonly message: string }): void;
  /** A change is made anew; undefined: it was refused. */
  madeAnew(change: Csn, anew: Csn | undefined): void;
}

export interface SimDomain {
  readonly changelog: Changelog;
  readonly broker: Broker;
  readonly directory: SimDirectory | undefined;
  readonly replica: Replica | undefined;
  readonly members: Membership;
  readonly housekeeping: Housekeeping;
  readonly assurance: Assurance;
  readonly reissue: Reissue | undefined;
}

/** Peers as the broker is told of them. */
export function brokerPeers(peers: readonly string[]): readonly BrokerPeer[] {
  return peers.map((peer) => ({ name: peer, addresses: () => [peer] }));
}

/** Opens a domain; it replicates from startDomain() on. */
export async function openDomain(parts: SimDomainParts): Promise<SimDomain> {
  const { options, store, clock, peers, random, alert } = parts;
  const { name, replica: id } = options;
  const changelog = await Changelog.open(store, {
    ownReplica: id,
    prefix: Uint8Array.of(parts.rows.log),
    recentBytes: 20_000,
  });
  const directory =
    id === undefined ? undefined : await parts.open(store, changelog, id, clock, random, parts.salt);
  if (parts.begins !== undefined && directory !== undefined && directory.generationId === undefined)
    await directory.startGeneration(parts.begins);
  const members = await Membership.open({
    server: name,
    replica: id,
    store,
    prefix: Uint8Array.of(parts.rows.members),
    changelog,
    clock,
    peers,
    generation: () => (replica === undefined ? changelog.recordedGeneration : replica.generation()),
    directory,
    undeleteMs: options.undeleteMs ?? 3_600_000,
    evictAfterMs: 0,
    reportMs: 300,
    dismiss: (...of) => broker.dismiss(...of),
    alert,
  });
  const reissue =
    directory === undefined ? undefined : await openReissue(parts, changelog, directory, members);
  if (directory !== undefined) directory.undeleteFromMs = () => members.undeleteFromMs;
  const replica: Replica | undefined =
    id === undefined || directory === undefined
      ? undefined
      : new Replica({
          server: name,
          replica: id,
          backend: directory,
          changelog,
          clock,
          autoInitialize: options.autoInitialize,
          startHoldMs: options.startHoldMs ?? 0,
          members,
          reissue,
          part: directory.part,
          applied: () => assurance.advanced(),
          renewIncarnation: parts.renewIncarnation,
          alert,
        });
  const assurance = new Assurance({
    server: name,
    replica: id,
    changelog,
    applied: () => directory?.state,
    members: () => members.rows(),
    clock,
  });
  const { topology } = options;
  const distances = topology === undefined ? undefined : serverDistances(topology, name);
  const broker: Broker = new Broker({
    identity: {
      server: name,
      replica: id,
      incarnation: parts.incarnation,
      boot: parts.boot,
      domain: parts.base,
    },
    peers: brokerPeers(peers),
    allowed: undefined,
    directory: replica,
    changelog,
    members,
    assurance,
    distances: () => distances,
    offers: options.listens === false,
    pacer: topology === undefined ? undefined : new Pacer(clock, waysFrom(topology, name, undefined)),
    network: parts.network,
    clock,
    random,
    listener: replica ?? {
      alert,
      ownChangesLost() {},
      couldInitializeFrom() {},
      tooFarBehind() {},
      greeted() {},
    },
  });
  const housekeeping = new Housekeeping({
    members,
    target: directory,
    changelog,
    clock,
    pace: PACE,
    limits: { ...NO_LIMITS, ...options.limits },
    freeBytes: async () => undefined,
    alert,
  });
  return { changelog, broker, directory, replica, members, housekeeping, assurance, reissue };
}

function openReissue(
  { options, store, clock, rows, alert, madeAnew }: SimDomainParts,
  changelog: Changelog,
  directory: SimDirectory,
  members: Membership,
): Promise<Reissue | undefined> {
  if (options.replica === undefined) return Promise.resolve(undefined);
  return Reissue.open({
    replica: options.replica,
    store,
    prefix: Uint8Array.of(rows.members),
    changelog,
    clock,
    directory: {
      get state() {
        return directory.state;
      },
      resubmit: async (change) => {
        const csn = await directory.write(change);
        madeAnew(change.csn, csn);
        if (csn === undefined) throw new Error('refused');
      },
    },
    place: members.place,
    members: members.rows(),
    alert,
  });
}

/** Begins to replicate. */
export function startDomain({ replica, broker, housekeeping }: SimDomain): void {
  replica?.start(broker);
  broker.start();
  housekeeping.start();
}

/** Ends it, in order. */
export async function stopDomain({ replica, broker, housekeeping }: SimDomain): Promise<void> {
  await housekeeping.stop();
  await broker.stop();
  await replica?.stop();
}
