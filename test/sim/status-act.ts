/**
 * What status says of each directory at random moments of a run, by the product's own status: it must be true of what the simulator knows of all servers.
 *
 * Draws from randomness of its own, so that a history is the same with and without it. Checked: no server that was told of an acknowledged change which it lacks says that it is in sync; servers that are in
 * sync together have equal contents, and servers that have become equal say that they are in sync; lags are never negative; counts of missing changes are what the states make of them; and where servers stay behind somebody says why.
 */
import { domainStatus } from '../../lib/app/monitor/domain-status.js';
import { inSync } from '../../lib/app/monitor/in-sync.js';
import { linkStatus, MissingChanges } from '../../lib/app/monitor/link-status.js';
import type { DomainStatus, LinkStatus, ServerStatus } from '../../lib/app/monitor/server-status.js';
import { type Csn, csnReplica } from '../../lib/csn/csn.js';
import { ServerState } from '../../lib/csn/server-state.js';
import { heldBy } from '../../lib/sync/member-promises.js';
import type { Act } from './act.js';
import { BackendDirectory } from './backend-directory.js';
import { describeServers, only } from './end-checks.js';
import { SeededRandom } from './seeded-random.js';
import type { SimServer } from './sim-server.js';
import type { Simulation } from './simulation.js';

const BASE = 'dc=example,dc=com';
/** How long servers may lack something, all faults over, without a word. */
const SILENT_MS = 15_000;
/** How long the last reports of servers take to reach all. */
const REPORTED_MS = 12_000;

interface Said {
  readonly server: SimServer;
  readonly domain: DomainStatus;
  readonly links: readonly LinkStatus[];
}

export class StatusAct implements Act {
  readonly #simulation: Simulation;
  readonly #random: SeededRandom;
  readonly #counts = new Map<SimServer, MissingChanges>();
  /** Since when somebody lacks something and nobody says why. */
  #silentSinceMs: number | undefined;
  readonly #compared: (contents: string) => string;

  /** `compared`: the part of the contents that must be equal. */
  constructor(simulation: Simulation, seed: number, compared: (contents: string) => string) {
    this.#simulation = simulation;
    this.#random = new SeededRandom(seed);
    this.#compared = compared;
  }

  begin(): void {
    const { time } = this.#simulation;
    const next = (): void => {
      this.#simulation.spawn(this.#look());
      time.at(100 + this.#random.below(1500), next);
    };
    time.at(500, next);
  }

  async #look(): Promise<void> {
    const said = this.#directories().flatMap((server) => this.#status(server) ?? []);
    for (const one of said) this.#checkOwn(one);
    if (!this.#simulation.writing) this.#checkSilence(said);
    await this.#checkMissing();
    await this.#checkTogether();
  }

  #directories(): readonly SimServer[] {
    return this.#simulation.servers.filter(({ options }) => options.replica !== undefined);
  }

  /** undefined: it is down. */
  #status(server: SimServer): Said | undefined {
    const { directory, replica, broker, changelog, members, name } = server;
    if (!(directory instanceof BackendDirectory) || replica === undefined || broker === undefined)
      return undefined;
    if (changelog === undefined || members === undefined) return undefined;
    const sessions = broker.status();
    const { backend } = directory;
    const rows = members.rows().filter((row) => row.name !== name);
    const domain = domainStatus({
      baseText: BASE,
      backend,
      changelog,
      replica,
      sessions,
      members: rows,
      rival: broker.rival,
    });
    return { server, domain, links: linkStatus(BASE, sessions, changelog, this.#countsOf(server)) };
  }

  #countsOf(server: SimServer): MissingChanges {
    const { time } = this.#simulation;
    const counts = this.#counts.get(server) ?? new MissingChanges({ monotonicMs: () => time.nowMs });
    this.#counts.set(server, counts);
    return counts;
  }

