/**
 * Password policies (draft-behera-ldap-password-policy-10 section 5.2): what an entry of class pwdPolicy asks of the accounts that it governs.
 *
 * Owns the reading of such an entry. What follows for an account is account-state.ts (what is known of it), bind-rules.ts and password-rules.ts. Invariants: total; a value that
 * says nothing asks for nothing; every number is bounded.
 */
import { latin1, utf8Decode } from '../base/bytes.js';
import { LIMITS } from '../base/limits.js';
import type { Attribute, EntryView } from '../entry/entry.js';
import type { AttributeKey } from '../schema/attribute-type.js';
import { objectIdentifierForm } from '../schema/value-forms.js';

/** What is told to a client that sent the control: the names of the draft's section 6.2. */
export type PolicyFault =
  | 'passwordExpired'
  | 'accountLocked'
  | 'changeAfterReset'
  | 'passwordModNotAllowed'
  | 'mustSupplyOldPassword'
  | 'insufficientPasswordQuality'
  | 'passwordTooShort'
  | 'passwordTooYoung'
  | 'passwordInHistory';

/** Times are seconds; 0 asks for nothing unless said otherwise. */
export interface PasswordPolicy {
  readonly minAge: number;
  readonly maxAge: number;
  /** Old passwords that may not come back. */
  readonly inHistory: number;
  /** 0: quality is not looked at; 1: where it can be; 2: what cannot be looked at is refused. */
  readonly checkQuality: 0 | 1 | 2;
  /** Characters. */
  readonly minLength: number;
  readonly maxLength: number;
  readonly expireWarning: number;
  readonly graceLimit: number;
  /** Seconds after the expiry in which grace binds are allowed; 0: no end. */
  readonly graceExpiry: number;
  readonly lockout: boolean;
  /** 0: until an administrator lifts the lock. */
  readonly lockoutDuration: number;
  readonly maxFailure: number;
  /** Seconds after which a failure is forgotten; 0: when a bind succeeds. */
  readonly failureInterval: number;
  readonly maxRecordedFailure: number;
  readonly mustChange: boolean;
  readonly allowUserChange: boolean;
  readonly safeModify: boolean;
  /** Wait after the first failure, doubled with each further one, up to maxDelay. */
  readonly minDelay: number;
  readonly maxDelay: number;
  readonly maxIdle: number;
}

/** Asks for nothing. */
export const NO_POLICY: PasswordPolicy = {
  minAge: 0,
  maxAge: 0,
  inHistory: 0,
  checkQuality: 0,
  minLength: 0,
  maxLength: 0,
  expireWarning: 0,
  graceLimit: 0,
  graceExpiry: 0,
  lockout: false,
  lockoutDuration: 0,
  maxFailure: 0,
  failureInterval: 0,
  maxRecordedFailure: 0,
  mustChange: false,
  allowUserChange: true,
  safeModify: false,
  minDelay: 0,
  maxDelay: 0,
  maxIdle: 0,
};

const OBJECT_CLASS = 'objectclass' as AttributeKey;
const PASSWORD_ATTRIBUTE = 'pwdattribute' as AttributeKey;
/** Normal forms of names (schema/standard-names.ts). */
const CLASS = 'pwdpolicy';
const PASSWORD = 'userpassword';
const SUBENTRY = 'subentry';
const MOST_SECONDS = 2_147_483_647;

/** The policy that an entry is; undefined for any other entry, and for a policy about another attribute than userPassword. */
export function readPolicy(entry: EntryView): PasswordPolicy | undefined {
  if (!names(entry.attribute(OBJECT_CLASS), CLASS) || !names(entry.attribute(PASSWORD_ATTRIBUTE), PASSWORD))
    return undefined;
  const number = (name: string, most = MOST_SECONDS): number =>
    numberOf(entry.attribute(name as AttributeKey), most);
  const flag = (name: string): boolean | undefined => flagOf(entry.attribute(name as AttributeKey));
  return {
    minAge: number('pwdminage'),
    maxAge: number('pwdmaxage'),
    inHistory: number('pwdinhistory', LIMITS.passwordHistory),
    checkQuality: number('pwdcheckquality', 2) as 0 | 1 | 2,
    minLength: number('pwdminlength'),
    maxLength: number('pwdmaxlength'),
    expireWarning: number('pwdexpirewarning'),
    graceLimit: number('pwdgraceauthnlimit', LIMITS.passwordFailures),
    graceExpiry: number('pwdgraceexpiry'),
    lockout: flag('pwdlockout') ?? false,
    lockoutDuration: number('pwdlockoutduration'),
    maxFailure: number('pwdmaxfailure', LIMITS.passwordFailures),
    failureInterval: number('pwdfailurecountinterval'),
    maxRecordedFailure: number('pwdmaxrecordedfailure', LIMITS.passwordFailures),
    mustChange: flag('pwdmustchange') ?? false,
    allowUserChange: flag('pwdallowuserchange') ?? true,
    safeModify: flag('pwdsafemodify') ?? false,
    minDelay: number('pwdmindelay'),
    maxDelay: number('pwdmaxdelay'),
    maxIdle: number('pwdmaxidle'),
  };
}

/** Whether an entry is a subentry (RFC 3672), whose subtree specification says whom it is for. */
export function isSubentryPolicy(entry: EntryView): boolean {
  return names(entry.attribute(OBJECT_CLASS), SUBENTRY);
}

/** Whether failed binds are recorded. */
export function recordsFailures(policy: PasswordPolicy): boolean {
  return mostFailures(policy) > 0;
}

/** Failures that are kept at most. */
export function mostFailures(policy: PasswordPolicy): number {
  const locks = policy.lockout ? policy.maxFailure : 0;
  return Math.max(locks, policy.maxRecordedFailure, policy.minDelay > 0 ? DELAY_DOUBLINGS : 0);
}

/** Failures by which a delay grows. */
export const DELAY_DOUBLINGS = 16;

function names(attribute: Attribute | undefined, name: string): boolean {
  return attribute?.values.some((value) => formOf(value) === name) === true;
}

function formOf(value: Uint8Array): string | undefined {
  const form = objectIdentifierForm(value);
  return form === undefined ? undefined : utf8Decode(form);
}

function numberOf(attribute: Attribute | undefined, most: number): number {
  const value = attribute?.values[0];
  if (value === undefined) return 0;
  // More digits than these say more than `most` too, or less than nothing.
  const number = Number(latin1(value.subarray(0, 16)));
  return Number.isNaN(number) ? 0 : Math.min(Math.max(Math.trunc(number), 0), most);
}

function flagOf(attribute: Attribute | undefined): boolean | undefined {
  const value = attribute?.values[0];
  return value === undefined ? undefined : latin1(value).toUpperCase() === 'TRUE';
}
