/**
 * The broker of one domain on one server: publishes its change log to whoever dials, and subscribes to its configured peers (replication-model.md section 7).
 *
 * Owns sessions and their timer; knows nothing of entries or schema, and runs inside a directory server or alone. A change takes no timer on its way: durable in the
 * log, then sent, in one turn. Invariant: only what is on this server's disk is published or acknowledged.
 */
import { LIMITS } from '../base/limits.js';
import type { Changelog } from '../changelog/changelog.js';
import type { ReplicaId } from '../csn/csn.js';
import { ServerState } from '../csn/server-state.js';
import type { Clock } from '../port/clock.js';
import type { LinkNetwork } from '../port/link.js';
import type { Random } from '../port/random.js';
import { mayPassOn } from '../sync/copy-sources.js';
import type { Hello, RefusalCode, ServerStates } from '../sync/frames.js';
import { TICK_MS } from '../sync/session-timing.js';
import type { ServerDistances } from '../topology/distances.js';
import type { Assurance } from './assurance.js';
import type {
  BrokerDirectory,
  BrokerIdentity,
  BrokerListener,
  BrokerMembers,
  BrokerPeer,
  SessionStatus,
  SnapshotReader,
  UpdateTarget,
} from './broker-seams.js';
import { Forks } from './forks.js';
import type { FrameLink } from './frame-link.js';
import { Introduction } from './introduction.js';
import { greetLane } from './lanes.js';
import type { Pacer } from './pacer.js';
import { PublisherDriver } from './publisher-driver.js';
import type { Answerer } from './question-talk.js';
import { SnapshotShelf } from './snapshot-shelf.js';
import { Upstreams } from './upstreams.js';

/** How often the holder of a replica id is told of a rival. */
const RIVAL_NOTICE_MS = 60_000;

export interface BrokerOptions {
  readonly identity: BrokerIdentity;
  readonly peers: readonly BrokerPeer[];
  /** Server names that may replicate with us; undefined: any that the network let in. */
  readonly allowed: ReadonlySet<string> | undefined;
  /** The directory of this server; undefined for a broker alone. */
  readonly directory: BrokerDirectory | undefined;
  readonly changelog: Changelog;
  /** What is known of the domain's servers; undefined where nobody keeps it. */
  readonly members?: BrokerMembers | undefined;
  /** Assured writes; undefined: this server takes no part in them. */
  readonly assurance?: Assurance | undefined;
  /** Answers what peers ask about our entries; undefined: nobody does. */
  readonly answer?: Answerer | undefined;
  readonly network: LinkNetwork;
  readonly clock: Clock;
  readonly random: Random;
  readonly listener: BrokerListener;
  readonly heartbeatMs?: number;
  /** How far servers are from each other now; undefined: nobody is nearer than another. */
  readonly distances?: (() => ServerDistances | undefined) | undefined;
  /** Nobody can dial this server: it offers its changes on the links that it dials. */
  readonly offers?: boolean;
  /** Whether what goes to this server is compressed; undefined: nothing is. */
  readonly compress?: ((server: string) => boolean) | undefined;
  /** Limits and hours of the ways to other servers; undefined: there are none. */
  readonly pacer?: Pacer | undefined;
  /** False: the domain's changes go in all hours, over closed links too. */
  readonly keepsHours?: boolean;
  /** How long a source may owe a change that another upstream has. */
  readonly graceMs?: number;
}

export class Broker {
  readonly #options: BrokerOptions;
  readonly #upstreams: Upstreams;
  readonly #introduction: Introduction;
  readonly #forks: Forks;
  readonly #publishers = new Set<PublisherDriver>();
  readonly #shelf: SnapshotShelf;
  #cancelTick: (() => void) | undefined;
  #stopListening: (() => void) | undefined;
  #accepting = false;
  #stopped = false;
  /** Servers that nobody can dial and that dialed this one, let in or not. */
  readonly #offering = new Set<string>();
  /** The server that the running total update comes from, when nobody can dial it. */
  #hosting: string | undefined;
  #notifiedMs = Number.NEGATIVE_INFINITY;
  #resting: Promise<void> = Promise.resolve();

