/**
 * Matching rules (RFC 4517 section 4): each is a normal form. Two values match when their normal forms are the same octets;
 * they are ordered as their normal forms are; a substring matches within normal forms.
 *
 * Every function here is total: undefined for input that is not of the rule's syntax, never an exception.
 */

export interface EqualityRule {
  readonly oid: string;
  /** Such as `caseIgnoreMatch`; carried in changes, so it never changes its meaning. */
  readonly name: string;
  /** Normal form of a stored value. */
  normalize(value: Uint8Array): Uint8Array | undefined;
  /** Normal form of an assertion, where it differs in bounds or syntax (objectIdentifierFirstComponentMatch ...). */
  normalizeAssertion(assertion: Uint8Array): Uint8Array | undefined;
}

export interface OrderingRule {
  readonly oid: string;
  readonly name: string;
  /** Normal form whose byte order is the rule's order. */
  normalize(value: Uint8Array): Uint8Array | undefined;
}

export interface SubstringRule {
  readonly oid: string;
  readonly name: string;
  /** Normal form of a stored value, in which prepared parts are looked for. */
  normalize(value: Uint8Array): Uint8Array | undefined;
  /** Normal form of one part of an assertion (RFC 4518 section 2.6.1: spaces at the part's ends depend on its place). */
  normalizePart(part: Uint8Array, place: 'initial' | 'any' | 'final'): Uint8Array | undefined;
}
