/**
 * Reads that wait for what was written elsewhere, by the product's own waiting (operation/change-wait.ts): whoever is answered is shown that change, and every wait ends.
 */
import { LdapError } from '../../lib/base/ldap-error.js';
import type { Csn } from '../../lib/csn/csn.js';
import { awaitChanges, ChangeWaits } from '../../lib/operation/change-wait.js';
import type { Clock } from '../../lib/port/clock.js';
import type { Act } from './act.js';
import { BackendDirectory } from './backend-directory.js';
import type { OpenedProcess, SimServer } from './sim-server.js';
import type { Simulation } from './simulation.js';

const LONGEST_MS = 3000;

interface Reader {
  readonly clock: Clock;
  readonly waits: ChangeWaits;
  readonly directory: BackendDirectory;
  alive(): boolean;
}

export class WaitsAct implements Act {
  readonly #simulation: Simulation;
  readonly #readers = new Map<SimServer, Reader>();
  #answered = 0;

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
  }

  async opened(server: SimServer, { clock, directory, alive }: OpenedProcess): Promise<void> {
    if (directory instanceof BackendDirectory)
      this.#readers.set(server, { clock, waits: new ChangeWaits(), directory, alive });
  }

  wrote(_writer: SimServer, _request: unknown, csn: Csn): void {
    const { random, spawn } = this.#simulation;
    const server = random.pick(this.#simulation.servers);
    const reader = this.#readers.get(server);
    if (reader?.alive() !== true || !server.up || !random.chance(0.5)) return;
    spawn.call(this.#simulation, this.#read(server, reader, csn, random.pick([0, 200, 1000, LONGEST_MS])));
  }

  async #read(server: SimServer, reader: Reader, csn: Csn, timeoutMs: number): Promise<void> {
    const { clock, waits, directory } = reader;
    const { backend } = directory;
    const parts = {
      changeWaits: waits,
      clock,
      settings: { changeWaitMs: LONGEST_MS },
      directory: { domains: [{ backend }], route: () => ({ kind: 'domain', domain: { backend } }) },
    };
    const operation = {
      controls: { waitForCsn: { csns: [csn], timeoutMs } },
      message: { request: { kind: 'search', base: 'dc=example,dc=com' } },
      stream: { onWake: () => () => {}, closed: false },
    };
    const beganMs = clock.monotonicMs();
    try {
      await awaitChanges(parts as never, operation as never);
    } catch (error) {
      if (!(error instanceof LdapError) || error.result !== 'busy') throw error;
      const tookMs = clock.monotonicMs() - beganMs;
      if (tookMs < timeoutMs - 1 || tookMs > timeoutMs + 1)
        throw new Error(`${server.name} gave up after ${tookMs} ms instead of ${timeoutMs}`);
      return;
    }
    if (!reader.alive()) return;
    this.#answered += 1;
    if (!backend.state.covers(csn)) throw new Error(`${server.name} answered a read without ${csn}`);
  }

  waitsFor(): string | undefined {
    for (const [{ name }, { waits, alive }] of this.#readers)
      if (alive() && waits.waiting > 0) return `${waits.waiting} reads wait at ${name}`;
    return undefined;
  }
}
