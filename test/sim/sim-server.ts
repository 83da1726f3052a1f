/**
 * One simulated server: a machine with a disk and a clock, and the process on it, made of the production parts (change log, broker, replica).
 */
import { MemoryStore } from '../../lib/backend/memory/memory-store.js';
import type { Assurance } from '../../lib/broker/assurance.js';
import type { Broker } from '../../lib/broker/broker.js';
import { ReplicationListener } from '../../lib/broker/replication-listener.js';
import type { Changelog } from '../../lib/changelog/changelog.js';
import type { Csn, ReplicaId } from '../../lib/csn/csn.js';
import { csnSalt } from '../../lib/csn/csn-generator.js';
import type { Clock } from '../../lib/port/clock.js';
import type { Log } from '../../lib/port/log.js';
import type { OrderedStore, StoreOp, StoreSnapshot } from '../../lib/port/ordered-store.js';
import type { Housekeeping, KeepLimits } from '../../lib/replica/housekeeping.js';
import type { Membership } from '../../lib/replica/membership.js';
import type { Replica } from '../../lib/replica/replica.js';
import type { Schema } from '../../lib/schema/schema.js';
import type { Topology } from '../../lib/topology/topology.js';
import { checkLog } from './end-checks.js';
import { ProcessStore } from './process-store.js';
import { SeededRandom } from './seeded-random.js';
import { ChangeSetDirectory, type SimDirectory, type WriteRequest } from './sim-directory.js';
import {
  brokerPeers,
  openDomain,
  type SimDomain,
  type SimDomainParts,
  startDomain,
  stopDomain,
} from './sim-domain.js';
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
  /** What the entries are kept by; undefined: the standard one. */
  schema?: Schema,
) => Promise<SimDirectory>;

/** What all domains of a process are made of. */
export type ProcessParts = Omit<SimDomainParts, 'base' | 'rows' | 'open' | 'begins'>;

/** A domain that opens and starts before the data, and the schema that it gives them. */
export interface DomainBefore {
  readonly domain: SimDomain;
  readonly schema: Schema | undefined;
}

/** A process that is about to run. */
export interface OpenedProcess extends SimDomain {
  readonly store: OrderedStore;
  readonly clock: Clock;
  alive(): boolean;
}

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
  /** Opens such a domain in each start. */
  readonly before?: (server: SimServer, parts: ProcessParts) => Promise<DomainBefore>;
  /** Called in each start, before anything is heard or said. */
  readonly opened?: (server: SimServer, process: OpenedProcess) => Promise<void>;
}

interface Process extends SimDomain {
  alive: boolean;
  readonly before: SimDomain | undefined;
  readonly listener: ReplicationListener;
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
  /** A process that is about to run. */
  #opening: { alive: boolean } | undefined;
  /** How often its disk was replaced, by an older one or an empty one. */
  replaced = 0;
  /** Names of the servers that it follows. */
  peers: readonly string[];
  /** CSNs of acknowledged writes, in order. */
  readonly acked: Csn[] = [];
  /** The same for each run of the process, those that were forgiven too. */
  readonly lives: Csn[][] = [];
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
    this.peers = options.peers;
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

