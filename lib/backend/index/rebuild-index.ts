/**
 * Rebuilds all index rows of a domain from its entries: after a change of the index configuration, or damage. The domain is not open meanwhile.
 *
 * The description of the indexes is taken away first and written last: a rebuild that was cut short is asked for again.
 */
import { OperatorError } from '../../base/operator-error.js';
import { isAlive } from '../../conflict/entry-state.js';
import type { Dn } from '../../dn/dn.js';
import type { OrderedStore } from '../../port/ordered-store.js';
import type { Schema } from '../../schema/schema.js';
import { domainNumber, formatOps, readFacts, textOp } from '../domain-facts.js';
import { encodeCounters } from '../rows/counters.js';
import { Dictionary } from '../rows/dictionary.js';
import { checkRecord, decodeState } from '../rows/entry-record.js';
import { KeySpace, readId, TAG } from '../rows/key-space.js';
import { shownOf, singleValued } from '../rows/shown.js';
import { wipeRange } from '../wipe-domain.js';
import { heldOps } from './held-indexes.js';
import { DEFAULT_INDEXES, IndexConfig, type IndexOptions, REBUILDING } from './index-config.js';
import { gatherInto, PostingBuilder } from './posting-builder.js';

const ROWS = 500;

export interface RebuildOptions {
  readonly store: OrderedStore;
  readonly baseDn: Dn;
  readonly schema: Schema;
  readonly indexes?: IndexOptions;
  /** Called now and then with the number of entries read. */
  readonly onProgress?: (entries: number) => void;
}

/** Rebuilds; answers the number of live entries. OperatorError LOAD_UNFINISHED; StoreError. */
export async function rebuildIndexes(options: RebuildOptions): Promise<number> {
  const { store, schema, baseDn } = options;
  const baseKey = schema.dnKey(baseDn);
  if (baseKey === undefined)
    throw new OperatorError('CONFIG_INVALID', 'the base DN names an attribute twice');
  const keys = new KeySpace(await domainNumber(store, baseKey));
  const facts = readFacts(store, keys);
  if (facts.loading !== undefined) {
    throw new OperatorError(
      'LOAD_UNFINISHED',
      `${facts.loading} did not end: there is nothing whole to index`,
    );
  }
  const config = new IndexConfig(options.indexes ?? DEFAULT_INDEXES, schema);
  const dictionary = await Dictionary.load(store, keys);
  const isSingle = singleValued(schema);
  await store.batch([...formatOps(store), textOp(keys, 'indexes', REBUILDING)], { sync: true });
  await wipeRange(store, keys.tagRange(TAG.index));
  const builder = new PostingBuilder(config, gatherInto(store, keys));
  let entries = 0;
  for await (const rows of store.scan(keys.tagRange(TAG.entry), ROWS)) {
    for (const { key, value } of rows) {
      const state = decodeState(checkRecord(value), dictionary);
      if (!isAlive(state)) continue;
      builder.add(readId(key, 3), { state, shown: shownOf(state, isSingle) });
      entries += 1;
    }
    if (builder.full) await builder.relieve();
    options.onProgress?.(entries);
  }
  const built = config.withCommon(await builder.write());
  const counters = { ...facts.counters, blockId: facts.counters.nextId - 1 };
  await store.batch(
    [{ type: 'put', key: keys.meta('counters'), value: encodeCounters(counters) }, ...heldOps(keys, built)],
    { sync: true },
  );
  return entries;
}
