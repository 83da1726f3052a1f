/**
 * What the store says of its index rows: which indexes are whole (IndexConfig.description()), and which keys of theirs are common, so that they have no rows.
 *
 * Invariant: both are written in one batch, so no program ever goes by the one without the other.
 *
 * The row of common keys: for each attribute that has any its key as text, their number, and each as bytes (docs/data-format.md).
 */
import { ByteReader, ByteWriter } from '../../base/binary.js';
import { CommonKeys, MOST_COMMON } from '../../filter/keys-without-rows.js';
import { StoreError, type StoreOp } from '../../port/ordered-store.js';
import type { AttributeKey } from '../../schema/attribute-type.js';
import { type DomainFacts, textOp } from '../domain-facts.js';
import type { KeySpace } from '../rows/key-space.js';
import { describedItems, type IndexConfig } from './index-config.js';

const KEY_BYTES = 16;

/** The rows that say that these indexes are whole. */
export function heldOps(keys: KeySpace, indexes: IndexConfig): StoreOp[] {
  return [textOp(keys, 'indexes', indexes.description()), commonOp(keys, indexes.commonKeys())];
}

/** Those of `wanted` that are whole, with their common keys. StoreError damaged. */
export function heldIndexes(
  wanted: IndexConfig,
  { indexes, commonKeys }: Pick<DomainFacts, 'indexes' | 'commonKeys'>,
): IndexConfig {
  const held = describedItems(indexes ?? wanted.description());
  return wanted.restricted(({ text }) => held.has(text)).withCommon(decodeCommon(commonKeys));
}

function commonOp(keys: KeySpace, common: ReadonlyMap<AttributeKey, CommonKeys>): StoreOp {
  const key = keys.meta('commonKeys');
  if (common.size === 0) return { type: 'del', key };
  const out = new ByteWriter();
  for (const [attribute, { keys: each }] of common) {
    out.text(attribute);
    out.varint(each.length);
    for (const one of each) out.bytes(one);
  }
  return { type: 'put', key, value: out.finish() };
}

/** Common keys by attribute. */
export function decodeCommon(row: Uint8Array | undefined): ReadonlyMap<AttributeKey, CommonKeys> {
  const common = new Map<AttributeKey, CommonKeys>();
  if (row === undefined) return common;
  const reader = new ByteReader(row, (reason) => new StoreError('damaged', `common keys: ${reason}`));
  while (reader.left > 0) {
    const attribute = reader.text() as AttributeKey;
    const each: Uint8Array[] = [];
    for (let left = reader.count(MOST_COMMON); left > 0; left--) each.push(reader.bytes(KEY_BYTES).slice());
    common.set(attribute, new CommonKeys(each));
  }
  return common;
}
