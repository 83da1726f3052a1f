/**
 * The subscribing half of a broker: which of the servers that it follows serves which origin.
 *
 * Choices are made by sync/source-selection.ts whenever what an upstream holds or can serve changes, and at every tick; each session is told its part. Whom it is connected
 * with is connections.ts; total updates are updates.ts.
 */
import type { Changelog } from '../changelog/changelog.js';
import type { Csn, ReplicaId } from '../csn/csn.js';
import type { Clock } from '../port/clock.js';
import type { Link, LinkNetwork } from '../port/link.js';
import type { Random } from '../port/random.js';
import { copySources } from '../sync/copy-sources.js';
import type { Hello, LinkPurpose, RefusalCode, ServerStates, Unavailable } from '../sync/frames.js';
import type { PeerFacts } from '../sync/hello-check.js';
import { type Choice, SOURCE_GRACE_MS, selectSources, type Upstream } from '../sync/source-selection.js';
import type { ServerDistances } from '../topology/distances.js';
import type { Assurance } from './assurance.js';
import type {
  BrokerListener,
  BrokerMembers,
  BrokerPeer,
  SessionStatus,
  SnapshotReader,
  UpdateTarget,
} from './broker-seams.js';
import { Connections } from './connections.js';
import { FrameLink } from './frame-link.js';
import { Holes } from './holes.js';
import { LateStart } from './late-start.js';
import type { Offer } from './offers.js';
import type { Way } from './pacer.js';
import type { PeerConnection } from './peer-connection.js';
import { Shortage } from './shortage.js';
import { SubscriberDriver } from './subscriber-driver.js';
import { Updates } from './updates.js';

export interface UpstreamsContext {
  readonly replica: ReplicaId | undefined;
  readonly server: string;
  readonly changelog: Changelog;
  readonly network: LinkNetwork;
  readonly clock: Clock;
  readonly random: Random;
  readonly listener: BrokerListener;
  readonly graceMs: number | undefined;
  distances(): ServerDistances | undefined;
  readonly members: BrokerMembers | undefined;
  readonly assurance: Assurance | undefined;
  /** What holds changes up between a server and us; undefined: nothing. */
  way(server: string): Way | undefined;
  /** Whether changes wait while that way is closed. */
  readonly keepsHours: boolean;
  hello(purpose: LinkPurpose): Hello;
  facts(peer: Hello, link: FrameLink, expected: string | undefined): PeerFacts;
  /** A session with this peer lives; the returned function says that it is over. */
  enter(peer: Hello, address: string, end: (reason: string) => void, wants?: boolean): () => void;
  refused(code: RefusalCode, reason: string, peer: string): void;
  /** A peer holds another history of that replica, which is neither it nor we. */
  contested(origin: ReplicaId, peer: string): void;
  /** A peer that we dialed opens a link within that one, to follow us. */
  lane(link: Link): void;
  /** Ends every session, performs `work` on a log at rest, and goes on. */
  atRest(reason: string, work: () => Promise<void>): Promise<void>;
  /** Whether what goes to this server is compressed. */
  compress(server: string): boolean;
}

export class Upstreams {
  readonly #context: UpstreamsContext;
  readonly #connections: Connections;
  readonly #updates: Updates;
  #choices: ReadonlyMap<ReplicaId, Choice> = new Map();
  #nextId = 1;
  #running = false;
  /** Newest own change that a peer holds and we do not, as last told. */
  #toldLost: Csn | undefined;
  /** Own change of another history that a peer holds, as last told. */
  #toldFork: Csn | undefined;
  readonly #shortage = new Shortage();
  readonly #holes = new Holes();
  readonly #lateStart: LateStart;

