/**
 * What a fractional replica stores of the rows of a total update: entries and histories without what is not held, and a journal that says no more.
 *
 * Done where the rows arrive: a source of any version will do, one snapshot serves several targets, and nothing that is not held is ever stored. Entries come before their
 * histories; the journal, whose lines name entries by UUID, is gone through at the end.
 */
import { RestrictedLines, restrictRow, restrictState } from '../../conflict/restrict-state.js';
import type { Attributes } from '../../entry/entry.js';
import type { Fraction } from '../../entry/fraction.js';
import { type OrderedStore, StoreError, type StoreOp } from '../../port/ordered-store.js';
import type { EntryId } from '../backend.js';
import type { Dictionary } from '../rows/dictionary.js';
import { checkRecord, decodeState, encodeRecord, isRdnInside, parentIdOf } from '../rows/entry-record.js';
import {
  decodeHistoryRow,
  decodeJournalLine,
  encodeHistoryRow,
  encodeJournalLine,
  journalLineKey,
} from '../rows/history-rows.js';
import { ID_BYTES, type KeySpace, readId, TAG } from '../rows/key-space.js';
import { ManyAttribute } from '../rows/many-attribute.js';

const ROWS = 500;
const VALUES_KEY_BYTES = 1 + ID_BYTES + 8;
const NO_ATTRIBUTES: Attributes = new Map();

export interface RestrictWorld {
  readonly store: OrderedStore;
  readonly keys: KeySpace;
  readonly dictionary: Dictionary;
  readonly fraction: Fraction;
}

/** The record of an entry without what is not held. StoreError. */
export function restrictRecord(record: Uint8Array, world: RestrictWorld): Uint8Array {
  const { dictionary, fraction } = world;
  const whole = decodeState(checkRecord(record), dictionary);
  const state = restrictState(whole, fraction);
  if (state === whole) return record;
  // Values in rows have not come yet: those of the name stand where they stood, or their attribute is not held.
  const inside = isRdnInside(record) && state.rdn.avas.every(({ key }) => state.attributes.has(key));
  return encodeRecord(state, parentIdOf(record), inside, dictionary);
}

/** Whether the stored record names the row of values with this key, which comes without its domain. StoreError. */
export function holdsValues(tail: Uint8Array, world: RestrictWorld): boolean {
  if (tail.length !== VALUES_KEY_BYTES) throw new StoreError('damaged', 'image: key of values cut short');
  const number = new DataView(tail.buffer, tail.byteOffset).getUint32(1 + ID_BYTES);
  for (const attribute of attributesOf(readId(tail, 1), world).values())
    if (attribute instanceof ManyAttribute && attribute.place.number === number) return true;
  return false;
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
      const entry = id === undefined ? undefined : attributesOf(readId(id, 0), world);
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
