/**
 * Subtree specifications (RFC 3672 section 2.1, X.501 section 12.3): which entries below an administrative point a subentry is for.
 *
 * Owns the text, and the part of the meaning that names decide: base, chops, distances. The refinement is handed on: only classes decide it. Names are
 * normal forms (dn-key.ts). Invariants: total; a text that is no specification is undefined; what a client wrote is bounded.
 */
import { utf8Decode, utf8Encode } from '../base/bytes.js';
import { LdapError } from '../base/ldap-error.js';
import { LIMITS } from '../base/limits.js';
import type { Dn } from '../dn/dn.js';
import { parseDn } from '../dn/dn-text.js';
import { type DnKey, dnKey, isAtOrBelow } from './dn-key.js';
import { type Gser, readGser } from './gser.js';
import { isOid } from './value-forms.js';

/** Which classes an entry must have. `objectClass`: a name or an OID as written. */
export type Refinement =
  | { readonly kind: 'item'; readonly objectClass: string }
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Refinement[] }
  | { readonly kind: 'not'; readonly part: Refinement };

/** A branch that is left out: from the entry on, or only what is below it. The name is relative to the base. */
export interface Chop {
  readonly kind: 'before' | 'after';
  readonly name: Dn;
}

export interface SubtreeSpecification {
  /** Relative to the administrative point. */
  readonly base: Dn;
  readonly chops: readonly Chop[];
  /** Levels below the base, both inclusive; Infinity for no end. */
  readonly minimum: number;
  readonly maximum: number;
  readonly refinement: Refinement | undefined;
}

/** A specification at its administrative point. */
export interface SubtreeScope {
  readonly baseKey: DnKey;
  /** Everything at and below the base is in it, whatever its name. */
  readonly whole: boolean;
  /** Whether the entry of this normal name is in it, its classes aside. */
  holds(key: string): boolean;
}

const MOST_DISTANCE = 2_147_483_647;
const PARTS = ['base', 'specificExclusions', 'minimum', 'maximum', 'specificationFilter'];
const NO_NAME: Dn = { rdns: [] };

/** What the value says; undefined for one that is malformed or beyond LIMITS.subtreeParts. */
export function readSubtreeSpecification(value: Uint8Array): SubtreeSpecification | undefined {
  if (value.length > LIMITS.subtreeBytes) return undefined;
  const text = utf8Decode(value)?.trim();
  const read = text === undefined ? undefined : readGser(text);
  if (read?.kind !== 'fields') return undefined;
  const { fields } = read;
  for (const name of fields.keys()) if (!PARTS.includes(name)) return undefined;
  const base = orElse(fields.get('base'), NO_NAME, localName);
  const chops = orElse(fields.get('specificExclusions'), [], readChops);
  const minimum = orElse(fields.get('minimum'), 0, distance);
  const maximum = orElse(fields.get('maximum'), Number.POSITIVE_INFINITY, distance);
  if (base === undefined || chops === undefined || minimum === undefined || maximum === undefined)
    return undefined;
  const filter = fields.get('specificationFilter');
  if (filter === undefined) return { base, chops, minimum, maximum, refinement: undefined };
  const refinement = readRefinement(filter, { left: LIMITS.subtreeParts });
  return refinement === undefined ? undefined : { base, chops, minimum, maximum, refinement };
}

/** The entries below the administrative point of this normal name. */
export function subtreeScope(specification: SubtreeSpecification, point: string): SubtreeScope {
  const { base, chops, minimum, maximum } = specification;
  const baseKey = below(base, point);
  const cut = chops.map(({ kind, name }) => ({ kind, key: below(name, baseKey) }));
  const whole = cut.length === 0 && minimum === 0 && maximum === Number.POSITIVE_INFINITY;
  const inside = (key: string): boolean => {
    const depth = levels(key, baseKey);
    if (depth < minimum || depth > maximum) return false;
    return !cut.some((chop) => isAtOrBelow(key, chop.key) && (chop.kind === 'before' || key !== chop.key));
  };
  return { baseKey, whole, holds: (key) => isAtOrBelow(key, baseKey) && (whole || inside(key)) };
}

/** Whether an entry passes, by what `has` answers of it for a class. */
export function refines(refinement: Refinement, has: (objectClass: string) => boolean): boolean {
  switch (refinement.kind) {
    case 'item':
      return has(refinement.objectClass);
    case 'and':
      return refinement.parts.every((part) => refines(part, has));
    case 'or':
      return refinement.parts.some((part) => refines(part, has));
    default:
      return !refines(refinement.part, has);
  }
}

function orElse<T>(part: Gser | undefined, absent: T, read: (part: Gser) => T | undefined): T | undefined {
  return part === undefined ? absent : read(part);
}

function below(name: Dn, above: string): DnKey {
  const key = dnKey(name);
  return (key === '' || above === '' ? `${key}${above}` : `${key},${above}`) as DnKey;
}

/** How many levels a name at or below another one lies below it. A comma in a key always separates. */
function levels(key: string, base: string): number {
  if (key.length === base.length) return 0;
  let count = 1;
  const end = base === '' ? key.length : key.length - base.length - 1;
  for (let i = 0; i < end; i++) if (key.charCodeAt(i) === 0x2c) count += 1;
  return count;
}

function localName(part: Gser): Dn | undefined {
  if (part.kind !== 'text') return undefined;
  try {
    return parseDn(part.text);
  } catch (error) {
    if (error instanceof LdapError) return undefined;
    throw error;
  }
}

function distance(part: Gser): number | undefined {
  if (part.kind !== 'word' || part.text.length > 10 || !/^[0-9]+$/.test(part.text)) return undefined;
  const number = Number(part.text);
  return number <= MOST_DISTANCE ? number : undefined;
}

function listOf(part: Gser): readonly Gser[] | undefined {
  if (part.kind === 'list') return part.items;
  // `{ }`
  return part.kind === 'fields' && part.fields.size === 0 ? [] : undefined;
}

function readChops(part: Gser): readonly Chop[] | undefined {
  const items = listOf(part);
  if (items === undefined || items.length > LIMITS.subtreeParts) return undefined;
  const chops: Chop[] = [];
  for (const item of items) {
    if (item.kind !== 'choice') return undefined;
    const kind = item.name === 'chopBefore' ? 'before' : item.name === 'chopAfter' ? 'after' : undefined;
    const name = localName(item.value);
    if (kind === undefined || name === undefined) return undefined;
    chops.push({ kind, name });
  }
  return chops;
}

/** The nesting was bounded by readGser(). */
function readRefinement(part: Gser, budget: { left: number }): Refinement | undefined {
  budget.left -= 1;
  if (part.kind !== 'choice' || budget.left < 0) return undefined;
  const { name, value } = part;
  if (name === 'item') {
    return value.kind === 'word' && isOid(utf8Encode(value.text))
      ? { kind: 'item', objectClass: value.text }
      : undefined;
  }
  if (name === 'not') {
    const inner = readRefinement(value, budget);
    return inner === undefined ? undefined : { kind: 'not', part: inner };
  }
  const items = name === 'and' || name === 'or' ? listOf(value) : undefined;
  if (items === undefined || (name !== 'and' && name !== 'or')) return undefined;
  const parts: Refinement[] = [];
  for (const item of items) {
    const inner = readRefinement(item, budget);
    if (inner === undefined) return undefined;
    parts.push(inner);
  }
  return { kind: name, parts };
}
