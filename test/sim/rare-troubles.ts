/**
 * Troubles that swarms add to the common ones: an old backup, a lost broker, a slow or flaky network, a total update in the middle.
 *
 * A restored server may lose what it alone had acknowledged since the backup: those writes are forgiven, all others are not. One restore a run: two of them can take with them
 * what only these two servers held.
 */
import type { StoreSnapshot } from '../../lib/port/ordered-store.js';
import type { SimServer } from './sim-server.js';
import type { Simulation } from './simulation.js';

export const RARE = [
  'backup',
  'lost broker',
  'slow network',
  'flaky network',
  'skew',
  'total update',
] as const;

export class RareTroubles {
  readonly #simulation: Simulation;
  readonly #spawn: (work: Promise<unknown>) => void;
  #backup: { readonly server: SimServer; readonly disk: StoreSnapshot } | undefined;
  #restored = false;

  constructor(simulation: Simulation, spawn: (work: Promise<unknown>) => void) {
    this.#simulation = simulation;
    this.#spawn = spawn;
  }

  strike(kind: (typeof RARE)[number], server: SimServer, forMs: number, note: (text: string) => void): void {
    const { network, time, random, servers } = this.#simulation;
    switch (kind) {
      case 'backup':
        this.#restore(server, note);
        return;
      case 'lost broker': {
        const broker = servers.find(({ options }) => options.replica === undefined);
        if (broker === undefined) return;
        note(`disk of ${broker.name} lost`);
        this.#spawn(broker.replaceDisk(undefined).then(() => this.#simulation.restart(broker)));
        return;
      }
      case 'slow network':
        note('slow network');
        network.shape.maxDelayMs = 20 + random.below(400);
        time.at(forMs, () => this.mend());
        return;
      case 'flaky network': {
        note('flaky network');
        const end = time.nowMs + forMs;
        const hurt = (): void => {
          if (time.nowMs > end) return;
          const link = [...network.links][random.below(network.links.size)];
          link?.reset('connection reset');
          time.at(50 + random.below(200), hurt);
        };
        hurt();
        return;
      }
      case 'total update': {
        const peer = random.pick(server.options.peers.length > 0 ? server.options.peers : ['nobody']);
        if (server.replica === undefined || server.replica.progress() !== undefined) return;
        note(`${server.name} initialized from ${peer}`);
        // Refused where the peer cannot be reached or holds nothing.
        server.replica.initialize(peer).catch(() => {});
        return;
      }
      case 'skew':
        note('clocks apart');
        for (const each of servers) each.clockOffset.wallMs = (random.next() - 0.5) * 400_000;
    }
  }

  mend(): void {
    Object.assign(this.#simulation.network.shape, { minDelayMs: 1, maxDelayMs: 5 });
  }

  /** The first time a backup is made; later it is restored, while all others are up to say what they hold. */
  #restore(server: SimServer, note: (text: string) => void): void {
    const { servers } = this.#simulation;
    if (this.#restored) return;
    if (this.#backup === undefined) {
      if (server.directory === undefined || server.directory.importing) return;
      note(`backup of ${server.name}`);
      this.#backup = { server, disk: server.disk.snapshot() };
      return;
    }
    const { server: target, disk } = this.#backup;
    const others = servers.filter((other) => other !== target);
    if (!others.every(({ up }) => up) || !target.up) return;
    this.#restored = true;
    note(`${target.name} restored from its backup`);
    const held = new Set(target.acked.filter((csn) => others.some((other) => other.hasWhole(csn))));
    const before = target.acked.length;
    const known = new Set(target.acked.slice(0, before));
    this.#spawn(
      target.replaceDisk(disk).then(() => {
        target.forgive((csn) => known.has(csn) && !held.has(csn));
        this.#simulation.restart(target);
      }),
    );
  }
}
