/**
 * Equality matching rules: the one table (RFC 4517 section 4.2, RFC 3112, 4523, 4530).
 *
 * A rule's name travels in changes, so no row may ever change what it compares as equal; none asks the loaded schema. Rules whose
 * assertion is not one value (word, keyword, bit) are extensible-rules.ts.
 */
import { LIMITS } from '../base/limits.js';
import { certificateAssertionForm, certificateForm } from './certificate-form.js';
import { revocationListAssertionForm, revocationListForm } from './certificate-rules.js';
import { isInteger } from './integer-form.js';
import type { EqualityRule } from './matching-rule.js';
import { prepareAssertion, prepareNumeric, prepareTelephone, prepareValue } from './string-prep.js';
import { isNumericString, isPostalText, isTelephoneNumber } from './syntax-checks.js';
import { generalizedTimeForm, utcTimeForm } from './time-form.js';
import {
  authorizationForm,
  booleanForm,
  distinguishedNameForm,
  firstComponent,
  firstIntegerForm,
  firstOidForm,
  ia5Form,
  isBitString,
  listForm,
  nameAndUidForm,
  objectIdentifierForm,
  uuidForm,
} from './value-forms.js';

type Form = (value: Uint8Array) => Uint8Array | undefined;

/** An equality rule and the syntax of its assertions, for publication. */
export interface PublishedEqualityRule extends EqualityRule {
  /** OID of the assertion syntax. */
  readonly syntax: string;
}

const RFC4517 = '1.3.6.1.4.1.1466.115.121.1';
const DIRECTORY_STRING = `${RFC4517}.15`;

const identity: Form = (value) => value;
const integer: Form = (value) => (isInteger(value) ? value : undefined);
const bits: Form = (value) => (isBitString(value) ? value : undefined);

const RULES: readonly PublishedEqualityRule[] = [
  rule('2.5.13.0', 'objectIdentifierMatch', `${RFC4517}.38`, objectIdentifierForm),
  rule('2.5.13.1', 'distinguishedNameMatch', `${RFC4517}.12`, distinguishedNameForm),
  rule('2.5.13.2', 'caseIgnoreMatch', DIRECTORY_STRING, valueForm(true), stringAssertion(true)),
  rule('2.5.13.5', 'caseExactMatch', DIRECTORY_STRING, valueForm(false), stringAssertion(false)),
  rule(
    '2.5.13.8',
    'numericStringMatch',
    `${RFC4517}.36`,
    (value) => prepareNumeric(value, LIMITS.prepareBytes),
    ofSyntax(isNumericString, (value) => prepareNumeric(value, LIMITS.prepareAssertionBytes)),
  ),
  rule('2.5.13.11', 'caseIgnoreListMatch', `${RFC4517}.41`, listForm, ofSyntax(isPostalText, listForm)),
  rule('2.5.13.13', 'booleanMatch', `${RFC4517}.7`, booleanForm),
  rule('2.5.13.14', 'integerMatch', `${RFC4517}.27`, integer),
  rule('2.5.13.16', 'bitStringMatch', `${RFC4517}.6`, bits),
  rule('2.5.13.17', 'octetStringMatch', `${RFC4517}.40`, identity),
  rule(
    '2.5.13.20',
    'telephoneNumberMatch',
    `${RFC4517}.50`,
    (value) => prepareTelephone(value, LIMITS.prepareBytes),
    ofSyntax(isTelephoneNumber, (value) => prepareTelephone(value, LIMITS.prepareAssertionBytes)),
  ),
  rule('2.5.13.22', 'presentationAddressMatch', `${RFC4517}.43`, valueForm(true), assertionForm(true)),
  rule('2.5.13.23', 'uniqueMemberMatch', `${RFC4517}.34`, nameAndUidForm),
  rule('2.5.13.24', 'protocolInformationMatch', `${RFC4517}.42`, valueForm(true), assertionForm(true)),
  rule('2.5.13.25', 'uTCTimeMatch', `${RFC4517}.53`, utcTimeForm),
  rule('2.5.13.27', 'generalizedTimeMatch', `${RFC4517}.24`, generalizedTimeForm),
  rule('2.5.13.29', 'integerFirstComponentMatch', `${RFC4517}.27`, firstIntegerForm, integer),
  rule(
    '2.5.13.30',
    'objectIdentifierFirstComponentMatch',
    `${RFC4517}.38`,
    firstOidForm,
    objectIdentifierForm,
  ),
  rule('2.5.13.31', 'directoryStringFirstComponentMatch', DIRECTORY_STRING, firstString, assertionForm(true)),
  rule('2.5.13.34', 'certificateExactMatch', '1.3.6.1.1.15.1', certificateForm, certificateAssertionForm),
  rule(
    '2.5.13.38',
    'certificateListExactMatch',
    '1.3.6.1.1.15.5',
    revocationListForm,
    revocationListAssertionForm,
  ),
  rule('1.3.6.1.4.1.1466.109.114.1', 'caseExactIA5Match', `${RFC4517}.26`, (value) => ia5Form(value, false)),
  rule('1.3.6.1.4.1.1466.109.114.2', 'caseIgnoreIA5Match', `${RFC4517}.26`, (value) => ia5Form(value, true)),
  rule('1.3.6.1.1.16.2', 'uuidMatch', '1.3.6.1.1.16.1', uuidForm),
  rule('1.3.6.1.4.1.4203.1.2.2', 'authPasswordExactMatch', '1.3.6.1.4.1.4203.1.1.2', identity),
  rule('1.3.6.1.4.1.4203.666.4.12', 'authzMatch', '1.3.6.1.4.1.4203.666.2.7', authorizationForm),
  rule('1.3.6.1.4.1.4203.666.11.2.2', 'CSNMatch', '1.3.6.1.4.1.4203.666.11.2.1', (value) =>
    ia5Form(value, true),
  ),
];

const BY_NAME = new Map<string, PublishedEqualityRule>();
for (const row of RULES) {
  BY_NAME.set(row.oid, row);
  BY_NAME.set(row.name.toLowerCase(), row);
}

/** The rule of a name (any case) or OID; undefined for one that we do not have. */
export function equalityRule(nameOrOid: string): EqualityRule | undefined {
  return BY_NAME.get(nameOrOid) ?? BY_NAME.get(nameOrOid.toLowerCase());
}

/** All equality rules, for cn=schema. */
export function equalityRules(): readonly PublishedEqualityRule[] {
  return RULES;
}

function rule(
  oid: string,
  name: string,
  syntax: string,
  value: Form,
  assertion = value,
): PublishedEqualityRule {
  return { oid, name, syntax, normalize: value, normalizeAssertion: assertion };
}

function valueForm(fold: boolean): Form {
  return (value) => prepareValue(value, fold);
}

function assertionForm(fold: boolean): Form {
  return (value) => prepareAssertion(value, fold);
}

/** RFC 4511 section 4.5.1.7: an assertion that is not of its syntax is no value that nothing matches; the clause is Undefined. */
function ofSyntax(isValid: (value: Uint8Array) => boolean, form: Form): Form {
  return (value) => (isValid(value) ? form(value) : undefined);
}

/** A Directory String has at least one character (RFC 4517 section 3.3.6). */
function stringAssertion(fold: boolean): Form {
  return ofSyntax((value) => value.length > 0, assertionForm(fold));
}

function firstString(value: Uint8Array): Uint8Array | undefined {
  const first = firstComponent(value);
  return first === undefined ? undefined : prepareValue(first, true);
}