  /** What a server says of itself alone. */
  #checkOwn({ server, domain, links }: Said): void {
    const what = `${server.name} says ${JSON.stringify({ ...domain, links })}`;
    if ((domain.lagMs ?? 0) < 0) throw new Error(`a negative lag: ${what}`);
    for (const { lagSeconds = 0, missing = 0 } of links)
      if (lagSeconds < 0 || missing < 0) throw new Error(`less than nothing: ${what}`);
    if (domain.phase !== 'ready' && (domain.reason ?? '') === '') throw new Error(`no reason: ${what}`);
    if (!inSync([shape(server, domain, links)])) return;
    const lacking = this.#told(server).find((csn) => this.#lacks(server, csn));
    if (lacking !== undefined)
      throw new Error(
        `in sync without ${lacking}, of which it was told: ${what}\n${this.#tellers(server, lacking)}`,
      );
  }

  /** Newest changes of which others have told a server. */
  #told({ name, broker, members }: SimServer): readonly Csn[] {
    const told: Csn[] = [];
    // Who takes a copy of us gives nothing: what it holds goes.
    for (const session of broker?.status() ?? [])
      if (session.states !== undefined && session.state !== 'exporting')
        told.push(...session.states.log.csns(), ...session.states.applied.csns());
    // Of a server that belongs no more, what a report promised once may be with that one alone by now, which is not counted either.
    for (const row of members?.rows() ?? [])
      if (row.name !== name && row.standing === 'member' && row.report !== undefined)
        told.push(...heldBy(row.report));
    return told;
  }

  #tellers({ name, broker, members }: SimServer, csn: Csn): string {
    const origin = csnReplica(csn);
    const sessions = (broker?.status() ?? []).map(
      ({ direction, peer, state, states }) => `${direction} ${peer} ${state} ${states?.log.get(origin)}`,
    );
    const rows = (members?.rows() ?? [])
      .filter((row) => row.name !== name)
      .map((row) => `${row.name} ${row.standing} reported ${row.report?.state.get(origin)}`);
    return [...sessions, ...rows].join('\n');
  }

  /** An acknowledged change that was neither lost with its only disk nor made anew. */
  #lacks({ directory, changelog }: SimServer, csn: Csn): boolean {
    const maker = this.#simulation.servers.find(({ options }) => options.replica === csnReplica(csn));
    if (maker?.acked.includes(csn) !== true || maker.madeAnew.has(csn)) return false;
    return directory?.state.covers(csn) !== true || changelog?.holds(csn) !== true;
  }

  /** Counts are made in the background: asked twice, they are those of the states where these are the same. */
  async #checkMissing(): Promise<void> {
    const server = this.#random.pick(this.#directories());
    const said = await this.#countsOf(server).fresh(() => this.#status(server));
    const { changelog } = server;
    if (said === undefined || changelog === undefined) return;
    for (const { peer, peerHolds, missing } of said.links) {
      if (peerHolds === undefined || missing === undefined) continue;
      const there = ServerState.of(peerHolds.split(' ').filter((csn) => csn !== '') as Csn[]);
      const { state } = changelog;
      let count = 0;
      for (const newest of state.csns())
        if (!there.covers(newest))
          for await (const slice of changelog.scan(csnReplica(newest), there.get(csnReplica(newest))))
            count += slice.length;
      if (changelog.state.equals(state) && server.changelog === changelog && count !== missing)
        throw new Error(
          `${server.name} says that ${peer}, which holds ${peerHolds}, lacks ${missing} of ${state}: it is ${count}`,
        );
    }
  }

  /** Servers that hold the same say so once their reports have gone round. */
  async check(): Promise<void> {
    const { time } = this.#simulation;
    const untilMs = time.nowMs + REPORTED_MS;
    for (;;) {
      const said = this.#directories().flatMap((server) => this.#status(server) ?? []);
      if (inSync(said.map(({ server, domain, links }) => shape(server, domain, links)))) return;
      const what = said.map(({ server, domain }) => `${server.name} says ${JSON.stringify(domain)}`);
      if (time.nowMs >= untilMs) throw new Error(`equal, and not in sync:\n${what.join('\n')}`);
      await time.run(time.nowMs + 500);
    }
  }

  async #checkTogether(): Promise<void> {
    const servers = this.#directories();
    const said = servers.flatMap((server) => this.#status(server) ?? []);
    if (
      said.length < servers.length ||
      !inSync(said.map(({ server, domain, links }) => shape(server, domain, links)))
    )
      return;
    const contents: string[] = [];
    for (const { directory } of servers) contents.push(this.#compared((await directory?.contents()) ?? ''));
    const after = servers.flatMap((server) => this.#status(server)?.domain.applied ?? []);
    if (after.join() !== said.map(({ domain }) => domain.applied).join()) return;
    const other = contents.findIndex((text) => text !== contents[0]);
    if (other < 0) return;
    const odd = [
      only(contents[0] ?? '', contents[other] ?? ''),
      only(contents[other] ?? '', contents[0] ?? ''),
    ];
    const names = [servers[0]?.name, servers[other]?.name];
    throw new Error(
      `${names[0]} and ${names[1]} are in sync with different contents:\n${odd.map((lines) => lines.join('\n')).join('\n')}`,
    );
  }

  /** A server that nobody tells of what it lacks cannot say so; then who refuses it, or those on its way, do. */
  #checkSilence(said: readonly Said[]): void {
    const { nowMs } = this.#simulation.time;
    const states = this.#simulation.servers.flatMap(({ changelog }) => changelog?.state ?? []);
    const behind = said.filter(({ server }) => {
      const held = server.directory?.state ?? ServerState.EMPTY;
      return !states.every((state) => held.coversAll(state));
    });
    if (behind.length === 0 || said.some(({ domain, links }) => hasWord(domain, links))) {
      this.#silentSinceMs = undefined;
      return;
    }
    this.#silentSinceMs ??= nowMs;
    if (nowMs - this.#silentSinceMs > SILENT_MS)
      throw new Error(
        `${behind.map(({ server }) => server.name)} lack changes for ${SILENT_MS} ms and nobody says why\n${describeServers(this.#simulation.servers)}`,
      );
  }
}

/** Whether status says that something is not as it should be. */
function hasWord(
  { behind, reason, copying, blocked, waiting = [] }: DomainStatus,
  links: readonly LinkStatus[],
): boolean {
  const words = [
    reason,
    copying?.trouble,
    ...blocked,
    ...waiting,
    ...links.map(({ lastError }) => lastError),
  ];
  return behind === undefined || words.some((word) => (word ?? '') !== '');
}

/** As much of a server's status as inSync() looks at. */
function shape({ name, peers }: SimServer, domain: DomainStatus, links: readonly LinkStatus[]): ServerStatus {
  return { name, domains: [domain], peers, links } as unknown as ServerStatus;
}
