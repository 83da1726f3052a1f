/**
 * Servers that come and go while others write and fail: eviction by name and the return by command, new members, members that leave, and dead ones that are forgotten.
 *
 * What the topology's domain tells each server (app/topology/topology-follower.ts) is told here after a random time. Checked beside what every run checks: who left loses nothing, a new server ends
 * equal, and in the end every table knows who belongs.
 */
import type { Csn, ReplicaId } from '../../lib/csn/csn.js';
import type { Standing } from '../../lib/sync/member-row.js';
import type { Act, Trouble } from './act.js';
import { isolate } from './common-troubles.js';
import { holdsPart, leavesWhole } from './parts.js';
import type { SimServer } from './sim-server.js';
import type { Simulation } from './simulation.js';

const LOOK_MS = 100;
/** Servers of a run, at most. */
const MOST = 7;

/** In every domain where the server is known, as the command does (app/control/upkeep-commands.ts); false: in none. */
async function decided(at: SimServer, name: string, standing: 'evicted' | 'returning'): Promise<boolean> {
  let done = false;
  for (const { members } of at.domains) {
    const isDone = members.decide(name, standing).then(
      () => true,
      () => false,
    );
    done = (await isDone) || done;
  }
  return done;
}

/** What the server's tables say of another, one for each domain. */
function standingsAt(at: SimServer, name: string): readonly (Standing | undefined)[] {
  return at.domains.map(({ members }) => members.rows().find((row) => row.name === name)?.standing);
}

/** Whether it takes a copy, or makes changes anew. */
function isChanging(server: SimServer): boolean {
  return server.domains.some(
    ({ directory, reissue }) => directory?.importing === true || reissue?.pending === true,
  );
}

