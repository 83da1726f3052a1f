/** Reads the state of one entry from a store in which no backend is open. Makes nothing. */
import type { EntryUuid } from '../../change/change.js';
import type { EntryState } from '../../conflict/entry-state.js';
import type { OrderedStore } from '../../port/ordered-store.js';
import { readFacts } from '../domain-facts.js';
import { Dictionary } from './dictionary.js';
import { checkRecord, decodeState } from './entry-record.js';
import { type DomainNumber, KeySpace } from './key-space.js';
import { DurableRows } from './rows.js';
import { SERVER_KEYS } from './server-keys.js';

/** The state of the entry in the domain with this base; undefined when there is none, or a copy of the domain was cut short. StoreError. */
export async function storedState(
  store: OrderedStore,
  baseKey: string,
  uuid: EntryUuid,
): Promise<EntryState | undefined> {
  const row = store.get(SERVER_KEYS.domain(baseKey));
  if (row === undefined) return undefined;
  const keys = new KeySpace(((row[0] as number) * 256 + (row[1] as number)) as DomainNumber);
  if (readFacts(store, keys).loading !== undefined) return undefined;
  const id = new DurableRows(store, keys).idOf(uuid);
  const record = id === undefined ? undefined : store.get(keys.entry(id));
  if (record === undefined) return undefined;
  return decodeState(checkRecord(record), await Dictionary.load(store, keys));
}
