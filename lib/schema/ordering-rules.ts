/**
 * Ordering matching rules: the one table (RFC 4517 section 4.2). Each is a form whose octets sort as the values do.
 */
import { LIMITS } from '../base/limits.js';
import { integerOrderForm } from './integer-form.js';
import type { OrderingRule } from './matching-rule.js';
import { prepareNumeric, prepareValue } from './string-prep.js';
import { generalizedTimeForm, utcTimeForm } from './time-form.js';
import { ia5Form, uuidForm } from './value-forms.js';

/** An ordering rule and the syntax of its assertions, for publication. */
export interface PublishedOrderingRule extends OrderingRule {
  /** OID of the assertion syntax. */
  readonly syntax: string;
}

const RFC4517 = '1.3.6.1.4.1.1466.115.121.1';

const RULES: readonly PublishedOrderingRule[] = [
  rule('2.5.13.3', 'caseIgnoreOrderingMatch', `${RFC4517}.15`, (value) => prepareValue(value, true)),
  rule('2.5.13.6', 'caseExactOrderingMatch', `${RFC4517}.15`, (value) => prepareValue(value, false)),
  rule('2.5.13.9', 'numericStringOrderingMatch', `${RFC4517}.36`, (value) =>
    prepareNumeric(value, LIMITS.prepareBytes),
  ),
  rule('2.5.13.15', 'integerOrderingMatch', `${RFC4517}.27`, integerOrderForm),
  rule('2.5.13.18', 'octetStringOrderingMatch', `${RFC4517}.40`, (value) => value),
  rule('2.5.13.26', 'uTCTimeOrderingMatch', `${RFC4517}.53`, utcTimeForm),
  rule('2.5.13.28', 'generalizedTimeOrderingMatch', `${RFC4517}.24`, generalizedTimeForm),
  rule('1.3.6.1.1.16.3', 'uuidOrderingMatch', '1.3.6.1.1.16.1', uuidForm),
  rule('1.3.6.1.4.1.4203.666.11.2.3', 'CSNOrderingMatch', '1.3.6.1.4.1.4203.666.11.2.1', (value) =>
    ia5Form(value, true),
  ),
];

const BY_NAME = new Map<string, PublishedOrderingRule>();
for (const row of RULES) {
  BY_NAME.set(row.oid, row);
  BY_NAME.set(row.name.toLowerCase(), row);
}

/** The rule of a name (any case) or OID; undefined for one that we do not have. */
export function orderingRule(nameOrOid: string): PublishedOrderingRule | undefined {
  return BY_NAME.get(nameOrOid) ?? BY_NAME.get(nameOrOid.toLowerCase());
}

/** All ordering rules, for cn=schema. */
export function orderingRules(): readonly PublishedOrderingRule[] {
  return RULES;
}

function rule(
  oid: string,
  name: string,
  syntax: string,
  normalize: (value: Uint8Array) => Uint8Array | undefined,
): PublishedOrderingRule {
  return { oid, name, syntax, normalize };
}
