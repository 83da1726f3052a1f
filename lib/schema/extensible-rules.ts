/**
 * Matching rules as extensible filters use them (RFC 4511 section 4.5.1.7.7): `(cn:caseExactMatch:=x)`.
 *
 * Every equality, ordering and substring rule serves here too; the rest have assertions that are no single value: bits of integers, words.
 * A prepared matcher is total: true, false, or undefined where the value is not of the rule's syntax.
 */
import { compareBytes, equalBytes, latin1, utf8Decode } from '../base/bytes.js';
import type { AttributeType } from './attribute-type.js';
import {
  algorithmIdentifierMatcher,
  certificateListMatcher,
  certificateMatcher,
  certificatePairExactMatcher,
  certificatePairMatcher,
} from './certificate-rules.js';
import { equalityRules } from './equality-rules.js';
import { isInteger } from './integer-form.js';
import type { EqualityRule, OrderingRule, SubstringRule } from './matching-rule.js';
import { orderingRules } from './ordering-rules.js';
import { prepareAssertion, prepareValue } from './string-prep.js';
import { matchSubstrings, readSubstringAssertion } from './substring-match.js';
import { substringRules } from './substring-rules.js';

/** Whether one value matches the assertion that the matcher was made for. */
export type ValueMatcher = (value: Uint8Array) => boolean | undefined;

export interface ExtensibleRule {
  readonly oid: string;
  readonly name: string;
  /** OID of the assertion syntax. */
  readonly syntax: string;
  /** The matcher of an assertion; undefined where the assertion is not of the rule's syntax: the filter is Undefined. */
  matcher(assertion: Uint8Array, type: AttributeType | undefined): ValueMatcher | undefined;
}

/** Microsoft's LDAP_MATCHING_RULE_IN_CHAIN. */
export const IN_CHAIN_OID = '1.2.840.113556.1.4.1941';

const INTEGER_SYNTAX = '1.3.6.1.4.1.1466.115.121.1.27';
const DIRECTORY_STRING = '1.3.6.1.4.1.1466.115.121.1.15';
/** Digits of an integer that bit rules look at; 64-bit flags have 20. */
const MAX_BIT_DIGITS = 40;

const ONLY_EXTENSIBLE: readonly ExtensibleRule[] = [
  {
    oid: '1.2.840.113556.1.4.803',
    name: 'integerBitAndMatch',
    syntax: INTEGER_SYNTAX,
    matcher: (assertion) => bitMatcher(assertion, (value, mask) => (value & mask) === mask),
  },
  {
    oid: '1.2.840.113556.1.4.804',
    name: 'integerBitOrMatch',
    syntax: INTEGER_SYNTAX,
    matcher: (assertion) => bitMatcher(assertion, (value, mask) => (value & mask) !== 0n),
  },
  {
    // A chain leads through other entries: search resolves it before it matches (operation/search/in-chain.ts). On one value it is Undefined.
    oid: IN_CHAIN_OID,
    name: 'distinguishedNameInChainMatch',
    syntax: '1.3.6.1.4.1.1466.115.121.1.12',
    matcher: () => undefined,
  },
  // RFC 4523 section 2.
  { oid: '2.5.13.35', name: 'certificateMatch', syntax: '1.3.6.1.1.15.2', matcher: certificateMatcher },
  {
    oid: '2.5.13.36',
    name: 'certificatePairExactMatch',
    syntax: '1.3.6.1.1.15.3',
    matcher: certificatePairExactMatcher,
  },
  {
    oid: '2.5.13.37',
    name: 'certificatePairMatch',
    syntax: '1.3.6.1.1.15.4',
    matcher: certificatePairMatcher,
  },
  {
    oid: '2.5.13.39',
    name: 'certificateListMatch',
    syntax: '1.3.6.1.1.15.6',
    matcher: certificateListMatcher,
  },
  {
    oid: '2.5.13.40',
    name: 'algorithmIdentifierMatch',
    syntax: '1.3.6.1.1.15.7',
    matcher: algorithmIdentifierMatcher,
  },
  { oid: '2.5.13.32', name: 'wordMatch', syntax: DIRECTORY_STRING, matcher: wordMatcher },
  { oid: '2.5.13.33', name: 'keywordMatch', syntax: DIRECTORY_STRING, matcher: keywordMatcher },
  { oid: '2.5.13.41', name: 'storedPrefixMatch', syntax: DIRECTORY_STRING, matcher: storedPrefixMatcher },
  {
    // RFC 3112 section 3.2. The hash of a password is nobody's to ask for by search: every assertion is Undefined.
    oid: '1.3.6.1.4.1.4203.1.2.3',
    name: 'authPasswordMatch',
    syntax: '1.3.6.1.4.1.1466.115.121.1.40',
    matcher: () => undefined,
  },
];

const BY_NAME = buildTable();

/** The rule of a name (any case) or OID as an extensible filter uses it; undefined for one that we do not have. */
export function extensibleRule(nameOrOid: string): ExtensibleRule | undefined {
  return BY_NAME.get(nameOrOid) ?? BY_NAME.get(nameOrOid.toLowerCase());
}

