/**
 * Changes of our own that a copy of another server's data lacks: kept on disk when our data are replaced, and put back or made anew once the copy is in place (replication-model.md section 2).
 *
 * What we made as a member is put back under its own CSNs: it is one history, whoever has how much of it, and nobody is asked. A server that wrote on after a restore, cut off, or while
 * it was evicted, makes it anew under new CSNs; what it acknowledged is not dropped. Invariants: kept, durable, before anything is dropped; in their order; each made once, a crash
 * between being the one case that is looked at; what cannot be made any more stays, for people (replication unseen).
 */
import { equalBytes } from '../base/bytes.js';
import { LdapError } from '../base/ldap-error.js';
import { reasonOf } from '../base/thrown.js';
import type { Change } from '../change/change.js';
import { decodeChange, encodeChange, readChangeHeader } from '../change/change-codec.js';
import type { Changelog } from '../changelog/changelog.js';
import { type Csn, csnToBytes, type ReplicaId, ZERO_CSN } from '../csn/csn.js';
import { ServerState } from '../csn/server-state.js';
import type { Clock } from '../port/clock.js';
import type { OrderedStore, StoreOp } from '../port/ordered-store.js';
import type { MemberRow } from '../sync/member-row.js';
import { decodeKept, encodeKept, type KeptRow } from './kept-row.js';
import { LifeStarts } from './life-starts.js';
import type { OwnPlace } from './own-place.js';
import type { KeepCircumstances } from './replica-seams.js';

const KIND = 3;
const LIVES = 4;
const ROWS = 100;
/** How long what others have of our changes has to come back, at least. */
const WAIT_MS = 1000;

export interface ReissueOptions {
  readonly replica: ReplicaId;
  readonly store: OrderedStore;
  /** Prefix of every key. */
  readonly prefix: Uint8Array;
  readonly changelog: Changelog;
  readonly clock: Clock;
  readonly directory: {
    readonly state: ServerState;
    /** Makes the change anew; rejects with an Error that says why it cannot. */
    resubmit(change: Change): Promise<unknown>;
  };
  /** undefined where nobody keeps it: what is kept is looked for on the others then. */
  readonly place?: Pick<OwnPlace, 'standingAtMs' | 'acknowledged'>;
  /** The domain's servers, as they are known when this is opened. */
  readonly members: readonly MemberRow[];
  alert(alert: { readonly kind: string; readonly key: string; readonly message: string }): void;
}

interface Row extends KeptRow {
  readonly key: Uint8Array;
}

export class Reissue {
  readonly #options: ReissueOptions;
  #pending = false;
  /** What is kept may be found elsewhere yet: a new CSN of ours would hide that. */
  #unsettled = false;
  /** Of what is kept, something may be put back as it is. */
  #returnable = false;
  readonly #lives: LifeStarts;
  /** An earlier run was about to make changes: the first that is left may be made already. */
  #interrupted = false;
  #stopped = true;
  #ready: () => boolean = () => false;
  #waiting: () => boolean = () => false;
  #running: Promise<void> | undefined;
  #cancel: (() => void) | undefined;

  private constructor(options: ReissueOptions, lives: LifeStarts) {
    this.#options = options;
    this.#lives = lives;
  }

  /** Looks for what an earlier run left. Rejects with a StoreError. */
  static async open(options: ReissueOptions): Promise<Reissue> {
    const key = new Uint8Array([...options.prefix, LIVES]);
    const reissue = new Reissue(options, LifeStarts.open({ ...options, key }));
    for await (const rows of reissue.#rows()) {
      if (rows.some(({ stage }) => stage !== 'refused')) reissue.#pending = true;
      if (rows.some(({ stage }) => stage === 'kept' || stage === 'member')) reissue.#unsettled = true;
      if (rows.some(({ stage }) => stage === 'member')) reissue.#returnable = true;
      if (rows.some(({ stage }) => stage === 'sure')) reissue.#interrupted = true;
    }
    return reissue;
  }

  /** Writes where this run begins, which writes wait for; also resolves where the store refused: start() goes on trying. */
  record(): Promise<void> {
    return this.#lives.record();
  }

