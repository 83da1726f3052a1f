/**
 * One simulated run from one seed: a safety phase, in which clients write while machines, disks, clocks and links fail; then a liveness phase, in which all is mended and the
 * servers must become equal within a time limit.
 *
 * Checked: no acknowledged write is lost, CSNs are unique and rise per origin, no log state runs ahead of its rows (after every restart too), queues stay bounded,
 * and in the end every server holds the same. What goes wrong is thrown with the seed.
 */
import type { Change } from '../../lib/change/change.js';
import { ServerState } from '../../lib/csn/server-state.js';
import { StoreError } from '../../lib/port/ordered-store.js';
import type { Act, MakeAct, Trouble } from './act.js';
import { Administrator } from './by-hand.js';
import { ChangeRecord } from './change-record.js';
import { CLOCK, COMMON, strikeCommon } from './common-troubles.js';
import { areEqual, checkAcknowledged, checkQueued, describeServers } from './end-checks.js';
import { RARE, RareTroubles } from './rare-troubles.js';
import { checkRows } from './row-checks.js';
import { SeededRandom } from './seeded-random.js';
import { SHAPES, type Shape, SWARM_SHAPES } from './shapes.js';
import type { WriteRequest } from './sim-directory.js';
import { SimNetwork } from './sim-network.js';
import { type OpenDirectory, SimServer, type SimServerOptions } from './sim-server.js';
import { VirtualTime } from './virtual-time.js';

/** Makes a client's next write; undefined when nothing comes to mind. */
export type MakeWrite = (server: SimServer, random: SeededRandom) => WriteRequest | undefined;

export interface RunOptions {
  readonly seed: number;
  readonly shape?: Shape;
  readonly openDirectory?: OpenDirectory;
  readonly makeWrite: () => MakeWrite;
  readonly safetyMs?: number;
  readonly faults?: boolean;
  /** A random choice of all kinds of faults and shapes, the rare ones among them (rare-troubles.ts). */
  readonly swarm?: boolean;
  /** Milliseconds of virtual time within which all must be equal after the last fault. */
  readonly limitMs?: number;
  /** Given to every server. */
  readonly server?: Partial<SimServerOptions>;
  /** The part of the contents that must be equal; default: all. */
  readonly compared?: (contents: string) => string;
  /** Whether an administrator does what servers ask for, once a third of the limit is over (by-hand.ts). */
  readonly byHand?: boolean;
  /** What this kind of history adds. */
  readonly acts?: readonly MakeAct[];
  /** Called at the end, with every server equal, and with all changes that lead there. */
  readonly atEnd?: (servers: readonly SimServer[], changes: readonly Change[]) => Promise<void>;
}

export interface RunReport {
  readonly shape: string;
  readonly acked: number;
  readonly events: number;
  readonly faults: readonly string[];
  readonly convergedMs: number;
  /** Whether people had to do something (by-hand.ts). */
  readonly byHand: boolean;
}

export class Simulation {
  readonly time = new VirtualTime();
  readonly random: SeededRandom;
  readonly network: SimNetwork;
  readonly servers: SimServer[];
  readonly record = new ChangeRecord();
  readonly #gone: SimServer[] = [];
  readonly faults: string[] = [];
  writing = true;
  /** Kinds of trouble of this run; undefined: the common ones. */
  readonly #kinds: readonly number[] | undefined;
  readonly #rare: RareTroubles;
  readonly #acts: readonly Act[];
  readonly #troubles: readonly Trouble[];
  readonly #makeWrite: MakeWrite;
  readonly #options: RunOptions;
  readonly #administrator: Administrator | undefined;

