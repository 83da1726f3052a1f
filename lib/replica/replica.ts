/**
 * A directory server's part in replication of one domain: replay of what the log receives, total update in both directions, and when local writes must wait.
 *
 * Stands between backend, change log and broker, and is to the broker its directory and its listener (broker-seams.ts, structurally). Invariants: a half-done total update is
 * never served; a server that was restored takes no writes before it has its own later changes back (reliability.md F29), and whatever of its own comes back is applied.
 */
import { reasonOf } from '../base/thrown.js';
import type { Csn, ReplicaId } from '../csn/csn.js';
import { ServerState } from '../csn/server-state.js';
import type { Hello, LinkPurpose } from '../sync/frames.js';
import type { Keep } from './copy-terms.js';
import { mayBeHeld, withoutLost } from './lost-changes.js';
import { callersOf } from './member-facts.js';
import { PartRenewal } from './part-renewal.js';
import { type BlockedOrigin, Replay } from './replay.js';
import type { ReplicaAlert, ReplicaOptions, UpdateCarrier, UpdateProgress } from './replica-seams.js';
import type { DomainSnapshot } from './snapshot-source.js';
import { wayOut } from './sole-holdings.js';
import { type GiveUp, TotalUpdate } from './total-update.js';
import { UnaskedCopy } from './unasked-copy.js';

export class Replica {
  readonly #options: ReplicaOptions;
  readonly #replay: Replay;
  readonly #renewal: PartRenewal;
  readonly #update: TotalUpdate;
  readonly #unasked: UnaskedCopy;
  #carrier: UpdateCarrier | undefined;
  /** Our own newest change, known elsewhere, that we do not have back yet. */
  #recovering: Csn | undefined;
  /** Names of those that said that they have it. */
  readonly #said = new Set<string>();
  #held = true;
  /** Which peers do not count us among the domain's servers, and why. */
  readonly #bars = new Map<string, { readonly reason: string; readonly forked: boolean }>();
  /** Whose copy our data are, until another server lets us in: what we hold of others is there too. */
  #copyOf: string | undefined;
  /** Why the administrator wants no writes. */
  #heldBy: string | undefined;
  /** The log is being made to fit entries that did not come through it. */
  #adopting = false;
  #behind: readonly ReplicaId[] = [];
  #stopped = false;
  readonly #stopListening: () => void;

