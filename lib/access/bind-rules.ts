/**
 * What a password policy makes of a bind (draft-behera-ldap-password-policy-10 sections 7.1 to 7.3): whether the account is locked, what a wrong password leaves behind, and on what
 * terms a right one is let in.
 *
 * Functions of policy, state and time. Invariants: a locked account gets no further failures, so their number is bounded; a lock follows from the recorded failures alone, so that it
 * holds where failures of two servers came together and neither saw enough of them; nothing is written that the policy does not ask for.
 */
import type { EntryModification } from '../entry/modification.js';
import {
  type AccountState,
  STATE,
  type Stamp,
  setTo,
  timeValue,
  without,
  withValue,
} from './account-state.js';
import {
  DELAY_DOUBLINGS,
  mostFailures,
  type PasswordPolicy,
  type PolicyFault,
  recordsFailures,
} from './password-policy.js';

/** Why nobody comes in. `untilMs` undefined: until an administrator changes that. */
export interface Lock {
  readonly why: 'administrator' | 'failures' | 'delay' | 'notYet' | 'over' | 'idle';
  readonly untilMs: number | undefined;
}

const DAY_SECONDS = 86_400;

/** The lock that lies on an account; undefined: none. */
export function lockOf(policy: PasswordPolicy, state: AccountState, nowMs: number): Lock | undefined {
  if (state.lockedMs === 'forever') return { why: 'administrator', untilMs: undefined };
  if (state.startMs !== undefined && nowMs < state.startMs) return { why: 'notYet', untilMs: state.startMs };
  if (state.endMs !== undefined && nowMs >= state.endMs) return { why: 'over', untilMs: undefined };
  const failed = failureLock(policy, state, nowMs);
  if (failed !== undefined) return failed;
  const last = state.lastSuccessMs ?? state.changedMs;
  const idle = policy.maxIdle + successInterval(policy);
  if (policy.maxIdle > 0 && last !== undefined && nowMs >= last + idle * 1000)
    return { why: 'idle', untilMs: undefined };
  const counted = countedFailures(policy, state, nowMs);
  const untilMs = delayEnd(policy, counted);
  return untilMs !== undefined && nowMs < untilMs ? { why: 'delay', untilMs } : undefined;
}

/** Failures that count now: neither too old nor settled by a lock that is over. */
export function countedFailures(
  policy: PasswordPolicy,
  state: AccountState,
  nowMs: number,
): readonly Stamp[] {
  const { lockedMs } = state;
  const settledMs = typeof lockedMs === 'number' && policy.lockout ? lockedMs : Number.NEGATIVE_INFINITY;
  const fresh = freshFailures(policy, state, nowMs).filter(({ ms }) => ms > settledMs);
  const own = thresholdMs(policy, fresh);
  return own !== undefined && isOver(policy, own, nowMs) ? [] : fresh;
}

function freshFailures({ failureInterval }: PasswordPolicy, { failures }: AccountState, nowMs: number) {
  return failureInterval === 0 ? failures : failures.filter(({ ms }) => nowMs < ms + failureInterval * 1000);
}

function failureLock(policy: PasswordPolicy, state: AccountState, nowMs: number): Lock | undefined {
  if (!policy.lockout) return undefined;
  const { lockedMs } = state;
  const lasts = typeof lockedMs === 'number' && !isOver(policy, lockedMs, nowMs);
  const fromMs = lasts ? lockedMs : thresholdMs(policy, countedFailures(policy, state, nowMs));
  if (fromMs === undefined) return undefined;
  return { why: 'failures', untilMs: lockEnd(policy, fromMs) };
}

/** When these failures made a lock; undefined: there are too few. */
function thresholdMs(
  { lockout, maxFailure }: PasswordPolicy,
  failures: readonly Stamp[],
): number | undefined {
  return lockout && maxFailure > 0 && failures.length >= maxFailure ? failures.at(-1)?.ms : undefined;
}

function lockEnd({ lockoutDuration }: PasswordPolicy, fromMs: number): number | undefined {
  return lockoutDuration === 0 ? undefined : fromMs + lockoutDuration * 1000;
}

function isOver(policy: PasswordPolicy, fromMs: number, nowMs: number): boolean {
  const endMs = lockEnd(policy, fromMs);
  return endMs !== undefined && nowMs >= endMs;
}

function delayEnd({ minDelay, maxDelay }: PasswordPolicy, failures: readonly Stamp[]): number | undefined {
  const last = failures.at(-1);
  if (minDelay === 0 || last === undefined) return undefined;
  const grown = minDelay * 2 ** (Math.min(failures.length, DELAY_DOUBLINGS) - 1);
  return last.ms + Math.min(grown, maxDelay === 0 ? DAY_SECONDS : maxDelay) * 1000;
}

/** What a wrong password leaves in the account. */
export function afterFailure(
  policy: PasswordPolicy,
  state: AccountState,
  nowMs: number,
): readonly EntryModification[] {
  if (!recordsFailures(policy)) return [];
  const counted = countedFailures(policy, state, nowMs);
  const lock = lockOf(policy, state, nowMs);
  if (lock !== undefined) {
    // Failures of several servers met: the lock is said where administrators look for it.
    const fromMs = lock.why === 'failures' && state.lockedMs === undefined && counted.at(-1)?.ms;
    return typeof fromMs === 'number' ? [setTo(STATE.lockedTime, timeValue(fromMs))] : [];
  }
  // Two failures within one millisecond are two values.
  const newest = state.failures.at(-1)?.ms ?? Number.NEGATIVE_INFINITY;
  const atMs = Math.max(nowMs, newest + 1);
  const room = mostFailures(policy) - 1;
  const kept = room === 0 ? [] : counted.slice(-room);
  const stale = state.failures.filter((one) => !kept.includes(one));
  const locks = thresholdMs(policy, [...counted, { ms: atMs, value: timeValue(atMs) }]) !== undefined;
  return [
    ...without(
      STATE.failureTime,
      stale.map(({ value }) => value),
    ),
    withValue(STATE.failureTime, timeValue(atMs)),
    ...(locks ? [setTo(STATE.lockedTime, timeValue(atMs))] : []),
    ...(!locks && state.lockedMs !== undefined ? [setTo(STATE.lockedTime)] : []),
  ];
}

