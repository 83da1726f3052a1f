/**
 * The domains that every server has of itself, besides its naming contexts: the same data set everywhere, whatever the entries are.
 */
import { SCHEMA_BASE } from '../config/read-schema.js';
import { TOPOLOGY_BASE } from '../topology/topology-domain.js';

/** Base DNs, in the order in which they are opened: what follows is read with the schema. */
export const SHARED_BASES: readonly string[] = [SCHEMA_BASE, TOPOLOGY_BASE];

/** Whether a base DN, or its normal form, is one of them. */
export function isShared(base: string): boolean {
  return SHARED_BASES.includes(base);
}
