/**
 * From the outcome of a folded change to rows: entries, uuids, names, child counts, index differences, histories, moves, journal, tombstones.
 *
 * The outcome lists final values (conflict/domain-view.ts), so this decides nothing: it compares each entry with what was there before and
 * puts or deletes rows in the pending layer.
 */
import { must } from '../../base/assert.js';
import { emptyBytes, latin1 } from '../../base/bytes.js';
import { type Steps, whole } from '../../base/steps.js';
import type { EntryUuid } from '../../change/change.js';
import { claimOf, type NameClaim } from '../../conflict/claim.js';
import type { Outcome } from '../../conflict/domain-view.js';
import { type EntryState, isAlive, type LifeEvent, withAttributes } from '../../conflict/entry-state.js';
import type { Csn } from '../../csn/csn.js';
import type { Attributes } from '../../entry/entry.js';
import type { AttributeKey } from '../../schema/attribute-type.js';
import type { EntryId } from '../backend.js';
import type { IndexedState, PostingSink } from '../index/index-keys.js';
import type { LiveIndexes } from '../index/live-indexes.js';
import type { Postings } from '../index/postings.js';
import type { Layer, PendingRows } from '../layer.js';
import { type Conformance, putMark } from '../rules/schema-marks.js';
import type { Dictionary } from './dictionary.js';
import { encodeRecordInSteps } from './entry-record.js';
import { encodeJournalLine, encodeMoveRow, journalLineKey } from './history-rows.js';
import { INDEX_KIND, type KeySpace } from './key-space.js';
import type { LargeAttributes } from './large-attributes.js';
import { nameText } from './rows.js';
import { shownOf } from './shown.js';

export interface RowWorld {
  readonly keys: KeySpace;
  readonly rows: PendingRows;
  readonly dictionary: Dictionary;
  readonly postings: Postings;
  readonly indexes: LiveIndexes;
  readonly isSingle: (key: AttributeKey) => boolean;
  readonly conformance: Conformance;
  readonly large: LargeAttributes;
}

const OBJECT_CLASS = 'objectclass' as AttributeKey;
const ALIAS = ['alias', '2.5.6.1'];
const REFERRAL = ['referral', '2.16.840.1.113730.3.2.6'];
const NO_CLASSES = { aliases: 0, referrals: 0 };

/** CSN of the death of a dead entry. */
export function deathCsn(life: readonly LifeEvent[]): Csn | undefined {
  const last = life[life.length - 1];
  return last?.kind === 'delete' ? last.csn : undefined;
}

function hasClass(shown: Attributes, names: readonly string[]): boolean {
  for (const value of shown.get(OBJECT_CLASS)?.values ?? []) {
    for (const name of names)
      if (value.length === name.length && latin1(value).toLowerCase() === name) return true;
  }
  return false;
}

/** What an entry adds to the counters of aliases and referrals. */
export function classCounts(shown: Attributes): { readonly aliases: number; readonly referrals: number } {
  return { aliases: hasClass(shown, ALIAS) ? 1 : 0, referrals: hasClass(shown, REFERRAL) ? 1 : 0 };
}

/** Puts the rows of one outcome into the layer. `before`: the states that the fold saw. */
export function putOutcome(
  world: RowWorld,
  layer: Layer,
  outcome: Outcome,
  before: (uuid: EntryUuid) => EntryState | undefined,
): void {
  whole(putInSteps(world, layer, outcome, before));
}

