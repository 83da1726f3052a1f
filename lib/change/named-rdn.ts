/**
 * RDNs as register values: how they compare, how they read, how the DIT holds them. Which rule compares a part was fixed at the origin
 * (NamedAva.equality), so no schema is asked and every replica finds the same key.
 */

import type { Rdn } from '../dn/dn.js';
import { formatRdn } from '../dn/dn-text.js';
import { rdnKeyOfAvas } from '../schema/dn-key.js';
import type { NamedRdn } from './change.js';

/** Normal form: equal names have equal keys (schema/dn-key.ts). */
export function rdnKeyOf(rdn: NamedRdn): string {
  return rdnKeyOfAvas(rdn.avas);
}

/** RFC 4514 text. */
export function formatNamedRdn(rdn: NamedRdn): string {
  return formatRdn(toRdn(rdn));
}

/** The same RDN as structure. */
export function toRdn(rdn: NamedRdn): Rdn {
  return rdn.avas.map((ava) => ({ type: ava.name, value: ava.value }));
}