  /** All domains of the process that runs: what is decided of a server counts in each. */
  get domains(): readonly SimDomain[] {
    const process = this.#process;
    if (process === undefined) return [];
    return process.before === undefined ? [process] : [process.before, process];
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
    if (this.#process !== undefined || this.#opening !== undefined) return;
    const life = { alive: true };
    this.#opening = life;
    try {
      await this.#open(life);
    } catch (error) {
      if (!life.alive) return;
      life.alive = false;
      throw error;
    } finally {
      if (this.#opening === life) this.#opening = undefined;
    }
  }

  async #open(life: { alive: boolean }): Promise<void> {
    const alive = (): boolean => life.alive;
    const { name, openDirectory, hasData, opened } = this.options;
    const store = new ProcessStore(this.disk, alive);
    const clock = new MachineClock(this.#time, this.clockOffset, alive);
    const salt = this.#salt();
    const boot = this.#boots++;
    const network = this.#network.host(name, alive);
    const common = {
      options: this.options,
      store,
      clock,
      network,
      random: this.#random,
      salt,
      peers: this.peers,
      boot: `${name}-boot-${boot + 1}`,
      incarnation: () => this.#incarnation,
      renewIncarnation: async () => {
        this.#incarnation = `${this.#incarnation}+`;
      },
      alert: ({ kind, message }: { kind: string; message: string }) => {
        this.alerts.push(`${kind}: ${message}`);
      },
      madeAnew: (change: Csn, anew: Csn | undefined) => {
        this.madeAnew.add(change);
        if (anew !== undefined) this.reissued.push(anew);
      },
    };
    const before = await this.options.before?.(this, common);
    const open = openDirectory ?? ChangeSetDirectory.open;
    const domain = await openDomain({
      ...common,
      base: 'dc=example,dc=com',
      rows: { log: 0x63, members: 0x72 },
      open: (...of) => open(of[0], of[1], of[2], of[3], of[4], of[5], before?.schema),
      begins: hasData && boot === 0 ? 'g1' : undefined,
    });
    await opened?.(this, { ...domain, store, clock, alive });
    const listener = new ReplicationListener(
      [...(before === undefined ? [] : [before.domain.broker]), domain.broker],
      clock,
      SILENT,
    );
    if (this.options.listens !== false) await listener.open(network, name);
    if (!life.alive) return;
    if (before !== undefined) startDomain(before.domain);
    startDomain(domain);
    this.lives.push([]);
    this.#process = Object.assign(life, { ...domain, before: before?.domain, listener });
  }

  /** Not drawn from the run's randomness: that goes on as it did. */
  #salt(): number {
    const boot = this.#boots * 1000 + (this.options.replica ?? 0);
    return csnSalt(new SeededRandom(boot).bytes(3));
  }

  /** The power goes: of the unsynced batches a prefix survives, of random length where it is not given. */
  crash(keep?: number): void {
    if (this.#process === undefined) return;
    this.#process.alive = false;
    this.#process = undefined;
    this.#network.kill(this.name);
    this.disk.crash(keep ?? this.#random.below(this.disk.unsyncedBatches + 1));
  }

  /** The machine comes back with an older disk; undefined: with an empty one. One that was just starting knew the disk before, and ends too. */
  async replaceDisk(backup: StoreSnapshot | undefined): Promise<void> {
    if (this.#opening !== undefined) {
      this.#opening.alive = false;
      this.#opening = undefined;
      this.#network.kill(this.name);
      this.disk.crash(0);
    }
    this.crash();
    this.replaced += 1;
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

  /** Whether others can get this change from it as it was made: one that holds a part gives no whole copy, and of changes that its log does not begin with it has no more. */
  hasWhole(csn: Csn): boolean {
    const { changelog, directory } = this;
    if (changelog?.holds(csn) !== true) return false;
    return (directory?.part?.text ?? '') === '' || changelog.get(csn) !== undefined;
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
    await stopDomain(process);
    if (process.before !== undefined) await stopDomain(process.before);
    process.alive = false;
    this.#process = undefined;
    this.#network.kill(this.name);
  }

  /** A client's write. Resolves with whether it was acknowledged (never, when the process dies first). */
  async write(request: WriteRequest): Promise<Csn | undefined> {
    const process = this.#process;
    if (process?.directory === undefined || process.replica?.writesHeld() !== undefined) return undefined;
    const csn = await process.directory.write(request);
    if (csn !== undefined && process.alive) {
      this.acked.push(csn);
      this.lives.at(-1)?.push(csn);
    }
    return csn;
  }

  /** Follows others from now on. */
  follow(peers: readonly string[]): void {
    this.peers = peers;
    for (const { broker, members } of this.domains) {
      broker.setPeers(brokerPeers(peers));
      members.peers = peers;
    }
  }

  /** Every invariant of the log that can be seen from outside; throws what is wrong. */
  async check(): Promise<void> {
    const log = this.#process?.changelog;
    if (log === undefined) return;
    await checkLog(this.name, log, this.#process?.directory?.state);
    const own = this.options.replica;
    const last = this.acked[this.acked.length - 1];
    // A restored one fetches its own changes back; that it has them in the end is checked there.
    const anew = this.reissuing || (last !== undefined && this.madeAnew.has(last));
    if (this.replaced === 0 && !anew && own !== undefined && last !== undefined && !log.state.covers(last)) {
      throw new Error(`${this.name}: acknowledged write ${last} is not in its own log`);
    }
  }
}