/** putOutcome() in steps, where attributes of many values take their time: the layer is whole at the end, and nobody may add to it meanwhile. */
export function* putInSteps(
  world: RowWorld,
  layer: Layer,
  outcome: Outcome,
  before: (uuid: EntryUuid) => EntryState | undefined,
): Steps<void> {
  const was = outcome.entries.map((state) => before(state.uuid));
  // Numbers first: an entry of the outcome may hang below another one.
  const ids = outcome.entries.map((state) => world.rows.idOf(state.uuid) ?? newId(layer, state.uuid));
  for (let i = 0; i < ids.length; i++)
    yield* putEntry(world, layer, ids[i] as EntryId, was[i], outcome.entries[i] as EntryState);
  for (const { entry, row } of outcome.history) {
    const id = must(world.rows.idOf(entry), 'history of an entry that is not stored');
    let rows = layer.history.get(id);
    if (rows === undefined) {
      rows = new Map();
      layer.history.set(id, rows);
    }
    // Late changes of one entry rewrite the same rows again and again: they are encoded once, when the batch is written.
    if (!rows.has(row.change.csn)) layer.historyRows += 1;
    rows.set(row.change.csn, row);
  }
  for (const move of outcome.moves) {
    layer.moves.set(move.csn, move);
    layer.ops.push({ type: 'put', key: world.keys.move(move.csn), value: encodeMoveRow(move) });
    if (move.csn > layer.counters.newestMove) layer.counters = { ...layer.counters, newestMove: move.csn };
  }
  for (const line of outcome.journal.delete)
    layer.ops.push({ type: 'del', key: journalLineKey(world.keys, line) });
  for (const line of outcome.journal.put) {
    layer.ops.push({ type: 'put', key: journalLineKey(world.keys, line), value: encodeJournalLine(line) });
  }
}

function newId(layer: Layer, uuid: EntryUuid): EntryId {
  const id = layer.counters.nextId as EntryId;
  layer.counters = { ...layer.counters, nextId: id + 1 };
  layer.uuids.set(uuid, id);
  return id;
}

function* putEntry(
  world: RowWorld,
  layer: Layer,
  id: EntryId,
  was: EntryState | undefined,
  becomes: EntryState,
): Steps<void> {
  const adopted = layer.values.adopted.length;
  const is = yield* inRows(world, layer, id, was, becomes);
  const wasAlive = was !== undefined && isAlive(was);
  const alive = isAlive(is);
  const parentId = must(world.rows.idOf(is.place.parent), 'the effective parent is not stored');
  const shown = shownOf(is, world.isSingle);
  const record = yield* encodeRecordInSteps(is, parentId, shown === is.attributes, world.dictionary);
  layer.entries.set(id, { record, alive, state: is, held: undefined, epoch: -1 });

  moveClaim(world, layer, id, was, is);
  const wasParent = wasAlive
    ? must(world.rows.idOf(was.place.parent), 'the parent is not stored')
    : undefined;
  if (wasParent !== (alive ? parentId : undefined)) {
    if (wasParent !== undefined) count(world, layer, wasParent, -1);
    if (alive) count(world, layer, parentId, 1);
    layer.childMoves.push({
      id,
      ...(wasParent === undefined ? {} : { before: wasParent }),
      ...(alive ? { after: parentId } : {}),
    });
  }
  const renamed = wasParent !== parentId || was?.rdn !== is.rdn || was.place.conflict !== is.place.conflict;
  if (wasAlive && renamed && world.rows.childCount(id) > 0) layer.renames = true;
  const wasIndexed = wasAlive ? { state: was, shown: shownOf(was, world.isSingle) } : undefined;
  const isIndexed = alive ? { state: is, shown } : undefined;
  yield* world.indexes.differenceInSteps(id, wasIndexed, isIndexed, postingSink(world, layer, id));
  countKinds(layer, wasIndexed, isIndexed);
  putTombstone(world, layer, id, was, is);
  putMark(world, layer, id, is, shown);
  // Nobody asks any more how the values came to be.
  for (let i = adopted; i < layer.values.adopted.length; i++) layer.values.adopted[i]?.after?.settle();
}

/** The state with those values in rows of their own that are too many for its record. */
function* inRows(
  { large }: RowWorld,
  layer: Layer,
  id: EntryId,
  was: EntryState | undefined,
  is: EntryState,
): Steps<EntryState> {
  const attributes = yield* large.putInSteps(layer.values, id, was?.attributes, is.attributes);
  return attributes === is.attributes ? is : withAttributes(is, attributes);
}

