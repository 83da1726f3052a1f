/**
 * One change folded into what is decided, and its rows put into the gathering layer: the part of the write path that local and received changes share.
 *
 * At once as a rule. A change of many values goes in steps with turns for others between, and one that asks for rows that must be scanned waits for those; the
 * writer's turn is held meanwhile, so nothing else is decided, and the caller holds the batch. Order and answers are write-path.ts.
 */
import { assert } from '../base/assert.js';
import { LdapError } from '../base/ldap-error.js';
import { areLong, LONG_VALUES, type Steps } from '../base/steps.js';
import { asError } from '../base/thrown.js';
import type { Change } from '../change/change.js';
import { encodeInSteps, toEncodedChange, valueLists } from '../change/change-codec.js';
import { applyInSteps, isWaiting } from '../conflict/apply-change.js';
import type { EntryState } from '../conflict/entry-state.js';
import type { Attribute } from '../entry/entry.js';
import { valueCount } from '../entry/value-index.js';
import type { Clock } from '../port/clock.js';
import type { ReplayResult } from './backend.js';
import type { ChangeNotes } from './change-feed.js';
import type { ChangeSink } from './change-sink.js';
import { EventLoopTurn } from './event-loop-turn.js';
import { type FoldView, type Needed, NotAtHand } from './fold-view.js';
import type { GroupCommit } from './group-commit.js';
import type { HeldFraction } from './load/held-fraction.js';
import type { OwnChain } from './own-chain.js';
import { putInSteps, type RowWorld } from './rows/outcome-rows.js';
import type { PendingTree } from './tree/pending-tree.js';

/** Loads for one change before it is given up as a bug. */
const MAX_LOADS = 1000;

/** Steps of a change that looks short which are done at once: it may meet rows of many values. */
const STEPS_AT_ONCE = 8;

/** The result of a change that was folded. */
export const APPLIED: ReplayResult = { kind: 'applied' };

export interface FoldWorld extends RowWorld {
  readonly tree: PendingTree;
  readonly view: FoldView;
  readonly commit: GroupCommit;
  readonly clock: Clock;
  readonly sink: ChangeSink;
  readonly notes: ChangeNotes;
  readonly fraction: HeldFraction;
}

/** What the change was decided on is no more: the store refused it meanwhile. */
export class DroppedError extends Error {
  readonly refusal: Error;
  constructor(refusal: Error | undefined) {
    super('decisions were dropped');
    this.refusal = refusal ?? new LdapError('unavailable', 'the store refused earlier writes; try again');
  }
}

/** Whether a change goes in turns: known from the beginning, or found out. */
interface Pace {
  long: boolean;
}

const isLongAttribute = (attribute: Attribute | undefined): boolean =>
  attribute !== undefined &&
  (attribute.many === undefined ? areLong([attribute.values]) : valueCount(attribute) >= LONG_VALUES);

export class ChangeFold {
  readonly #world: FoldWorld;
  readonly #chain: OwnChain;

  constructor(world: FoldWorld, chain: OwnChain) {
    this.#world = world;
    this.#chain = chain;
  }

  /** Folds a change and puts its rows. Rejects with DroppedError. */
  fold(change: Change, local: boolean): ReplayResult | Promise<ReplayResult> {
    if (this.#isLong(change)) return this.#folded(change, local, undefined);
    const pace: Pace = { long: false };
    const steps = this.#steps(change, local, pace);
    try {
      for (let left = STEPS_AT_ONCE; left > 0; left--) {
        const step = steps.next();
        if (step.done === true) return step.value;
      }
    } catch (error) {
      if (!(error instanceof NotAtHand)) throw error;
      return this.#folded(change, local, error.needed);
    }
    pace.long = true;
    return this.#folded(change, local, undefined, steps);
  }

  /** Whether the change goes through many values or octets of them: those that it names, and those that an entry has that it brings, takes away or clears. */
  #isLong({ entry, body }: Change): boolean {
    const names = body.kind !== 'delete' && body.kind !== 'undelete';
    if (names && areLong(valueLists(body))) return true;
    if (body.kind === 'add' || (names && !body.attributes.some(({ clear }) => clear))) return false;
    const attributes = this.#world.view.entry(entry)?.attributes;
    if (attributes === undefined) return false;
    if (names) return body.attributes.some(({ key, clear }) => clear && isLongAttribute(attributes.get(key)));
    for (const attribute of attributes.values()) if (isLongAttribute(attribute)) return true;
    return false;
  }

  /** In turns, and with the rows that it asks for; `begun`: steps of which some are done. */
  async #folded(
    change: Change,
    local: boolean,
    first: Needed | undefined,
    begun?: Steps<ReplayResult>,
  ): Promise<ReplayResult> {
    const { view, commit, clock } = this.#world;
    const { drops } = commit;
    const check = (): void => {
      if (commit.drops !== drops) throw new DroppedError(commit.refusal);
      // What gathers stays in sight when a batch before it lands.
      commit.layer();
    };
    let needed = first;
    let steps = begun;
    for (let loads = 0; loads < MAX_LOADS; loads++) {
      if (needed !== undefined) await view.load(needed);
      check();
      try {
        return await new EventLoopTurn(clock).run(steps ?? this.#steps(change, local, { long: true }), check);
      } catch (error) {
        if (!(error instanceof NotAtHand)) throw error;
        needed = error.needed;
        steps = undefined;
      }
    }
    throw new Error(`change ${change.csn} asks for rows without end`);
  }

  /** Throws NotAtHand before anything is put. */
  *#steps(change: Change, local: boolean, pace: Pace): Steps<ReplayResult> {
    const { view, commit, sink, notes, fraction } = this.#world;
    const outcome = yield* applyInSteps(view, fraction.left(change, view));
    if (isWaiting(outcome)) {
      assert(!local, 'a local change names an entry that is not there');
      return { kind: 'waiting', waitsFor: outcome.waitsFor };
    }
    const layer = commit.layer();
    const before = notes.before(outcome);
    const was = outcome.entries.map(({ uuid }) => view.entry(uuid));
    try {
      yield* putInSteps(this.#world, layer, outcome, (uuid): EntryState | undefined => view.entry(uuid));
    } catch (error) {
      // Half an outcome in the layer: nothing of it may reach the store.
      commit.fail(asError(error));
      throw error;
    }
    if (pace.long) layer.long = true;
    if (layer.renames) this.#world.tree.epoch += 1;
    notes.note(layer, change, outcome, was, before);
    layer.state = layer.state.with(change.csn);
    if (local) {
      if (pace.long) yield* encodeInSteps(change);
      const encoded = toEncodedChange(change);
      for (const op of sink.ops(encoded)) layer.ops.push(op);
      layer.changes.push(encoded);
      this.#chain.went(layer.state);
    }
    view.stepped(outcome);
    return APPLIED;
  }
}