  constructor(options: BrokerOptions) {
    this.#options = options;
    this.#shelf = new SnapshotShelf(options.clock, options.identity.boot);
    this.#forks = new Forks({
      ...{ server: options.identity.server, replica: options.identity.replica },
      ...{ changelog: options.changelog, listener: options.listener },
      source: (replica) => this.#upstreams.ofReplica(replica),
      anew: (peer, origin, reason, work) => {
        this.#upstreams.spare(peer, origin);
        return this.#atRest(reason, work);
      },
    });
    this.#introduction = new Introduction(options, this.#forks, () => this.states());
    this.#upstreams = new Upstreams(options.peers, {
      replica: options.identity.replica,
      server: options.identity.server,
      changelog: options.changelog,
      network: options.network,
      clock: options.clock,
      random: options.random,
      listener: options.listener,
      graceMs: options.graceMs,
      distances: options.distances ?? (() => undefined),
      members: options.members,
      assurance: options.assurance,
      way: (server) => options.pacer?.way(server),
      keepsHours: options.keepsHours !== false,
      hello: (purpose) => this.#introduction.hello(purpose),
      facts: (peer, link, expected) => this.#introduction.facts(peer, link, expected),
      enter: (...of) => this.#introduction.enter(...of),
      refused: (code, reason, peer) => this.#refused(code, reason, peer),
      contested: (origin, peer) => this.#forks.contested(origin, peer),
      lane: (link) => greetLane(link, this.domain, (frames, hello) => this.accept(frames, hello)),
      compress: (server) => options.compress?.(server) === true,
      atRest: (reason, work) => this.#atRest(reason, work),
    });
  }

  /** DN of the domain's base entry, normalized text. */
  get domain(): string {
    return this.#options.identity.domain;
  }

  /** Begins to dial and to serve. Called once. */
  start(): void {
    this.#stopListening = this.#options.changelog.onAdvance(() => this.#advanced());
    this.#resume();
    this.#tickLater();
  }

  /** Tells every peer, ends every session; resolves when none is left. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelTick?.();
    this.#stopListening?.();
    this.#shelf.close();
    await this.#suspend('closing', `${this.#options.identity.server} is stopping`);
  }

  /** A link whose hello asked for this domain. */
  accept(link: FrameLink, peer: Hello): void {
    const { changelog, directory, clock, listener, identity } = this.#options;
    let leave = () => {};
    let wants = false;
    const driver = new PublisherDriver(link, changelog, directory, clock, {
      members: this.#options.members,
      shelf: this.#shelf,
      answer: this.#options.answer,
      compress: (hello) => this.#options.compress?.(hello.server) === true,
      assurance: this.#options.assurance,
      offered: (offer) => this.#upstreams.offered(offer),
      copyFor: (hello) => this.#copyFor(hello),
      way: (server) => this.#options.pacer?.way(server),
      keepsHours: this.#options.keepsHours,
      greeted: (hello) => {
        const end = (reason: string): void => driver.stop('closing', reason);
        leave = this.#introduction.enter(hello, link.address, end, wants);
        this.#upstreams.called(hello);
        listener.greeted(hello);
      },
      refused: (code, reason, name) => this.#refused(code, reason, name),
      over: () => {
        leave();
        this.#publishers.delete(driver);
      },
    });
    this.#publishers.add(driver);
    const answer = (): void => {
      const hosted = peer.offers === true && peer.server === this.#hosting;
      if (!this.#publishers.has(driver)) return;
      wants = this.#wantsFrom(peer);
      if (this.#accepting || hosted) this.#greet(driver, peer, link, wants);
      else driver.stop('importing', `${identity.server} does not serve ${this.domain} at the moment`);
    };
    // One that was restored takes the newest of its own changes that it hears of for its last: those on their way to a slow disk too.
    const settling = peer.replica === undefined ? undefined : changelog.settling(peer.replica);
    if (settling === undefined) answer();
    else void settling.then(answer);
  }

  #greet(driver: PublisherDriver, peer: Hello, link: FrameLink, wants: boolean): void {
    this.#makeRoom(peer.server);
    if (peer.offers === true && this.#offering.size < LIMITS.members) this.#offering.add(peer.server);
    const facts = this.#introduction.facts(peer, link, undefined, wants);
    if (facts.rival !== undefined) this.#notifyRival(peer, link.address);
    const own = this.#introduction.hello('follow');
    driver.start(wants ? { ...own, wants } : own, peer, facts);
  }

  /** Whether a server that nobody can dial is let in for a copy of its data alone: what this server holds is nothing, or is being replaced. */
  #wantsFrom(peer: Hello): boolean {
    const { directory } = this.#options;
    if (directory === undefined || peer.offers !== true || peer.purpose !== 'follow') return false;
    return !this.#accepting || directory.importing() || directory.generation() === undefined;
  }

  /** A copy for a peer: of our entries, or where there are none, or too small a part of them, one that is passed on. */
  #copyFor(peer: Hello): Promise<SnapshotReader> {
    const { directory } = this.#options;
    const fraction = peer.fraction ?? '';
    if (directory === undefined) return this.#upstreams.fetchFor(peer);
    const short = mayPassOn(peer) ? directory.shortOf?.(fraction) : undefined;
    return short === undefined ? directory.openSnapshot(fraction) : this.#upstreams.fetchFor(peer, short);
  }

  /** One server holds few sessions: beyond that its oldest one is half-dead, or it means harm. */
  #makeRoom(name: string): void {
    const held = [...this.#publishers].filter((publisher) => publisher.peer?.server === name);
    if (held.length >= LIMITS.sessionsPerPeer)
      held[0]?.stop('busy', `${name} holds ${held.length} sessions with ${this.#options.identity.server}`);
  }

  /** The server that uses the peer's replica id already hears of it too: one of both must be stopped, and only people know which. */
  #notifyRival(peer: Hello, address: string): void {
    const nowMs = this.#options.clock.monotonicMs();
    if (nowMs < this.#notifiedMs + RIVAL_NOTICE_MS) return;
    this.#notifiedMs = nowMs;
    for (const publisher of this.#publishers) {
      if (publisher.peer?.replica !== peer.replica) continue;
      publisher.notify(
        `another live server, ${peer.server} at ${address}, uses replica id ${peer.replica} as this one does; ${this.#options.identity.server} goes on serving this one and refuses the other: stop the one that is the copy`,
      );
    }
  }

  /** Ends every session with that server, of that replica id: it does not belong to the domain any more. */
  dismiss(
    name: string,
    refusal: { readonly code: RefusalCode; readonly sentence: string },
    replica: ReplicaId | undefined,
  ): void {
    for (const publisher of [...this.#publishers])
      if (publisher.peer?.server === name) publisher.stop(refusal.code, refusal.sentence);
    this.#upstreams.dismiss(name, refusal.code, refusal.sentence);
    if (replica !== undefined) this.#forks.evicted(replica, name);
  }

  /** The generation or the incarnation changed: every session begins anew. */
  reintroduce(reason: string): void {
    for (const publisher of [...this.#publishers]) publisher.stop('closing', reason);
    this.#upstreams.restart(reason);
  }

  /**
   * Ends every session, fetches the whole domain from a peer into `target`, and goes on with what is there then. Rejects with an Error that says why when the update was not
   * completed. The target's steps are never called after that.
   */
  async initializeFrom(peerName: string, target: UpdateTarget): Promise<void> {
    const known = this.#upstreams.peer(peerName);
    const offers = this.#offering.has(peerName);
    if (known === undefined && !offers) throw new Error(`${peerName} is not a configured peer`);
    const peer = known ?? { name: peerName, addresses: () => [] };
    this.#hosting = offers ? peerName : undefined;
    await this.#suspend('importing', `${this.#options.identity.server} is being initialized`);
    try {
      await this.#options.changelog.idle();
      await this.#upstreams.initialize(peer, target);
    } finally {
      if (!this.#stopped && this.#options.directory?.importing() !== true) {
        this.#hosting = undefined;
        const reason = `${this.#options.identity.server} goes on with what it holds now`;
        for (const publisher of [...this.#publishers]) publisher.stop('closing', reason);
        this.#resume();
      }
    }
  }

  /** Ends every session, performs `work` on a log at rest, and begins anew. One work after the other: the end of one would let changes come into the next. */
  #atRest(reason: string, work: () => Promise<void>): Promise<void> {
    const done = this.#resting.then(() => this.#rest(reason, work));
    this.#resting = done.catch(() => {});
    return done;
  }

  async #rest(reason: string, work: () => Promise<void>): Promise<void> {
    await this.#suspend('closing', reason);
    try {
      await this.#options.changelog.idle();
      if (!this.#stopped) await work();
    } finally {
      if (!this.#stopped) this.#resume();
    }
  }

  /** Other peers from now on; sessions with those that stay go on. */
  setPeers(peers: readonly BrokerPeer[]): void {
    this.#upstreams.setPeers(peers);
  }

  /** Resolves when every peer answered or failed once, and each of `callers`, servers that dial this one, was heard. */
  firstContacts(callers: readonly string[]): Promise<void> {
    return this.#upstreams.tried(callers);
  }

  /** Names of the configured peers, connected or not. */
  peerNames(): string[] {
    return this.#upstreams.peerNames();
  }

  /** What each connected peer holds, and what of it its change log does not give any more, as it last said. */
  heard(): { readonly name: string; readonly log: ServerState; readonly trimmed: ServerState }[] {
    return this.status().flatMap(({ peer, states }) =>
      states === undefined ? [] : [{ name: peer, log: states.log, trimmed: states.trimmed }],
    );
  }

  /** Names of the peers that are followed now. */
  following(): string[] {
    return this.#upstreams.following();
  }

  /** Asks a peer that is followed, or the source of a replica's changes, about entries; undefined when none is or it does not answer. */
  ask(peer: string | ReplicaId, question: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#upstreams.ask(peer, question);
  }

  /** Another live server is taken for this one: what a peer said that refuses us for our replica id, while none follows us or lets us in. */
  get rival(): string | undefined {
    return this.#publishers.size > 0 ? undefined : this.#upstreams.rival;
  }

  /** Every session in both directions, and the peers that are not connected. */
  status(): SessionStatus[] {
    return [...this.#upstreams.status(), ...[...this.#publishers].map((publisher) => publisher.status())];
  }

  /** What this server holds now. */
  states(): ServerStates {
    const { changelog, directory, clock } = this.#options;
    return {
      log: changelog.state,
      applied: directory?.applied() ?? ServerState.EMPTY,
      trimmed: changelog.trimmed,
      clockMs: Math.max(0, Math.floor(clock.wallMs())),
    };
  }

  #resume(): void {
    this.#accepting = true;
    this.#upstreams.start();
  }

  async #suspend(code: RefusalCode, reason: string): Promise<void> {
    this.#accepting = false;
    for (const publisher of [...this.#publishers]) publisher.stop(code, reason);
    await this.#upstreams.stop(code, reason);
  }

  #advanced(): void {
    if (this.#publishers.size === 0) return;
    const states = this.states();
    for (const publisher of [...this.#publishers]) publisher.feed({ kind: 'advanced', states });
  }

  #tickLater(): void {
    this.#cancelTick = this.#options.clock.after(TICK_MS, () => {
      this.#tickLater();
      const states = this.states();
      for (const publisher of [...this.#publishers]) {
        publisher.tick(states, this.#publishers.size);
        publisher.tellMembers();
        if (publisher.agrees) this.#forks.agrees(publisher.peer?.replica);
      }
      this.#upstreams.tick(states);
      this.#options.assurance?.tick();
      this.#forks.tick();
    });
  }

  #refused(code: RefusalCode, reason: string, peer: string): void {
    this.#options.listener.alert({ kind: code, key: `${code} ${peer}`, message: reason });
  }
}