/** Rules that only extensible filters can use, for cn=schema. */
export function extensibleRules(): readonly ExtensibleRule[] {
  return ONLY_EXTENSIBLE;
}

function buildTable(): ReadonlyMap<string, ExtensibleRule> {
  const table = new Map<string, ExtensibleRule>();
  const add = (rule: ExtensibleRule) => table.set(rule.oid, rule).set(rule.name.toLowerCase(), rule);
  for (const rule of equalityRules())
    add({ ...names(rule), matcher: (value) => equalityMatcher(rule, value) });
  for (const rule of orderingRules())
    add({ ...names(rule), matcher: (value) => orderingMatcher(rule, value) });
  for (const rule of substringRules())
    add({ ...names(rule), matcher: (value) => substringMatcher(rule, value) });
  for (const rule of ONLY_EXTENSIBLE) add(rule);
  return table;
}

function names(rule: { readonly oid: string; readonly name: string; readonly syntax: string }) {
  return { oid: rule.oid, name: rule.name, syntax: rule.syntax };
}

function equalityMatcher(rule: EqualityRule, assertion: Uint8Array): ValueMatcher | undefined {
  const wanted = rule.normalizeAssertion(assertion);
  if (wanted === undefined) return undefined;
  return (value) => {
    const normal = rule.normalize(value);
    return normal === undefined ? undefined : equalBytes(normal, wanted);
  };
}

/** RFC 4517 section 4.2.16 and its kin: TRUE when the value comes before the assertion. */
function orderingMatcher(rule: OrderingRule, assertion: Uint8Array): ValueMatcher | undefined {
  const bound = rule.normalize(assertion);
  if (bound === undefined) return undefined;
  return (value) => {
    const normal = rule.normalize(value);
    return normal === undefined ? undefined : compareBytes(normal, bound) < 0;
  };
}

function substringMatcher(rule: SubstringRule, assertion: Uint8Array): ValueMatcher | undefined {
  const parts = readSubstringAssertion(rule, assertion);
  if (parts === undefined) return undefined;
  return (value) => {
    const normal = rule.normalize(value);
    return normal === undefined ? undefined : matchSubstrings(normal, parts);
  };
}

function bitMatcher(
  assertion: Uint8Array,
  holds: (value: bigint, mask: bigint) => boolean,
): ValueMatcher | undefined {
  const mask = bitInteger(assertion);
  if (mask === undefined) return undefined;
  return (value) => {
    const bits = bitInteger(value);
    return bits === undefined ? undefined : holds(bits, mask);
  };
}

function bitInteger(value: Uint8Array): bigint | undefined {
  return value.length <= MAX_BIT_DIGITS && isInteger(value) ? BigInt(latin1(value)) : undefined;
}

/** RFC 3698 section 2.8: the assertion is one word of the value. Words are what spaces and punctuation leave. */
function wordMatcher(assertion: Uint8Array): ValueMatcher | undefined {
  return oneOf(assertion, (text) => splitWords(text));
}

/** RFC 3698 section 2.5: the assertion is a keyword of the value; ours are the words and the whole value. */
function keywordMatcher(assertion: Uint8Array): ValueMatcher | undefined {
  return oneOf(assertion, (text) => [text, ...splitWords(text)]);
}

function oneOf(assertion: Uint8Array, split: (text: string) => readonly string[]): ValueMatcher | undefined {
  const prepared = prepareAssertion(assertion, true);
  const wanted = prepared === undefined ? undefined : utf8Decode(prepared);
  if (wanted === undefined) return undefined;
  return (value) => {
    const normal = prepareValue(value, true);
    const text = normal === undefined ? undefined : utf8Decode(normal);
    return text === undefined ? undefined : split(text).includes(wanted);
  };
}

function splitWords(text: string): readonly string[] {
  const words: string[] = [];
  let start = 0;
  for (let i = 0; i <= text.length; i++) {
    if (i < text.length && !isBreak(text.charCodeAt(i))) continue;
    if (i > start) words.push(text.slice(start, i));
    start = i + 1;
  }
  return words;
}

/** ASCII that is neither letter nor digit nor part of a word as names have it. */
function isBreak(c: number): boolean {
  if (c >= 0x80) return false;
  const letter = (c >= 0x61 && c <= 0x7a) || (c >= 0x41 && c <= 0x5a) || (c >= 0x30 && c <= 0x39);
  return !letter && c !== 0x27 && c !== 0x2d && c !== 0x5f;
}

/** RFC 3698 section 2.6: the value is a prefix of the assertion. */
function storedPrefixMatcher(assertion: Uint8Array): ValueMatcher | undefined {
  const wanted = prepareAssertion(assertion, false);
  if (wanted === undefined) return undefined;
  return (value) => {
    const normal = prepareValue(value, false);
    if (normal === undefined) return undefined;
    return normal.length <= wanted.length && equalBytes(normal, wanted.subarray(0, normal.length));
  };
}
