/**
 * A total update of ours: all data of the domain replaced by a copy of a peer's, attempt after attempt until it is whole (replication-model.md section 8).
 *
 * Owns whom to ask, how far the copy has come, and which data set it is of; what stands still meanwhile is replica.ts. Invariants: a half-done copy is never served; what we made and
 * the copy lacks is kept before anything is dropped, and again for each further source: one that holds less than the one before is no reason to lose more.
 */
import { asError } from '../base/thrown.js';
import { csnReplica } from '../csn/csn.js';
import type { ServerState } from '../csn/server-state.js';
import type { SnapshotPlace, SnapshotSummary } from '../sync/snapshot-summary.js';
import { checkCopy, type Keep } from './copy-terms.js';
import type { ReplicaOptions, UpdateCarrier, UpdateProgress } from './replica-seams.js';
import {
  believed,
  beyondKeeping,
  type Heard,
  heldByOthers,
  holdingText,
  type SoleHolding,
  SoleHoldingsError,
  soleHoldings,
} from './sole-holdings.js';

/** Attempts at one peer before another one of the same data is asked. */
const TRIES_A_PEER = 2;
const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 5000;

/** Saves what the copy gives up (given-up-changes.ts); `source`: what it holds. It is not begun when this rejects. */
export type GiveUp = (holdings: readonly SoleHolding[], source: ServerState) => Promise<void>;

export interface TotalUpdateHooks {
  /** undefined: replication does not run. */
  carrier(): UpdateCarrier | undefined;
  /** Others hold another history of ours. */
  forked(): boolean;
  /** What the peers hold that are connected as the update begins. */
  heard(): readonly Heard[];
  /** A peer does not count us among the domain's servers. */
  outside(): boolean;
  /** Nothing is to be begun any more. */
  stopped(): boolean;
  /** The copy is whole and served. */
  finished(): void;
  tell(kind: string, message: string): void;
}

export class TotalUpdate {
  readonly #options: ReplicaOptions;
  readonly #hooks: TotalUpdateHooks;
  #progress: { -readonly [F in keyof UpdateProgress]: UpdateProgress[F] } | undefined;
  /** The data set that the running total update has begun to copy: no other one may take its place. */
  #generationWanted: string | undefined;
  /** How far the copy that was begun has come; undefined: the next one begins anew. */
  #place: SnapshotPlace | undefined;
  #cancelRetry: (() => void) | undefined;
  #giveUp: GiveUp | undefined;
  #heard: readonly Heard[] = [];
  #refused: SoleHoldingsError | undefined;

  constructor(options: ReplicaOptions, hooks: TotalUpdateHooks) {
    this.#options = options;
    this.#hooks = hooks;
  }

  /** Of the one that runs, if one does. */
  get progress(): UpdateProgress | undefined {
    return this.#progress;
  }

  /** Ends the wait for the next attempt for good. */
  stop(): void {
    this.#cancelRetry?.();
  }

  /** Runs until the copy is whole; `first` is awaited before anything is asked. Rejects with an Error that says why it did not begin. */
  async run(peer: string, keep: Keep, first: () => Promise<void>, giveUp?: GiveUp): Promise<void> {
    const { server, clock } = this.#options;
    if (this.#progress !== undefined) throw new Error(`${server} is being initialized already`);
    this.#progress = {
      peer,
      images: 0,
      bytes: 0,
      entryCount: undefined,
      sinceMs: clock.monotonicMs(),
      failure: undefined,
    };
    this.#generationWanted = undefined;
    this.#place = undefined;
    this.#giveUp = giveUp;
    this.#refused = undefined;
    try {
      await first();
      // The update ends all sessions: this is the last that is heard, for all its attempts.
      this.#heard = this.#hooks.heard();
      await this.#attempts(peer, keep, this.#progress);
    } finally {
      this.#progress = undefined;
    }
  }

