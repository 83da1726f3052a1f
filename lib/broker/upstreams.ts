/**
 * The subscribing half of a broker: its connections to configured peers, and which of them serves which origin.
 *
 * Choices are made by sync/source-selection.ts whenever what an upstream holds or can serve changes, and at every tick; each session is told its part. Also runs
 * the one session of a total update, while nothing else is connected.
 */
import type { Changelog } from '../changelog/changelog.js';
import { type Csn, csnReplica, type ReplicaId } from '../csn/csn.js';
import type { Clock } from '../port/clock.js';
import type { Link, LinkNetwork } from '../port/link.js';
import type { Random } from '../port/random.js';
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
  UpdateTarget,
} from './broker-seams.js';
import { FrameLink } from './frame-link.js';
import { Holes } from './holes.js';
import type { Way } from './pacer.js';
import { PeerConnection } from './peer-connection.js';
import { SubscriberDriver } from './subscriber-driver.js';

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
  enter(peer: Hello, address: string, end: (reason: string) => void): () => void;
  refused(code: RefusalCode, reason: string, peer: string): void;
}

export class Upstreams {
  readonly #context: UpstreamsContext;
  #connections: PeerConnection[] = [];
  /** Connections to peers that are none any more, until nothing is left of them. */
  readonly #leaving = new Set<PeerConnection>();
  #choices: ReadonlyMap<ReplicaId, Choice> = new Map();
  #nextId = 1;
  #running = false;
  #untried: number;
  #whenTried: (() => void)[] = [];
  /** Newest own change that a peer holds and we do not, as last told. */
  #toldLost: Csn | undefined;
  /** Origins for which too-far-behind was told, so that it is told once. */
  #toldBehind = '';
  readonly #holes = new Holes();
  readonly #beginning = new Set<ReplicaId>();
  #update: SubscriberDriver | undefined;

  constructor(peers: readonly BrokerPeer[], context: UpstreamsContext) {
    this.#context = context;
    this.#untried = peers.length;
    this.#connections = peers.map((peer) => this.#connectionTo(peer));
  }