export class MembersAct implements Act {
  readonly without;
  readonly troubles: readonly Trouble[];
  readonly #simulation: Simulation;
  /** Evicted, and not back yet. */
  readonly #evicted = new Set<string>();
  /** Who left or was forgotten. */
  readonly #gone = new Set<string>();
  /** What those had acknowledged that must be found on the others. */
  readonly #left: {
    readonly server: SimServer;
    readonly acked: readonly Csn[];
    readonly lost: () => boolean;
  }[] = [];
  /** Of who left or was forgotten, whether what it had then may be on no disk any more. */
  readonly #lostOf = new Map<SimServer, () => boolean>();
  readonly #leaving = new Set<SimServer>();
  /** Names for which a member has not said yet that it lets them in: one that crashes meanwhile never does. */
  readonly #asking = new Set<string>();
  #newest = 0;

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
    const evicts: Trouble = (server, forMs, note) => this.#evict(server, forMs, note);
    const joins: Trouble = (server, _forMs, note) => this.#join(server, note);
    const leaves: Trouble = (server, _forMs, note) => this.#leave(server, note);
    const forgets: Trouble = (server, _forMs, note) => this.#forget(server, note);
    const all = [evicts, joins, leaves, forgets];
    const some = all.filter(() => simulation.random.chance(0.5));
    this.troubles = some.length === 0 ? all : some;
    // Who is gone for good may have been the only one that held what a restored one lost.
    this.without = this.troubles.includes(forgets) ? (['backup', 'lost broker'] as const) : [];
  }

  #directories(): SimServer[] {
    return this.#simulation.servers.filter(
      ({ up, directory, replica }) =>
        up && directory?.importing === false && replica?.writesHeld() === undefined,
    );
  }

  /** An administrator evicts a server that cannot be heard, and lets it return later, at servers of their choice. */
  #evict(server: SimServer, forMs: number, note: (text: string) => void): void {
    const { time, random } = this.#simulation;
    const { name } = server;
    const at = this.#directories().filter((one) => one !== server);
    if (this.#evicted.size > 0 || at.length < 2 || this.#leaving.has(server)) return;
    note(`${name} cut off and evicted`);
    this.#evicted.add(name);
    const heal = isolate(this.#simulation, name);
    time.at(random.below(1000), () => this.#spawn(this.#decide(name, 'evicted')));
    time.at(forMs, heal);
    time.at(forMs + random.below(3000), () => this.#spawn(this.#restore(name)));
  }

  /** At some server that knows it; refused ones are tried again by who asks. */
  async #decide(name: string, standing: 'evicted' | 'returning'): Promise<boolean> {
    const at = this.#directories().filter((one) => one.name !== name);
    if (at.length === 0) return false;
    return await decided(this.#simulation.random.pick(at), name, standing);
  }

  async #restore(name: string): Promise<void> {
    if (this.#evicted.has(name) && (await this.#decide(name, 'returning'))) this.#evicted.delete(name);
  }

  /** A new server: a member lets it in and gives it the names that it follows; the others follow it as soon as they hear of it. */
  #join(sponsor: SimServer, note: (text: string) => void): void {
    const { servers } = this.#simulation;
    if (servers.length >= MOST || !this.#directories().includes(sponsor) || this.#evicted.has(sponsor.name))
      return;
    // No name and no replica id is given a second time, also not of one that is gone.
    const known = [...servers.map(({ name }) => name), ...this.#gone];
    this.#newest = Math.max(this.#newest, ...known.map((name) => Number(name.slice(1)))) + 1;
    const replica = this.#newest as ReplicaId;
    const name = `s${replica}`;
    note(`${name} joins at ${sponsor.name}`);
    const listening = sponsor.options.listens === false ? [] : [sponsor.name];
    const peers = [...new Set([...listening, ...sponsor.peers])].filter((peer) => !this.#gone.has(peer));
    this.#spawn(this.#admit(sponsor, name, replica, peers));
  }

  async #admit(
    sponsor: SimServer,
    name: string,
    replica: ReplicaId,
    peers: readonly string[],
  ): Promise<void> {
    const { time, random } = this.#simulation;
    this.#asking.add(name);
    try {
      for (const { members } of sponsor.domains) await members.admit(name, replica);
      // Nobody waits for an answer for ever.
      if (!this.#asking.delete(name)) return;
    } catch {
      // A full disk: it may stand in tables, and never comes.
      this.#gone.add(name);
      return this.#evictGone(name);
    }
    const { topology: _, ...plain } = sponsor.options;
    const server = this.#simulation.add({ ...plain, name, replica, peers, listens: true, hasData: false });
    void server.start();
    for (const peer of this.#simulation.servers)
      if (peers.includes(peer.name))
        time.at(random.below(2000), () => this.#tell(peer, (known) => [...new Set([...known, name])]));
  }

  /** What the topology's domain tells a server: whom to follow now. */
  #tell(server: SimServer, change: (known: readonly string[]) => readonly string[]): void {
    const peers = change(server.peers).filter((name) => name !== server.name && !this.#gone.has(name));
    server.follow(peers);
  }

  /** A server goes: it takes no more writes, waits until another holds all that it holds, and stops. */
  #leave(server: SimServer, note: (text: string) => void): void {
    if (!this.#mayGo(server) || server.replica === undefined) return;
    note(`${server.name} leaves`);
    this.#leaving.add(server);
    const began = server.lives.length;
    for (const { replica } of server.domains) replica?.hold('leaving');
    const look = (): void => {
      // A crash ends it, and so does the end of the run.
      if (!server.up || server.lives.length !== began || !this.#simulation.writing || !this.#canGo(server)) {
        for (const { replica } of server.domains) replica?.hold(undefined);
        this.#leaving.delete(server);
        return;
      }
      const having = server.domains.map(({ changelog, broker }) =>
        broker
          .status()
          .filter(({ states }) => states?.log.coversAll(changelog.state))
          .map(({ peer }) => peer),
      );
      const others = this.#simulation.servers.filter((one) => one !== server);
      const isWhole = holdsPart(server) || leavesWhole(others, server.directory?.state);
      if (having.some(({ length }) => length === 0) || isChanging(server) || !isWhole)
        return void this.#simulation.time.at(LOOK_MS, look);
      const acked = server.acked.filter((csn) => !server.madeAnew.has(csn));
      const lost = this.#lostWith(having.at(-1) ?? []);
      this.#left.push({ server, acked, lost });
      this.#goes(server, lost);
    };
    look();
  }

  /** Whether the disks of all these servers, which alone are known to hold something, are lost from here on, or went with their servers. */
  #lostWith(names: readonly string[]): () => boolean {
    const disks = this.#simulation.servers
      .filter(({ name }) => names.includes(name))
      .map((server) => ({ server, replaced: server.replaced }));
    return () =>
      disks.every(
        ({ server, replaced }) => server.replaced > replaced || this.#lostOf.get(server)?.() === true,
      );
  }

  /** A dead server that nobody will ever see again. What it alone had is lost with it. */
  #forget(server: SimServer, note: (text: string) => void): void {
    if (!this.#mayGo(server)) return;
    note(`${server.name} is gone for good and forgotten`);
    this.#goes(server, () => true);
  }

  #mayGo(server: SimServer): boolean {
    return server.options.replica !== undefined && !this.#leaving.has(server) && this.#canGo(server);
  }

  /** Not where it is the only way between others, nor while another one is away. */
  #canGo(server: SimServer): boolean {
    const others = this.#simulation.servers.filter((one) => one !== server);
    const directories = others.filter(({ options }) => options.replica !== undefined);
    if (directories.length < 2 || this.#evicted.size > 0) return false;
    if (others.some((one) => !one.up || isChanging(one))) return false;
    if (!leavesWhole(directories)) return false;
    const reached = new Set([others[0]]);
    for (const from of reached)
      for (const to of others)
        if (from !== undefined && (from.peers.includes(to.name) || to.peers.includes(from.name)))
          reached.add(to);
    return reached.size === others.length;
  }

  #goes(server: SimServer, lost: () => boolean): void {
    const { time, random } = this.#simulation;
    const { name } = server;
    this.#lostOf.set(server, lost);
    this.#gone.add(name);
    this.#leaving.delete(server);
    server.crash();
    this.#simulation.drop(server);
    this.#spawn(this.#evictGone(name));
    for (const peer of this.#simulation.servers)
      time.at(random.below(2000), () => this.#tell(peer, (known) => known));
  }

  /** Each of the others forgets who left, sooner or later; one is enough to begin. */
  async #evictGone(name: string): Promise<void> {
    for (;;) {
      const known = this.#simulation.servers.filter(({ up }) => up);
      for (const { members } of known.flatMap(({ domains }) => domains)) {
        const row = members.rows().find((one) => one.name === name);
        if (row?.standing === 'member') await members.decide(name, 'evicted').catch(() => {});
      }
      if (!this.#simulation.writing) return;
      await this.#simulation.time.sleep(1000);
    }
  }

  #spawn(work: Promise<unknown>): void {
    this.#simulation.spawn(work);
  }

  async mend(): Promise<void> {
    // Who alone knew of a return may be gone, or forgotten by a lost disk: then it is asked for again.
    const { servers } = this.#simulation;
    const told = servers.flatMap(({ domains }) => domains.flatMap(({ members }) => members.rows()));
    const out = told.filter(({ standing }) => standing === 'evicted').map(({ name }) => name);
    const back = out.filter((name) => servers.some((one) => one.name === name));
    for (const name of new Set([...this.#evicted, ...back])) this.#bringBack(name);
    // Those may stand in tables, and never come.
    for (const name of this.#asking) this.#gone.add(name);
    this.#asking.clear();
    for (const name of this.#gone) this.#spawn(this.#evictGone(name));
    for (const server of servers) this.#tell(server, (known) => known);
  }

  /** Where a server still says that it is evicted, that is where its sentence asks for the command. */
  #bringBack(name: string, tries = 0): void {
    const { time, servers } = this.#simulation;
    const again = (): void => {
      const saying = servers.filter((one) => standingsAt(one, name).includes('evicted'));
      if (saying.length === 0 && !this.#evicted.has(name)) return;
      if (tries > 20) for (const one of saying) this.#spawn(decided(one, name, 'returning'));
      if (tries < 40) time.at(300, () => this.#bringBack(name, tries + 1));
    };
    this.#spawn(this.#restore(name).then(again));
  }

  waitsFor(): string | undefined {
    const { servers } = this.#simulation;
    const here = new Set(servers.map(({ name }) => name));
    for (const { name: at, domains } of servers)
      for (const { name, standing } of domains.flatMap(({ members }) => members.rows()))
        if ((standing === 'member') !== here.has(name)) return `${name} is ${standing} at ${at}`;
    return undefined;
  }

  async check(): Promise<void> {
    const { servers } = this.#simulation;
    for (const { server, acked } of this.#left.filter(({ lost }) => !lost()))
      for (const csn of acked.filter((one) => !server.madeAnew.has(one)))
        for (const { name, changelog } of servers)
          if (changelog?.holds(csn) !== true)
            throw new Error(`${name} lacks ${csn} of ${server.name}, which left`);
  }
}
