/**
 * Common keys that few entries have by now: their index narrows no search, and only making it anew gives them rows again.
 *
 * Nothing counts the entries of a key without rows, so a sample of the domain's entries tells: an estimate, for a hint. Reads them in turns, past the caches.
 */
import { must } from '../../base/assert.js';
import { latin1 } from '../../base/bytes.js';
import { COMMON_HOLDERS, isRareNow } from '../../filter/keys-without-rows.js';
import type { AttributeKey } from '../../schema/attribute-type.js';
import type { EntryId } from '../backend.js';
import { FIRST_ID, INDEX_KIND } from '../rows/key-space.js';
import { shownOf } from '../rows/shown.js';
import type { BackendParts } from '../store-backend.js';
import { IndexKeys } from './index-keys.js';

/** Entries looked at: of a key that half of all have, fewer than a quarter of so many have it once in a million samples. */
const SAMPLE = 400;
/** Fewer tell nothing. */
const LEAST = 100;
/** In one turn. */
const SLICE = 20;

/** By attribute, where there are any: how many of its common keys few entries have. */
export type RareKeys = ReadonlyMap<AttributeKey, number>;

/** Estimates. Nothing is rare in a domain whose entries are soon looked at. Rejects with a StoreError or LdapError unavailable. */
export async function findRareKeys(parts: BackendParts): Promise<RareKeys> {
  const { tree, indexes, keys, isSingle, pause } = parts;
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
  let looked = 0;
  let turn = 0;
  for (let at = FIRST_ID; at < nextId; at += step) {
    turn += 1;
    if (turn % SLICE === 0) await pause();
    const entry = tree.glance(Math.floor(at) as EntryId);
    if (entry === undefined) continue;
    looked += 1;
    const { state } = entry;
    indexKeys.difference(
      undefined,
      { state, shown: shownOf(state, isSingle) },
      (attribute, _kind, octets) => {
        const counts = must(holders.get(attribute), 'an attribute with common keys');
        const key = latin1(octets);
        const count = counts.get(key);
        if (count !== undefined) counts.set(key, count + 1);
      },
    );
  }
  const rare = new Map<AttributeKey, number>();
  if (looked < LEAST) return rare;
  for (const [attribute, counts] of holders) {
    const few = [...counts.values()].filter((count) => isRareNow(count, looked)).length;
    if (few > 0) rare.set(attribute, few);
  }
  return rare;
}
