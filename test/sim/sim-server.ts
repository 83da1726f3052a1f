/**
 * One simulated server: a machine with a disk and a clock, and the process on it, made of the production parts (change log, broker, replica).
 */
import { MemoryStore } from '../../lib/backend/memory-store.js';
import { Assurance } from '../../lib/broker/assurance.js';
import { Broker } from '../../lib/broker/broker.js';
import { Pacer } from '../../lib/broker/pacer.js';
import { ReplicationListener } from '../../lib/broker/replication-listener.js';
import { Changelog } from '../../lib/changelog/changelog.js';
import { type Csn, csnReplica, type ReplicaId } from '../../lib/csn/csn.js';
import { csnSalt } from '../../lib/csn/csn-generator.js';
import type { Clock } from '../../lib/port/clock.js';
import type { Log } from '../../lib/port/log.js';
import type { OrderedStore, StoreOp, StoreSnapshot } from '../../lib/port/ordered-store.js';
import { Housekeeping, type KeepLimits, type Pace } from '../../lib/replica/housekeeping.js';
import { Membership } from '../../lib/replica/membership.js';
import { Reissue } from '../../lib/replica/reissue.js';
import { Replica } from '../../lib/replica/replica.js';
import { serverDistances } from '../../lib/topology/distances.js';
import type { Topology } from '../../lib/topology/topology.js';
import { waysFrom } from '../../lib/topology/ways.js';
import { ProcessStore } from './process-store.js';
import { SeededRandom } from './seeded-random.js';
import { ChangeSetDirectory, type SimDirectory, type WriteRequest } from './sim-directory.js';
import type { SimNetwork } from './sim-network.js';
import { MachineClock, type VirtualTime } from './virtual-time.js';

export type OpenDirectory = (
  store: OrderedStore,
  changelog: Changelog,
  replica: ReplicaId,
  clock: Clock,
  random: SeededRandom,
  /** Another one in each life of the server. */
  salt: number,
) => Promise<SimDirectory>;

export interface SimServerOptions {
  readonly name: string;
  /** undefined: a broker alone. */
  readonly replica: ReplicaId | undefined;
  readonly peers: readonly string[];
  readonly autoInitialize: boolean;
  /** Holds data from the start (generation `g1`). */
  readonly hasData: boolean;
  /** False: nobody can dial it. */
  readonly listens?: boolean;
  readonly openDirectory?: OpenDirectory;
  readonly startHoldMs?: number;
  /** Who stands where; undefined: all in one place. */
  readonly topology?: Topology;
  readonly limits?: Partial<KeepLimits>;
  /** How long an undelete is accepted. */
  readonly undeleteMs?: number;
}

/** Quick enough that a short run sees all of it. */
const PACE: Pace = { tickMs: 200, purgeMs: 500, slowMs: 1500 };
const NO_LIMITS: KeepLimits = { logMaxAgeMs: 0, logMaxBytes: 0, diskMinFreeBytes: 0, journalMaxAgeMs: 0 };

interface Process {
  alive: boolean;
  readonly changelog: Changelog;
  readonly broker: Broker;
  readonly listener: ReplicationListener;
  readonly directory: SimDirectory | undefined;
  readonly replica: Replica | undefined;
  readonly members: Membership;
  readonly housekeeping: Housekeeping;
  readonly assurance: Assurance;
  readonly reissue: Reissue | undefined;
}

const SILENT: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => SILENT,
};

export class SimServer {
  readonly options: SimServerOptions;
  readonly disk = new MemoryStore();
  readonly clockOffset = { wallMs: 0 };
  readonly #time: VirtualTime;
  readonly #network: SimNetwork;
  readonly #random: SeededRandom;
  #process: Process | undefined;
  #incarnation: string;
  #boots = 0;
  #starting = false;
  #restored = false;
  /** CSNs of acknowledged writes, in order. */
  readonly acked: Csn[] = [];
  readonly alerts: string[] = [];
  /** CSNs of changes made anew. */
  readonly reissued: Csn[] = [];
  /** Those that they had before; those of changes that could not be made any more and are kept for people. */
  readonly madeAnew = new Set<Csn>();

  constructor(time: VirtualTime, network: SimNetwork, random: SeededRandom, options: SimServerOptions) {
    this.#time = time;
    this.#network = network;
    this.#random = random;
    this.options = options;
    this.#incarnation = `${options.name}-1`;
    this.disk.faults.delay = () => time.sleep(0.2 + random.next());
  }

  get name(): string {
    return this.options.name;
  }

  get up(): boolean {
    return this.#process !== undefined;
  }