  #connectionTo(peer: BrokerPeer): PeerConnection {
    const { network, clock, random } = this.#context;
    const isNew = this.#running;
    return new PeerConnection(peer, network, clock, random, {
      open: (link, connection) => this.#open(link, connection),
      tried: () => {
        if (!isNew) this.#tried();
      },
      lost: (name, reason) => this.#context.refused('closing', `${name}: ${reason}`, name),
    });
  }

  /** Other peers from now on; sessions with those that stay go on. */
  setPeers(peers: readonly BrokerPeer[]): void {
    const wanted = new Map(peers.map((peer) => [peer.name, peer]));
    for (const connection of this.#connections) {
      if (wanted.has(connection.peer.name)) continue;
      this.#leaving.add(connection);
      void connection
        .stop('closing', `${connection.peer.name} is no peer any more`)
        .then(() => this.#leaving.delete(connection));
    }
    const kept = this.#connections.filter(({ peer }) => wanted.has(peer.name));
    const known = new Set(kept.map(({ peer }) => peer.name));
    const added = peers.filter(({ name }) => !known.has(name)).map((peer) => this.#connectionTo(peer));
    this.#connections = [...kept, ...added];
    if (this.#running) for (const connection of added) connection.start();
    else this.#untried += added.length;
    this.select();
  }

  start(): void {
    this.#running = true;
    for (const connection of this.#connections) connection.start();
  }

  /** Ends all sessions; resolves when none is left. */
  async stop(code: RefusalCode, reason: string): Promise<void> {
    this.#running = false;
    this.#update?.stop(code, reason);
    const all = [...this.#connections, ...this.#leaving];
    await Promise.all(all.map((connection) => connection.stop(code, reason)));
    this.#choices = new Map();
    this.#toldBehind = '';
  }

  /** Ends all sessions, which come back at once with a new hello. */
  restart(reason: string): void {
    for (const connection of this.#connections) connection.restart(reason);
  }

  /** Ends the session with that peer; it is dialed again after a while, in case that it is let in again. */
  dismiss(name: string, code: RefusalCode, reason: string): void {
    for (const connection of this.#connections)
      if (connection.peer.name === name) connection.session?.stop(code, reason);
  }

  /** Resolves when every peer answered or failed once: what they know of us is known. */
  tried(): Promise<void> {
    if (this.#untried === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenTried.push(resolve));
  }

  peer(name: string): BrokerPeer | undefined {
    return this.#connections.find((connection) => connection.peer.name === name)?.peer;
  }

  /** Names of the configured peers, connected or not. */
  peerNames(): string[] {
    return this.#connections.map((connection) => connection.peer.name);
  }

  /** Names of the peers that we follow now. */
  following(): string[] {
    return this.#sessions()
      .filter((session) => session.upstream !== undefined)
      .map((session) => session.peerName);
  }

  /** Asks a peer that we follow; undefined when we do not, or it does not answer. */
  ask(peer: string, question: Uint8Array): Promise<Uint8Array | undefined> {
    const session = this.#sessions().find(({ peerName }) => peerName === peer);
    return session?.ask(question) ?? Promise.resolve(undefined);
  }

  status(): SessionStatus[] {
    const all = this.#connections.map((connection) => connection.status());
    return this.#update === undefined ? all : [...all, this.#update.status()];
  }

  tick(states: ServerStates): void {
    for (const session of this.#sessions()) {
      session.tick(states);
      session.tellMembers();
    }
    this.#update?.tick(states);
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
        if (choice.upstream === session.id) places.set(origin, changelog.newest(origin));
      }
      session.feed({ kind: 'sources', places });
    }
    this.#noticeLost(upstreams);
    this.#noticeBehind(selection.unservable, upstreams, sessions);
  }

  /** A total update from `peer`; rejects with the reason when it ends before it is complete. Nothing else may be connected. */
  initialize(peer: BrokerPeer, target: UpdateTarget): Promise<void> {
    const { network, clock, changelog } = this.#context;
    const address = peer.addresses()[0];
    if (address === undefined) return Promise.reject(new Error(`no address of ${peer.name} is known`));
    return network.dial(address).then(
      (dialed) =>
        new Promise<void>((resolve, reject) => {
          const link = new FrameLink(dialed);
          let leave = () => {};
          const session = new SubscriberDriver(this.#nextId++, link, peer.name, changelog, target, clock, {
            members: undefined,
            notice: () => {},
            facts: (hello) => this.#context.facts(hello, link, peer.name),
            greeted: (hello) => {
              link.pace(this.#context.way(hello.server));
              leave = this.#context.enter(hello, link.address, (reason) => session.stop('closing', reason));
            },
            upstreamChanged: () => {},
            unavailable: () => {},
            hole: () => false,
            refused: () => {},
            over: (reason, initialized) => {
              leave();
              this.#update = undefined;
              if (initialized) resolve();
              else reject(new Error(reason));
            },
          });
          this.#update = session;
          session.start({ ...this.#context.hello('initialize'), resume: target.resume?.() });
        }),
    );
  }

  #sessions(): SubscriberDriver[] {
    return this.#connections.flatMap((connection) => connection.session ?? []);
  }

  #open(dialed: Link, connection: PeerConnection): SubscriberDriver {
    const { changelog, clock, listener } = this.#context;
    const link = new FrameLink(dialed);
    const name = connection.peer.name;
    let leave = () => {};
    const session = new SubscriberDriver(this.#nextId++, link, name, changelog, undefined, clock, {
      members: this.#context.members,
      assurance: this.#context.assurance,
      notice: (sentence) => listener.alert({ kind: 'replica-id', key: `notice ${name}`, message: sentence }),
      facts: (hello) => this.#context.facts(hello, link, name),
      greeted: (hello) => {
        connection.settled();
        link.pace(this.#context.way(hello.server));
        leave = this.#context.enter(hello, link.address, (reason) => session.stop('closing', reason));
        listener.greeted(hello);
        listener.letIn?.(name);
      },
      upstreamChanged: () => this.select(),
      unavailable: (origin, why, csn) => this.#unavailable(name, origin, why, csn),
      hole: (origin, held) => this.#hole(name, origin, held),
      refused: (code, reason, byPeer) => {
        connection.refused(code);
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

  #tried(): void {
    this.#untried -= 1;
    if (this.#untried > 0) return;
    for (const resolve of this.#whenTried.splice(0)) resolve();
  }

  /** Sessions in which a hole is to be looked at again begin anew. */
  #retryHoles(): void {
    const nowMs = this.#context.clock.monotonicMs();
    for (const connection of this.#connections)
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
      if (known === undefined || (held !== undefined && known <= held)) continue;
      if (this.#toldLost !== undefined && known <= this.#toldLost) continue;
      this.#toldLost = known;
      this.#context.listener.ownChangesLost(known);
    }
  }

  #noticeBehind(
    origins: readonly ReplicaId[],
    upstreams: readonly Upstream[],
    sessions: readonly SubscriberDriver[],
  ): void {
    const { replica, changelog, listener } = this.#context;
    if (replica === undefined) {
      for (const origin of origins) this.#beginLater(origin, upstreams);
      return;
    }
    if (origins.length === 0) {
      if (this.#toldBehind !== '') listener.tooFarBehind([], undefined);
      this.#toldBehind = '';
      return;
    }
    // Who takes a peer's data gives up its own: only one that holds all our changes will do.
    const own = changelog.newest(replica);
    const source = sessions.find((session) => {
      const log = session.upstream?.log;
      return (
        log !== undefined &&
        (own === undefined || log.covers(own)) &&
        origins.some((origin) => (log.get(origin) ?? '') > (changelog.newest(origin) ?? ''))
      );
    });
    const key = `${origins.join(' ')} ${source?.peerName ?? ''}`;
    if (key === this.#toldBehind) return;
    this.#toldBehind = key;
    listener.tooFarBehind(origins, source?.peerName);
  }

  /** A broker without a directory needs no full history: it begins where its peers still can. */
  #beginLater(origin: ReplicaId, upstreams: readonly Upstream[]): void {
    const { changelog } = this.#context;
    if (changelog.newest(origin) !== undefined || this.#beginning.has(origin)) return;
    const marks = upstreams.flatMap((upstream) => upstream.trimmed.get(origin) ?? []).sort();
    const mark = marks[0];
    if (mark === undefined || csnReplica(mark) !== origin) return;
    this.#beginning.add(origin);
    changelog
      .beginAfter(mark)
      .then(
        () => this.select(),
        () => {},
      )
      .finally(() => this.#beginning.delete(origin));
  }
}