  constructor(options: ReplicaOptions) {
    const { changelog, backend, clock, replica } = options;
    this.#options = options;
    this.#replay = new Replay({
      changelog,
      backend,
      clock,
      wanted: (origin) => origin !== replica || this.#recovering !== undefined,
      alert: (alert) => options.alert(alert),
      progressed: () => this.#progressed(),
    });
    this.#renewal = new PartRenewal({
      ...{ server: options.server, part: options.part, clock },
      mayCopy: (peer) => this.#reinitializes && this.#carrier?.peerNames().includes(peer) === true,
      initialize: (peer) => this.#initializeUnasked(peer, 'own', () => this.#renewal.reason !== undefined),
    });
    this.#unasked = new UnaskedCopy(clock);
    this.#update = new TotalUpdate(options, {
      carrier: () => this.#carrier,
      forked: () => [...this.#bars.values()].some(({ forked }) => forked),
      outside: () => [...this.#bars.values()].some(({ forked }) => !forked),
      stopped: () => this.#stopped,
      heard: () => this.#carrier?.heard() ?? [],
      finished: () => {
        this.#behind = [];
        this.#recovering = undefined;
        this.#bars.clear();
        this.#copyOf = this.#update.progress?.peer;
      },
      tell: (kind, message) => this.#tell(kind, message),
    });
    // Before replay listens: it asks whether our own changes are wanted.
    this.#stopListening = changelog.onAdvance((origins) => {
      if (origins.includes(replica)) this.#ownCame();
    });
    changelog.carryWith((changes, rows, durable) => this.#replay.carry(changes, rows, durable));
  }

  /** Begins to replay. `carrier`: the broker, which the caller starts next. */
  start(carrier: UpdateCarrier): void {
    const { changelog, backend, clock, startHoldMs } = this.#options;
    this.#carrier = carrier;
    // Received before a crash, and not applied yet: still on the way back.
    this.#ownCame();
    if (!backend.importing) {
      if (changelog.state.coversAll(backend.state)) this.#replay.start();
      else void this.#adopt();
    }
    this.#options.reissue?.start(
      () => this.#dataHeld() === undefined,
      () => this.blocked().length > 0,
    );
    const { server, members } = this.#options;
    if (members !== undefined) {
      members.place.owing = () => this.#owing();
      members.connected = () => carrier.heard();
    }
    const peers = carrier.peerNames();
    const callers = callersOf(members?.rows() ?? [], server, peers);
    this.#held = startHoldMs > 0 && peers.length + callers.length > 0;
    if (!this.#held) return;
    const release = (): void => {
      this.#held = false;
    };
    clock.after(startHoldMs, release);
    void carrier.firstContacts(callers).then(release);
  }

  /** Resolves when nothing of it touches the backend any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#options.reissue?.stop();
    this.#update.stop();
    this.#unasked.stop();
    this.#stopListening();
    this.#renewal.stop();
    await this.#replay.stop();
  }

  /** Why local writes must not be taken now, as a sentence; undefined when they may. */
  writesHeld(): string | undefined {
    return this.#dataHeld() ?? this.#options.reissue?.held;
  }

  #dataHeld(): string | undefined {
    const { server, backend } = this.#options;
    if (backend.importing || this.#update.progress !== undefined)
      return `${server} is being initialized from another server`;
    if (this.#comesBack())
      return `${server} was restored from an older copy and is fetching its own later changes`;
    for (const { reason } of this.#bars.values()) return reason;
    if (this.#heldBy !== undefined) return this.#heldBy;
    const owed = this.#options.members?.owed();
    if (owed === 'untold')
      return `${server} has just taken a copy of all data and is asking the other servers what they know of it`;
    if (owed === 'lacking')
      return `${server} holds an older copy of its data than it once told the other servers of, and is catching up`;
    if (this.#behind.length > 0)
      return `${server} is too far behind the other servers and must be initialized`;
    if (this.#renewal.reason !== undefined) return this.#renewal.reason;
    return this.#held
      ? `${server} has just started and is asking the other servers what they know of it`
      : undefined;
  }

  /** Changes that we made may still come back, or we do not know yet. */
  #owing(): boolean {
    return this.#held || this.#comesBack() || this.#options.reissue?.held !== undefined;
  }

  /** Takes no local writes until it is called again without a reason (a sentence). */
  hold(reason: string | undefined): void {
    this.#heldBy = reason;
  }

  /** Why the domain must not be read now; undefined when it may. */
  readsHeld(): string | undefined {
    return this.#options.backend.importing
      ? `${this.#options.server} is being initialized from another server`
      : undefined;
  }

  /** Origins whose changes cannot be applied at the moment. */
  blocked(): readonly BlockedOrigin[] {
    return this.#replay.blocked();
  }

  /** The total update that runs, if one does. */
  progress(): UpdateProgress | undefined {
    return this.#update.progress;
  }

  /**
   * Replaces all data of the domain by those of `peer`. Our own changes that the copy lacks are made anew afterwards. Where it lacks changes of others that nobody else is known to have, it is refused
   * (SoleHoldingsError), or they are given to `giveUp` before anything is dropped; with `keep` more is refused. Rejects with an Error that says why when it did not begin; once begun it is repeated until it is complete, from
   * other peers that hold the same data set when this one does not answer.
   */
  async initialize(peer: string, keep: Keep = 'reissued', giveUp?: GiveUp): Promise<void> {
    const { backend, server } = this.#options;
    if (this.#update.progress !== undefined) throw new Error(`${server} is being initialized already`);
    try {
      await this.#update.run(peer, keep, () => this.#standStill(), giveUp);
    } finally {
      if (!backend.importing && !this.#stopped) this.#replay.start();
      if (!this.#stopped) this.#options.reissue?.soon();
    }
  }

  /** Nothing of ours changes the entries any more. */
  async #standStill(): Promise<void> {
    await this.#replay.stop();
    await this.#options.reissue?.pause();
  }

  // What the broker asks (BrokerDirectory).

  generation(): string | undefined {
    return this.importing() ? undefined : this.#options.backend.generationId;
  }

  applied(): ServerState {
    return this.#options.backend.state;
  }

  importing(): boolean {
    return this.#options.backend.importing || this.#adopting;
  }

  openSnapshot(fraction: string): Promise<DomainSnapshot> {
    return this.#options.backend.exportSnapshot(fraction);
  }

  shortOf(fraction: string): string | undefined {
    return this.generation() === undefined ? undefined : this.#options.part?.shortOf(fraction);
  }

  fraction(purpose: LinkPurpose): string | undefined {
    return this.#renewal.told(purpose);
  }

  // What the broker tells (BrokerListener).

  alert(alert: ReplicaAlert): void {
    this.#options.alert(alert);
  }

  ownChangesLost(newest: Csn, peer?: string): void {
    this.#tell(
      'restored',
      `${this.#options.server} holds an older copy of its data than the other servers know (it was restored); it takes no writes until its own changes up to ${newest} are back`,
    );
    this.#recovering = newest;
    this.#said.clear();
    if (peer !== undefined) this.#said.add(peer);
    this.#replay.poke();
  }

  couldInitializeFrom(peer: string): void {
    const { backend, autoInitialize } = this.#options;
    if (
      this.#update.progress !== undefined ||
      this.#adopting ||
      this.#stopped ||
      (!autoInitialize && !backend.importing)
    )
      return;
    this.#initializeUnasked(peer, 'own', () => backend.importing || backend.generationId === undefined);
  }

  tooFarBehind(origins: readonly ReplicaId[], peer: string | undefined): void {
    this.#behind = origins;
    if (origins.length === 0 || this.#stopped) return;
    this.#tell(
      'too-far-behind',
      `${this.#options.server} lacks changes of replica ${origins.join(', ')} that no other server keeps any more; it must be initialized`,
    );
    if (this.#reinitializes && peer !== undefined)
      this.#initializeUnasked(peer, 'own', () => this.#behind.length > 0);
  }

  get #reinitializes(): boolean {
    return this.#options.autoReinitialize ?? this.#options.autoInitialize;
  }

  greeted(peer: Pick<Hello, 'server' | 'states'>): void {
    this.#renewal.greeted(peer);
    this.#giveUpWaiting(peer);
  }

  /** The last that held another history of ours has given it up: what we had made in it does not come back. */
  #giveUpWaiting({ server, states }: Pick<Hello, 'server' | 'states'>): void {
    if (this.#recovering === undefined) return;
    if (states.log.covers(this.#recovering)) {
      this.#said.add(server);
      return;
    }
    this.#said.delete(server);
    const forked = [...this.#bars].filter(([, bar]) => bar.forked).map(([name]) => name);
    if (forked.join() === server) this.#recovering = undefined;
  }

  /** Whether changes of our own are on their way back. They are not where those that are known to have had them say that they have them no more (lost-changes.ts); who holds another history is asked above. */
  #comesBack(): boolean {
    const { server, members, changelog, backend, replica } = this.#options;
    const awaited = this.#recovering;
    if (awaited === undefined) return false;
    const witness = members?.witness();
    const forked = [...this.#bars.values()].some((bar) => bar.forked);
    if (witness === undefined || forked) return true;
    if (mayBeHeld(awaited, witness, ({ name }) => this.#said.has(name))) return true;
    const left = withoutLost(ServerState.of([awaited]), changelog.state, witness).get(replica);
    this.#recovering = left === undefined || backend.state.covers(left) ? undefined : left;
    if (this.#recovering !== undefined) return true;
    this.#goOn(
      `no other server has the changes of ${server} up to ${awaited} any more; it goes on without them`,
    );
    return false;
  }

  /** Another history of ours goes on where it is held, whoever else lets us in. */
  letIn(peer: string): void {
    if (peer !== this.#copyOf) this.#copyOf = undefined;
    for (const [name, { forked }] of this.#bars) if (name === peer || !forked) this.#bars.delete(name);
  }

  barred(code: string, reason: string, peer: string): void {
    this.#bars.set(peer, { reason, forked: code === 'forked' || this.#bars.get(peer)?.forked === true });
    if (code === 'evicted' || !this.#reinitializes) return;
    const keep = this.#copyOf === undefined ? 'others' : 'reissued';
    this.#initializeUnasked(peer, keep, () => this.#bars.has(peer));
  }

  /** Entries loaded from a file stand in no log: peers get them by total update, and changes from there on. */
  async #adopt(): Promise<void> {
    const { backend, changelog, server } = this.#options;
    this.#adopting = true;
    try {
      await changelog.adopt(backend.state);
      this.#adopting = false;
      this.#replay.start();
      this.#carrier?.reintroduce(`${server} holds data that were loaded from a file`);
    } catch (error) {
      this.#tell(
        'replay-store',
        `the change log cannot be made to fit the entries (${reasonOf(error)}); restart the server`,
      );
    }
  }

  /** `wanted`: whether the reason stands. */
  #initializeUnasked(peer: string, keep: Keep, wanted: () => boolean): void {
    const idle = (): boolean => this.#update.progress === undefined && !this.#stopped;
    if (!idle()) return;
    this.#unasked.ask({
      key: `${keep} ${peer}`,
      wanted: () => idle() && wanted(),
      begin: () =>
        this.initialize(peer, keep).catch((error: unknown) => {
          this.#tell(
            'update-failed',
            `the total update from ${peer} did not begin (${reasonOf(error)})${wayOut(error, peer)}`,
          );
          throw error;
        }),
    });
  }

  /** The log holds changes of ours that the entries lack: they came from others, whether we knew of them or not, and are applied before we make any more. */
  #ownCame(): void {
    const { backend, changelog, replica } = this.#options;
    const own = changelog.state.get(replica);
    if (own === undefined || backend.importing || backend.state.covers(own)) return;
    if (this.#recovering === undefined || own > this.#recovering) this.#recovering = own;
    this.#options.reissue?.cameBack(own);
  }

  /** After changes were applied: are our own back? */
  #progressed(): void {
    this.#options.applied?.();
    const { backend, server } = this.#options;
    if (this.#recovering === undefined || !backend.state.covers(this.#recovering)) return;
    const back = this.#recovering;
    this.#recovering = undefined;
    this.#goOn(`${server} has its own changes up to ${back} back and takes writes`);
  }

  /** From here on our changes are others than those that clients may know of from before a restore. */
  #goOn(message: string): void {
    const { server } = this.#options;
    this.#options.renewIncarnation().then(
      () => {
        this.#tell('recovered', message);
        this.#carrier?.reintroduce(`${server} goes on under a new incarnation`);
      },
      (error: unknown) =>
        this.#tell('recovered', `the new incarnation of ${server} cannot be recorded (${reasonOf(error)})`),
    );
  }

  #tell(kind: string, message: string): void {
    this.#options.alert({ kind, key: kind, message });
  }
}
