/**
 * Servers as real processes that reach each other only through proxies of the test, one for each direction of dialling: a link can be cut and mended while the
 * servers run. Servers are killed, stopped and started by number (from 1). Nothing is left running at the end of the test.
 */
import type { ChildProcess } from 'node:child_process';
import { appendFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Test } from 'tap';
import type { ReadyServer } from '../../lib/app/demo-layout.js';
import { setupServer } from '../../lib/app/setup-server.js';
import { BASE, contents, eventually, freePorts, launch, PASSWORD, polyarch, temporary } from './harness.js';

/** Looks start programs: not so often that they slow down what they wait for. */
export const LOOK_PAUSE_MS = 150;

/** One direction of dialling: `from` dials `to` through it. */
class Relay {
  readonly from: number;
  readonly to: number;
  readonly #target: number;
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((socket) => this.#accept(socket));
  #up = true;

  constructor(from: number, to: number, target: number) {
    this.from = from;
    this.to = to;
    this.#target = target;
  }

  listen(): Promise<number> {
    return new Promise((done) => {
      this.#server.listen(0, '127.0.0.1', () => done((this.#server.address() as AddressInfo).port));
    });
  }

  /** Closes what is open and refuses what comes, or lets it through again. */
  set(up: boolean): void {
    this.#up = up;
    if (!up) for (const socket of this.#sockets) socket.destroy();
  }

  close(): void {
    this.set(false);
    this.#server.close();
  }

  #accept(socket: Socket): void {
    socket.on('error', () => {});
    if (!this.#up) {
      socket.destroy();
      return;
    }
    const far = connect(this.#target, '127.0.0.1');
    far.on('error', () => {});
    for (const [one, other] of [
      [socket, far],
      [far, socket],
    ] as const) {
      this.#sockets.add(one);
      one.pipe(other);
      one.on('close', () => {
        this.#sockets.delete(one);
        other.destroy();
      });
    }
  }
}

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
  readonly #proxies: readonly Relay[];
  readonly #running = new Map<number, ChildProcess>();

  constructor(servers: readonly ReadyServer[], proxies: readonly Relay[]) {
    this.servers = servers;
    this.#proxies = proxies;
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
        const child = launch(['start', '--dir', this.server(number).dir]);
        this.#running.set(number, child);
        return ready(child);
      }),
    );
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

  heal(): void {
    for (const proxy of this.#proxies) proxy.set(true);
  }

  /** Waits until all servers hold the same, and answers that. */
  async equal(deadlineMs = 40_000): Promise<string> {
    return await eventually(
      'equal contents on all servers',
      async () => {
        const all = await Promise.all(this.servers.map((server) => contents(server).catch(() => undefined)));
        const [first] = all;
        return first !== undefined && all.every((other) => other === first) && first;
      },
      deadlineMs,
      LOOK_PAUSE_MS,
    );
  }

  /** The journal of one server, sorted. */
  async journal(number: number): Promise<Record<string, string>[]> {
    const done = await polyarch(['replication', 'conflicts', '--json', '--dir', this.server(number).dir]);
    if (done.status !== 0) throw new Error(done.stderr);
    const { conflicts } = JSON.parse(done.stdout) as { conflicts: Record<string, string>[] };
    return conflicts.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  }

  /** Stops all servers and runs `verify` on each; answers what went wrong. */
  async verified(): Promise<string[]> {
    const faults: string[] = [];
    const numbers = [...this.#running.keys()];
    const codes = await Promise.all(numbers.map((number) => this.end(number, 'SIGTERM')));
    codes.forEach((code, at) => {
      if (code !== 0) faults.push(`server-${numbers[at]} ended with ${code}`);
    });
    for (const { name, dir } of this.servers) {
      const done = await polyarch(['verify', '--dir', dir]);
      if (done.status !== 0) faults.push(`${name}: ${done.stdout}${done.stderr}`);
    }
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

/** Three servers, started, equal, each pair behind proxies; stopped at the end of the test. */
export async function startCluster(t: Test, sampleEntries: number): Promise<Cluster> {
  const dir = temporary(t);
  const first = await freePorts(30);
  const portOf = (number: number, offset: number) => first + 10 * (number - 1) + offset;
  const at = (number: number, offset: number) => `127.0.0.1:${portOf(number, offset)}`;
  const numbers = [1, 2, 3];
  const proxies: Relay[] = [];
  const servers: ReadyServer[] = [];
  for (const id of numbers) {
    const name = `server-${id}`;
    const peers = numbers.filter((other) => other !== id);
    await setupServer({
      dir: join(dir, name),
      id,
      name,
      site: 'default',
      domains: [BASE],
      password: PASSWORD,
      listen: { ldap: at(id, 0), ldaps: 'none', replication: at(id, 2), http: 'none' },
      advertise: {},
      peers: new Map(peers.map((other) => [`server-${other}`, at(other, 2)])),
      caFrom: id === 1 ? undefined : join(dir, 'server-1'),
      empty: id !== 1,
      sampleEntries: id === 1 ? sampleEntries : 0,
      hosts: [],
    });
    let overrides = 'peerAddresses:\n';
    for (const other of peers) {
      const proxy = new Relay(id, other, portOf(other, 2));
      proxies.push(proxy);
      overrides += `  server-${other}: "127.0.0.1:${await proxy.listen()}"\n`;
    }
    await appendFile(join(dir, name, 'polyarch.yaml'), overrides);
    servers.push({
      name,
      id,
      pid: 0,
      ldap: `ldap://${at(id, 0)}`,
      ldaps: '',
      replication: at(id, 2),
      http: '',
      dir: join(dir, name),
    });
  }
  const cluster = new Cluster(servers, proxies);
  t.teardown(() => cluster.close());
  await cluster.start(...numbers);
  await cluster.equal();
  return cluster;
}
