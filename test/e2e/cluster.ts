/**
 * Servers as real processes that reach each other only through proxies of the test, one for each direction of dialling: a link can be cut and mended while the
 * servers run. Servers are killed, stopped and started by number (from 1). Nothing is left running at the end of the test.
 */
import type { ChildProcess } from 'node:child_process';
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Test } from 'tap';
import { callControl } from '../../lib/app/control/control-client.js';
import type { ServerStatus } from '../../lib/app/monitor/server-status.js';
import type { ReadyServer } from '../../lib/app/process/demo-layout.js';
import { serverFiles } from '../../lib/app/server-files.js';
import { setupServer } from '../../lib/app/setup-server.js';
import {
  BASE,
  DEADLINE_MS,
  faultsOf,
  freePorts,
  launch,
  PASSWORD,
  statusOf,
  temporary,
  untilEqual,
  untilSettled,
} from './harness.js';
import { Network, Relay } from './relay.js';

/** Resolves with the `ready` line of the log; rejects with what was said when the process ends before. */
function ready(child: ChildProcess): Promise<void> {
  return new Promise((done, failed) => {
    let text = '';
    const hear = (more: string) => {
      text += more;
      if (text.includes('"msg":"ready"')) done();
      // Only the latest is kept: a long run says much.
      text = text.slice(-4096);
    };
    child.stdout?.setEncoding('utf8').on('data', hear);
    child.stderr?.setEncoding('utf8').on('data', hear);
    child.on('close', (code) => failed(new Error(`the server ended with ${code}: ${text}`)));
  });
}

export class Cluster {
  readonly servers: readonly ReadyServer[];
  /** The network between them. */
  readonly network: Network;
  readonly #brokers: number;
  readonly #proxies: readonly Relay[];
  readonly #running = new Map<number, ChildProcess>();
  /** Environment of the servers, by number; the harness's where there is none. */
  readonly environments = new Map<number, NodeJS.ProcessEnv>();
  /** Told what servers print. */
  onOutput: (number: number, text: string) => void = () => {};

  /** `brokers`: how many of the last servers hold no entries. */
  constructor(servers: readonly ReadyServer[], brokers: number, network: Network, proxies: readonly Relay[]) {
    this.servers = servers;
    this.#brokers = brokers;
    this.network = network;
    this.#proxies = proxies;
  }

