/**
 * Search filters as data (RFC 4511 section 4.5.1.7): what came over the wire or from text, before the schema has seen it.
 *
 * Depth and clause count were bounded by whoever made it (LIMITS.filterDepth, filterClauses). Attribute descriptions are as written.
 */

export type Filter =
  | { readonly kind: 'and'; readonly clauses: readonly Filter[] }
  | { readonly kind: 'or'; readonly clauses: readonly Filter[] }
  | { readonly kind: 'not'; readonly clause: Filter }
  | { readonly kind: 'equality'; readonly attribute: string; readonly value: Uint8Array }
  | {
      readonly kind: 'substrings';
      readonly attribute: string;
      readonly initial: Uint8Array | undefined;
      readonly any: readonly Uint8Array[];
      readonly final: Uint8Array | undefined;
    }
  | { readonly kind: 'greaterOrEqual'; readonly attribute: string; readonly value: Uint8Array }
  | { readonly kind: 'lessOrEqual'; readonly attribute: string; readonly value: Uint8Array }
  | { readonly kind: 'present'; readonly attribute: string }
  | { readonly kind: 'approx'; readonly attribute: string; readonly value: Uint8Array }
  | {
      readonly kind: 'extensible';
      readonly rule: string | undefined;
      readonly attribute: string | undefined;
      readonly value: Uint8Array;
      readonly dnAttributes: boolean;
    };

/** RFC 4511 section 4.5.1.7: TRUE, FALSE, Undefined. */
export type TruthValue = true | false | undefined;
