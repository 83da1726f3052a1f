/**
 * The external change log on every directory: each change has one number, the same everywhere, and whoever follows it by cookie, at whatever server, is told each change once.
 *
 * Numbers are given as a running server gives them (app/domain/external-changelog.ts), and no server is held for silent, so that the rule without exceptions must hold (docs/changes.md).
 */
import { completeness } from '../../lib/app/domain/changelog-completeness.js';
import { domainNumber } from '../../lib/backend/domain-facts.js';
import { ChangeNumbers } from '../../lib/changelog/change-numbers.js';
import { type Csn, csnReplica } from '../../lib/csn/csn.js';
import { ServerState } from '../../lib/csn/server-state.js';
import type { Act } from './act.js';
import { BackendDirectory } from './backend-directory.js';
import type { OpenedProcess, SimServer } from './sim-server.js';
import type { Simulation } from './simulation.js';

const PREFIX = Uint8Array.of(0, 0, 0x6b);
const STEP_MS = 100;

interface Numbering {
  readonly numbers: ChangeNumbers;
  readonly domain: number;
  alive(): boolean;
}

export class ChangelogAct implements Act {
  // A restored server, one whose clock is far behind, and one whose history was made anew, count as docs/changes.md says: for a stretch on their own.
  readonly without = ['backup', 'total update', 'skew', 'clock'] as const;
  readonly #simulation: Simulation;
  readonly #numbering = new Map<SimServer, Numbering>();
  /** What the follower was told, and the cookie that it has. */
  readonly #told = new Set<Csn>();
  #cookie = ServerState.EMPTY;
  #following = false;
  #began = false;

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
  }

  async opened(server: SimServer, process: OpenedProcess): Promise<void> {
    const { store, changelog, members, directory, reissue, clock, alive } = process;
    const { replica } = server.options;
    if (replica === undefined || !(directory instanceof BackendDirectory)) return;
    const { backend } = directory;
    const number = await domainNumber(store, 'dc=example,dc=com');
    const log = {
      domain: number,
      baseKey: 'dc=example,dc=com',
      changelog,
      copied: backend.parts.keys.meta('changeNumbers'),
      complete: () =>
        completeness(
          changelog.state,
          members.rows(),
          {
            replica,
            issued: changelog.lastOwn(),
            applied: backend.state,
            unsettled: members.owed() !== undefined || reissue?.pending === true,
            wallMs: clock.wallMs(),
          },
          () => false,
        ),
    };
    const numbers = await ChangeNumbers.open(store, PREFIX, [log]);
    backend.counted = (state, snapshot) => numbers.copyOf(number, state, snapshot);
    this.#numbering.set(server, { numbers, domain: number, alive });
    const step = (): void => {
      if (!alive()) return;
      numbers.step().catch(() => {}); // a full disk, or the process is dead
      clock.after(STEP_MS, step);
    };
    step();
  }

  /** A server that was never heard of holds no number back: the first ones wait until all know each other. */
  ready(): boolean {
    const directories = this.#simulation.servers.filter(({ options }) => options.replica !== undefined);
    this.#began ||= directories.every(({ members }) => {
      const reported = members
        ?.rows()
        .filter(({ kind, report }) => kind === 'directory' && report !== undefined);
      return reported?.length === directories.length;
    });
    return this.#began;
  }

  begin(): void {
    const { time, random } = this.#simulation;
    const next = (): void => {
      const server = random.pick(this.#simulation.servers);
      this.#simulation.spawn(this.#follow(server).then(() => void time.at(200 + random.below(400), next)));
    };
    time.at(500, next);
  }

  /** Reads what is new at one server since the cookie, as cookie mode does: all that its log holds beyond it. */
  async #follow(server: SimServer): Promise<void> {
    const { changelog } = server;
    if (this.#following || changelog === undefined || server.directory?.importing !== false) return;
    // Brokers and servers that lack what the cookie has would answer later.
    if (!changelog.state.coversAll(this.#cookie)) return;
    this.#following = true;
    try {
      for (const newest of changelog.state.csns()) {
        const origin = csnReplica(newest);
        const slice = await changelog.read(origin, this.#cookie.get(origin), 1_000_000);
        // Changes of before a copy cannot be read there; another server has them.
        if (slice.kind === 'too-old') return;
        if (slice.kind !== 'changes')
          throw new Error(`${server.name} cannot go on from cookie ${this.#cookie}: ${slice.kind}`);
        for (const { csn } of slice.changes) {
          if (this.#told.has(csn)) throw new Error(`${server.name} told ${csn} a second time`);
          this.#told.add(csn);
          this.#cookie = this.#cookie.with(csn);
        }
      }
    } finally {
      this.#following = false;
    }
  }

  waitsFor(): string | undefined {
    const all = this.#simulation.servers[0]?.changelog?.state;
    if (all === undefined) return 'the first server';
    if (!this.#cookie.coversAll(all)) return `the cookie ${this.#cookie} lacks something of ${all}`;
    const lasts = this.running().map(([{ name }, { numbers }]) => `${name} ${numbers.last}`);
    if (new Set(lasts.map((one) => one.split(' ')[1])).size > 1) return `last numbers ${lasts}`;
    return this.#complete() ? undefined : `not all has numbers: ${lasts}`;
  }

  running(): [SimServer, Numbering][] {
    return [...this.#numbering].filter(
      ([server, { alive }]) => alive() && this.#simulation.servers.includes(server),
    );
  }

  /**
   * Whether the newest of each origin has a number everywhere. Who took a copy counts on behind it: what had a number by then is read by its number elsewhere (docs/changes.md), also where
   * its log goes on through the copy.
   */
  #complete(): boolean {
    const all = this.running();
    const isBefore = (csn: Csn, first: number): boolean =>
      all.some(([, { numbers, domain }]) => (numbers.numberOf(csn, domain) ?? first) < first);
    return all.every(([{ changelog }, { numbers, domain }]) =>
      (changelog?.state.csns() ?? []).every(
        (csn) =>
          changelog?.trimmed.covers(csn) === true ||
          numbers.numberOf(csn, domain) !== undefined ||
          isBefore(csn, numbers.first),
      ),
    );
  }

  async check(): Promise<void> {
    const numbered = new Map<number, Csn>();
    for (const [server, { numbers }] of this.running()) {
      const seen = new Set<Csn>();
      for await (const rows of numbers.range(numbers.first, numbers.last)) {
        for (const { number, csn } of rows) {
          const other = numbered.get(number);
          if (other !== undefined && other !== csn)
            throw new Error(`${server.name} has ${csn} at ${number}, another server ${other}`);
          numbered.set(number, csn);
          if (seen.has(csn)) throw new Error(`${server.name} numbered ${csn} twice`);
          seen.add(csn);
        }
      }
      if (seen.size !== numbers.last - numbers.first + 1)
        throw new Error(`${server.name} has ${seen.size} numbers from ${numbers.first} to ${numbers.last}`);
    }
    for (const [server, { numbers }] of this.running())
      if (numbers.last !== this.#told.size)
        throw new Error(
          `${server.name} has ${numbers.last} numbers, and ${this.#told.size} changes were told`,
        );
    const given = new Set(numbered.values());
    const first = Math.min(...this.running().map(([, { numbers }]) => numbers.first));
    const lacking = [...this.#told].find((csn) => !given.has(csn));
    if (first === 1 && lacking !== undefined) throw new Error(`${lacking} has no number`);
  }
}