  /** Those that hold entries. */
  get directories(): readonly ReadyServer[] {
    return this.servers.slice(0, this.servers.length - this.#brokers);
  }

  server(number: number): ReadyServer {
    const server = this.servers[number - 1];
    if (server === undefined) throw new Error(`there is no server ${number}`);
    return server;
  }

  /** Starts servers; resolves when they say that they are ready. */
  async start(...numbers: number[]): Promise<void> {
    await Promise.all(
      numbers.map((number) => {
        const args = ['start', '--dir', this.server(number).dir];
        const child = launch(args, this.environments.get(number));
        this.#running.set(number, child);
        for (const stream of [child.stdout, child.stderr])
          stream?.setEncoding('utf8').on('data', (text: string) => this.onOutput(number, text));
        return ready(child);
      }),
    );
  }

  /** Numbers of those that run, or ended by themselves. */
  get started(): readonly number[] {
    return [...this.#running.keys()];
  }

  process(number: number): ChildProcess {
    const child = this.#running.get(number);
    if (child === undefined) throw new Error(`server-${number} does not run`);
    return child;
  }

  /** Sends SIGKILL or SIGTERM and waits for the end; answers the exit code. */
  async end(number: number, signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
    const child = this.process(number);
    this.#running.delete(number);
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    const ended = new Promise<number | null>((done) => child.once('close', (code) => done(code)));
    child.kill(signal);
    return await ended;
  }

  /** Cuts `numbers` off from all others (they still reach each other). */
  cut(...numbers: number[]): void {
    for (const proxy of this.#proxies) proxy.set(numbers.includes(proxy.from) === numbers.includes(proxy.to));
  }

  /** Breaks, or mends, every link between two servers. */
  link(a: number, b: number, up: boolean): void {
    for (const proxy of this.#proxies)
      if ((proxy.from === a && proxy.to === b) || (proxy.from === b && proxy.to === a)) proxy.set(up);
  }

  /** Breaks, or mends, the way by which one server dials the others. */
  dials(from: number, up: boolean): void {
    for (const proxy of this.#proxies) if (proxy.from === from) proxy.set(up);
  }

  heal(): void {
    this.network.hear();
    for (const proxy of this.#proxies) proxy.set(true);
  }

  /** What a server says of itself. */
  async status(number: number): Promise<ServerStatus> {
    return await statusOf(this.server(number));
  }

  /** Waits until all servers have applied the same changes. */
  async settled(): Promise<void> {
    await untilSettled(this.directories);
  }

  /** Waits until all servers hold the same, and answers that. */
  async equal(deadlineMs = DEADLINE_MS): Promise<string> {
    return await untilEqual(this.directories, deadlineMs);
  }

  /** The journal of one server, sorted. */
  async journal(number: number): Promise<Record<string, string>[]> {
    const answer = await callControl(serverFiles(this.server(number).dir), {
      command: 'conflicts',
      limit: 1000,
    });
    const { conflicts } = answer as { conflicts: Record<string, string>[] };
    return conflicts.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  }

  /** Stops all servers and verifies the data of each; answers what went wrong. */
  async verified(): Promise<string[]> {
    const faults: string[] = [];
    const numbers = [...this.#running.keys()];
    const codes = await Promise.all(numbers.map((number) => this.end(number, 'SIGTERM')));
    codes.forEach((code, at) => {
      if (code !== 0) faults.push(`server-${numbers[at]} ended with ${code}`);
    });
    for (const server of this.directories) faults.push(...(await faultsOf(server)));
    return faults;
  }

  async close(): Promise<void> {
    for (const number of [...this.#running.keys()]) {
      this.process(number).kill('SIGCONT');
      await this.end(number, 'SIGKILL');
    }
    for (const proxy of this.#proxies) proxy.close();
  }
}

/** Who is there, beside whom everybody follows. */
export interface ClusterPlan {
  readonly dir: string;
  readonly directories: number;
  /** Servers without entries, numbered after the directories. */
  readonly brokers: number;
  readonly sampleEntries: number;
  /** Further lines of each polyarch.yaml. */
  readonly settings?: string;
  /** Whom a server follows; all others when absent. */
  readonly peersOf?: (number: number) => readonly number[];
  /** Servers that nobody can dial. */
  readonly dialOnly?: readonly number[];
  /** Further lines of the polyarch.yaml of one server. */
  readonly settingsOf?: (number: number) => string;
  /** First of ten ports a server; free ones are looked for when absent. */
  readonly port?: number;
}

/** Makes the servers, each link behind proxies; starts none. */
export async function makeCluster(plan: ClusterPlan): Promise<Cluster> {
  const { dir, directories, brokers, sampleEntries, settings = '' } = plan;
  const count = directories + brokers;
  const first = plan.port ?? (await freePorts(10 * count));
  const portOf = (number: number, offset: number) => first + 10 * (number - 1) + offset;
  const at = (number: number, offset: number) => `127.0.0.1:${portOf(number, offset)}`;
  const numbers = Array.from({ length: count }, (_, i) => i + 1);
  const network = new Network();
  const proxies: Relay[] = [];
  const servers: ReadyServer[] = [];
  for (const id of numbers) {
    const name = `server-${id}`;
    const peers = plan.peersOf?.(id) ?? numbers.filter((other) => other !== id);
    const dialOnly = plan.dialOnly?.includes(id) === true;
    await setupServer({
      ...{ dir: join(dir, name), id, name, site: 'default', domains: [BASE], password: PASSWORD },
      ...(id > directories ? { runs: 'broker' } : dialOnly ? { runs: 'directory' } : {}),
      listen: {
        ...{ ldap: at(id, 0), ldaps: 'none', http: 'none' },
        replication: dialOnly ? 'none' : at(id, 2),
      },
      advertise: {},
      peers: new Map(peers.map((other) => [`server-${other}`, at(other, 2)])),
      caFrom: id === 1 ? undefined : join(dir, 'server-1'),
      empty: id !== 1,
      sampleEntries: id === 1 ? sampleEntries : 0,
      hosts: [],
    });
    let overrides = `${settings}${plan.settingsOf?.(id) ?? ''}peerAddresses:\n`;
    for (const other of peers) {
      const proxy = new Relay(network, id, other, portOf(other, 2));
      proxies.push(proxy);
      overrides += `  server-${other}: "127.0.0.1:${await proxy.listen()}"\n`;
    }
    await appendFile(join(dir, name, 'polyarch.yaml'), overrides);
    servers.push({
      ...{ name, id, pid: 0, ldap: `ldap://${at(id, 0)}`, ldaps: '', replication: at(id, 2), http: '' },
      dir: join(dir, name),
    });
  }
  return new Cluster(servers, brokers, network, proxies);
}

/** Three servers (and brokers, not started), started, equal, each pair behind proxies; stopped at the end of the test. */
export async function startCluster(
  t: Test,
  sampleEntries: number,
  brokers = 0,
  settings = '',
): Promise<Cluster> {
  const dir = temporary(t);
  const cluster = await makeCluster({ dir, directories: 3, brokers, sampleEntries, settings });
  t.teardown(() => cluster.close());
  await cluster.start(1, 2, 3);
  await cluster.equal();
  return cluster;
}