  get changelog(): Changelog | undefined {
    return this.#process?.changelog;
  }

  get directory(): SimDirectory | undefined {
    return this.#process?.directory;
  }

  get broker(): Broker | undefined {
    return this.#process?.broker;
  }

  get replica(): Replica | undefined {
    return this.#process?.replica;
  }

  get members(): Membership | undefined {
    return this.#process?.members;
  }

  get housekeeping(): Housekeeping | undefined {
    return this.#process?.housekeeping;
  }

  get assurance(): Assurance | undefined {
    return this.#process?.assurance;
  }

  /** Whether changes wait to be made anew. */
  get reissuing(): boolean {
    return this.#process?.reissue?.pending === true;
  }

  get incarnation(): string {
    return this.#incarnation;
  }

  async start(): Promise<void> {
    if (this.#process !== undefined || this.#starting) return;
    this.#starting = true;
    const life = { alive: true };
    const alive = (): boolean => life.alive;
    const { name, replica: id, peers, autoInitialize, hasData, openDirectory, startHoldMs } = this.options;
    const store = new ProcessStore(this.disk, alive);
    const clock = new MachineClock(this.#time, this.clockOffset, alive);
    const changelog = await Changelog.open(store, {
      ownReplica: id,
      prefix: new Uint8Array([0x63]),
      recentBytes: 20_000,
    });
    const open = openDirectory ?? ChangeSetDirectory.open;
    const directory =
      id === undefined ? undefined : await open(store, changelog, id, clock, this.#random, this.#salt());
    if (hasData && directory !== undefined && directory.generationId === undefined && this.#boots === 0) {
      await directory.startGeneration('g1');
    }
    const members = await Membership.open({
      server: name,
      replica: id,
      store,
      prefix: new Uint8Array([0x72]),
      changelog,
      clock,
      peers,
      generation: () => (replica === undefined ? changelog.recordedGeneration : replica.generation()),
      directory,
      undeleteMs: this.options.undeleteMs ?? 3_600_000,
      evictAfterMs: 0,
      reportMs: 300,
      dismiss: (peer, refusal) => broker.dismiss(peer, refusal),
      alert: (alert) => this.alerts.push(`${alert.kind}: ${alert.message}`),
    });
    const reissue =
      id === undefined || directory === undefined
        ? undefined
        : await Reissue.open({
            replica: id,
            store,
            prefix: new Uint8Array([0x72]),
            changelog,
            clock,
            directory: {
              get state() {
                return directory.state;
              },
              resubmit: async (change) => {
                const csn = await directory.write(change);
                this.madeAnew.add(change.csn);
                if (csn === undefined) throw new Error('refused');
                this.reissued.push(csn);
              },
            },
            place: members.place,
            members: members.rows(),
            alert: (alert) => this.alerts.push(`${alert.kind}: ${alert.message}`),
          });
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
            autoInitialize,
            startHoldMs: startHoldMs ?? 0,
            members,
            reissue,
            part: directory.part,
            applied: () => assurance.advanced(),
            renewIncarnation: async () => {
              this.#incarnation = `${this.#incarnation}+`;
            },
            alert: (alert) => this.alerts.push(`${alert.kind}: ${alert.message}`),
          });
    const assurance = new Assurance({
      server: name,
      replica: id,
      changelog,
      applied: () => directory?.state,
      members: () => members.rows(),
      clock,
    });
    const { topology } = this.options;
    const distances = topology === undefined ? undefined : serverDistances(topology, name);
    const broker: Broker = new Broker({
      identity: {
        server: name,
        replica: id,
        incarnation: () => this.#incarnation,
        boot: `${name}-boot-${++this.#boots}`,
        domain: 'dc=example,dc=com',
      },
      peers: peers.map((peer) => ({ name: peer, addresses: () => [peer] })),
      allowed: undefined,
      directory: replica,
      changelog,
      members,
      assurance,
      distances: () => distances,
      offers: this.options.listens === false,
      pacer: topology === undefined ? undefined : new Pacer(clock, waysFrom(topology, name, undefined)),
      network: this.#network.host(name, alive),
      clock,
      random: this.#random,
      listener: replica ?? {
        alert: (alert) => this.alerts.push(`${alert.kind}: ${alert.message}`),
        ownChangesLost() {},
        couldInitializeFrom() {},
        tooFarBehind() {},
        greeted() {},
      },
    });
    const listener = new ReplicationListener([broker], clock, SILENT);
    if (this.options.listens !== false) await listener.open(this.#network.host(name, alive), name);
    replica?.start(broker);
    broker.start();
    const housekeeping = new Housekeeping({
      members,
      target: directory,
      changelog,
      clock,
      pace: PACE,
      limits: { ...NO_LIMITS, ...this.options.limits },
      freeBytes: async () => undefined,
      alert: (alert) => this.alerts.push(`${alert.kind}: ${alert.message}`),
    });
    housekeeping.start();
    this.#process = Object.assign(life, {
      changelog,
      broker,
      listener,
      directory,
      replica,
      members,
      housekeeping,
      assurance,
      reissue,
    });
    this.#starting = false;
  }

