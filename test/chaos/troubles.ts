/**
 * What goes wrong in a chaos run: servers are killed (while they start, too), stopped, hang, have another clock or a full disk; links are cut, slow, or deaf in one direction; data directories are initialized again or restored from an older backup.
 *
 * One trouble of processes and one of the network may overlap. A restore and an initialization drop what the server alone has (as documented), so its writers pause and others catch up
 * with it first; everything else needs no care. Some troubles make changes anew under other CSNs, and the ledger is told.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Cluster } from '../e2e/cluster.js';
import { BASE, eventually, polyarch } from '../e2e/harness.js';
import { CALM, type Weather } from '../e2e/relay.js';
import type { SeededRandom } from '../sim/seeded-random.js';
import { skewed } from './clocks.js';
import type { Ledger } from './ledger.js';
import type { SmallDisk } from './small-disk.js';
import { peersOf, type Shape } from './topologies.js';
import type { Writer } from './writer.js';

export interface Stage {
  readonly cluster: Cluster;
  readonly shape: Shape;
  readonly writers: readonly Writer[];
  readonly ledger: Ledger;
  /** Server 2's, where a disk can be full. */
  readonly disk: SmallDisk | undefined;
  readonly say: (line: string) => void;
  /** Kinds of troubles of processes; all when empty. */
  readonly only: readonly string[];
  /** What went wrong with the means themselves. */
  readonly faults: string[];
}

const ANY_SERVER = ['kill', 'kill', 'kill', 'stop', 'hang', 'hang', 'loop', 'clock'];
const DIRECTORIES = ['backup', 'initialize', 'restore', 'fork', 'evict', 'purge'];
/** A long line across an ocean, and one of the last century. */
const WEATHERS: readonly Weather[] = [
  { delayMs: 200, kbit: 0, loss: 0.02 },
  { delayMs: 100, kbit: 1000, loss: 0.02 },
];
const NEED_BACKUP = ['restore', 'fork'];
const TAKES_ROOM = ['backup', ...NEED_BACKUP];
/** Clocks are up to half of it off: within what the judge of tree deletes allows for. */
const FURTHEST_MS = 8000;
const SETTLE_MS = 60_000;

/** The parts of `a@b, ...` states that `held` lacks; states are lists of CSNs, one an origin. */
function lacks(state: string, held: string): boolean {
  const newest = new Map(csnsOf(held).map((csn) => [csn.slice(20), csn]));
  return csnsOf(state).some((csn) => csn > (newest.get(csn.slice(20)) ?? ''));
}

function csnsOf(state: string): string[] {
  return state.split(/[^0-9a-f]+/u).filter((word) => word.length === 24);
}

/** Waits until another directory holds all that a server has applied, in every domain. */
async function settled(cluster: Cluster, number: number, others: readonly number[]): Promise<void> {
  const { domains } = await cluster.status(number);
  await eventually(
    `what server-${number} has is on ${others.join(', ')}`,
    async () => {
      for (const other of others) {
        const held = (await cluster.status(other)).domains;
        for (const { baseDn, applied } of domains) {
          const there = held.find((domain) => domain.baseDn === baseDn);
          if (there === undefined || lacks(applied, there.applied)) return false;
        }
      }
      return true;
    },
    SETTLE_MS,
    200,
  );
}

export class Troubles {
  readonly #stage: Stage;
  readonly #random: SeededRandom;
  readonly #backups = new Set<number>();

  constructor(stage: Stage, random: SeededRandom) {
    this.#stage = stage;
    this.#random = random;
  }

