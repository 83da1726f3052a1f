/**
 * Distinguished names: structure only. Text is dn-text.ts (RFC 4514); equality needs the schema (schema/dn-key.ts).
 *
 * An Rdn has at least one Ava. A Dn lists its RDNs leaf first, as its text does; the root has none. Values are immutable.
 */

/** One attribute value assertion of an RDN. */
export interface Ava {
  /** Attribute type as it was written: a name or a dotted OID. */
  readonly type: string;
  readonly value: Uint8Array;
}

export type Rdn = readonly Ava[];

export interface Dn {
  /** Leaf first. */
  readonly rdns: readonly Rdn[];
}

export const ROOT_DN: Dn = { rdns: [] };

/** The name one level up, or undefined for the root. */
export function parentDn(dn: Dn): Dn | undefined {
  return dn.rdns.length === 0 ? undefined : { rdns: dn.rdns.slice(1) };
}

/** The name of a child. */
export function childDn(parent: Dn, rdn: Rdn): Dn {
  return { rdns: [rdn, ...parent.rdns] };
}
