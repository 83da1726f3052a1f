/**
 * A small simulated world for tests that tell one story: servers by name, time that is moved by hand, and what crossed which link.
 */
import { type ChangeBody, ROOT_UUID } from '../../lib/change/change.js';
import type { Csn, ReplicaId } from '../../lib/csn/csn.js';
import { FrameAssembler } from '../../lib/sync/frame-assembler.js';
import { decodeFrame } from '../../lib/sync/frame-octets.js';
import { entryUuid } from './entry-uuid.js';
import { SeededRandom } from './seeded-random.js';
import type { Shape } from './shapes.js';
import { type SimLink, SimNetwork } from './sim-network.js';
import { SimServer, type SimServerOptions } from './sim-server.js';
import { VirtualTime } from './virtual-time.js';

/** A name, whatever entry it is of. */
export const RDN = {
  avas: [{ key: 'cn', name: 'cn', value: new Uint8Array([0x78]), equality: 'caseIgnoreMatch' }],
} as unknown as Extract<ChangeBody, { kind: 'add' }>['rdn'];

export class World {
  readonly time = new VirtualTime();
  readonly random: SeededRandom;
  readonly network: SimNetwork;
  readonly servers = new Map<string, SimServer>();
  /** `from>to csn` -> how often the change was delivered that way. */
  readonly crossings = new Map<string, number>();
  #entries = 0;

  constructor(servers: readonly SimServerOptions[], seed = 1) {
    this.random = new SeededRandom(seed);
    this.network = new SimNetwork(this.time, this.random);
    for (const options of servers) this.add(options);
  }

  static async started(shape: Shape | readonly SimServerOptions[], seed = 1): Promise<World> {
    const world = new World('servers' in shape ? shape.servers : shape, seed);
    for (const server of world.servers.values()) void server.start();
    await world.run(1000);
    return world;
  }

  add(options: SimServerOptions): SimServer {
    const server = new SimServer(this.time, this.network, this.random, options);
    this.servers.set(options.name, server);
    return server;
  }

  server(name: string): SimServer {
    const server = this.servers.get(name);
    if (server === undefined) throw new Error(`no server ${name}`);
    return server;
  }

  run(forMs: number, done?: () => boolean): Promise<void> {
    return this.time.run(this.time.nowMs + forMs, done);
  }

  /** Counts each change on each link from now on. */
  countCrossings(): void {
    const assemblers = new Map<SimLink, FrameAssembler>();
    this.network.observe = (link, bytes) => {
      let assembler = assemblers.get(link);
      if (assembler === undefined) {
        assembler = new FrameAssembler(2 ** 31);
        assemblers.set(link, assembler);
      }
      assembler.push(bytes);
      for (let body = assembler.next(); body !== undefined; body = assembler.next()) {
        const frame = decodeFrame(body);
        if (frame?.kind !== 'changes') continue;
        for (const { csn } of frame.changes) {
          const key = `${link.from}>${link.to} ${csn}`;
          this.crossings.set(key, (this.crossings.get(key) ?? 0) + 1);
        }
      }
    };
  }

  /** Lets time pass until `work` is done. */
  async wait<T>(work: Promise<T>, limitMs = 60_000): Promise<T> {
    let done = false;
    const end = (): void => {
      done = true;
    };
    work.then(end, end);
    await this.run(limitMs, () => done);
    return work;
  }

  /** A client adds an entry; resolves when it is acknowledged. */
  async write(name: string): Promise<Csn | undefined> {
    const request = {
      entry: entryUuid(++this.#entries),
      body: { kind: 'add', parent: ROOT_UUID, rdn: RDN, attributes: [] },
    } as const;
    return this.wait(this.server(name).write(request));
  }

  async writes(name: string, count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      const csn = await this.write(name);
      if (csn === undefined)
        throw new Error(`${name} refused a write: ${this.server(name).replica?.writesHeld()}`);
    }
  }

  /** Whether all servers that are up hold and have applied the same. */
  equal(): boolean {
    const up = [...this.servers.values()].filter((server) => server.up);
    const state = up[0]?.changelog?.state;
    return up.every(
      (server) =>
        state !== undefined &&
        server.changelog?.state.equals(state) === true &&
        (server.directory === undefined || server.directory.state.equals(state)),
    );
  }

  /** Runs until equal; throws after `limitMs`. */
  async settle(limitMs = 20_000): Promise<number> {
    const beganMs = this.time.nowMs;
    await this.run(limitMs, () => this.equal());
    if (!this.equal()) throw new Error(`not equal after ${limitMs} ms\n${this.describe()}`);
    for (const server of this.servers.values()) await server.check();
    return this.time.nowMs - beganMs;
  }

  describe(): string {
    return [...this.servers.values()]
      .map((server) => {
        const sessions = server.broker
          ?.status()
          .map((s) => `    ${s.direction} ${s.peer} ${s.state} [${s.origins}] ${s.lastError}`);
        return [
          `${server.name} log ${server.changelog?.state} applied ${server.directory?.state} ${server.replica?.writesHeld() ?? ''}`,
          ...(sessions ?? []),
          ...server.alerts.slice(-6).map((alert) => `    alert ${alert}`),
        ].join('\n');
      })
      .join('\n');
  }
}

/** Options of a directory server. */
export function directoryServer(
  id: number,
  peers: readonly number[],
  more: Partial<SimServerOptions> = {},
): SimServerOptions {
  return {
    name: `s${id}`,
    replica: id as ReplicaId,
    peers: peers.map((peer) => `s${peer}`),
    autoInitialize: true,
    hasData: true,
    ...more,
  };
}