  async #attempts(
    peer: string,
    keep: Keep,
    progress: { -readonly [F in keyof UpdateProgress]: UpdateProgress[F] },
  ): Promise<void> {
    let source = peer;
    let chosen = peer;
    for (let tries = 1; ; tries++) {
      const came = this.#imagesHeld();
      const failure = await this.#try(source, keep);
      if (failure === undefined) return;
      if (!this.#options.backend.importing || this.#hooks.stopped()) throw failure;
      const before = source;
      // One that gives data is not given up for another, which would begin anew.
      if (this.#imagesHeld() > came) {
        tries = 0;
        chosen = source;
      }
      source = this.#nextSource(chosen, tries);
      if (source !== before) this.#place = undefined;
      progress.failure = `${before}: ${failure.message}`;
      progress.peer = source;
      this.#hooks.tell(
        'update-cut',
        `the total update from ${before} was cut (${failure.message}); it ${this.#imagesHeld() === 0 ? 'begins again' : `goes on after ${this.#imagesHeld()} rows`} from ${source}`,
      );
      await this.#pause(Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(tries - 1, 10)));
    }
  }

  /** Whom to ask after so many attempts: every peer in turn, beginning with the chosen one. */
  #nextSource(chosen: string, tries: number): string {
    const others = (this.#hooks.carrier()?.peerNames() ?? []).filter((name) => name !== chosen);
    const turn = [chosen, ...others];
    return turn[Math.floor(tries / TRIES_A_PEER) % turn.length] ?? chosen;
  }

  /** One attempt; answers why it failed. */
  async #try(peer: string, keep: Keep): Promise<Error | undefined> {
    const { backend, changelog } = this.#options;
    const progress = this.#progress;
    try {
      const barred = this.#options.members?.copyBar(
        peer,
        this.#heard.map(({ name }) => name),
      );
      if (barred !== undefined) throw new Error(barred);
      const carrier = this.#hooks.carrier();
      if (carrier === undefined) throw new Error('replication is not running');
      await carrier.initializeFrom(peer, {
        resume: () => this.#place,
        prepare: async (summary) => {
          if (this.#goesOn(summary)) {
            if (progress !== undefined) progress.failure = undefined;
            return;
          }
          await this.#begin(peer, keep, summary);
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
          await changelog.reset(summary.state, summary.generationId);
          await backend.finishImport(summary.generationId, summary.state);
          this.#hooks.finished();
        },
      });
      return undefined;
    } catch (error) {
      // The session tells its text alone.
      return this.#refused ?? asError(error);
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

  /** What is held gives way to this copy. Rejects when it will not do; then nothing was dropped. */
  async #begin(peer: string, keep: Keep, summary: SnapshotSummary): Promise<void> {
    const { backend, changelog, replica, members } = this.#options;
    this.#place = undefined;
    // Once the entries gave way there is nothing to hold out for: what we made is kept from here on, whichever source goes on (also after a crash, which forgets what was asked).
    const has = { replica, own: changelog.newest(replica), held: backend.state };
    if (!backend.importing) checkCopy(keep, has, peer, summary.state);
    if (!backend.importing && this.#hooks.forked()) this.#checkWay(peer, summary.state);
    if (!backend.importing && summary.generationId === backend.generationId)
      await this.#confirmLoss(peer, summary);
    if (this.#generationWanted !== undefined && this.#generationWanted !== summary.generationId)
      throw new Error(`${peer} holds another data set than the one that was begun`);
    await backend.beginImport(() => this.#keepOwn(peer, summary));
    members?.copied(peer, summary.state);
    this.#generationWanted = summary.generationId;
    this.#place = summary.place;
  }

  /**
   * We were restored and wrote on, which others have, and what they made since then too. They would not let us in any more after a copy of one that lacks it: we would wait for their changes, and they for those of
   * ours that we are to make anew. So the source has to give way: what it alone holds of ours is saved there.
   */
  #checkWay(peer: string, source: ServerState): void {
    const { changelog, replica, server } = this.#options;
    const newest = changelog.newest(replica);
    const allies = this.#heard.filter(({ name, log }) => name !== peer && log.get(replica) === newest);
    const lost = changelog.state.csns().some((csn) => csnReplica(csn) !== replica && !source.covers(csn));
    if (newest === undefined || allies.length === 0 || !lost) return;
    throw new Error(
      `${allies.map(({ name }) => name).join(', ')} and ${server} hold what ${server} made since it was restored, and changes of others that ${peer} lacks: initialize ${peer} instead (polyarch replication initialize --from ${server} --replace-all-data --give-up-changes, at ${peer}), which first saves as LDIF what it alone holds of ${server}`,
    );
  }

  /** Names what nobody else is known to hold, and has it saved where it may be given up. Rejects where it may not. */
  async #confirmLoss(peer: string, { state, lacks }: SnapshotSummary): Promise<void> {
    const { changelog, replica, members, server } = this.#options;
    const rows = members?.rows() ?? [];
    const others = heldByOthers(rows, this.#heard, server, { name: peer, state });
    const known = [state, ...others].map((theirs) => believed(theirs, lacks, changelog.state));
    const gone = beyondKeeping(replica, changelog.trimmed, known);
    if (gone !== undefined)
      throw new Error(
        `${peer} lacks changes that ${server} itself made up to ${gone}, which its change log does not keep any more and no other server is known to have`,
      );
    const holdings = soleHoldings(changelog.state, replica, known, (csn) => changelog.holds(csn));
    if (holdings.length === 0) return;
    if (this.#giveUp !== undefined) return await this.#giveUp(holdings, state);
    const texts: string[] = [];
    for (const holding of holdings) {
      let count = 0;
      for await (const slice of changelog.scan(holding.origin, holding.after)) count += slice.length;
      texts.push(holdingText(holding, count, rows));
    }
    this.#refused = new SoleHoldingsError(
      `${peer} lacks changes that no server but ${server} is known to have: ${texts.join('; ')}`,
      holdings,
    );
    throw this.#refused;
  }

  /** The log holds what we made until a copy is whole, and says of which data set it is while the entries are gone: changes of another one mean nothing in this. */
  async #keepOwn(peer: string, { generationId, state }: SnapshotSummary): Promise<void> {
    const { backend, changelog, reissue } = this.#options;
    if (backend.generationId !== undefined && backend.generationId !== changelog.recordedGeneration)
      await changelog.setGeneration(backend.generationId);
    const circumstances = {
      peer,
      forked: this.#hooks.forked(),
      outside: this.#hooks.outside(),
      again: backend.importing,
    };
    if (generationId === changelog.recordedGeneration) await reissue?.keep(state, circumstances);
  }

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.#cancelRetry = this.#options.clock.after(delayMs, resolve);
    });
  }
}
