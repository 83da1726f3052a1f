/**
 * A domain over Maps: stores outcomes as dumbly as the seam promises and checks what the seam claims of them.
 */
import { assert } from '../../lib/base/assert.js';
import { latin1 } from '../../lib/base/bytes.js';
import type { Change, EntryUuid } from '../../lib/change/change.js';
import { formatNamedRdn } from '../../lib/change/named-rdn.js';
import { applyChange, isWaiting } from '../../lib/conflict/apply-change.js';
import { claimOf } from '../../lib/conflict/claim.js';
import type {
  AttributeEffect,
  Claim,
  DomainView,
  HistoryRow,
  JournalLine,
  MoveRow,
  Outcome,
} from '../../lib/conflict/domain-view.js';
import { type EntryState, isAlive } from '../../lib/conflict/entry-state.js';
import { journalKey } from '../../lib/conflict/journal.js';
import { type PrefetchPlan, prefetchPlan } from '../../lib/conflict/prefetch-plan.js';
import { type Csn, ZERO_CSN } from '../../lib/csn/csn.js';
import { ServerState } from '../../lib/csn/server-state.js';
import type { Attribute } from '../../lib/entry/entry.js';

export class MemoryDomain implements DomainView {
  entries = new Map<EntryUuid, EntryState>();
  rows = new Map<EntryUuid, readonly HistoryRow[]>();
  moveLog: readonly MoveRow[] = [];
  names = new Map<string, readonly Claim[]>();
  below = new Map<EntryUuid, ReadonlySet<EntryUuid>>();
  lines = new Map<string, JournalLine>();
  state = ServerState.EMPTY;
  /** The plan of the change at hand: what is read must stand in it. */
  #plan: PrefetchPlan | undefined;
  /** The change at hand asked for all moves. */
  #asked = false;

  clone(): MemoryDomain {
    const copy = new MemoryDomain();
    copy.entries = new Map(this.entries);
    copy.rows = new Map(this.rows);
    copy.moveLog = this.moveLog;
    copy.names = new Map(this.names);
    copy.below = new Map(this.below);
    copy.lines = new Map(this.lines);
    copy.state = this.state;
    return copy;
  }

  entry(uuid: EntryUuid): EntryState | undefined {
    return this.entries.get(uuid);
  }

  history(uuid: EntryUuid, after: Csn | undefined): readonly HistoryRow[] {
    if (this.#plan !== undefined) {
      assert(
        this.#plan.history !== undefined && this.#plan.history.after === after,
        'history beyond the plan',
      );
    }
    const rows = this.rows.get(uuid) ?? [];
    return after === undefined ? rows : rows.filter((row) => row.change.csn > after);
  }

  moves(after: Csn): readonly MoveRow[] {
    // What a late change does to an entry with several adds is known only when its rows are read.
    const planned = this.#plan?.movesAfter;
    const whole =
      this.#plan?.history?.after === undefined && (after === ZERO_CSN || planned === ZERO_CSN || this.#asked);
    if (after === ZERO_CSN) this.#asked = true;
    if (this.#plan !== undefined && !whole) assert(this.#plan.movesAfter === after, 'moves beyond the plan');
    return this.moveLog.filter((row) => row.csn > after);
  }

  claims(parent: EntryUuid, rdnKey: string): readonly Claim[] {
    return this.names.get(`${parent} ${rdnKey}`) ?? [];
  }

  rivals(parent: EntryUuid, rdnKey: string, entry: EntryUuid): readonly Claim[] {
    const claims = this.claims(parent, rdnKey);
    assert(
      claims.some((claim) => claim.entry === entry),
      'rivals of an entry that does not claim the name',
    );
    return claims.filter((claim) => claim.entry !== entry);
  }

  children(parent: EntryUuid): readonly EntryUuid[] {
    if (this.#plan !== undefined) assert(this.#plan.children.includes(parent), 'children beyond the plan');
    return [...(this.below.get(parent) ?? [])];
  }

  /** Applies and stores; false when the change waits. */
  apply(change: Change): boolean {
    this.#plan = prefetchPlan(this, change);
    this.#asked = false;
    const outcome = applyChange(this, change);
    this.#plan = undefined;
    if (isWaiting(outcome)) return false;
    this.store(change, outcome);
    return true;
  }

  store(change: Change, outcome: Outcome): void {
    const target = outcome.entries[0];
    if (!this.state.covers(change.csn)) {
      assert(target?.uuid === change.entry, 'the target comes first');
      checkDelta(this.entries.get(target.uuid), target, outcome.delta);
    }
    const seen = new Set<EntryUuid>();
    for (const entry of outcome.entries) {
      assert(!seen.has(entry.uuid), 'an entry comes once');
      seen.add(entry.uuid);
      this.#unindex(this.entries.get(entry.uuid));
    }
    for (const entry of outcome.entries) {
      this.entries.set(entry.uuid, entry);
      this.#index(entry);
    }
    for (const { entry, row } of outcome.history)
      this.rows.set(entry, putRow(this.rows.get(entry) ?? [], row));
    for (const row of outcome.moves) {
      this.moveLog = [...this.moveLog.filter(({ csn }) => csn !== row.csn), row].sort((a, b) =>
        a.csn < b.csn ? -1 : 1,
      );
    }
    for (const line of outcome.journal.delete) {
      assert(
        this.lines.delete(journalKey(line)),
        `journal deletes a line that is not there: ${journalKey(line)}`,
      );
    }
    for (const line of outcome.journal.put) {
      assert(!this.lines.has(journalKey(line)), `journal puts a line twice: ${journalKey(line)}`);
      this.lines.set(journalKey(line), line);
    }
    this.state = this.state.with(change.csn);
  }

  #unindex(state: EntryState | undefined): void {
    const claim = state === undefined ? undefined : claimOf(state);
    if (state === undefined || claim === undefined) return;
    const slot = `${claim.parent} ${claim.rdnKey}`;
    this.names.set(
      slot,
      (this.names.get(slot) ?? []).filter(({ entry }) => entry !== state.uuid),
    );
    const siblings = new Set(this.below.get(state.place.parent));
    siblings.delete(state.uuid);
    this.below.set(state.place.parent, siblings);
  }

  #index(state: EntryState): void {
    const claim = claimOf(state);
    if (claim === undefined) return;
    const slot = `${claim.parent} ${claim.rdnKey}`;
    const claims = [...(this.names.get(slot) ?? []), { csn: claim.csn, entry: state.uuid }];
    this.names.set(
      slot,
      claims.sort((a, b) => (a.csn < b.csn ? -1 : 1)),
    );
    this.below.set(state.place.parent, new Set(this.below.get(state.place.parent)).add(state.uuid));
  }

