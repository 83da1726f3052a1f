/**
 * What a fractional replica stores of the rows of a total update: entries and histories without what is not held, and a journal that says no more.
 *
 * Done where the rows arrive: a source of any version will do, one snapshot serves several targets, and nothing that is not held is ever stored. Entries come before their
 * histories; the journal, whose lines name entries by UUID, is gone through at the end.
 */
import { RestrictedLines, restrictRow, restrictState } from '../conflict/restrict-state.js';
import type { Attributes } from '../entry/entry.js';
import type { Fraction } from '../entry/fraction.js';
import type { OrderedStore, StoreOp } from '../port/ordered-store.js';
import type { AttributeKey } from '../schema/attribute-type.js';
import type { EntryId } from './backend.js';
import type { Dictionary } from './dictionary.js';
import { checkRecord, decodeState, encodeRecord, parentIdOf } from './entry-record.js';
import {
  decodeHistoryRow,
  decodeJournalLine,
  encodeHistoryRow,
  encodeJournalLine,
  journalLineKey,
} from './history-rows.js';
import { type KeySpace, readId, TAG } from './key-space.js';
import { shownOf } from './shown.js';

const ROWS = 500;
const NO_ATTRIBUTES: Attributes = new Map();

export interface RestrictWorld {
  readonly store: OrderedStore;
  readonly keys: KeySpace;
  readonly dictionary: Dictionary;
  readonly isSingle: (key: AttributeKey) => boolean;
  readonly fraction: Fraction;
}

/** The record of an entry without what is not held. StoreError. */
export function restrictRecord(record: Uint8Array, world: RestrictWorld): Uint8Array {
  const { dictionary, isSingle, fraction } = world;
  const whole = decodeState(checkRecord(record), dictionary);
  const state = restrictState(whole, fraction);
  if (state === whole) return record;
  const inside = shownOf(state, isSingle) === state.attributes;
  return encodeRecord(state, parentIdOf(record), inside, dictionary);
}

/** A row of the history of the stored entry `id` without what is not held. StoreError. */
export function restrictHistory(id: EntryId, value: Uint8Array, world: RestrictWorld): Uint8Array {
  const row = decodeHistoryRow(value);
  const left = restrictRow(row, world.fraction, attributesOf(id, world));
  return left === row ? value : encodeHistoryRow(left);
}

/** Takes from the stored journal what it says of attributes that are not held. StoreError. */
export async function restrictJournal(world: RestrictWorld): Promise<void> {
  const { store, keys, fraction } = world;
  const lines = new RestrictedLines(fraction);
  const put = (line: Parameters<typeof encodeJournalLine>[0]): StoreOp => ({
    type: 'put',
    key: journalLineKey(keys, line),
    value: encodeJournalLine(line),
  });
  for await (const rows of store.scan(keys.tagRange(TAG.journal), ROWS)) {
    const ops: StoreOp[] = [];
    for (const { key, value } of rows) {
      const line = decodeJournalLine(value);
      const id = store.get(keys.uuid(line.entry));
      const entry = id === undefined ? NO_ATTRIBUTES : attributesOf(readId(id, 0), world);
      const kept = lines.next(line, entry);
      if (!kept.includes(line)) ops.push({ type: 'del', key });
      for (const other of kept) if (other !== line) ops.push(put(other));
    }
    if (ops.length > 0) await store.batch(ops, { sync: false });
  }
  await store.batch(lines.end().map(put), { sync: false });
}

function attributesOf(id: EntryId, { store, keys, dictionary }: RestrictWorld): Attributes {
  const record = store.get(keys.entry(id));
  return record === undefined ? NO_ATTRIBUTES : decodeState(checkRecord(record), dictionary).attributes;
}
