/**
 * Rows that follow what a domain is opened with: the mark of our format, which indexes writes will keep, and the marks of merged entries by the schema of now.
 *
 * Invariant: no write comes before them. Rows of an index that writes do not keep are no index from then on, whatever becomes of the process.
 */
import { StoreError } from '../port/ordered-store.js';
import { formatOps, readFacts, textOp } from './domain-facts.js';
import { heldOps } from './index/held-indexes.js';
import type { LiveIndexes } from './index/live-indexes.js';
import { type RecheckWorld, recheckMarks } from './rules/schema-marks.js';

export interface OpeningWorld extends RecheckWorld {
  readonly baseKey: string;
  readonly indexes: Pick<LiveIndexes, 'ready'>;
  /** For tools that mend what is there: which indexes there are stays written as it is. */
  readonly unchecked: boolean;
}

/** What a full disk refused, and has to be done before the first write. */
export interface OwedRows {
  readonly refusal: StoreError;
  /** Rejects with a StoreError; then it may be called again. */
  readonly write: () => Promise<void>;
}

/** Writes those that say something else. Answers what a full disk refused; rejects with any other StoreError. */
export async function writeOpeningRows(world: OpeningWorld): Promise<OwedRows | undefined> {
  const write = () => writeChanged(world);
  try {
    await write();
    return undefined;
  } catch (error) {
    if (error instanceof StoreError && error.failure === 'full') return { refusal: error, write };
    throw error;
  }
}

async function writeChanged(world: OpeningWorld): Promise<void> {
  const { store, keys, indexes, conformance, unchecked } = world;
  const facts = readFacts(store, keys);
  const ops = [...formatOps(store)];
  if (facts.indexes === undefined) ops.push(textOp(keys, 'base', world.baseKey));
  if (facts.indexes === undefined || (!unchecked && facts.indexes !== indexes.ready.description()))
    ops.push(...heldOps(keys, indexes.ready));
  if (ops.length > 0) await store.batch(ops, { sync: true });
  if (facts.loading === undefined && facts.schema !== conformance.fingerprint) await recheckMarks(world);
}
