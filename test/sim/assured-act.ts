/**
 * Assured writes, and what they promise: whoever is told `reached` finds the change on all that are named, also when power goes there, and when the whole disk of the writer is lost.
 *
 * A promise holds as long as one of those that gave it keeps its disk. Checked too: who is left out is asked again and comes back, and the counts of monitoring are those of what was told.
 */

import type { Csn } from '../../lib/csn/csn.js';
import type { AssuredOutcome, AssuredWish } from '../../lib/sync/assured-waits.js';
import type { Act, Trouble } from './act.js';
import { leavesWhole } from './parts.js';
import type { SimServer } from './sim-server.js';
import type { Simulation } from './simulation.js';

interface Promised {
  readonly csn: Csn;
  readonly writer: SimServer;
  readonly wish: AssuredWish;
  /** Servers that gave it, and how often their disks had been replaced by then. */
  readonly by: ReadonlyMap<SimServer, number>;
}

export class AssuredAct implements Act {
  readonly without;
  readonly troubles: readonly Trouble[];
  readonly #simulation: Simulation;
  readonly #promised: Promised[] = [];
  /** How many of the writes are assured. */
  readonly #share: number;
  #burnt = false;

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
    this.#share = simulation.random.pick([0.1, 0.4, 1]);
    // One loss of a disk a run: two of them may take what only these two servers held.
    const burns = simulation.random.chance(0.6);
    this.without = burns ? (['backup', 'lost broker'] as const) : [];
    this.troubles = burns ? [(_server, _forMs, note) => this.#burnSoon(note)] : [];
  }

  #burnNext: ((text: string) => void) | undefined;

  /** The disk of the next writer that is told that its write is safe. */
  #burnSoon(note: (text: string) => void): void {
    if (!this.#burnt) this.#burnNext = note;
  }

  wrote(writer: SimServer, _request: unknown, csn: Csn): void {
    const { random } = this.#simulation;
    const { assurance } = writer;
    if (assurance === undefined || !random.chance(this.#share)) return;
    const mode = random.pick(['safe-data', 'safe-read'] as const);
    const wish = { mode, level: 1 + random.below(3) };
    const said = assurance.wait(csn, wish, random.pick([300, 1000, 4000]));
    this.#simulation.spawn(said.then((outcome) => this.#told(writer, csn, wish, outcome)));
  }

  #told(writer: SimServer, csn: Csn, wish: AssuredWish, outcome: AssuredOutcome): void {
    const { servers, random } = this.#simulation;
    if (outcome.kind !== 'reached') return;
    const what = `${writer.name} was told that ${csn} is ${wish.mode} on ${outcome.have}`;
    if (wish.mode === 'safe-data' && outcome.have.length < wish.level)
      throw new Error(`${what}: these are less than ${wish.level}`);
    const asked = (writer.members?.rows() ?? []).filter(
      ({ kind, standing, name }) => kind !== 'broker' && standing === 'member' && name !== writer.name,
    );
    const forgotten = asked.find(({ name }) => !outcome.have.includes(name));
    if (wish.mode === 'safe-read' && writer.up && forgotten !== undefined)
      throw new Error(`${what}: not on ${forgotten.name}`);
    const by = new Map<SimServer, number>();
    for (const name of outcome.have) {
      const server = servers.find((one) => one.name === name);
      if (server === undefined) continue;
      by.set(server, server.replaced);
      // What it held may be gone with its disk, or stand aside while it takes a copy.
      if (!server.up || server.replaced > 0 || server.directory?.importing === true) continue;
      if (server.changelog?.holds(csn) !== true) throw new Error(`${what}: the log of ${name} lacks it`);
      if (wish.mode === 'safe-read' && server.directory?.state.covers(csn) !== true)
        throw new Error(`${what}: the entries of ${name} lack it`);
    }
    this.#promised.push({ csn, writer, wish, by });
    const others = servers.filter((one) => one !== writer);
    const mayBurn = others.every(({ up }) => up) && writer.up && leavesWhole(others);
    if (this.#burnNext !== undefined && mayBurn) this.#burn(writer, by);
    else if (random.chance(0.03)) this.#powerCut(by.keys());
  }

  /** At this very moment, once the code that runs has come to rest, power goes on all that said that they have it. */
  #powerCut(servers: Iterable<SimServer>): void {
    const { time } = this.#simulation;
    for (const server of [...servers])
      time.at(0, () => {
        if (!server.up) return;
        server.crash(0);
        time.at(200, () => this.#simulation.restart(server));
      });
  }

  #burn(writer: SimServer, by: ReadonlyMap<SimServer, number>): void {
    const { servers } = this.#simulation;
    this.#burnNext?.(`disk of ${writer.name} lost after an assured write`);
    this.#burnNext = undefined;
    this.#burnt = true;
    this.#powerCut(by.keys());
    const others = servers.filter((one) => one !== writer);
    const { time } = this.#simulation;
    const burnt = time.sleep(0).then(async () => {
      const acked = new Set(writer.acked);
      await writer.replaceDisk(undefined);
      return acked;
    });
    const work = burnt.then(async (said) => {
      // Those whose power went tell what is on their disks.
      await time.sleep(600);
      writer.forgive((csn) => said.has(csn) && !others.some((other) => other.hasWhole(csn)));
      this.#simulation.restart(writer);
    });
    this.#simulation.spawn(work);
  }

  waitsFor(): string | undefined {
    for (const { name, assurance, members } of this.#simulation.servers) {
      const here = new Set((members?.rows() ?? []).map((row) => row.name));
      const out = assurance?.leftOut.filter((one) => here.has(one)) ?? [];
      if (out.length > 0) return `${name} leaves ${out} out of assured writes`;
    }
    return undefined;
  }

  async check(): Promise<void> {
    const { servers } = this.#simulation;
    for (const { csn, writer, wish, by } of this.#promised) {
      const intact = [...by].filter(([server, replaced]) => server.replaced === replaced);
      if (intact.length === 0 || writer.madeAnew.has(csn)) continue;
      const lacking = servers.find(({ changelog }) => changelog?.holds(csn) !== true);
      if (lacking === undefined) continue;
      const names = intact.map(([{ name }]) => name);
      throw new Error(`${lacking.name} lacks ${csn} of ${writer.name}, which was ${wish.mode} on ${names}`);
    }
    for (const { name, assurance } of servers) {
      for (const [mode, counts] of Object.entries(assurance?.counts ?? {})) {
        const ended = counts.acknowledged + counts.reduced + counts.timeout;
        if (ended + (assurance?.waiting ?? 0) < counts.sent || counts.sent < ended)
          throw new Error(`${name} counts ${JSON.stringify(counts)} of ${mode}`);
      }
    }
  }
}