  /** Everything that replicas agree on, as text. */
  facts(): string {
    return [...entryFacts(this.entries.values()), ...[...this.lines.keys()].sort()].join('\n');
  }

  /** What is kept for late changes, as text: equal wherever the same changes are held and nothing was forgotten. */
  records(): string {
    const records: string[] = [];
    for (const rows of this.rows.values()) for (const row of rows) records.push(rowText(row));
    for (const row of this.moveLog) {
      if (row.revoked !== true)
        records.push(`${row.csn} ${row.entry} ${row.from}@${row.fromCsn} -> ${row.to} ${row.effective}`);
    }
    return records.sort().join('\n');
  }
}

export function entryFacts(entries: Iterable<EntryState>): string[] {
  const facts: string[] = [];
  for (const e of entries) {
    const attributes = [...e.attributes]
      .map(([key, { name, values }]) => `${key}(${name})=${values.map(latin1).sort().join('|')}`)
      .sort();
    facts.push(
      [
        e.uuid,
        `${e.created.csn}/${e.created.by} ${e.modified.csn}/${e.modified.by}`,
        e.life.map((event) => `${event.kind}@${event.csn}`).join(' '),
        `${e.parent}@${e.parentCsn} ${formatNamedRdn(e.rdn)}@${e.rdnCsn} claim ${e.claimCsn}`,
        `${isAlive(e) ? 'at' : 'dead'} ${e.place.parent}${e.place.conflict ? ' conflict' : ''}${e.merged ? ' merged' : ''}`,
        attributes.join('; '),
      ].join(' # '),
    );
  }
  return facts.sort();
}

function rowText(row: HistoryRow): string {
  const effects = row.effects.map(
    (effect) =>
      `${effect.key}${effect.nameBefore ?? ''}-${effect.removed.map(latin1).sort()}+${effect.added.map(latin1).sort()}`,
  );
  const rdn =
    row.rdnBefore === undefined
      ? ''
      : `${formatNamedRdn(row.rdnBefore.rdn)}@${row.rdnBefore.csn}/${row.rdnBefore.since}`;
  return `${row.change.entry} ${row.change.csn} ${row.void} ${rdn} ${effects.sort().join(' ')}`;
}

function putRow(rows: readonly HistoryRow[], row: HistoryRow): readonly HistoryRow[] {
  const { csn } = row.change;
  let at = rows.length;
  while (at > 0 && (rows[at - 1] as HistoryRow).change.csn >= csn) at -= 1;
  const same = rows[at]?.change.csn === csn ? 1 : 0;
  return [...rows.slice(0, at), row, ...rows.slice(at + same)];
}

/** The delta must be exactly what differs between the stored attributes and the new ones. */
function checkDelta(
  before: EntryState | undefined,
  after: EntryState,
  delta: readonly AttributeEffect[],
): void {
  const texts = (attribute: Attribute | undefined) => (attribute?.values ?? []).map(latin1);
  for (const key of new Set([
    ...(before?.attributes.keys() ?? []),
    ...after.attributes.keys(),
    ...delta.map((d) => d.key),
  ])) {
    const is = texts(after.attributes.get(key));
    const expected = texts(before?.attributes.get(key));
    for (const effect of delta.filter((d) => d.key === key)) {
      for (const value of effect.removed.map(latin1)) {
        const at = expected.indexOf(value);
        assert(at >= 0, `delta removes ${key}=${value}, which is not there`);
        expected.splice(at, 1);
      }
      expected.push(...effect.added.map(latin1));
    }
    assert(is.sort().join() === expected.sort().join(), `delta of ${key}: ${expected} expected, ${is} found`);
  }
}
