/**
 * The indexes that every server of a comparison has: as many for us as for the peers, whose own defaults differ (OpenLDAP has none, 389-ds
 * has substring indexes of names, ours has more).
 *
 * Owns the list alone; each server's file says how its configuration spells it. Servers keep indexes beside these only where they cannot do without.
 */

/** Attribute -> kinds. */
export const COMPARED_INDEXES: readonly (readonly [string, readonly ('eq' | 'sub')[]])[] = [
  ['objectClass', ['eq']],
  ['uid', ['eq']],
  ['mail', ['eq']],
  ['cn', ['eq', 'sub']],
  ['sn', ['eq', 'sub']],
];
