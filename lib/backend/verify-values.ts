/**
 * What is wrong with values that stand in rows of their own: verify's part for many-attribute.ts.
 *
 * Rows that no record names are derived-rows.ts's to find.
 */

import { type ValueKey, valueKey } from '../entry/value-index.js';
import { addToSum } from '../entry/value-sum.js';
import { StoreError } from '../port/ordered-store.js';
import type { EntryId } from './backend.js';
import type { ManyAttribute } from './rows/many-attribute.js';
import { chunkGeneration, chunkOf, hashedValues, keyHash, valuesOfChunk } from './rows/value-chunks.js';

/** Chunks read in one piece by a check in the background: some 0.4 ms each where the store has them on disk. */
const STEP_CHUNKS = 16;

/** Reads all values beside other work; StoreError damaged when a chunk cannot be read, or they are not those of the record's sum. */
export async function checkSum(attribute: ManyAttribute, pause: () => Promise<void>): Promise<void> {
  const { place, head } = attribute;
  let sum = { high: 0, low: 0 };
  for (let i = 0; i < head.chunks; i++) {
    // What is remembered says nothing of the rows; so below.
    attribute.forget();
    const values: Uint8Array[] = [];
    valuesOfChunk(attribute.chunk(i), values);
    sum = addToSum(sum, values, 1);
    if ((i + 1) % STEP_CHUNKS === 0) await pause();
  }
  if (sum.high !== head.sum.high || sum.low !== head.sum.low)
    throw new StoreError('damaged', `values of attribute ${place.key} are not those that its record sums up`);
}

/** Faults, each as what the attribute does: `has 3 of 4 values`. Throws StoreError for a chunk that cannot be read. */
export function manyFaults(attribute: ManyAttribute, id: EntryId): string[] {
  const { place, head } = attribute;
  const faults: string[] = [];
  if (place.id !== id) faults.push(`names the values of number ${place.id}`);
  const seen = new Set<ValueKey>();
  let sum = { high: 0, low: 0 };
  let misplaced = 0;
  let count = 0;
  for (let i = 0; i < head.chunks; i++) {
    attribute.forget();
    const chunk = attribute.chunk(i);
    if (chunkGeneration(chunk) > head.generation) faults.push(`has values that are newer than its record`);
    const values = hashedValues(chunk);
    for (const { hash, value } of values) {
      const key = valueKey(value, head.rule);
      if (keyHash(key) !== hash || chunkOf(hash, head.chunks) !== i) misplaced += 1;
      seen.add(key);
    }
    count += values.length;
    sum = addToSum(
      sum,
      values.map(({ value }) => value),
      1,
    );
  }
  if (count !== head.count) faults.push(`has ${count} of ${head.count} values`);
  if (seen.size !== count) faults.push('has values that are equal');
  if (misplaced > 0) faults.push(`has ${misplaced} values where nobody looks for them`);
  if (sum.high !== head.sum.high || sum.low !== head.sum.low)
    faults.push('has other values than its sum says');
  return faults;
}
