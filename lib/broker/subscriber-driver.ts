/**
 * Drives one subscriber session on one link: performs what sync/subscriber-session.ts decides, on the link and the change log (or a total update's target).
 *
 * All awaits of the subscribing end live here; dialing and coming back is peer-connection.ts's work. Keeps what is known of the upstream for source selection.
 */
import { reasonOf } from '../base/thrown.js';
import type { Changelog } from '../changelog/changelog.js';
import { type Csn, type ReplicaId, ZERO_CSN } from '../csn/csn.js';
import type { ServerState } from '../csn/server-state.js';
import type { Clock } from '../port/clock.js';
import type { Link } from '../port/link.js';
import {
  type Hello,
  LANES_VERSION,
  type RefusalCode,
  type ServerStates,
  type Unavailable,
} from '../sync/frames.js';
import type { PeerFacts } from '../sync/hello-check.js';
import type { Upstream } from '../sync/source-selection.js';
import {
  openSubscriber,
  type SubscriberEffect,
  type SubscriberEvent,
  type SubscriberState,
  type SubscriberStep,
  stepSubscriber,
} from '../sync/subscriber-session.js';
import type { Assurance } from './assurance.js';
import type { BrokerMembers, SessionStatus, UpdateTarget } from './broker-seams.js';
import type { FrameLink } from './frame-link.js';
import { SideTalk } from './side-talk.js';

export interface SubscriberHooks {
  readonly assurance?: Assurance | undefined;
  readonly members: BrokerMembers | undefined;
  /** The peer opens a link within this one, to follow us; undefined: it has no reason to. */
  lane?(link: Link): void;
  /** Whether what goes to this peer is compressed. */
  compress?(peer: Hello): boolean;
  /** The peer's word to our administrator. */
  notice(sentence: string): void;
  facts(peer: Hello, link: FrameLink): PeerFacts;
  greeted(peer: Hello): void;
  /** What the upstream holds or can serve changed. */
  upstreamChanged(): void;
  unavailable(origin: ReplicaId, why: Unavailable, csn: Csn): void;
  /** Changes came that do not follow what we hold. True: the same as in an earlier session. */
  hole(origin: ReplicaId, held: Csn | undefined): boolean;
  refused(code: RefusalCode, reason: string, byPeer: boolean): void;
  /** Called once; `initialized`: a total update was completed. */
  over(reason: string, initialized: boolean): void;
}

export class SubscriberDriver {
  readonly id: number;
  readonly #link: FrameLink;
  readonly #changelog: Changelog;
  readonly #target: UpdateTarget | undefined;
  readonly #clock: Clock;
  readonly #hooks: SubscriberHooks;
  readonly #events: SubscriberEvent[] = [];
  /** The place that each origin was last asked from, and those from which the peer cannot serve: from another one it may. */
  readonly #asked = new Map<ReplicaId, Csn | undefined>();
  readonly #unavailable = new Map<ReplicaId, Csn | undefined>();
  #state: SubscriberState = { kind: 'closed', reason: 'not opened' };
  #stepping = false;
  /** Nobody can dial this server: who was dialed follows it on lanes. */
  #offers = false;
  #over = false;
  #initialized = false;
  #heardBytes = 0;
  #heardMs = 0;
  #peerName: string;
  #peerStates: ServerStates | undefined;
  /** What we hold of other histories than the peer, as it said. */
  #lacks: ServerState | undefined;
  #clockAheadMs: number | undefined;
  #upstream: Omit<Upstream, 'unavailable'> | undefined;
  readonly #side: SideTalk;
  /** Images are stored one portion after the other. */
  #storing: Promise<void> = Promise.resolve();

