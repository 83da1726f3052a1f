/**
 * Which attributes a server derives when they are read: the one list, for the real/virtual attributes only controls and for filters.
 *
 * Owns the list only; how each is made is backend/rows/computed-attributes.ts. What belongs to an entry's own state (entryUUID, createTimestamp and
 * so on) is real, although it is kept in another form; virtual is what follows from an entry's name, its place, its classes or other entries.
 */
import type { AttributeKey, AttributeType } from '../schema/attribute-type.js';

const VIRTUAL: ReadonlySet<string> = new Set([
  'collectiveattributesubentries',
  'contextcsn',
  'ds-sync-conflict',
  'ds-sync-schema-violation',
  'entrydn',
  'etag',
  'governingstructurerule',
  'hassubordinates',
  'ismemberof',
  'memberof',
  'numsubordinates',
  'structuralobjectclass',
  'subschemasubentry',
]);

/** Whether values under this key (without options) are derived and never stored. */
export function isVirtualKey(key: AttributeKey): boolean {
  return VIRTUAL.has(key);
}

/** Whether an attribute type is derived and never stored. */
export function isVirtual(type: Pick<AttributeType, 'key'>): boolean {
  return isVirtualKey(type.key);
}