  constructor(peers: readonly BrokerPeer[], context: UpstreamsContext) {
    const { network, clock, random, refused } = context;
    this.#context = context;
    this.#connections = new Connections(peers, {
      ...{ network, clock, random },
      open: (link, connection) => this.#open(link, connection),
      lost: (name, reason) => refused('closing', `${name}: ${reason}`, name),
    });
    this.#lateStart = new LateStart({ ...context, begun: () => this.select() });
    this.#updates = new Updates(
      context,
      (peer) => this.#connections.dial(peer),
      () => this.#nextId++,
    );
  }

  /** Other peers from now on; sessions with those that stay go on. */
  setPeers(peers: readonly BrokerPeer[]): void {
    this.#connections.setPeers(peers);
    this.select();
  }

  /** A server that nobody can dial holds a session with us: it is followed on that session's link. The returned function says that the session is over. */
  offered(offer: Offer): () => void {
    const leave = this.#connections.offered(offer);
    return () => {
      leave();
      this.select();
    };
  }

  start(): void {
    this.#running = true;
    this.#connections.start();
  }

  /** Ends all sessions; resolves when none is left. */
  async stop(code: RefusalCode, reason: string): Promise<void> {
    this.#running = false;
    this.#updates.stop(code, reason);
    await this.#connections.stop(code, reason);
    this.#choices = new Map();
    // What comes next may find other data here.
    this.#shortage.forget();
    this.#toldLost = undefined;
    this.#toldFork = undefined;
  }

  /** Ends all sessions, which come back at once with a new hello. */
  restart(reason: string): void {
    for (const connection of this.#connections.all) connection.restart(reason);
  }

  /** Ends the session with that peer; it is dialed again after a while, in case that it is let in again. */
  dismiss(name: string, code: RefusalCode, reason: string): void {
    for (const connection of this.#connections.all)
      if (connection.peer.name === name) connection.session?.stop(code, reason);
  }

  /** Resolves when every configured peer answered or failed once, and `callers`, who dial us, were heard: what they know of us is known. */
  tried(callers: readonly string[]): Promise<void> {
    return this.#connections.tried(callers);
  }

  /** A server dialed us and was let in. */
  called({ server, offers }: Hello): void {
    // Who offers is heard on the lane.
    if (offers !== true) this.#connections.called(server);
  }

  peer(name: string): BrokerPeer | undefined {
    return this.#connections.peer(name);
  }

  /** Names of those that we follow or want to follow, connected or not. */
  peerNames(): string[] {
    return this.#connections.all.map((connection) => connection.peer.name);
  }

  /** Names of the peers that we follow now. */
  following(): string[] {
    return this.#sessions()
      .filter((session) => session.upstream !== undefined)
      .map((session) => session.peerName);
  }

  /** Asks a peer that we follow, or the one that a replica's changes come from; undefined when there is none, or it does not answer. */
  ask(peer: string | ReplicaId, question: Uint8Array): Promise<Uint8Array | undefined> {
    const source = typeof peer === 'number' ? this.#choices.get(peer)?.upstream : undefined;
    const session = this.#sessions().find(({ peerName, id }) => peerName === peer || id === source);
    return session?.ask(question) ?? Promise.resolve(undefined);
  }

  /** The session in which the server with that replica is followed. */
  ofReplica(replica: ReplicaId): Upstream | undefined {
    return this.#sessions()
      .map(({ upstream }) => upstream)
      .find((upstream) => upstream?.replica === replica);
  }

  /** This peer is not asked for that origin before another one gave some of it, or a while has passed. */
  spare(peer: string, origin: ReplicaId): void {
    this.#holes.spare(peer, origin, this.#context.clock.monotonicMs());
  }

  /** See Connections. */
  get rival(): string | undefined {
    return this.#connections.rival;
  }

  status(): SessionStatus[] {
    return [...this.#connections.status(), ...this.#updates.status()];
  }

  tick(states: ServerStates): void {
    for (const session of this.#sessions()) {
      session.tick(states);
      session.tellMembers();
    }
    this.#updates.tick(states);
    this.#retryHoles();
    this.select();
  }

  /** Chooses sources anew and tells the sessions. */
  select(): void {
    if (!this.#running) return;
    const { changelog, replica, clock, graceMs, distances, keepsHours } = this.#context;
    const sessions = this.#sessions().filter((session) => session.upstream !== undefined);
    const upstreams = sessions.map((session) => ({
      ...(session.upstream as Upstream),
      holes: this.#holes.of(session.peerName),
      closed: keepsHours && this.#context.way(session.peerName)?.open === false,
    }));
    const held = { replica, newest: (origin: ReplicaId) => changelog.newest(origin) };
    const selection = selectSources(
      this.#choices,
      upstreams,
      held,
      clock.monotonicMs(),
      graceMs ?? SOURCE_GRACE_MS,
      distances(),
    );
    this.#choices = selection.choices;
    for (const session of sessions) {
      const places = new Map<ReplicaId, Csn | undefined>();
      for (const [origin, choice] of this.#choices) {
        if (choice.upstream !== session.id || this.#lateStart.isBeginning(origin)) continue;
        places.set(origin, changelog.newest(origin));
      }
      session.follow(places);
    }
    this.#noticeLost(upstreams);
    this.#noticeBehind(selection.unservable, upstreams, sessions);
  }

  /** A total update from `peer`; rejects with the reason when it ends before it is complete. Nothing else may be connected. */
  initialize(peer: BrokerPeer, target: UpdateTarget): Promise<void> {
    return this.#updates.run(peer, target);
  }

  /** A copy of the domain for the server that introduced itself so; `short`: why none is made here, as a clause. Rejects with an Error that says why there is none. */
  fetchFor(asking: Hello, short?: string): Promise<SnapshotReader> {
    const { server, replica } = asking;
    const behalf = asking.behalf ?? { server, replica, hops: 0 };
    const upstreams = this.#sessions().flatMap((session) => session.upstream ?? []);
    const peers = copySources(upstreams, behalf, server).flatMap((name) => this.peer(name) ?? []);
    return this.#updates.passOn(peers, { ...asking, behalf }, short);
  }

  #sessions(): SubscriberDriver[] {
    return this.#connections.sessions();
  }

  #open(dialed: Link, connection: PeerConnection): SubscriberDriver {
    const { changelog, clock, listener } = this.#context;
    const link = new FrameLink(dialed);
    const name = connection.peer.name;
    let leave = () => {};
    const session = new SubscriberDriver(this.#nextId++, link, name, changelog, undefined, clock, {
      members: this.#context.members,
      assurance: this.#context.assurance,
      lane: (lane) => this.#context.lane(lane),
      compress: (hello) => this.#context.compress(hello.server),
      notice: (sentence) => listener.alert({ kind: 'replica-id', key: `notice ${name}`, message: sentence }),
      facts: (hello) => this.#context.facts(hello, link, name),
      greeted: (hello) => {
        connection.settled();
        const { replica } = hello;
        if (replica !== undefined && changelog.newest(replica) !== undefined)
          this.#holes.unspare(name, replica);
        link.pace(this.#context.way(hello.server));
        leave = this.#context.enter(hello, link.address, (reason) => session.stop('closing', reason));
        listener.greeted(hello);
        if (hello.wants !== true) listener.letIn?.(name);
      },
      upstreamChanged: () => this.select(),
      unavailable: (origin, why, csn) => this.#unavailable(name, origin, why, csn),
      hole: (origin, held) => this.#hole(name, origin, held),
      refused: (code, reason, byPeer) => {
        connection.refused(code, byPeer ? reason : undefined);
        if (byPeer && (code === 'evicted' || code === 'not-member')) listener.barred?.(code, reason, name);
        if (code === 'no-data' && this.#context.hello('follow').generation === undefined) {
          listener.couldInitializeFrom(name);
        } else this.#context.refused(code, reason, name);
      },
      over: (reason) => {
        leave();
        connection.sessionOver(reason);
        this.select();
      },
    });
    session.start(this.#context.hello('follow'));
    return session;
  }

  /** Sessions in which a hole is to be looked at again begin anew. */
  #retryHoles(): void {
    const nowMs = this.#context.clock.monotonicMs();
    for (const connection of this.#connections.all)
      if (this.#holes.retry(connection.peer.name, nowMs))
        connection.restart('changes that were lacking are asked for again');
  }

  #hole(peer: string, origin: ReplicaId, held: Csn | undefined): boolean {
    const sight = this.#holes.came(peer, origin, held, this.#context.clock.monotonicMs());
    if (sight === 'again') this.#tellHole(peer, origin, held);
    return sight !== 'first';
  }

  #tellHole(peer: string, origin: ReplicaId, held: Csn | undefined): void {
    this.#context.listener.alert({
      kind: 'hole',
      key: `hole ${peer} ${origin}`,
      message: `${peer} lacks changes of replica ${origin} after ${held ?? 'the first'}: they are taken from another server, or waited for; ${peer} must be initialized anew`,
    });
  }

  #unavailable(peer: string, origin: ReplicaId, why: Unavailable, csn: Csn): void {
    if (why === 'damaged') {
      this.#holes.told(peer, origin, csn, this.#context.clock.monotonicMs());
      this.#tellHole(peer, origin, csn);
      return;
    }
    if (why === 'forked' && origin === this.#context.replica)
      this.#context.listener.barred?.(
        'forked',
        `${peer} holds another history of this server (at ${csn}): it was restored`,
        peer,
      );
    if (why === 'forked' && origin !== this.#context.replica) this.#context.contested(origin, peer);
    const message =
      why === 'too-old'
        ? `${peer} has trimmed changes of replica ${origin} that this server still needs (up to ${csn})`
        : `${peer} and this server hold different histories of replica ${origin} (at ${csn}); initialize the one that was restored`;
    this.#context.listener.alert({
      kind: why === 'forked' ? 'forked' : 'unservable',
      key: `${why} ${peer} ${origin}`,
      message,
    });
  }

  /** Our own changes, known elsewhere and not here: we were restored from an older copy. */
  #noticeLost(upstreams: readonly Upstream[]): void {
    const own = this.#context.replica;
    if (own === undefined) return;
    const held = this.#context.changelog.newest(own);
    for (const upstream of upstreams) {
      const known = upstream.log.get(own);
      if (known === undefined) continue;
      if (held !== undefined && known <= held) {
        this.#noticeFork(known, upstream.name);
        continue;
      }
      if (this.#toldLost !== undefined && known <= this.#toldLost) continue;
      this.#toldLost = known;
      this.#context.listener.ownChangesLost(known, upstream.name);
    }
  }

  /** One that is older than our newest, and not ours: made before a restore, while we made others since. The hellos cannot show it when ours was just being written. */
  #noticeFork(known: Csn, peer = 'a peer'): void {
    const { changelog, listener } = this.#context;
    if (known === this.#toldFork || !changelog.state.covers(known) || changelog.holds(known)) return;
    this.#toldFork = known;
    listener.barred?.(
      'forked',
      `${peer} holds another history of this server (at ${known}): it was restored`,
      peer,
    );
  }

  #noticeBehind(
    origins: readonly ReplicaId[],
    upstreams: readonly Upstream[],
    sessions: readonly SubscriberDriver[],
  ): void {
    const { replica, changelog, clock, listener } = this.#context;
    const expected = this.#connections.all.length;
    const nowMs = clock.monotonicMs();
    if (replica === undefined) {
      this.#lateStart.look(origins, upstreams, expected, nowMs);
      return;
    }
    const held = { own: changelog.newest(replica), newest: (origin: ReplicaId) => changelog.newest(origin) };
    const news = this.#shortage.look(origins, sessions, expected, held, nowMs);
    if (news !== undefined) listener.tooFarBehind(news.origins, news.peer);
  }
}
