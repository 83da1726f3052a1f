/**
 * Which entries of a domain hold collective attributes or are there to hold them: read once, when the domain is opened or replaced.
 *
 * By the index of objectClass, and the marks of merged entries (a merge can leave collective attributes without the class); without that index by reading
 * every record. A domain whose dictionary names no collective attribute is not looked at.
 */

import { utf8Encode } from '../../base/bytes.js';
import type { Attributes } from '../../entry/entry.js';
import { type OrderedStore, StoreError } from '../../port/ordered-store.js';
import type { AttributeKey } from '../../schema/attribute-type.js';
import type { EntryId } from '../backend.js';
import type { LiveIndexes } from '../index/live-indexes.js';
import type { Postings } from '../index/postings.js';
import type { Dictionary } from '../rows/dictionary.js';
import { checkRecord, decodeAttributes, isAliveRecord } from '../rows/entry-record.js';
import { INDEX_KIND, type KeySpace, readId, TAG } from '../rows/key-space.js';
import type { CollectiveAttributes } from './collective.js';

const OBJECT_CLASS = 'objectclass' as AttributeKey;
const CLASS = utf8Encode('collectiveAttributeSubentry');
/** Octets before the number in the keys of entries and marks. */
const ID_AT = 3;

/** What it is read from. */
export interface HolderWorld {
  readonly store: OrderedStore;
  readonly keys: KeySpace;
  readonly dictionary: Dictionary;
  readonly indexes: LiveIndexes;
  readonly postings: Postings;
  readonly collective: CollectiveAttributes;
}

/** Tells `collective` its holders. StoreError. */
export async function findHolders(world: HolderWorld): Promise<void> {
  const { collective, indexes, keys, postings } = world;
  const holders = new Set<EntryId>();
  if (!collective.possible) return collective.begin(holders);
  const rule = indexes.spec(OBJECT_CLASS)?.equality;
  const normal = rule?.normalizeAssertion(CLASS);
  if (normal === undefined) {
    await scan(world, TAG.entry, holders);
  } else {
    const value = keys.indexValue(OBJECT_CLASS, INDEX_KIND.equality, normal);
    for (const id of (await postings.equality(value)) ?? []) holders.add(id);
    await scan(world, TAG.mark, holders);
  }
  collective.begin(holders);
}

/** Holders among the entries that have a row under the tag. */
async function scan(world: HolderWorld, tag: number, holders: Set<EntryId>): Promise<void> {
  const { store, keys, collective } = world;
  for await (const rows of store.scan(keys.tagRange(tag))) {
    for (const { key, value } of rows) {
      const id = readId(key, ID_AT);
      const attributes = attributesOf(world, tag === TAG.entry ? value : store.get(keys.entry(id)));
      if (attributes !== undefined && collective.isHolder(attributes)) holders.add(id);
    }
  }
}

/** Undefined for the dead, and for what is damaged: whoever reads the entry says that. */
function attributesOf({ dictionary }: HolderWorld, row: Uint8Array | undefined): Attributes | undefined {
  try {
    const record = row === undefined ? undefined : checkRecord(row);
    return record !== undefined && isAliveRecord(record) ? decodeAttributes(record, dictionary) : undefined;
  } catch (error) {
    if (error instanceof StoreError) return undefined;
    throw error;
  }
}