/** The terms of a bind with the right password. */
export type Admission =
  | { readonly kind: 'refused'; readonly fault: 'accountLocked' | 'passwordExpired' }
  | {
      readonly kind: 'admitted';
      /** Nothing but a change of the password is allowed until that is done. */
      readonly mustChange: boolean;
      readonly fault: PolicyFault | undefined;
      /** Seconds until the password expires, where it is time to say so. */
      readonly expiresInSeconds: number | undefined;
      /** Binds that the expired password is still good for after this one. */
      readonly graceLeft: number | undefined;
      readonly writes: readonly EntryModification[];
    };

/** When the password expires; undefined: never. */
export function expiryMs({ maxAge }: PasswordPolicy, { changedMs }: AccountState): number | undefined {
  return maxAge === 0 || changedMs === undefined ? undefined : changedMs + maxAge * 1000;
}

/** Whether somebody else set the password and the policy wants another. */
export function mustChangeReset(policy: PasswordPolicy, state: AccountState): boolean {
  return policy.mustChange && state.reset;
}

/** Whether the password is of no use but for its own change. */
export function isExpired(policy: PasswordPolicy, state: AccountState, nowMs: number): boolean {
  const endMs = expiryMs(policy, state);
  return endMs !== undefined && nowMs >= endMs;
}

/** Judges a bind with the right password. */
export function admission(policy: PasswordPolicy, state: AccountState, nowMs: number): Admission {
  if (lockOf(policy, state, nowMs) !== undefined) return { kind: 'refused', fault: 'accountLocked' };
  const settled = afterSuccess(policy, state, nowMs);
  const plain = { kind: 'admitted', mustChange: false, fault: undefined } as const;
  const silent = { expiresInSeconds: undefined, graceLeft: undefined, writes: settled };
  // A password that somebody else set serves for its change however old it is.
  if (mustChangeReset(policy, state))
    return { ...plain, ...silent, mustChange: true, fault: 'changeAfterReset' };
  const endMs = expiryMs(policy, state);
  if (endMs === undefined) return { ...plain, ...silent };
  if (nowMs < endMs) {
    const left = Math.ceil((endMs - nowMs) / 1000);
    return { ...plain, ...silent, expiresInSeconds: left <= policy.expireWarning ? left : undefined };
  }
  const graceLeft = graceBinds(policy, state, nowMs);
  if (graceLeft === 0) return { kind: 'refused', fault: 'passwordExpired' };
  const newest = state.graceUses.at(-1)?.ms ?? Number.NEGATIVE_INFINITY;
  const use = withValue(STATE.graceUseTime, timeValue(Math.max(nowMs, newest + 1)));
  return {
    ...plain,
    mustChange: true,
    expiresInSeconds: undefined,
    graceLeft: graceLeft - 1,
    writes: [...settled, use],
  };
}

/**
 * Judges a bind that proves who it is without the password (SASL EXTERNAL): locks are of the account and count, but for the wait after a wrong password; the age of the password, its reset and
 * its failures are not looked at, and stay as they are.
 */
export function admissionWithoutPassword(
  policy: PasswordPolicy,
  state: AccountState,
  nowMs: number,
): Admission {
  const lock = lockOf(policy, state, nowMs);
  if (lock !== undefined && lock.why !== 'delay') return { kind: 'refused', fault: 'accountLocked' };
  return {
    kind: 'admitted',
    mustChange: false,
    fault: undefined,
    expiresInSeconds: undefined,
    graceLeft: undefined,
    writes: successTime(policy, state, nowMs),
  };
}

/** Binds that an expired password is good for. */
export function graceBinds(policy: PasswordPolicy, state: AccountState, nowMs: number): number {
  const endMs = expiryMs(policy, state);
  if (endMs === undefined || nowMs < endMs) return 0;
  if (policy.graceExpiry > 0 && nowMs >= endMs + policy.graceExpiry * 1000) return 0;
  return Math.max(policy.graceLimit - state.graceUses.length, 0);
}

/** What a right password clears, and the time of it. */
function afterSuccess(policy: PasswordPolicy, state: AccountState, nowMs: number): EntryModification[] {
  const writes: EntryModification[] = [];
  if (state.failures.length > 0 && recordsFailures(policy)) writes.push(setTo(STATE.failureTime));
  if (state.lockedMs !== undefined && policy.lockout) writes.push(setTo(STATE.lockedTime));
  return [...writes, ...successTime(policy, state, nowMs)];
}

/** The time of a bind, at most once a day. */
function successTime(policy: PasswordPolicy, state: AccountState, nowMs: number): EntryModification[] {
  const { lastSuccessMs } = state;
  const due = lastSuccessMs === undefined || nowMs >= lastSuccessMs + successInterval(policy) * 1000;
  return policy.maxIdle > 0 && due ? [setTo(STATE.lastSuccess, timeValue(nowMs))] : [];
}

/** Seconds for which a recorded success stands for later ones: nobody is idle who bound within them. */
function successInterval({ maxIdle }: PasswordPolicy): number {
  return Math.min(DAY_SECONDS, Math.floor(maxIdle / 2));
}
