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
  readonly obsolete: boolean;
  readonly superiors: readonly ObjectClass[];
  /** Own and inherited. */
  readonly must: ReadonlySet<AttributeType>;
  readonly may: ReadonlySet<AttributeType>;
}
