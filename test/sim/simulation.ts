/**
 * One simulated run from one seed: a safety phase, in which clients write while machines, disks, clocks and links fail; then a liveness phase, in which all is mended and the
 * servers must become equal within a time limit.
 *
 * Checked: no acknowledged write is lost, CSNs are unique and rise per origin, no log state runs ahead of its rows (after every restart too), queues stay bounded,
 * and in the end every server holds the same. What goes wrong is thrown with the seed.
 */
import { LIMITS } from '../../lib/base/limits.js';
import type { EntryUuid } from '../../lib/change/change.js';
import { type Csn, csnReplica } from '../../lib/csn/csn.js';
import { RARE, RareTroubles } from './rare-troubles.js';
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
  /** Called at the end, with every server equal. */
  readonly atEnd?: (servers: readonly SimServer[]) => Promise<void>;
}

export interface RunReport {
  readonly shape: string;
  readonly acked: number;
  readonly events: number;
  readonly faults: readonly string[];
  readonly convergedMs: number;
}

/** Kinds of trouble that every run may see. */
const COMMON = 9;

export class Simulation {
  readonly time = new VirtualTime();
  readonly random: SeededRandom;
  readonly network: SimNetwork;
  readonly servers: SimServer[];
  readonly faults: string[] = [];
  writing = true;
  /** Kinds of trouble of this run; undefined: the common ones. */
  readonly #kinds: readonly number[] | undefined;
  readonly #rare: RareTroubles;
  readonly #options: RunOptions;

  constructor(options: RunOptions) {
    this.#options = options;
    this.random = new SeededRandom(options.seed);
    this.network = new SimNetwork(this.time, this.random);
    const shape = options.shape ?? this.random.pick(options.swarm === true ? SWARM_SHAPES : SHAPES);
    if (options.swarm === true) {
      const kinds = Array.from({ length: COMMON + RARE.length }, (_, i) => i);
      const some = kinds.filter(() => this.random.chance(0.4));
      this.#kinds = some.length > 0 ? some : kinds;
    }
    this.#rare = new RareTroubles(this, (work) => this.#spawn(work));
    this.servers = shape.servers.map((server) => {
      const open = options.openDirectory;
      return new SimServer(this.time, this.network, this.random, {
        ...server,
        ...options.server,
        ...(open === undefined ? {} : { openDirectory: open }),
      });
    });
  }

  async run(): Promise<RunReport> {
    const { safetyMs = 12_000, limitMs = 30_000, faults = true } = this.#options;
    for (const server of this.servers) this.#spawn(server.start());
    const makeWrite = this.#options.makeWrite();
    for (const server of this.servers)
      if (server.options.replica !== undefined) this.#client(server, makeWrite);
    if (faults) this.#troublemaker(safetyMs);
    await this.time.run(safetyMs);
    this.writing = false;
    await this.#mend();
    const beganMs = this.time.nowMs;
    let equal = false;
    while (!equal && this.time.nowMs < beganMs + limitMs) {
      await this.time.run(this.time.nowMs + 100);
      this.#throwFailure();
      equal = await this.#equal();
    }
    if (!equal) throw new Error(`not equal after ${limitMs} ms:\n${this.#describe()}`);
    const convergedMs = this.time.nowMs - beganMs;
    await this.#check();
    await this.#options.atEnd?.(this.servers);
    return {
      shape: (this.#options.shape ?? { name: `${this.servers.length} servers` }).name,
      acked: this.servers.reduce((sum, server) => sum + server.acked.length, 0),
      events: this.time.performed,
      faults: this.faults,
      convergedMs,
    };
  }

  #failure: unknown;

  /** Starts a server again, and checks what it finds on its disk. */
  restart(server: SimServer): void {
    this.#restart(server);
  }

  #spawn(work: Promise<unknown>): void {
    work.catch((error: unknown) => {
      this.#failure ??= error;
    });
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** A client of one server: one write after the other, with pauses. */
  #client(server: SimServer, makeWrite: MakeWrite): void {
    // Swarms are many: each has its own pace, and most of them fewer writes than the fixed runs.
    const swarm = this.#options.swarm === true;
    const pauseMs = swarm ? this.random.pick([150, 400, 1000]) : 150;
    const most = swarm ? this.random.pick([1, 5, 30]) : 30;
    const next = (): void => {
      if (!this.writing) return;
      const burst = this.random.chance(0.05) ? most : 1;
      for (let i = 0; i < burst; i++) {
        const request = server.directory === undefined ? undefined : makeWrite(server, this.random);
        if (request !== undefined) this.#spawn(server.write(request));
      }
      this.time.at(10 + this.random.below(pauseMs), next);
    };
    this.time.at(100 + this.random.below(100), next);
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
    const { random, network, time } = this;
    const server = random.pick(this.servers);
    const other = random.pick(this.servers.filter((candidate) => candidate !== server));
    const [a, b] = [server.name, other.name];
    const forMs = 100 + random.below(6000);
    const note = (text: string): void => {
      this.faults.push(`${Math.round(time.nowMs)} ${text} for ${forMs}`);
    };
    const kind = this.#kinds === undefined ? random.below(COMMON) : random.pick(this.#kinds);
    if (kind >= COMMON) {
      this.#rare.strike(RARE[kind - COMMON] ?? 'slow network', server, forMs, note);
      return;
    }
    switch (kind) {
      case 0:
      case 1:
        note(`crash ${a}`);
        server.crash();
        time.at(forMs / 2, () => this.#restart(server));
        break;
      case 2:
        note(`partition ${a} ${b}`);
        network.cut(a, b);
        network.cut(b, a);
        time.at(forMs, () => {
          network.heal(a, b);
          network.heal(b, a);
        });
        break;
      case 3:
        note(`one way ${a} > ${b}`);
        network.cut(a, b);
        time.at(forMs, () => network.heal(a, b));
        break;
      case 4:
        note(`break ${a} ${b}`);
        network.breakLinks(a, b);
        break;
      case 5:
        note(`disk full ${a}`);
        server.disk.faults.refuse = 'full';
        time.at(forMs / 2, () => {
          server.disk.faults.refuse = undefined;
        });
        break;
      case 6:
        server.clockOffset.wallMs += random.chance(0.5) ? -3_600_000 : 200_000 * random.next();
        note(`clock of ${a} at ${Math.round(server.clockOffset.wallMs)}`);
        break;
      case 7:
        note(`isolate ${a}`);
        for (const peer of this.servers) {
          network.cut(a, peer.name);
          network.cut(peer.name, a);
        }
        time.at(forMs, () => {
          for (const peer of this.servers) {
            network.heal(a, peer.name);
            network.heal(peer.name, a);
          }
        });
        break;
      default:
        note(`slow ${a}`);
        server.disk.faults.delay = () => time.sleep(50 + random.below(400));
        time.at(forMs, () => {
          server.disk.faults.delay = () => time.sleep(0.2 + random.next());
        });
    }
  }

  #restart(server: SimServer): void {
    this.#spawn(server.start().then(() => server.check()));
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
    this.#throwFailure();
  }

