/**
 * Common keys that few entries have by now: their index narrows no search, and only making it anew gives them rows again.
 *
 * Nothing counts the entries of a key without rows, so a sample of the domain's entries tells: an estimate, for a hint. Reads them in turns, past the caches.
 */
import { must } from '../../base/assert.js';
import { latin1 } from '../../base/bytes.js';
import type { EntryState } from '../../conflict/entry-state.js';
import { COMMON_HOLDERS, isRareNow } from '../../filter/keys-without-rows.js';
import { StoreError } from '../../port/ordered-store.js';
import type { AttributeKey } from '../../schema/attribute-type.js';
import type { EntryId } from '../backend.js';
import { EventLoopTurn } from '../event-loop-turn.js';
import { FIRST_ID, INDEX_KIND } from '../rows/key-space.js';
import { shownOf } from '../rows/shown.js';
import type { BackendParts } from '../store-backend.js';
import type { DurableTree } from '../tree/durable-tree.js';
import { IndexKeys } from './index-keys.js';

/** Entries looked at: of a key that half of all have, fewer than a quarter of so many have it once in a million samples. */
const SAMPLE = 400;
/** Fewer tell nothing. */
const LEAST = 100;

/** By attribute, where there are any: how many of its common keys few entries have. */
export type RareKeys = ReadonlyMap<AttributeKey, number>;

/** Estimates. Nothing is rare in a domain whose entries are soon looked at; an entry that cannot be read tells nothing, which is what verify is for. Rejects with a StoreError or LdapError unavailable. */
export async function findRareKeys(parts: BackendParts): Promise<RareKeys> {
  const { tree, indexes, keys, isSingle, clock } = parts;
  const { nextId, entries } = tree.counters;
  const holders = new Map<AttributeKey, Map<string, number>>();
  for (const { key, common, commonFrom = COMMON_HOLDERS } of indexes.ready.specs)
    if (common.size > 0 && entries >= commonFrom)
      holders.set(key, new Map(common.keys.map((one) => [latin1(one), 0])));
  if (holders.size === 0) return new Map();
  const concerned = indexes.ready
    .restricted(({ key, kind }) => kind === INDEX_KIND.substring && holders.has(key))
    .withCommon(new Map());
  const indexKeys = new IndexKeys(concerned, keys);
  const step = Math.max(1, (nextId - FIRST_ID) / SAMPLE);
  const count = (state: EntryState) =>
    indexKeys.difference(
      undefined,
      { state, shown: shownOf(state, isSingle) },
      (attribute, _kind, octets) => {
        const counts = must(holders.get(attribute), 'an attribute with common keys');
        const key = latin1(octets);
        const before = counts.get(key);
        if (before !== undefined) counts.set(key, before + 1);
      },
    );
  let looked = 0;
  const turn = new EventLoopTurn(clock);
  for (let at = FIRST_ID; at < nextId; at += step) {
    if (turn.over) await turn.share();
    const state = stateAt(tree, Math.floor(at) as EntryId);
    if (state === undefined) continue;
    looked += 1;
    count(state);
  }
  const rare = new Map<AttributeKey, number>();
  if (looked < LEAST) return rare;
  for (const [attribute, counts] of holders) {
    const few = [...counts.values()].filter((count) => isRareNow(count, looked)).length;
    if (few > 0) rare.set(attribute, few);
  }
  return rare;
}

function stateAt(tree: Pick<DurableTree, 'glance'>, id: EntryId): EntryState | undefined {
  try {
    return tree.glance(id)?.state;
  } catch (error) {
    if (error instanceof StoreError && error.failure === 'damaged') return undefined;
    throw error;
  }
}
