/**
 * Drives one publisher session: performs what sync/publisher-session.ts decides, on a link, the change log and the directory's snapshots.
 *
 * All awaits of the publishing end live here. A slice found in memory is sent in the turn in which it was asked for; nothing is queued here but what the link
 * queues, so a slow peer costs its own credit and nothing else.
 */
import { must } from '../base/assert.js';
import { LIMITS } from '../base/limits.js';
import { reasonOf } from '../base/thrown.js';
import type { Changelog } from '../changelog/changelog.js';
import { ServerState } from '../csn/server-state.js';
import type { Clock } from '../port/clock.js';
import { StoreError } from '../port/ordered-store.js';
import { mayCompress } from '../sync/compression.js';
import type { Frame, Hello, RefusalCode, ServerStates } from '../sync/frames.js';
import type { PeerFacts } from '../sync/hello-check.js';
import {
  newPublisher,
  type PublisherEffect,
  type PublisherEvent,
  type PublisherState,
  stepPublisher,
} from '../sync/publisher-session.js';
import type { Assurance } from './assurance.js';
import type { BrokerDirectory, BrokerMembers, SessionStatus, SnapshotReader } from './broker-seams.js';
import type { FrameLink } from './frame-link.js';
import type { Offer } from './offers.js';
import type { Way } from './pacer.js';
import type { Answerer } from './question-talk.js';
import { SideTalk } from './side-talk.js';
import type { ImageReader, SnapshotShelf } from './snapshot-shelf.js';

export interface PublisherHooks {
  readonly members: BrokerMembers | undefined;
  /** Snapshots of total updates that were cut. */
  readonly shelf: SnapshotShelf;
  /** Answers the peer's questions; undefined: nobody does. */
  readonly answer?: Answerer | undefined;
  readonly assurance?: Assurance | undefined;
  /** A peer that nobody can dial was let in: it may be followed on this link. The returned function says that the session is over. */
  offered?(offer: Offer): () => void;
  /** A copy of the domain for this peer. Rejects with an Error that says why there is none. */
  copyFor(peer: Hello): Promise<SnapshotReader>;
  /** Whether the link to this peer is worth compressing for. */
  compress?(peer: Hello): boolean;
  /** What holds changes up on the way to a server; undefined: nothing. */
  way?(server: string): Way | undefined;
  /** False: changes go in all hours, over closed links too. */
  readonly keepsHours?: boolean | undefined;
  greeted(peer: Hello): void;
  refused(code: RefusalCode, reason: string, peer: string): void;
  /** Called once, when the session is over. */
  over(): void;
}

export class PublisherDriver {
  readonly #link: FrameLink;
  readonly #changelog: Changelog;
  readonly #directory: BrokerDirectory | undefined;
  readonly #clock: Clock;
  readonly #hooks: PublisherHooks;
  readonly #events: PublisherEvent[] = [];
  #state: PublisherState;
  #stepping = false;
  #peerName: string;
  #peerStates: ServerStates | undefined;
  #clockAheadMs: number | undefined;
  #snapshot: ImageReader | undefined;
  /** The target has said how much may be on its way; what it credits after that was stored. */
  #granted = false;
  #readingImages: Promise<void> = Promise.resolve();
  #over = false;
  #heardBytes = 0;
  #heardMs = 0;
  #toldSessions = 0;
  readonly #side: SideTalk;
  #peer: Hello | undefined;
  #withdraw = (): void => {};
  #way: Way | undefined;
  #giveUp = (): void => {};

