/** Object classes (RFC 4512 section 2.4). */
import type { AttributeType } from './attribute-type.js';

export type ObjectClassKind = 'abstract' | 'structural' | 'auxiliary';

export interface ObjectClass {
  readonly oid: string;
  readonly names: readonly string[];
  readonly name: string;
  /** Lower-cased name. */
  readonly key: string;
  readonly kind: ObjectClassKind;
  /** An auxiliary class of which an entry may consist: where it has no structural class, this is it. Ours, `X-STANDS-ALONE 'TRUE'`. */
  readonly standsAlone: boolean;
  readonly obsolete: boolean;
  readonly superiors: readonly ObjectClass[];
  /** Own and inherited. */
  readonly must: ReadonlySet<AttributeType>;
  readonly may: ReadonlySet<AttributeType>;
}

/** The class that counts as structural among classes of which none is: of several that stand alone the one with the least OID, on every server the same. */
export function standingAlone(classes: Iterable<ObjectClass>): ObjectClass | undefined {
  let least: ObjectClass | undefined;
  for (const one of classes) if (one.standsAlone && (least === undefined || one.oid < least.oid)) least = one;
  return least;
}