  async #equal(): Promise<boolean> {
    const [first] = this.servers;
    const state = first?.changelog?.state;
    if (state === undefined) return false;
    for (const server of this.servers) {
      if (server.changelog === undefined || !server.changelog.state.equals(state)) return false;
      if (server.reissuing) return false;
      if (server.directory !== undefined && !server.directory.state.equals(state)) return false;
    }
    const holders = this.servers.filter((server) => server.directory !== undefined);
    const contents = await Promise.all(
      holders.map(async (server) => {
        const all = (await server.directory?.contents()) ?? '';
        return this.#options.compared?.(all) ?? all;
      }),
    );
    contents.forEach((content, i) => {
      if (content === contents[0]) return;
      const odd = [only(contents[0] ?? '', content), only(content, contents[0] ?? '')].map((lines) =>
        lines.join('\n'),
      );
      throw new Error(
        `equal states, different contents:\n${holders[0]?.name}\n${odd[0]}\n${holders[i]?.name}\n${odd[1]}`,
      );
    });
    return true;
  }

  async #check(): Promise<void> {
    for (const server of this.servers) {
      await server.check();
      let before: Csn | undefined;
      if (new Set(server.acked).size < server.acked.length)
        throw new Error(`${server.name} made a CSN a second time`);
      for (const csn of server.acked) {
        // Restored, with its clock set back, it cannot know what it had made while it hears nobody: this is a second history, and was made anew at the end of the first.
        const apart = server.madeAnew.has(csn);
        if (!apart && before !== undefined && csn <= before)
          throw new Error(`${server.name}: CSN ${csn} after ${before}`);
        if (csnReplica(csn) !== server.options.replica) throw new Error(`${server.name} acknowledged ${csn}`);
        if (!apart && server.changelog?.holds(csn) !== true)
          throw new Error(`${server.name} lost acknowledged ${csn}`);
        if (!apart) before = csn;
      }
    }
    const bound = LIMITS.subscriptionWindowBytes + 2 * LIMITS.logReadBytes;
    if (this.network.maxQueued > bound)
      throw new Error(`${this.network.maxQueued} octets queued in one link`);
  }

  #describe(): string {
    return this.servers
      .map((server) => {
        const sessions =
          server.broker
            ?.status()
            .map((s) => `    ${s.direction} ${s.peer} ${s.state} ${s.origins} ${s.lastError}`) ?? [];
        const blocked =
          server.replica?.blocked().map((b) => `    blocked ${b.origin} ${b.csn} ${b.kind} ${b.reason}`) ??
          [];
        return [
          `${server.name} log ${server.changelog?.state} applied ${server.directory?.state} ${server.replica?.writesHeld() ?? ''}`,
          ...sessions,
          ...blocked,
          ...server.alerts.slice(-5).map((alert) => `    alert ${alert}`),
        ].join('\n');
      })
      .join('\n');
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

/** Lines that only the first text has. */
export function only(text: string, other: string): string[] {
  const lines = new Set(other.split('\n'));
  return text.split('\n').filter((line) => !lines.has(line));
}

/** An entry number as a UUID. */
export function entryUuid(number: number): EntryUuid {
  return `00000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}` as EntryUuid;
}
