/**
 * DER (X.690) as certificates need it: elements in octets, names, object identifiers. Nothing else in the house reads DER.
 *
 * Total: undefined for what is not well-formed. No recursion; every loop is bounded by the octets.
 */
import { LIMITS } from '../base/limits.js';
import { decodeBerValue } from '../dn/ber-value.js';
import type { Ava, Rdn } from '../dn/dn.js';

export const INTEGER = 0x02;
export const BIT_STRING = 0x03;
export const OCTET_STRING = 0x04;
export const OBJECT_IDENTIFIER = 0x06;
export const UTC_TIME = 0x17;
export const GENERALIZED_TIME = 0x18;
export const SEQUENCE = 0x30;
const SET = 0x31;

/** One element in the octets that it was found in. */
export interface Element {
  readonly tag: number;
  /** Offset of the header, of the content, and after the content. */
  readonly at: number;
  readonly start: number;
  readonly end: number;
}

/** The elements that a constructed one holds, or undefined when its content is not well-formed or there are more than `most`. */
export function childrenOf(der: Uint8Array, parent: Element, most: number): readonly Element[] | undefined {
  const children: Element[] = [];
  for (let at = parent.start; at < parent.end; ) {
    const child = elementAt(der, at, parent.end);
    if (child === undefined || children.length === most) return undefined;
    children.push(child);
    at = child.end;
  }
  return children;
}

/** RDNs of a Name, leaf first (X.501 writes them root first). */
export function readName(der: Uint8Array, name: Element): readonly Rdn[] | undefined {
  const rdns: Rdn[] = [];
  for (let at = name.start; at < name.end; ) {
    const set = elementAt(der, at, name.end);
    if (set === undefined || set.tag !== SET || rdns.length === LIMITS.dnRdns) return undefined;
    const rdn = readRdn(der, set);
    if (rdn === undefined) return undefined;
    rdns.push(rdn);
    at = set.end;
  }
  return rdns.reverse();
}

function readRdn(der: Uint8Array, set: Element): Rdn | undefined {
  const avas: Ava[] = [];
  for (let at = set.start; at < set.end; ) {
    const pair = elementAt(der, at, set.end);
    if (pair === undefined || pair.tag !== SEQUENCE || avas.length === LIMITS.rdnValues) return undefined;
    const oid = elementAt(der, pair.start, pair.end);
    if (oid === undefined || oid.tag !== OBJECT_IDENTIFIER) return undefined;
    const held = elementAt(der, oid.end, pair.end);
    if (held === undefined || held.end !== pair.end) return undefined;
    const type = oidText(der.subarray(oid.start, oid.end));
    const value = decodeBerValue(der.subarray(held.at, held.end));
    if (type === undefined || value === undefined) return undefined;
    avas.push({ type, value });
    at = pair.end;
  }
  return avas.length === 0 ? undefined : avas;
}

/** Dotted text of the content of an OBJECT IDENTIFIER. */
export function oidText(content: Uint8Array): string | undefined {
  if (content.length === 0 || content.length > 128) return undefined;
  const arcs: string[] = [];
  let arc = 0n;
  for (let i = 0; i < content.length; i++) {
    const octet = content[i] as number;
    arc = (arc << 7n) | BigInt(octet & 0x7f);
    if (octet >= 0x80) continue;
    if (arcs.length === 0) {
      const first = arc < 40n ? 0n : arc < 80n ? 1n : 2n;
      arcs.push(first.toString(), (arc - first * 40n).toString());
    } else {
      arcs.push(arc.toString());
    }
    arc = 0n;
  }
  return ((content[content.length - 1] as number) & 0x80) === 0 ? arcs.join('.') : undefined;
}

/** The DER element at `at` within `limit`; definite lengths of at most four octets. */
export function elementAt(der: Uint8Array, at: number, limit: number): Element | undefined {
  const tag = der[at];
  const first = der[at + 1];
  if (tag === undefined || first === undefined || at + 2 > limit || (tag & 0x1f) === 0x1f) return undefined;
  let length = first;
  let start = at + 2;
  if (first >= 0x80) {
    const octets = first & 0x7f;
    if (octets === 0 || octets > 4 || start + octets > limit) return undefined;
    length = 0;
    for (let i = 0; i < octets; i++) length = length * 256 + (der[start + i] as number);
    start += octets;
  }
  const end = start + length;
  return end > limit ? undefined : { tag, at, start, end };
}