  constructor(options: RunOptions) {
    this.#options = options;
    this.#makeWrite = options.makeWrite();
    this.random = new SeededRandom(options.seed);
    this.network = new SimNetwork(this.time, this.random);
    const shape = options.shape ?? this.random.pick(options.swarm === true ? SWARM_SHAPES : SHAPES);
    this.#rare = new RareTroubles(this, (work) => this.spawn(work));
    this.#acts = (options.acts ?? []).map((make) => make(this));
    this.#troubles = this.#acts.flatMap(({ troubles = [] }) => troubles);
    const without = new Set<string>(this.#acts.flatMap((act) => act.without ?? []));
    if (options.swarm === true) {
      const kinds = Array.from({ length: COMMON + RARE.length }, (_, i) => i);
      const allowed = (kind: number): boolean =>
        !without.has(RARE[kind - COMMON] ?? (kind === CLOCK ? 'clock' : 'common'));
      const some = kinds.filter((kind) => this.random.chance(0.4) && allowed(kind));
      this.#kinds = some.length > 0 ? some : kinds.filter(allowed);
    }
    this.servers = shape.servers.map((server) => this.#make(server));
    if (options.byHand === true)
      this.#administrator = new Administrator(
        this.servers,
        (what) => this.faults.push(`${Math.round(this.time.nowMs)} ${what}`),
        this.#gone,
      );
  }

  #make(server: SimServerOptions): SimServer {
    const { openDirectory, server: given } = this.#options;
    const acts = this.#acts;
    const first = acts.find((act) => act.before !== undefined);
    return new SimServer(this.time, this.network, this.random, {
      ...server,
      ...given,
      ...(openDirectory === undefined ? {} : { openDirectory }),
      ...(first?.before === undefined ? {} : { before: first.before.bind(first) }),
      opened: async (opened, process) => {
        this.record.watch(process.changelog);
        for (const act of acts) await act.opened?.(opened, process);
      },
    });
  }

