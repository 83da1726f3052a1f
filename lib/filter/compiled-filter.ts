/**
 * A filter that the schema has seen: normal forms made once, unknown types and rules reduced to Undefined.
 *
 * Pure data with two readers: filter-match.ts (three-valued evaluation) and filter-plan.ts (which index rows to read).
 */
import type { AttributeKey } from '../schema/attribute-type.js';
import type { EqualityRule, OrderingRule, SubstringRule } from '../schema/matching-rule.js';

export type CompiledFilter =
  | { readonly kind: 'and'; readonly clauses: readonly CompiledFilter[] }
  | { readonly kind: 'or'; readonly clauses: readonly CompiledFilter[] }
  | { readonly kind: 'not'; readonly clause: CompiledFilter }
  /** TRUE, FALSE or Undefined for every entry. */
  | { readonly kind: 'constant'; readonly value: boolean | undefined }
  | {
      readonly kind: 'present';
      /** Keys of the description and of its subtypes (and, without options, of its options' subtypes: matched by prefix `key;`). */
      readonly keys: readonly AttributeKey[];
    }
  | { readonly kind: 'equality'; readonly keys: readonly AttributeKey[]; readonly rule: EqualityRule; readonly normal: Uint8Array }
  | {
      readonly kind: 'ordering';
      readonly keys: readonly AttributeKey[];
      readonly rule: OrderingRule;
      readonly normal: Uint8Array;
      readonly direction: 'greaterOrEqual' | 'lessOrEqual';
    }
  | {
      readonly kind: 'substrings';
      readonly keys: readonly AttributeKey[];
      readonly rule: SubstringRule;
      readonly initial: Uint8Array | undefined;
      readonly any: readonly Uint8Array[];
      readonly final: Uint8Array | undefined;
    }
  | {
      readonly kind: 'extensible';
      readonly keys: readonly AttributeKey[] | undefined;
      readonly dnAttributes: boolean;
      /** Whether one value matches; total. */
      readonly matches: (value: Uint8Array) => boolean | undefined;
    };