  /** Not drawn from the run's randomness: that goes on as it did. */
  #salt(): number {
    const boot = this.#boots * 1000 + (this.options.replica ?? 0);
    return csnSalt(new SeededRandom(boot).bytes(3));
  }

  /** The power goes: of the unsynced batches a prefix of random length survives. */
  crash(): void {
    if (this.#process === undefined) return;
    this.#process.alive = false;
    this.#process = undefined;
    this.#network.kill(this.name);
    this.disk.crash(this.#random.below(this.disk.unsyncedBatches + 1));
  }

  /** The machine comes back with an older disk; undefined: with an empty one. */
  async replaceDisk(backup: StoreSnapshot | undefined): Promise<void> {
    this.crash();
    this.#restored = true;
    const { delay, refuse } = this.disk.faults;
    Object.assign(this.disk.faults, { delay: undefined, refuse: undefined });
    const all = { gte: new Uint8Array(), lt: new Uint8Array([0xff]) };
    const ops: StoreOp[] = [];
    for await (const rows of this.disk.scan(all)) for (const { key } of rows) ops.push({ type: 'del', key });
    if (backup !== undefined)
      for await (const rows of this.disk.scan(all, undefined, backup))
        for (const { key, value } of rows) ops.push({ type: 'put', key, value });
    else this.#incarnation = `${this.name}-${++this.#boots}`;
    await this.disk.batch(ops, { sync: true });
    Object.assign(this.disk.faults, { delay, refuse });
  }

  /** Acknowledged writes that nobody else holds went with the disk. */
  forgive(lost: (csn: Csn) => boolean): void {
    const kept = this.acked.filter((csn) => !lost(csn));
    this.acked.splice(0, this.acked.length, ...kept);
  }

  /** An orderly stop. */
  async stop(): Promise<void> {
    const process = this.#process;
    if (process === undefined) return;
    await process.listener.close();
    await process.housekeeping.stop();
    await process.broker.stop();
    await process.replica?.stop();
    process.alive = false;
    this.#process = undefined;
    this.#network.kill(this.name);
  }

  /** A client's write. Resolves with whether it was acknowledged (never, when the process dies first). */
  async write(request: WriteRequest): Promise<Csn | undefined> {
    const process = this.#process;
    if (process?.directory === undefined || process.replica?.writesHeld() !== undefined) return undefined;
    const csn = await process.directory.write(request);
    if (csn !== undefined && process.alive) this.acked.push(csn);
    return csn;
  }

  /** Every invariant of the log that can be seen from outside; throws what is wrong. */
  async check(): Promise<void> {
    const log = this.#process?.changelog;
    if (log === undefined) return;
    for (const newest of log.state.csns()) {
      const origin = csnReplica(newest);
      let place = log.trimmed.get(origin);
      for (;;) {
        const slice = await log.read(origin, place, 1_000_000);
        if (slice.kind !== 'changes') throw new Error(`${this.name}: log of ${origin} answers ${slice.kind}`);
        if (slice.changes.length === 0) break;
        for (const change of slice.changes) {
          if (change.previous !== place) throw new Error(`${this.name}: hole before ${change.csn}`);
          place = change.csn;
        }
      }
      if (place !== newest)
        throw new Error(`${this.name}: state ${newest} is ahead of rows ${place ?? 'none'}`);
    }
    const applied = this.#process?.directory?.state;
    if (applied !== undefined && !log.state.coversAll(applied)) {
      throw new Error(`${this.name}: entries (${applied}) are ahead of the log (${log.state})`);
    }
    const own = this.options.replica;
    const last = this.acked[this.acked.length - 1];
    // A restored one fetches its own changes back; that it has them in the end is checked there.
    const anew = this.reissuing || (last !== undefined && this.madeAnew.has(last));
    if (!this.#restored && !anew && own !== undefined && last !== undefined && !log.state.covers(last)) {
      throw new Error(`${this.name}: acknowledged write ${last} is not in its own log`);
    }
  }
}