  /** Troubles of processes, one after the other, until `until` says so; the last one ends in good order. */
  async processes(until: () => boolean): Promise<void> {
    const { cluster, say, faults, only } = this.#stage;
    const all = cluster.servers.map(({ id }) => id);
    while (!until()) {
      await delay(500 + this.#random.next() * 2500);
      if (until()) return;
      const number = this.#random.pick(all);
      const of = this.#kinds(number);
      const kinds = of.filter((kind) => only.length === 0 || only.includes(kind));
      if (kinds.length === 0) continue;
      const chosen = this.#random.pick(kinds);
      // Nothing to restore yet.
      const kind = NEED_BACKUP.includes(chosen) && !this.#backups.has(number) ? 'backup' : chosen;
      try {
        say(`${kind} server-${number}`);
        await this.#process(kind, number);
        say(`${kind} server-${number}: over`);
      } catch (error) {
        faults.push(`${kind} server-${number}: ${String(error)}`);
      }
    }
  }

  /** Troubles of the network, likewise; mended at the end. */
  async network(until: () => boolean): Promise<void> {
    const { cluster, shape, say } = this.#stage;
    const all = cluster.servers.map(({ id }) => id);
    while (!until()) {
      await delay(300 + this.#random.next() * 2500);
      if (until()) return;
      const kind = this.#random.below(4);
      const forMs = 300 + this.#random.next() * 5000;
      const [a, b] = this.#random.pick(shape.links);
      if (kind === 0) {
        const some = all.filter(() => this.#random.chance(0.5));
        say(`cut ${some.join(',')} for ${Math.round(forMs)} ms`);
        cluster.cut(...some);
      } else if (kind === 1) {
        say(`link ${a}-${b} broken for ${Math.round(forMs)} ms`);
        cluster.link(a, b, false);
      } else if (kind === 2) {
        const weather = this.#random.pick(WEATHERS);
        say(`every way ${weather.delayMs} ms, ${weather.loss} lost, ${weather.kbit} kbit/s`);
        cluster.network.weather = weather;
      } else {
        say(`silence ${a}>${b} for ${Math.round(forMs)} ms`);
        cluster.network.silence(a, b);
      }
      await delay(forMs);
      cluster.network.weather = CALM;
      cluster.heal();
      say('network mended');
    }
  }

  /** What may befall a server. What is restored takes the place of a directory, which a mounted one cannot give up. */
  #kinds(number: number): readonly string[] {
    const { shape, disk } = this.#stage;
    if (number > shape.directories) return ANY_SERVER;
    if (disk === undefined || number !== 2) return [...ANY_SERVER, ...DIRECTORIES];
    return [
      ...ANY_SERVER,
      ...DIRECTORIES.filter((kind) => !TAKES_ROOM.includes(kind)),
      'full',
      'full',
      'full',
    ];
  }

  /** Killed again and again while it starts. */
  async #loop(number: number): Promise<void> {
    const { cluster } = this.#stage;
    await cluster.end(number, 'SIGKILL');
    for (let k = 0; k < 3; k++) {
      const starting = cluster.start(number).catch(() => undefined);
      await delay(this.#random.next() * 1500);
      await cluster.end(number, 'SIGKILL');
      await starting;
    }
    await cluster.start(number);
  }

  async #process(kind: string, number: number): Promise<void> {
    const { cluster } = this.#stage;
    const { dir } = cluster.server(number);
    if (kind === 'hang') {
      cluster.process(number).kill('SIGSTOP');
      await delay(200 + this.#random.next() * 5000);
      cluster.process(number).kill('SIGCONT');
    } else if (kind === 'loop') await this.#loop(number);
    else if (kind === 'full') {
      this.#stage.disk?.fill();
      await delay(500 + this.#random.next() * 4000);
      this.#stage.disk?.empty();
    } else if (kind === 'clock') {
      await cluster.end(number, this.#random.chance(0.5) ? 'SIGKILL' : 'SIGTERM');
      cluster.environments.set(number, skewed(this.#random.below(FURTHEST_MS) - FURTHEST_MS / 2));
      await cluster.start(number);
    } else if (kind === 'backup') {
      // While a copy of all data is taken there is nothing whole to back up.
      if (await this.#command(['backup', '--dir', dir], 'is being loaded')) this.#backups.add(number);
    } else if (kind === 'purge') await this.#command(['replication', 'purge', '--dir', dir]);
    else if (kind === 'initialize') await this.#initialize(number);
    else if (kind === 'evict') await this.#evict(number);
    else if (kind === 'restore' || kind === 'fork') {
      await this.#restore(number, kind === 'fork');
    } else {
      const code = await cluster.end(number, kind === 'kill' ? 'SIGKILL' : 'SIGTERM');
      if (kind === 'stop' && code !== 0) this.#stage.faults.push(`server-${number} stopped with ${code}`);
      await delay(this.#random.next() * 3000);
      await cluster.start(number);
    }
  }

  /** Pauses the writers of a server until `work`, which may drop what it alone has, is done. */
  async #alone(number: number, work: () => Promise<void>): Promise<void> {
    const { cluster, shape, writers } = this.#stage;
    const own = writers.filter(({ server }) => server === number);
    await Promise.all(own.map((writer) => writer.pause()));
    try {
      const others = cluster.directories.map(({ id }) => id).filter((id) => id !== number);
      await settled(
        cluster,
        number,
        others.filter((id) => !shape.fractional.includes(id)),
      );
      await work();
    } finally {
      for (const writer of own) writer.paused = false;
    }
  }

  async #initialize(number: number): Promise<void> {
    const { cluster, shape } = this.#stage;
    const { dir } = cluster.server(number);
    const sources = peersOf(shape, number).filter((id) => !shape.fractional.includes(id));
    if (sources.length === 0) return;
    const from = this.#random.pick(sources);
    await this.#alone(number, async () => {
      const args = ['replication', 'initialize', '--dir', dir, '--base', BASE, '--from', `server-${from}`];
      const done = await polyarch([...args, '--replace-all-data']);
      // 91: nobody gave anything for 30 s; it goes on asking. 80: a network trouble of ours cut it.
      if (done.status !== 0) this.#stage.say(`initialize: ${done.status} ${done.stderr.trim()}`);
    });
  }

  /** `fork`: it meets nobody at first and may write on from the old state; those changes are made anew under other CSNs. */
  async #restore(number: number, fork: boolean): Promise<void> {
    const { cluster, ledger } = this.#stage;
    const { dir } = cluster.server(number);
    await this.#alone(number, async () => {
      await cluster.end(number, this.#random.chance(0.5) ? 'SIGKILL' : 'SIGTERM');
      await this.#command(['restore', '--dir', dir, '--replace']);
      if (fork) {
        ledger.madeAnew.add(number);
        cluster.cut(number);
      }
      await cluster.start(number);
    });
    if (!fork) return;
    await delay(2000 + this.#random.next() * 6000);
    cluster.heal();
  }

  /** Evicted while it is away, back again, and let in: what nobody has of it is made anew. */
  async #evict(number: number): Promise<void> {
    const { cluster, ledger } = this.#stage;
    const other = cluster.directories.find(({ id }) => id !== number);
    if (other === undefined) return;
    const on = ['--dir', other.dir, '--server', `server-${number}`];
    ledger.madeAnew.add(number);
    await cluster.end(number, 'SIGKILL');
    await this.#command(['replication', 'evict', ...on]);
    await delay(this.#random.next() * 2000);
    await cluster.start(number);
    await delay(this.#random.next() * 2000);
    await this.#command(['replication', 'restore', ...on]);
  }

  /** Whether it was done; `excuse`: what it may say where it was not. */
  async #command(args: readonly string[], excuse?: string): Promise<boolean> {
    const { faults, say } = this.#stage;
    const done = await polyarch(args);
    if (done.status !== 0 && !(excuse !== undefined && done.stderr.includes(excuse))) {
      say(`${args.join(' ')}: ${done.status} ${done.stderr.trim()}`);
      faults.push(`${args.join(' ')} ended with ${done.status}: ${done.stderr.trim()}`);
    }
    return done.status === 0;
  }
}
