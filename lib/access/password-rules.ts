/**
 * What a password policy asks of a new password (draft-behera-ldap-password-policy-10 sections 7.4 to 7.8), and what its change leaves in the account.
 *
 * Functions of policy, state, values and time. Whether a password was used before is for whoever can verify hashes (operation/bind/password-change.ts). Nobody is told which characters to
 * use: quality is the length, and that a password does not hold a name of its owner.
 */
import { latin1, utf8Decode, utf8Encode } from '../base/bytes.js';
import type { EntryView } from '../entry/entry.js';
import type { EntryModification } from '../entry/modification.js';
import type { AttributeKey } from '../schema/attribute-type.js';
import {
  type AccountState,
  historyValue,
  STATE,
  setTo,
  timeValue,
  without,
  withValue,
} from './account-state.js';
import type { PasswordPolicy, PolicyFault } from './password-policy.js';

/** A reason against a new password. */
export interface PasswordFault {
  readonly fault: PolicyFault;
  /** For the client: a sentence. */
  readonly text: string;
}

/** Attributes whose values a password may not hold. */
const NAMES: readonly string[] = ['uid', 'cn', 'sn', 'givenname', 'mail'];
/** A shorter name stands in many good passwords. */
const SHORTEST_NAME = 4;
/** Values of an attribute that are looked at. */
const MOST_NAMES = 16;

/** Whether the owner may change the password now. `givesOld`: the old one came with the request. */
export function changeFault(
  policy: PasswordPolicy,
  state: AccountState,
  nowMs: number,
  givesOld: boolean,
): PasswordFault | undefined {
  if (!policy.allowUserChange)
    return { fault: 'passwordModNotAllowed', text: 'Users may not change this password themselves.' };
  if (policy.safeModify && !givesOld)
    return { fault: 'mustSupplyOldPassword', text: 'The old password must be given along with the new one.' };
  const { changedMs, reset } = state;
  if (reset || changedMs === undefined || nowMs >= changedMs + policy.minAge * 1000) return undefined;
  const left = Math.ceil((changedMs + policy.minAge * 1000 - nowMs) / 1000);
  return { fault: 'passwordTooYoung', text: `The password may change again in ${left} s.` };
}

/** Whether a new password is good enough. `clear` undefined: it came hashed, so it cannot be looked at. */
export function qualityFault(
  policy: PasswordPolicy,
  owner: EntryView,
  clear: Uint8Array | undefined,
): PasswordFault | undefined {
  const { checkQuality, minLength, maxLength } = policy;
  if (checkQuality === 0) return undefined;
  if (clear === undefined) {
    return checkQuality === 1
      ? undefined
      : { fault: 'insufficientPasswordQuality', text: 'A hashed password cannot be checked.' };
  }
  const text = utf8Decode(clear);
  const length = text === undefined ? clear.length : [...text].length;
  if (length < minLength)
    return { fault: 'passwordTooShort', text: `A password needs ${minLength} characters at least.` };
  if (maxLength > 0 && length > maxLength)
    return {
      fault: 'insufficientPasswordQuality',
      text: `A password may have ${maxLength} characters at most.`,
    };
  return holdsName(owner, (text ?? latin1(clear)).toLowerCase())
    ? { fault: 'insufficientPasswordQuality', text: 'The password holds a name of its owner.' }
    : undefined;
}

function holdsName(owner: EntryView, password: string): boolean {
  return NAMES.some((key) => {
    const values = owner.attribute(key as AttributeKey)?.values.slice(0, MOST_NAMES) ?? [];
    return values.some((value) => {
      const name = (utf8Decode(value) ?? '').toLowerCase();
      return name.length >= SHORTEST_NAME && password.includes(name);
    });
  });
}

/** A password that was used before. */
export const USED_BEFORE: PasswordFault = {
  fault: 'passwordInHistory',
  text: 'The password was used before.',
};

/** More than one password, of which only one would be judged by its age. */
export const ONE_PASSWORD: PasswordFault = {
  fault: 'insufficientPasswordQuality',
  text: 'The password policy allows one password.',
};

/**
 * What a change of the password leaves in the account. `replaced`: hashes of the passwords before; `byOwner`: who changed it was its owner. A lock that an
 * administrator put on for good stays.
 */
export function afterChange(
  policy: PasswordPolicy,
  state: AccountState,
  nowMs: number,
  { replaced, byOwner }: { readonly replaced: readonly Uint8Array[]; readonly byOwner: boolean },
): readonly EntryModification[] {
  const writes: EntryModification[] = [setTo(STATE.changedTime, timeValue(nowMs))];
  writes.push(...historyWrites(policy, state, nowMs, replaced));
  if (state.failures.length > 0) writes.push(setTo(STATE.failureTime));
  if (state.graceUses.length > 0) writes.push(setTo(STATE.graceUseTime));
  if (typeof state.lockedMs === 'number') writes.push(setTo(STATE.lockedTime));
  if (!byOwner && policy.mustChange) writes.push(setTo(STATE.reset, utf8Encode('TRUE')));
  else if (state.reset) writes.push(setTo(STATE.reset));
  return writes;
}

function historyWrites(
  { inHistory }: PasswordPolicy,
  { history }: AccountState,
  nowMs: number,
  replaced: readonly Uint8Array[],
): readonly EntryModification[] {
  const added = inHistory === 0 ? [] : replaced.slice(-inHistory).map((hash) => historyValue(nowMs, hash));
  const surplus = history.length + added.length - inHistory;
  return [
    ...without(STATE.history, history.slice(0, Math.max(Math.min(surplus, history.length), 0))),
    ...added.map((value) => withValue(STATE.history, value)),
  ];
}
