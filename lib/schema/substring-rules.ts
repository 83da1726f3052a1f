/**
 * Substring matching rules: the one table (RFC 4517 section 4.2). Each gives a form of values and of parts such that a part matches
 * exactly where its form occurs in the value's.
 */
import { isAscii } from '../base/bytes.js';
import { LIMITS } from '../base/limits.js';
import type { SubstringRule } from './matching-rule.js';
import {
  prepareNumeric,
  prepareSubstringPart,
  prepareSubstringValue,
  prepareTelephone,
} from './string-prep.js';
import { listSubstringForm } from './value-forms.js';

/** A substring rule and the syntax of its assertions, for publication. */
export interface PublishedSubstringRule extends SubstringRule {
  /** OID of the assertion syntax. */
  readonly syntax: string;
}

type Value = SubstringRule['normalize'];
type Part = SubstringRule['normalizePart'];

const ASSERTION = '1.3.6.1.4.1.1466.115.121.1.58';

const RULES: readonly PublishedSubstringRule[] = [
  rule('2.5.13.4', 'caseIgnoreSubstringsMatch', text(true), part(true)),
  rule('2.5.13.7', 'caseExactSubstringsMatch', text(false), part(false)),
  rule(
    '2.5.13.10',
    'numericStringSubstringsMatch',
    (value) => prepareNumeric(value, LIMITS.prepareBytes),
    (value) => prepareNumeric(value, LIMITS.prepareAssertionBytes),
  ),
  rule('2.5.13.12', 'caseIgnoreListSubstringsMatch', listSubstringForm, part(true)),
  rule(
    '2.5.13.19',
    'octetStringSubstringsMatch',
    (value) => value,
    (value) => value,
  ),
  rule(
    '2.5.13.21',
    'telephoneNumberSubstringsMatch',
    (value) => prepareTelephone(value, LIMITS.prepareBytes),
    (value) => prepareTelephone(value, LIMITS.prepareAssertionBytes),
  ),
  rule('1.3.6.1.4.1.1466.109.114.3', 'caseIgnoreIA5SubstringsMatch', ...ia5(true)),
  rule('1.3.6.1.4.1.4203.1.2.1', 'caseExactIA5SubstringsMatch', ...ia5(false)),
];

const BY_NAME = new Map<string, PublishedSubstringRule>();
for (const row of RULES) {
  BY_NAME.set(row.oid, row);
  BY_NAME.set(row.name.toLowerCase(), row);
}

/** The rule of a name (any case) or OID; undefined for one that we do not have. */
export function substringRule(nameOrOid: string): SubstringRule | undefined {
  return BY_NAME.get(nameOrOid) ?? BY_NAME.get(nameOrOid.toLowerCase());
}

/** All substring rules, for cn=schema. */
export function substringRules(): readonly PublishedSubstringRule[] {
  return RULES;
}

function rule(oid: string, name: string, value: Value, onePart: Part): PublishedSubstringRule {
  return { oid, name, syntax: ASSERTION, normalize: value, normalizePart: onePart };
}

function text(fold: boolean): Value {
  return (value) => prepareSubstringValue(value, fold);
}

function part(fold: boolean): Part {
  return (value, place) => prepareSubstringPart(value, fold, place);
}

function ia5(fold: boolean): [Value, Part] {
  return [
    (value) => (isAscii(value) ? prepareSubstringValue(value, fold) : undefined),
    (value, place) => (isAscii(value) ? prepareSubstringPart(value, fold, place) : undefined),
  ];
}
