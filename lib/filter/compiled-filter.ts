/**
 * A filter that the schema has seen: normal forms made once, unknown types and rules reduced to Undefined.
 *
 * Pure data with two readers: filter-match.ts (three-valued evaluation) and filter-plan.ts (which index rows to read).
 *
 * Keys: a key stands for the attribute of that key and for its option subtypes (RFC 4512 section 2.5.3): `cn` also for `cn;lang-en`, `cn;lang-en` also
 * for `cn;lang-en;x-own` (entry/option-subtype.ts). Type subtypes are listed: `name` is compiled to the keys of name, cn, sn and so on.
 */
import type { Dn } from '../dn/dn.js';
import type { AttributeKey } from '../schema/attribute-type.js';
import type { EqualityRule, OrderingRule, SubstringRule } from '../schema/matching-rule.js';

export type CompiledFilter =
  | { readonly kind: 'and'; readonly clauses: readonly CompiledFilter[] }
  | { readonly kind: 'or'; readonly clauses: readonly CompiledFilter[] }
  | { readonly kind: 'not'; readonly clause: CompiledFilter }
  /** TRUE, FALSE or Undefined for every entry. */
  | { readonly kind: 'constant'; readonly value: boolean | undefined }
  | { readonly kind: 'present'; readonly keys: readonly AttributeKey[] }
  | {
      readonly kind: 'equality';
      readonly keys: readonly AttributeKey[];
      readonly rule: EqualityRule;
      readonly normal: Uint8Array;
    }
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
      /** undefined: every attribute that `applies` names. */
      readonly keys: readonly AttributeKey[] | undefined;
      /** Whether values of this attribute are of the rule's kind. Asked only where `keys` is undefined. */
      readonly applies: (key: AttributeKey) => boolean;
      readonly dnAttributes: boolean;
      /** Whether the values in the entry's DN match; asked only with dnAttributes. */
      readonly matchesDn: (dn: Dn) => boolean | undefined;
      /** Whether one value matches; total. */
      readonly matches: (value: Uint8Array) => boolean | undefined;
    };