  async run(): Promise<RunReport> {
    const { safetyMs = 12_000, limitMs = 30_000, faults = true } = this.#options;
    for (const server of this.servers) this.spawn(server.start());
    for (const server of this.servers) this.#client(server);
    for (const act of this.#acts) act.begin?.();
    if (faults) this.#troublemaker(safetyMs);
    await this.time.run(safetyMs);
    this.writing = false;
    await this.#mend();
    const beganMs = this.time.nowMs;
    let equal = false;
    while (!equal && this.time.nowMs < beganMs + limitMs) {
      await this.time.run(this.time.nowMs + 100);
      this.#throwFailure();
      if (this.time.nowMs > beganMs + limitMs / 3) this.#doAsAsked();
      equal = this.#waitsFor() === undefined && (await areEqual(this.servers, this.#options.compared));
    }
    if (!equal)
      throw new Error(
        `not equal after ${limitMs} ms: ${this.#waitsFor() ?? ''}\n${describeServers(this.servers)}`,
      );
    const convergedMs = this.time.nowMs - beganMs;
    for (const server of this.servers) {
      await server.check();
      checkAcknowledged(server);
    }
    checkQueued(this.network.maxQueued);
    await checkRows(this.servers);
    for (const act of this.#acts) await act.check?.();
    await this.#options.atEnd?.(
      this.servers,
      this.record.upTo(this.servers[0]?.changelog?.state ?? ServerState.EMPTY),
    );
    return {
      shape: (this.#options.shape ?? { name: `${this.servers.length} servers` }).name,
      acked: this.servers.reduce((sum, server) => sum + server.acked.length, 0),
      events: this.time.performed,
      faults: this.faults,
      convergedMs,
      byHand: this.#administrator?.acted === true,
    };
  }

  #failure: unknown;

  #askedMs = 0;

  /** Every few seconds, as people do. */
  #doAsAsked(): void {
    if (this.time.nowMs < this.#askedMs + 3000) return;
    this.#askedMs = this.time.nowMs;
    if (this.#administrator !== undefined) this.spawn(this.#administrator.look());
  }

  #waitsFor(): string | undefined {
    for (const act of this.#acts) {
      const what = act.waitsFor?.();
      if (what !== undefined) return what;
    }
    return this.#administrator?.waitsFor();
  }

  /** Another server, with a client of its own; it is not started yet. */
  add(options: SimServerOptions): SimServer {
    const server = this.#make(options);
    this.servers.push(server);
    this.#client(server);
    return server;
  }

  /** A server that is gone for good: it counts no more. */
  drop(server: SimServer): void {
    this.servers.splice(this.servers.indexOf(server), 1);
    this.#gone.push(server);
  }

  /** Starts a server again, and checks what it finds on its disk. */
  restart(server: SimServer): void {
    this.#restart(server);
  }

  /** Lets work go on by itself; when it fails, the run has failed. */
  spawn(work: Promise<unknown>): void {
    work.catch((error: unknown) => {
      this.#failure ??= error;
    });
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** A client of one server: one write after the other, with pauses. */
  #client(server: SimServer): void {
    if (server.options.replica === undefined) return;
    // Swarms are many: each has its own pace, and most of them fewer writes than the fixed runs.
    const swarm = this.#options.swarm === true;
    const pauseMs = swarm ? this.random.pick([150, 400, 1000]) : 150;
    const most = swarm ? this.random.pick([1, 5, 30]) : 30;
    const next = (): void => {
      if (!this.writing) return;
      if (this.#acts.some((act) => act.ready?.() === false)) return void this.time.at(200, next);
      const burst = this.random.chance(0.05) ? most : 1;
      for (let i = 0; i < burst; i++) {
        const request = server.directory === undefined ? undefined : this.#makeWrite(server, this.random);
        if (request !== undefined) this.spawn(this.#write(server, request));
      }
      this.time.at(10 + this.random.below(pauseMs), next);
    };
    this.time.at(100 + this.random.below(100), next);
  }

  async #write(server: SimServer, request: WriteRequest): Promise<void> {
    const csn = await server.write(request);
    if (csn !== undefined) for (const act of this.#acts) act.wrote?.(server, request, csn);
  }

  #troublemaker(untilMs: number): void {
    const next = (): void => {
      if (this.time.nowMs >= untilMs - 500) return;
      this.#trouble();
      this.time.at(50 + this.random.below(900), next);
    };
    this.time.at(500 + this.random.below(500), next);
  }

  #trouble(): void {
    const { random, time } = this;
    const server = random.pick(this.servers);
    const other = random.pick(this.servers.filter((candidate) => candidate !== server));
    const forMs = 100 + random.below(6000);
    const note = (text: string): void => {
      this.faults.push(`${Math.round(time.nowMs)} ${text} for ${forMs}`);
    };
    if (this.#troubles.length > 0 && random.chance(0.3)) {
      random.pick(this.#troubles)(server, forMs, note);
      return;
    }
    const kind = this.#kinds === undefined ? random.below(COMMON) : random.pick(this.#kinds);
    if (kind >= COMMON) {
      this.#rare.strike(RARE[kind - COMMON] ?? 'slow network', server, forMs, note);
      return;
    }
    strikeCommon(this, kind, server, other, forMs, note);
  }

  #restart(server: SimServer): void {
    this.spawn(
      server.start().then(
        () => server.check(),
        (error: unknown) => {
          // A new disk may be full as well; whoever watches over the process starts it again.
          if (!(error instanceof StoreError) || error.failure !== 'full') throw error;
          this.time.at(300, () => this.#restart(server));
        },
      ),
    );
  }

  async #mend(): Promise<void> {
    this.network.healAll();
    this.#rare.mend();
    for (const server of this.servers) {
      server.disk.faults.refuse = undefined;
      server.disk.faults.delay = () => this.time.sleep(0.2 + this.random.next());
      this.#restart(server);
    }
    await this.time.run(this.time.nowMs + 50);
    for (const act of this.#acts) await act.mend?.();
    this.#throwFailure();
  }
}

/** Runs one seed; whatever goes wrong is thrown with the seed and the faults that were made. */
export async function runSeed(options: RunOptions): Promise<RunReport> {
  const simulation = new Simulation(options);
  try {
    return await simulation.run();
  } catch (error) {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    throw new Error(`seed ${options.seed}: ${reason}\nfaults:\n${simulation.faults.join('\n')}`);
  }
}