  constructor(
    link: FrameLink,
    changelog: Changelog,
    directory: BrokerDirectory | undefined,
    clock: Clock,
    hooks: PublisherHooks,
  ) {
    this.#link = link;
    this.#changelog = changelog;
    this.#directory = directory;
    this.#clock = clock;
    this.#hooks = hooks;
    this.#peerName = link.identity ?? link.address;
    this.#state = newPublisher(clock.monotonicMs());
    const { members, assurance, answer } = hooks;
    this.#side = new SideTalk(link, clock, { members, assurance, answer });
    link.receive({
      frame: (frame) => {
        if (this.#peer !== undefined && this.#takesAside(frame)) return;
        this.feed(
          frame.kind === 'hello' ? { kind: 'malformed', reason: 'a second hello' } : { kind: 'frame', frame },
        );
      },
      malformed: (reason) => this.feed({ kind: 'malformed', reason }),
      drained: () => {
        this.feed({ kind: 'drained' });
        this.#side.drained();
      },
      closed: (reason) => {
        this.feed({ kind: 'link-closed', reason });
        this.#finish();
      },
    });
  }

  /** The peer's hello, read by whoever accepted the link. */
  start(own: Hello, peer: Hello, facts: PeerFacts): void {
    this.#peerName = peer.server;
    const lacks = peer.purpose === 'initialize' ? this.#lacking(peer.states.log) : undefined;
    this.feed({
      kind: 'hello',
      own: { ...own, lacks },
      peer,
      facts,
      importing: this.#directory?.importing() ?? false,
    });
  }

  /** Of what the target of a copy holds: what our own state covers and we never held, so that its state alone would not show it. */
  #lacking(log: ServerState): ServerState | undefined {
    const { state } = this.#changelog;
    const other = log.csns().filter((csn) => state.covers(csn) && !this.#changelog.holds(csn));
    return other.length === 0 ? undefined : ServerState.of(other);
  }

  /** One event; those that performing it makes are taken in turn. */
  feed(event: PublisherEvent): void {
    this.#events.push(event);
    if (this.#stepping) return;
    this.#stepping = true;
    try {
      for (let next = this.#events.shift(); next !== undefined; next = this.#events.shift()) {
        const step = stepPublisher(this.#state, next, this.#clock.monotonicMs());
        this.#state = step.state;
        for (const effect of step.effects) this.#perform(effect);
      }
    } finally {
      this.#stepping = false;
    }
  }

  /** Time passed: liveness counts octets too, for a long frame may be on its way. `sessions`: how many are served here, for the peer's choice of its sources. */
  tick(states: ServerStates, sessions: number): void {
    const { receivedBytes } = this.#link.counts;
    if (receivedBytes !== this.#heardBytes) this.#heardMs = this.#clock.monotonicMs();
    this.#heardBytes = receivedBytes;
    this.feed({ kind: 'tick', states, heardMs: this.#heardMs });
    if (this.#state.kind !== 'serving' || sessions === this.#toldSessions) return;
    this.#toldSessions = sessions;
    this.#link.send({ kind: 'load', sessions });
  }

  /** Tells the peer what is new of the domain's servers. */
  tellMembers(): void {
    if (this.#state.kind === 'serving') this.#side.tellMembers();
  }

  /** The server at the other end, once it was let in. */
  get peer(): Hello | undefined {
    return this.#peer;
  }

  /** The peer follows this server, and found nothing in our hello that it cannot be followed with. */
  get agrees(): boolean {
    return this.#state.kind === 'serving' && this.#state.credit > 0;
  }

  /** Tells the peer something that its administrator should know. */
  notify(sentence: string): void {
    if (this.#state.kind === 'serving') this.#side.notify(sentence);
  }

  stop(code: RefusalCode, reason: string): void {
    this.feed({ kind: 'stop', code, reason });
  }

  /** Total updates are not served while one of ours runs; followers are. */
  get exporting(): boolean {
    return this.#state.kind === 'exporting';
  }

  status(): SessionStatus {
    const state = this.#state;
    const greeted = state.kind === 'serving' || state.kind === 'exporting';
    return {
      direction: 'to',
      peer: this.#peerName,
      address: this.#link.address,
      state: state.kind,
      lastError: state.kind === 'closed' ? state.reason : '',
      ...this.#link.counts,
      sentWireBytes: this.#link.wireBytes,
      silentMs: greeted ? this.#clock.monotonicMs() - state.lastHeardMs : undefined,
      credit: greeted ? state.credit : undefined,
      queuedBytes: this.#link.queuedBytes,
      states: this.#peerStates,
      clockAheadMs: this.#clockAheadMs,
      origins: state.kind === 'serving' ? [...state.cursors.keys()] : [],
      way: this.#way?.status(),
    };
  }

  #perform(effect: PublisherEffect): void {
    switch (effect.kind) {
      case 'send':
        if (!this.#link.send(effect.frame)) this.feed({ kind: 'congested' });
        return;
      case 'read':
        this.#inTurn(true, () => this.#read(effect));
        return;
      case 'greeted':
        this.#link.trust(LIMITS.subscriberFrameBytes);
        if (mayCompress(effect.peer) && this.#hooks.compress?.(effect.peer) === true) this.#link.compress();
        this.#way = this.#hooks.way?.(effect.peer.server);
        this.#link.pace(this.#way);
        this.#peer = effect.peer;
        this.#see(effect.peer.states);
        this.#hooks.greeted(effect.peer);
        if (effect.peer.purpose === 'follow') this.#side.assure(effect.peer);
        this.tellMembers();
        if (effect.peer.offers === true) this.#follow(effect.peer);
        return;
      case 'peer-states':
        this.#see(effect.states);
        return;
      case 'open-snapshot':
        void this.#openSnapshot();
        return;
      case 'read-images':
        this.#inTurn(false, () => {
          this.#readingImages = this.#readImages(this.#portion(effect.maxBytes));
        });
        return;
      case 'refused':
        this.#hooks.refused(effect.code, effect.reason, this.#peerName);
        return;
      case 'close':
        this.#link.close(effect.reason);
        this.#finish();
    }
  }

  /** The peer cannot be dialed: it is followed on lanes within this link. */
  #follow(peer: Hello): void {
    const lanes = this.#side.carryLanes(undefined);
    this.#link.acceptCompression();
    const { address } = this.#link;
    this.#withdraw =
      this.#hooks.offered?.({ name: peer.server, address, open: () => lanes.open() }) ?? this.#withdraw;
  }

  /** Takes what has nothing to do with the session's state. */
  #takesAside(frame: Frame): boolean {
    if (frame.kind === 'credit' && this.#snapshot !== undefined) {
      if (this.#granted) this.#snapshot.stored(frame.bytes);
      this.#granted = true;
      return false;
    }
    return this.#side.take(frame);
  }

  #see(states: ServerStates): void {
    this.#side.states(states);
    this.#peerStates = states;
    this.#clockAheadMs = states.clockMs - this.#clock.wallMs();
  }

  /** Does what makes something to send: at once, or when the way to the peer takes more. `scheduled`: not in the hours in which the way is closed. */
  #inTurn(scheduled: boolean, go: () => void): void {
    if (this.#way === undefined) {
      go();
      return;
    }
    this.#giveUp = this.#way.wait({
      scheduled: scheduled && this.#hooks.keepsHours !== false,
      ready: () => this.#link.settle(),
      go,
    });
  }

  #portion(maxBytes: number): number {
    return Math.min(maxBytes, this.#way?.portionBytes ?? maxBytes);
  }

  #read(effect: Extract<PublisherEffect, { kind: 'read' }>): void {
    const { origin } = effect;
    const slice = this.#changelog.read(origin, effect.after, this.#portion(effect.maxBytes));
    if (!(slice instanceof Promise)) {
      this.feed({ kind: 'slice', origin, slice });
      return;
    }
    slice.then(
      (found) => this.feed({ kind: 'slice', origin, slice: found }),
      (error: unknown) => {
        const after = effect.after ?? this.#changelog.newest(origin);
        if (error instanceof StoreError && error.failure === 'damaged' && after !== undefined)
          this.feed({ kind: 'slice', origin, slice: { kind: 'damaged', after } });
        else this.feed({ kind: 'read-failed', reason: reasonOf(error) });
      },
    );
  }

  async #openSnapshot(): Promise<void> {
    try {
      const peer = must(this.#peer, 'it was let in');
      await this.#hooks.members?.register(peer);
      if (peer.behalf !== undefined)
        await this.#hooks.members?.admit(peer.behalf.server, peer.behalf.replica);
      const { shelf } = this.#hooks;
      const { resume } = peer;
      const kept = shelf.take(this.#peerName, resume);
      const reader = kept ?? shelf.reader(await this.#hooks.copyFor(peer));
      this.#snapshot = reader;
      if (this.#over) {
        this.#closeSnapshot();
        return;
      }
      const { generationId, state, entryCount } = reader.summary;
      const place = { snapshot: reader.id, images: kept === undefined ? 0 : (resume?.images ?? 0) };
      this.feed({ kind: 'snapshot', summary: { generationId, state, entryCount, place } });
    } catch (error) {
      this.feed({ kind: 'snapshot-failed', reason: reasonOf(error) });
    }
  }

  async #readImages(maxBytes: number): Promise<void> {
    try {
      const images = await this.#snapshot?.next(maxBytes);
      this.feed(images === undefined ? { kind: 'images-end' } : { kind: 'images', images });
    } catch (error) {
      this.feed({ kind: 'snapshot-failed', reason: reasonOf(error) });
    }
  }

  /** The session is over before its total update is: the target may come back. */
  #keepSnapshot(): void {
    const reader = this.#snapshot;
    this.#snapshot = undefined;
    if (reader === undefined) return;
    void this.#readingImages.then(() => {
      if (reader.done) void reader.close().catch(() => {});
      else this.#hooks.shelf.keep(this.#peerName, reader);
    });
  }

  #closeSnapshot(): void {
    this.#snapshot?.close().catch(() => {});
    this.#snapshot = undefined;
  }

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    this.#giveUp();
    this.#withdraw();
    this.#side.end();
    this.#keepSnapshot();
    this.#hooks.over();
  }
}