  /** Why local writes must wait, as a sentence; undefined when they need not. */
  get held(): string | undefined {
    if (!this.#lives.written)
      return 'where this run of the server begins is not on disk yet; it is tried again every second';
    return this.#unsettled
      ? 'changes that this server made are being looked for on the others, and made anew where they are lacking'
      : undefined;
  }

  /** Our changes up to this one came back from others, or were put back: what they have is ours. */
  cameBack(newest: Csn): void {
    this.#lives.cameBack(newest);
  }

  /** Whether something waits to be made anew, or to be found not to need it. */
  get pending(): boolean {
    return this.#pending;
  }

  /**
   * From here on, what is kept is put back whenever `ready` says that it can be: by then what others have of it has come back. The rest is made anew, but while a change of another server is
   * `waiting`: that one may wait for what is put back, which alone does not wait for it.
   */
  start(ready: () => boolean, waiting: () => boolean): void {
    this.#ready = () => this.#lives.written && ready();
    this.#waiting = waiting;
    this.#stopped = false;
    this.#lives.start();
    this.soon();
  }

  /** Looks after a while whether there is something to do. */
  soon(): void {
    if (!this.#pending || this.#stopped || this.#running !== undefined) return;
    this.#cancel?.();
    this.#cancel = this.#options.clock.after(WAIT_MS, () => {
      if (!this.#ready() || (this.#waiting() && !this.#returnable)) return this.soon();
      this.#running = this.#run().catch((error: unknown) => {
        const reason = reasonOf(error);
        const message = `changes that only this server had wait to be made anew (${reason})`;
        this.#options.alert({ kind: 'reissue', key: 'reissue', message });
      });
      void this.#running.finally(() => {
        this.#running = undefined;
        this.soon();
      });
    });
  }

  /** Resolves when nothing of it touches the store any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel?.();
    await this.#lives.stop();
    await this.#running;
  }

  /** To be called once `ready` says no, and before anything is kept: resolves when nothing is made any more. */
  async pause(): Promise<void> {
    await this.#running;
  }

  /**
   * Keeps what we made and `source` does not hold; on disk when it resolves with how many. Where its newest change of ours is neither in our log nor kept from an earlier copy, we did not make it in the
   * history that we hold: we were restored, and its CSNs say nothing about what we made since (life-starts.ts), told so by anyone or not: nobody has that, whatever is asked of a later source.
   */
  async keep(source: ServerState, circumstances: KeepCircumstances): Promise<number> {
    const { replica, changelog, store } = this.#options;
    const standingAtMs = await this.#standing(circumstances);
    const theirs = source.get(replica);
    const apart = theirs !== undefined ? !this.#made(theirs) : circumstances.forked;
    const before = apart ? this.#lives.common(circumstances.peer) : undefined;
    const common = apart && (before ?? ZERO_CSN) < (theirs ?? ZERO_CSN) ? before : theirs;
    let kept = 0;
    for await (const slice of changelog.scan(replica, common)) {
      const ops: StoreOp[] = [];
      for (const { csn, bytes } of slice) {
        const key = this.#key(csn);
        const row = store.get(key);
        const sure = apart || (row !== undefined && decodeKept(row).stage === 'sure');
        const stage = sure ? 'sure' : standingAtMs === undefined ? 'kept' : 'member';
        if (!sure) this.#unsettled = true;
        if (stage === 'member') this.#returnable = true;
        ops.push({ type: 'put', key, value: encodeKept({ stage, standingAtMs, bytes }) });
      }
      await store.batch(ops, { sync: true });
      kept += ops.length;
    }
    if (kept > 0) this.#pending = true;
    return kept;
  }

  /** Whether that change of ours is one of the history that we hold. */
  #made(csn: Csn): boolean {
    const { changelog, store } = this.#options;
    return changelog.holds(csn) || store.get(this.#key(csn)) !== undefined;
  }

  /** When our place was last decided as we made what is kept; undefined: we did not belong, or cannot know. Found as the copy begins, on disk for its further sources. */
  async #standing({ outside, again }: KeepCircumstances): Promise<number | undefined> {
    const { place, store } = this.#options;
    const key = this.#key(undefined);
    const found = again ? store.get(key) : undefined;
    if (found !== undefined) return decodeKept(found).standingAtMs;
    const known = !again && !outside && place?.acknowledged === true ? place.standingAtMs : undefined;
    const row = { stage: known === undefined ? 'kept' : 'member', standingAtMs: known } as const;
    if (!again)
      await store.batch([{ type: 'put', key, value: encodeKept({ ...row, bytes: new Uint8Array(0) }) }], {
        sync: true,
      });
    return known;
  }

  /** Makes what waits, less what came back meanwhile. Rejects with a StoreError. */
  async #run(): Promise<void> {
    if ((await this.#takeBack()) || this.#waiting()) return;
    await this.#settle();
    let made = 0;
    let refused = 0;
    let reason = '';
    for await (const rows of this.#rows()) {
      for (const { key, stage, bytes } of rows) {
        if (this.#stopped || !this.#ready() || this.#waiting()) return;
        if (stage !== 'sure') continue;
        try {
          await this.#make(decodeChange(bytes));
          made += 1;
          await this.#options.store.batch([{ type: 'del', key }], { sync: false });
        } catch (error) {
          if (isPassing(error)) return;
          refused += 1;
          reason = reasonOf(error);
          await this.#options.store.batch([put(key, 'refused', bytes)], { sync: true });
        }
      }
    }
    this.#pending = false;
    if (made + refused === 0) return;
    const left =
      refused === 0
        ? ''
        : `; ${refused} cannot be made any more (${reason}) and are kept: polyarch replication unseen`;
    this.#options.alert({
      kind: 'reissued',
      key: 'reissued',
      message: `${made} changes that only this server had were made anew${left}`,
    });
  }

  /** What cannot be made any more, or waits. Rejects with a StoreError. */
  async *left(): AsyncGenerator<readonly Change[], undefined> {
    for await (const rows of this.#rows()) yield rows.map(({ bytes }) => decodeChange(bytes));
    return undefined;
  }

  /**
   * What we made as a member goes on where our log ends: it is put back under its own CSNs, the same history whoever has more or less of it. Only where the log ends elsewhere, or others
   * have decided meanwhile that we did not belong, is it looked for on the others as the rest. Resolves with whether something is to be applied now.
   */
  async #takeBack(): Promise<boolean> {
    const { store, changelog, place, directory, replica } = this.#options;
    for await (const rows of this.#rows()) {
      const kept = rows.filter(({ stage }) => stage === 'member');
      if (kept.length === 0) continue;
      if (this.#stopped) return true;
      const good = kept.filter(({ standingAtMs }) => standingAtMs === place?.standingAtMs);
      const outcome = changelog.append(good.map(({ bytes }) => ({ ...readChangeHeader(bytes), bytes })));
      await (outcome.kind === 'taken' ? outcome.durable : changelog.idle());
      const ops = kept.map(({ key, bytes }): StoreOp => {
        const back = changelog.holds(decodeChange(bytes).csn);
        return back ? { type: 'del', key } : put(key, 'kept', bytes);
      });
      await store.batch(ops, { sync: true });
    }
    this.#returnable = false;
    const newest = changelog.newest(replica);
    return newest !== undefined && !directory.state.covers(newest);
  }

  /** What came back from others is theirs; from here on a new CSN of ours covers the rest, so the answer is kept. */
  async #settle(): Promise<void> {
    const { store, directory, changelog } = this.#options;
    const held = directory.state;
    const ops: StoreOp[] = [];
    for await (const rows of this.#rows()) {
      for (const { key, stage, bytes } of rows) {
        if (stage !== 'kept') continue;
        const { csn } = decodeChange(bytes);
        // A newer one of another history covers it and is not it.
        const back = held.covers(csn) && changelog.holds(csn);
        ops.push(back ? { type: 'del', key } : put(key, 'sure', bytes));
      }
    }
    if (ops.length > 0) await store.batch(ops, { sync: true });
    this.#unsettled = false;
  }

  async #make(change: Change): Promise<void> {
    const { changelog, replica, directory } = this.#options;
    const newest = changelog.state.get(replica);
    const last = newest === undefined || !this.#interrupted ? undefined : changelog.get(newest);
    // Made before a crash that left its row behind. Elsewhere two alike are two: increments, say.
    if (last === undefined || !sameEffect(decodeChange(last.bytes), change)) await directory.resubmit(change);
    this.#interrupted = false;
  }

  async *#rows(): AsyncGenerator<readonly Row[], undefined> {
    const { store, prefix } = this.#options;
    // After the row of #standing().
    const gte = new Uint8Array([...prefix, KIND, 0]);
    const lt = new Uint8Array([...prefix, KIND + 1]);
    for await (const rows of store.scan({ gte, lt }, ROWS)) {
      yield rows.map(({ key, value }) => ({ key: key.slice(), ...decodeKept(value) }));
    }
    return undefined;
  }

  #key(csn: Csn | undefined): Uint8Array {
    return new Uint8Array([...this.#options.prefix, KIND, ...(csn === undefined ? [] : csnToBytes(csn))]);
  }
}

function put(key: Uint8Array, stage: 'kept' | 'sure' | 'refused', bytes: Uint8Array): StoreOp {
  return { type: 'put', key, value: encodeKept({ stage, standingAtMs: undefined, bytes }) };
}

/** Whether the server takes no writes at the moment, whatever the change: it is tried again. */
function isPassing(error: unknown): boolean {
  return error instanceof LdapError && (error.result === 'unavailable' || error.result === 'busy');
}

/** Whether both do the same, whenever they were made. */
function sameEffect(a: Change, b: Change): boolean {
  const bare = (change: Change): Uint8Array =>
    encodeChange({ ...change, csn: ZERO_CSN, previous: undefined, seen: ServerState.EMPTY });
  return equalBytes(bare(a), bare(b));
}