  /** `target`: takes a total update; undefined when this session follows. */
  constructor(
    id: number,
    link: FrameLink,
    peerName: string,
    changelog: Changelog,
    target: UpdateTarget | undefined,
    clock: Clock,
    hooks: SubscriberHooks,
  ) {
    this.id = id;
    this.#link = link;
    this.#peerName = peerName;
    this.#changelog = changelog;
    this.#target = target;
    this.#clock = clock;
    this.#hooks = hooks;
    const { members, assurance } = hooks;
    this.#side = new SideTalk(link, clock, {
      members,
      assurance,
      notice: (sentence) => hooks.notice(sentence),
    });
  }

  /** Introduces us and takes what comes. */
  start(own: Hello): void {
    this.#link.receive({
      frame: (frame) => {
        if (frame.kind === 'hello') {
          this.feed({ kind: 'hello', peer: frame.hello, facts: this.#hooks.facts(frame.hello, this.#link) });
        } else if (frame.kind === 'load') {
          if (this.#upstream !== undefined) this.#upstream = { ...this.#upstream, load: frame.sessions };
        } else if (this.#state.kind === 'greeting' || !this.#side.take(frame))
          this.feed({ kind: 'frame', frame });
      },
      malformed: (reason) => this.feed({ kind: 'malformed', reason }),
      drained: () => this.#side.drained(),
      closed: (reason) => {
        this.feed({ kind: 'link-closed', reason });
        this.#finish(reason);
      },
    });
    this.#offers = own.offers === true;
    this.#apply(openSubscriber(own, this.#clock.monotonicMs()));
  }

  /** One event; those that performing it makes are taken in turn. */
  feed(event: SubscriberEvent): void {
    this.#events.push(event);
    if (this.#stepping) return;
    this.#stepping = true;
    try {
      for (let next = this.#events.shift(); next !== undefined; next = this.#events.shift()) {
        this.#apply(stepSubscriber(this.#state, next, this.#clock.monotonicMs()));
      }
    } finally {
      this.#stepping = false;
    }
  }

  /** Time passed: liveness counts octets too, for a long frame may be on its way. */
  tick(states: ServerStates): void {
    const { receivedBytes } = this.#link.counts;
    if (receivedBytes !== this.#heardBytes) this.#heardMs = this.#clock.monotonicMs();
    this.#heardBytes = receivedBytes;
    this.feed({ kind: 'tick', states, heardMs: this.#heardMs });
  }

  /**
   * Takes these origins from the peer, each from our place. Where we asked from a later one, what was on its way to our disk then was refused there: the peer is asked again, or it
   * would think that we have it.
   */
  follow(places: ReadonlyMap<ReplicaId, Csn | undefined>): void {
    const stands = ([origin, place]: [ReplicaId, Csn | undefined]): boolean =>
      (this.#asked.get(origin) ?? ZERO_CSN) <= (place ?? ZERO_CSN);
    if (![...places].every(stands))
      this.feed({ kind: 'sources', places: new Map([...places].filter(stands)) });
    this.feed({ kind: 'sources', places });
  }

  /** Tells the peer what is new of the domain's servers. */
  tellMembers(): void {
    if (this.#state.kind === 'following') this.#side.tellMembers();
  }

  /** Asks the peer; undefined when it does not answer. */
  ask(question: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#state.kind === 'following' ? this.#side.ask(question) : Promise.resolve(undefined);
  }

  stop(code: RefusalCode, reason: string): void {
    this.feed({ kind: 'stop', code, reason });
  }

  /** The upstream as source selection sees it; undefined while this session does not follow. */
  get upstream(): Upstream | undefined {
    if (this.#state.kind !== 'following' || this.#upstream === undefined) return undefined;
    const stuck = [...this.#unavailable].filter(
      ([origin, place]) => place === this.#changelog.newest(origin),
    );
    return { ...this.#upstream, unavailable: new Set(stuck.map(([origin]) => origin)) };
  }

  get peerName(): string {
    return this.#peerName;
  }

  status(): SessionStatus {
    const state = this.#state;
    const greeted = state.kind === 'following' || state.kind === 'initializing';
    return {
      direction: 'from',
      peer: this.#peerName,
      address: this.#link.address,
      state: state.kind,
      lastError: '',
      ...this.#link.counts,
      sentWireBytes: this.#link.wireBytes,
      silentMs: greeted ? this.#clock.monotonicMs() - state.lastHeardMs : undefined,
      credit: undefined,
      queuedBytes: this.#link.queuedBytes,
      states: this.#peerStates,
      clockAheadMs: this.#clockAheadMs,
      origins: state.kind === 'following' ? [...state.subscribed] : [],
    };
  }

  #apply(step: SubscriberStep): void {
    this.#state = step.state;
    for (const effect of step.effects) this.#perform(effect, step.effectsAfterDurable);
  }

  #perform(effect: SubscriberEffect, afterDurable: readonly SubscriberEffect[]): void {
    switch (effect.kind) {
      case 'send':
        if (effect.frame.kind === 'subscribe') this.#asked.set(effect.frame.origin, effect.frame.after);
        this.#link.send(effect.frame);
        return;
      case 'greeted':
        this.#link.trust();
        this.#link.acceptCompression();
        this.#peerName = effect.peer.server;
        this.#lacks = effect.peer.lacks;
        // Who wants our data has none that are worth following.
        if (effect.peer.wants !== true) this.#upstream = upstreamOf(this.id, effect.peer);
        this.#hooks.greeted(effect.peer);
        if (this.#target === undefined) this.#side.assure(effect.peer);
        if (this.#offers) this.#offer(effect.peer);
        this.tellMembers();
        return;
      case 'peer-states':
        this.#see(effect.states);
        return;
      case 'append':
        this.#append(effect, afterDurable);
        return;
      case 'unavailable':
        // What its log lacks is remembered with the peer, not with the session (holes.ts).
        if (effect.why !== 'damaged') this.#unavailable.set(effect.origin, this.#asked.get(effect.origin));
        this.#hooks.unavailable(effect.origin, effect.why, effect.csn);
        this.#hooks.upstreamChanged();
        return;
      case 'hole':
        this.#hooks.upstreamChanged();
        return;
      case 'prepare':
        this.#work(
          (target) => target.prepare({ ...effect.summary, lacks: this.#lacks }),
          () => this.feed({ kind: 'prepared' }),
        );
        return;
      case 'store-images':
        this.#work(
          (target) => target.store(effect.images),
          () => this.#performAll(afterDurable),
        );
        return;
      case 'finish':
        this.#work(
          (target) => target.finish(effect.summary),
          () => {
            this.#initialized = true;
            this.feed({ kind: 'finished' });
          },
        );
        return;
      case 'refused':
        this.#hooks.refused(effect.code, effect.reason, effect.byPeer);
        return;
      case 'close':
        this.#link.close(effect.reason);
        this.#finish(effect.reason);
    }
  }

  #performAll(effects: readonly SubscriberEffect[]): void {
    if (this.#state.kind === 'closed') return;
    for (const effect of effects) this.#perform(effect, []);
  }

  /** Takes the lanes that the peer opens; our side of the link is long now, and compressed where that is worth it. */
  #offer(peer: Hello): void {
    if (peer.protocolMax < LANES_VERSION) {
      this.#hooks.notice(
        `${peer.server} is of an older version and takes no changes from a server that it cannot dial: let this server listen for replication, or upgrade ${peer.server}`,
      );
      return;
    }
    this.#side.carryLanes((lane) => this.#hooks.lane?.(lane));
    if (this.#hooks.compress?.(peer) === true) this.#link.compress();
  }

  #see(states: ServerStates): void {
    this.#side.states(states);
    this.#peerStates = states;
    this.#clockAheadMs = states.clockMs - this.#clock.wallMs();
    if (this.#upstream !== undefined) {
      this.#upstream = {
        ...this.#upstream,
        log: this.#upstream.log.merge(states.log),
        trimmed: states.trimmed,
      };
    }
    this.#hooks.upstreamChanged();
  }

  #append(
    effect: Extract<SubscriberEffect, { kind: 'append' }>,
    afterDurable: readonly SubscriberEffect[],
  ): void {
    const last = effect.changes[effect.changes.length - 1];
    if (last !== undefined && this.#upstream !== undefined) {
      this.#upstream = { ...this.#upstream, log: this.#upstream.log.with(last.csn) };
    }
    const outcome = this.#changelog.append(effect.changes);
    if (outcome.kind === 'gap') {
      const { origin, held, offered } = outcome;
      const again = this.#upstream !== undefined && this.#hooks.hole(origin, held);
      this.feed({ kind: 'rejected', origin, held, offered, again });
      return;
    }
    outcome.durable.then(
      () => this.#performAll(afterDurable),
      (error: unknown) => this.feed({ kind: 'failed', reason: reasonOf(error) }),
    );
  }

  /** Steps of a total update, strictly one after the other; nothing more once the session is over or one failed. */
  #work(run: (target: UpdateTarget) => Promise<void>, then: () => void): void {
    const target = this.#target;
    this.#storing = this.#storing.then(async () => {
      if (this.#state.kind === 'closed') return;
      try {
        if (target === undefined) throw new Error('no total update was asked for');
        await run(target);
      } catch (error) {
        this.feed({ kind: 'failed', reason: reasonOf(error) });
        return;
      }
      then();
    });
  }

  #finish(reason: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#side.end();
    // A step of a total update that is on its way ends before the session counts as over: the next attempt must not overtake it.
    void this.#storing.then(() => this.#hooks.over(reason, this.#initialized));
  }
}

function upstreamOf(id: number, peer: Hello): Omit<Upstream, 'unavailable'> {
  return {
    id,
    name: peer.server,
    replica: peer.replica,
    log: peer.states.log,
    trimmed: peer.states.trimmed,
  };
}
