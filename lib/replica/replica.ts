/**
 * A directory server's part in replication of one domain: replay of what the log receives, total update in both directions, and when local writes must wait.
 *
 * Stands between backend, change log and broker, and is to the broker its directory and its listener (broker-seams.ts, structurally). Invariants: a half-done total update is
 * never served; a server that was restored takes no writes before it has its own later changes back (reliability.md F29).
 */
import { asError, reasonOf } from '../base/thrown.js';
import type { Csn, ReplicaId } from '../csn/csn.js';
import type { ServerState } from '../csn/server-state.js';
import type { Hello, LinkPurpose } from '../sync/frames.js';
import type { SnapshotPlace, SnapshotSummary } from '../sync/snapshot-summary.js';
import { checkCopy, type Keep } from './copy-terms.js';
import { PartRenewal } from './part-renewal.js';
import { type BlockedOrigin, Replay } from './replay.js';
import type { ReplicaAlert, ReplicaOptions, UpdateCarrier, UpdateProgress } from './replica-seams.js';
import type { DomainSnapshot } from './snapshot-source.js';

/** Attempts at one peer before another one of the same data is asked. */
const TRIES_A_PEER = 2;
const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 5000;

export class Replica {
  readonly #options: ReplicaOptions;
  readonly #replay: Replay;
  readonly #renewal: PartRenewal;
  #carrier: UpdateCarrier | undefined;
  /** Our own newest change, known elsewhere, that we do not have back yet. */
  #recovering: Csn | undefined;
  #held = true;
  /** Why a peer does not count us among the domain's servers. */
  #barred: { readonly reason: string; readonly forked: boolean } | undefined;
  /** Why the administrator wants no writes. */
  #heldBy: string | undefined;
  /** The log is being made to fit entries that did not come through it. */
  #adopting = false;
  #behind: readonly ReplicaId[] = [];
  #update: { -readonly [F in keyof UpdateProgress]: UpdateProgress[F] } | undefined;
  /** The data set that the running total update has begun to copy: no other one may take its place. */
  #generationWanted: string | undefined;
  /** How far the copy that was begun has come; undefined: the next one begins anew. */
  #place: SnapshotPlace | undefined;
  #stopped = false;
  #cancelRetry: (() => void) | undefined;

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
      initialize: (peer) => this.#initializeUnasked(peer),
    });
    changelog.carryWith((changes, rows, durable) => this.#replay.carry(changes, rows, durable));
  }

  /** Begins to replay. `carrier`: the broker, which the caller starts next. */
  start(carrier: UpdateCarrier): void {
    const { changelog, backend, replica, clock, startHoldMs } = this.#options;
    this.#carrier = carrier;
    const own = changelog.newest(replica);
    // Received before a crash, and not applied yet: still on the way back.
    if (own !== undefined && !backend.state.covers(own)) this.#recovering = own;
    if (!backend.importing) {
      if (changelog.state.coversAll(backend.state)) this.#replay.start();
      else void this.#adopt();
    }
    this.#options.reissue?.start(() => this.#dataHeld() === undefined && this.blocked().length === 0);
    this.#held = startHoldMs > 0;
    if (!this.#held) return;
    const release = (): void => {
      this.#held = false;
    };
    clock.after(startHoldMs, release);
    void carrier.firstContacts().then(release);
  }

  /** Resolves when nothing of it touches the backend any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#options.reissue?.stop();
    this.#cancelRetry?.();
    this.#renewal.stop();
    await this.#replay.stop();
  }

  /** Why local writes must not be taken now, as a sentence; undefined when they may. */
  writesHeld(): string | undefined {
    return this.#dataHeld() ?? this.#options.reissue?.held;
  }

  #dataHeld(): string | undefined {
    const { server, backend } = this.#options;
    if (backend.importing || this.#update !== undefined)
      return `${server} is being initialized from another server`;
    if (this.#recovering !== undefined)
      return `${server} was restored from an older copy and is fetching its own later changes`;
    if (this.#barred !== undefined) return this.#barred.reason;
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
    return this.#update;
  }

  /**
   * Replaces all data of the domain by those of `peer`. Our own changes that the copy lacks are made anew afterwards; with `keep` an update that lacks more than that is refused. Rejects with an Error that says why when it did not begin; once begun it is repeated until it is complete, from
   * other peers that hold the same data set when this one does not answer.
   */
  async initialize(peer: string, keep: Keep = 'reissued'): Promise<void> {
    const { backend, clock } = this.#options;
    if (this.#update !== undefined) throw new Error(`${this.#options.server} is being initialized already`);
    this.#update = {
      peer,
      images: 0,
      bytes: 0,
      entryCount: undefined,
      sinceMs: clock.monotonicMs(),
      failure: undefined,
    };
    this.#generationWanted = undefined;
    this.#place = undefined;
    await this.#replay.stop();
    try {
      let source = peer;
      let chosen = peer;
      for (let tries = 1; ; tries++) {
        const came = this.#imagesHeld();
        const failure = await this.#tryUpdate(source, keep);
        if (failure === undefined) break;
        if (!backend.importing || this.#stopped) throw failure;
        const before = source;
        // One that gives data is not given up for another, which would begin anew.
        if (this.#imagesHeld() > came) {
          tries = 0;
          chosen = source;
        }
        source = this.#nextSource(chosen, tries);
        if (source !== before) this.#place = undefined;
        this.#update.failure = `${before}: ${failure.message}`;
        this.#update.peer = source;
        this.#tell(
          'update-cut',
          `the total update from ${before} was cut (${failure.message}); it ${this.#imagesHeld() === 0 ? 'begins again' : `goes on after ${this.#imagesHeld()} rows`} from ${source}`,
        );
        await this.#pause(Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(tries - 1, 10)));
      }
    } finally {
      this.#update = undefined;
      if (!backend.importing && !this.#stopped) this.#replay.start();
      if (!this.#stopped) this.#options.reissue?.soon();
    }
  }

  /** Whom to ask after so many attempts: every peer in turn, beginning with the chosen one. */
  #nextSource(chosen: string, tries: number): string {
    const others = (this.#carrier?.peerNames() ?? []).filter((name) => name !== chosen);
    const turn = [chosen, ...others];
    return turn[Math.floor(tries / TRIES_A_PEER) % turn.length] ?? chosen;
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

  fraction(purpose: LinkPurpose): string | undefined {
    return this.#renewal.told(purpose);
  }

  // What the broker tells (BrokerListener).

  alert(alert: ReplicaAlert): void {
    this.#options.alert(alert);
  }

  ownChangesLost(newest: Csn): void {
    this.#tell(
      'restored',
      `${this.#options.server} holds an older copy of its data than the other servers know (it was restored); it takes no writes until its own changes up to ${newest} are back`,
    );
    this.#recovering = newest;
    this.#replay.poke();
  }

  couldInitializeFrom(peer: string): void {
    const { backend, autoInitialize } = this.#options;
    if (
      this.#update !== undefined ||
      this.#adopting ||
      this.#stopped ||
      (!autoInitialize && !backend.importing)
    )
      return;
    this.#initializeUnasked(peer);
  }

  tooFarBehind(origins: readonly ReplicaId[], peer: string | undefined): void {
    this.#behind = origins;
    if (origins.length === 0 || this.#stopped) return;
    this.#tell(
      'too-far-behind',
      `${this.#options.server} lacks changes of replica ${origins.join(', ')} that no other server keeps any more; it must be initialized`,
    );
    if (this.#reinitializes && peer !== undefined) this.#initializeUnasked(peer);
  }

  get #reinitializes(): boolean {
    return this.#options.autoReinitialize ?? this.#options.autoInitialize;
  }

  greeted(peer: Pick<Hello, 'server'>): void {
    this.#renewal.greeted(peer);
  }

  letIn(): void {
    this.#barred = undefined;
  }

  barred(code: string, reason: string, peer: string): void {
    this.#barred = { reason, forked: code === 'forked' };
    if (code !== 'evicted' && this.#reinitializes && !this.#stopped) this.#initializeUnasked(peer, 'others');
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

  #initializeUnasked(peer: string, keep: Keep = 'own'): void {
    if (this.#update !== undefined) return;
    this.initialize(peer, keep).catch((error: unknown) => {
      this.#tell('update-failed', `the total update from ${peer} did not begin (${reasonOf(error)})`);
    });
  }

  /** One attempt; answers why it failed. */
  async #tryUpdate(peer: string, keep: Keep): Promise<Error | undefined> {
    const { backend, changelog, replica } = this.#options;
    const progress = this.#update;
    try {
      if (this.#carrier === undefined) throw new Error('replication is not running');
      await this.#carrier.initializeFrom(peer, {
        resume: () => this.#place,
        prepare: async (summary) => {
          if (this.#goesOn(summary)) {
            if (progress !== undefined) progress.failure = undefined;
            return;
          }
          this.#place = undefined;
          const has = { replica, own: changelog.newest(replica), held: backend.state };
          checkCopy(keep, has, peer, summary.state);
          if (this.#generationWanted !== undefined && this.#generationWanted !== summary.generationId)
            throw new Error(`${peer} holds another data set than the one that was begun`);
          await backend.beginImport(backend.importing ? undefined : () => this.#keepOwn(summary));
          this.#options.members?.copied();
          this.#generationWanted = summary.generationId;
          this.#place = summary.place;
          if (progress === undefined) return;
          const { entryCount } = summary;
          Object.assign(progress, { images: 0, bytes: 0, entryCount, failure: undefined });
        },
        store: async (images) => {
          const place = this.#place;
          // What could not be stored whole is not built upon.
          this.#place = undefined;
          await backend.importImages(images);
          this.#place = place === undefined ? undefined : { ...place, images: place.images + images.length };
          if (progress === undefined) return;
          progress.images += images.length;
          for (const image of images) progress.bytes += image.length;
        },
        finish: async (summary) => {
          await changelog.reset(summary.state);
          await backend.finishImport(summary.generationId, summary.state);
          this.#behind = [];
          this.#recovering = undefined;
          this.#barred = undefined;
        },
      });
      return undefined;
    } catch (error) {
      return asError(error);
    }
  }

  /** Of the copy that was begun. */
  #imagesHeld(): number {
    return this.#place?.images ?? 0;
  }

  /** Whether the copy that was cut goes on where it was. Throws when the source begins elsewhere. */
  #goesOn({ place }: SnapshotSummary): boolean {
    if (place === undefined || place.images === 0) return false;
    const wanted = this.#place;
    if (wanted?.snapshot === place.snapshot && wanted.images === place.images) return true;
    this.#place = undefined;
    throw new Error('the source goes on in a copy that was not begun here');
  }

  /** Changes of another data set mean nothing in this one. */
  async #keepOwn({ generationId, state }: SnapshotSummary): Promise<void> {
    const { backend, reissue } = this.#options;
    if (generationId === backend.generationId) await reissue?.keep(state, this.#barred?.forked === true);
  }

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.#cancelRetry = this.#options.clock.after(delayMs, resolve);
    });
  }

  /** After changes were applied: are our own back? */
  #progressed(): void {
    this.#options.applied?.();
    const { backend, server } = this.#options;
    if (this.#recovering === undefined || !backend.state.covers(this.#recovering)) return;
    const back = this.#recovering;
    this.#recovering = undefined;
    this.#options.reissue?.cameBack(back);
    this.#options.renewIncarnation().then(
      () => {
        this.#tell('recovered', `${server} has its own changes up to ${back} back and takes writes`);
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