/** Puts index rows of an entry into the layer, and takes them away. */
export function postingSink(
  world: Pick<RowWorld, 'keys' | 'postings' | 'rows'>,
  layer: Layer,
  id: EntryId,
): PostingSink {
  const { keys, postings, rows } = world;
  const { blockId } = layer.counters;
  return (attribute, kind, normal, add) => {
    if (kind === INDEX_KIND.equality) {
      const value = keys.indexValue(attribute, kind, normal);
      postings.changeEquality({ value, id, add }, rows, layer, blockId);
    } else {
      postings.changeOther(keys.posting(attribute, kind, normal, id), { id, add }, layer, blockId);
    }
  };
}

/** Takes the claim of the state before away and puts that of the state after (conflict/claim.ts). */
function moveClaim(
  world: RowWorld,
  layer: Layer,
  id: EntryId,
  was: EntryState | undefined,
  is: EntryState,
): void {
  if (was !== undefined && sameClaim(was, is)) return;
  const before = was === undefined ? undefined : claimOf(was);
  const after = claimOf(is);
  if (before !== undefined) {
    const same =
      before.parent === after?.parent && before.rdnKey === after.rdnKey && before.csn === after.csn;
    if (same) return;
    const parent = parentOf(world, before);
    const claims = world.rows.rivals(parent, before.rdnKey, id);
    layer.names.set(nameText(parent, before.rdnKey), { parent, rdnKey: before.rdnKey, claims });
  }
  if (after === undefined) return;
  const parent = parentOf(world, after);
  const claims = world.rows.claims(parent, after.rdnKey).filter((other) => other.id !== id);
  let at = claims.length;
  while (at > 0 && (claims[at - 1] as { csn: Csn }).csn > after.csn) at -= 1;
  claims.splice(at, 0, { csn: after.csn, id });
  layer.names.set(nameText(parent, after.rdnKey), { parent, rdnKey: after.rdnKey, claims });
}

/** Whether all that claimOf() looks at is the same: what most changes leave alone. */
function sameClaim(was: EntryState, is: EntryState): boolean {
  return (
    was.rdn === is.rdn &&
    was.claimCsn === is.claimCsn &&
    was.parent === is.parent &&
    was.place === is.place &&
    was.life === is.life
  );
}

function parentOf(world: RowWorld, claim: NameClaim): EntryId {
  return must(world.rows.idOf(claim.parent), 'the parent of a claim is not stored');
}

function count(world: RowWorld, layer: Layer, parent: EntryId, by: number): void {
  layer.counts.set(parent, world.rows.childCount(parent) + by);
}

function countKinds(layer: Layer, was: IndexedState | undefined, is: IndexedState | undefined): void {
  const { counters } = layer;
  const sameClasses =
    was !== undefined && is !== undefined && was.shown.get(OBJECT_CLASS) === is.shown.get(OBJECT_CLASS);
  if (sameClasses) return;
  const before = was === undefined ? NO_CLASSES : classCounts(was.shown);
  const after = is === undefined ? NO_CLASSES : classCounts(is.shown);
  layer.counters = {
    nextId: counters.nextId,
    entries: counters.entries + (is === undefined ? 0 : 1) - (was === undefined ? 0 : 1),
    aliases: counters.aliases + after.aliases - before.aliases,
    referrals: counters.referrals + after.referrals - before.referrals,
    blockId: counters.blockId,
    newestMove: counters.newestMove,
  };
}

function putTombstone(
  world: RowWorld,
  layer: Layer,
  id: EntryId,
  was: EntryState | undefined,
  is: EntryState,
): void {
  const before = was === undefined ? undefined : deathCsn(was.life);
  const now = deathCsn(is.life);
  if (before === now) return;
  if (before !== undefined) layer.ops.push({ type: 'del', key: world.keys.tombstone(before, id) });
  if (now !== undefined) {
    layer.ops.push({ type: 'put', key: world.keys.tombstone(now, id), value: emptyBytes() });
  }
}
