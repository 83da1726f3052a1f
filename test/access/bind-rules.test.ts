/** The rules of binds: locks, failures, waits. */
import t from 'tap';
import {
  type AccountState,
  readAccount,
  type Stamp,
  stateKey,
  timeValue,
} from '../../lib/access/account-state.js';
import {
  type Admission,
  admission,
  admissionWithoutPassword,
  afterFailure,
  countedFailures,
  lockOf,
} from '../../lib/access/bind-rules.js';
import { mostFailures, NO_POLICY, type PasswordPolicy } from '../../lib/access/password-policy.js';
import { latin1 } from '../../lib/base/bytes.js';
import type { Attribute } from '../../lib/entry/entry.js';
import type { EntryModification } from '../../lib/entry/modification.js';
import type { AttributeKey } from '../../lib/schema/attribute-type.js';
import { entryWith, UNTOUCHED } from './test-entries.js';

const START = Date.UTC(2026, 0, 1);
const at = (seconds: number): number => START + seconds * 1000;
const stamp = (seconds: number): Stamp => ({ ms: at(seconds), value: timeValue(at(seconds)) });

const LOCKING: PasswordPolicy = { ...NO_POLICY, lockout: true, maxFailure: 3 };

/** An account as an entry: modifications are done to it, as a store would. */
class Account {
  readonly attributes = new Map<AttributeKey, Attribute>();

  get state(): AccountState {
    return readAccount(entryWith(this.attributes));
  }

  apply(modifications: readonly EntryModification[]): void {
    for (const { operation, attribute } of modifications) {
      const key = stateKey(attribute.description);
      const texts = attribute.values.map(latin1);
      const before = this.attributes.get(key)?.values ?? [];
      const after =
        operation === 'add'
          ? [...before, ...attribute.values]
          : operation === 'replace'
            ? attribute.values
            : before.filter((value) => !texts.includes(latin1(value)));
      if (after.length === 0) this.attributes.delete(key);
      else this.attributes.set(key, { name: attribute.description, values: after });
    }
  }
}

t.test('which lock lies on an account', (t) => {
  const cases: readonly [
    string,
    Partial<PasswordPolicy>,
    Partial<AccountState>,
    number,
    string | undefined,
  ][] = [
    ['none', {}, {}, 0, undefined],
    ['for good, without a policy', {}, { lockedMs: 'forever' }, 0, 'administrator'],
    ['a time without pwdLockout', {}, { lockedMs: at(0) }, 1, undefined],
    ['a time, no duration', { lockout: true }, { lockedMs: at(0) }, 1e9, 'failures'],
    [
      'a time within the duration',
      { lockout: true, lockoutDuration: 10 },
      { lockedMs: at(0) },
      9.999,
      'failures',
    ],
    ['at its end', { lockout: true, lockoutDuration: 10 }, { lockedMs: at(0) }, 10, undefined],
    ['too few failures', LOCKING, { failures: [stamp(0), stamp(1)] }, 2, undefined],
    ['failures that met', LOCKING, { failures: [stamp(0), stamp(1), stamp(2)] }, 2, 'failures'],
    [
      'some of them too old',
      { ...LOCKING, failureInterval: 10 },
      { failures: [0, 1, 9].map(stamp) },
      10.5,
      undefined,
    ],
    ['not without pwdLockout', { maxFailure: 3 }, { failures: [0, 1, 2].map(stamp) }, 2, undefined],
    ['before its time', {}, { startMs: at(5) }, 4, 'notYet'],
    ['from its time', {}, { startMs: at(5) }, 5, undefined],
    ['after its time', {}, { endMs: at(5) }, 5, 'over'],
    ['idle', { maxIdle: 100 }, { lastSuccessMs: at(0) }, 150, 'idle'],
    [
      'a success within the interval may not be recorded',
      { maxIdle: 100 },
      { lastSuccessMs: at(0) },
      149,
      undefined,
    ],
    ['idle since the password was set', { maxIdle: 100 }, { changedMs: at(0) }, 150, 'idle'],
    ['never known', { maxIdle: 100 }, {}, 1e6, undefined],
    ['first delay', { minDelay: 4 }, { failures: [stamp(0)] }, 3.9, 'delay'],
    ['over', { minDelay: 4 }, { failures: [stamp(0)] }, 4, undefined],
    ['doubled', { minDelay: 4 }, { failures: [stamp(0), stamp(10)] }, 17, 'delay'],
    ['bounded', { minDelay: 4, maxDelay: 5 }, { failures: [stamp(0), stamp(10)] }, 15, undefined],
  ];
  for (const [name, policy, state, seconds, why] of cases) {
    t.equal(lockOf({ ...NO_POLICY, ...policy }, { ...UNTOUCHED, ...state }, at(seconds))?.why, why, name);
  }
  t.end();
});

t.test('failures lock once, are bounded, and are counted anew when the lock is over', (t) => {
  for (const maxFailure of [1, 2, 5]) {
    for (const failureInterval of [0, 30]) {
      const policy = { ...LOCKING, maxFailure, failureInterval, lockoutDuration: 60 };
      const account = new Account();
      let tries = 0;
      for (let round = 0; round < 3; round++) {
        const beginsAt = round * 100;
        for (let i = 0; i < maxFailure; i++) {
          t.equal(lockOf(policy, account.state, at(beginsAt)), undefined);
          // All within one millisecond: each is a value of its own.
          account.apply(afterFailure(policy, account.state, at(beginsAt)));
          tries += 1;
        }
        t.equal(lockOf(policy, account.state, at(beginsAt + 1))?.why, 'failures');
        t.same(afterFailure(policy, account.state, at(beginsAt + 1)), [], 'nothing more is written');
        t.equal(account.state.failures.length, maxFailure);
        t.same(countedFailures(policy, account.state, at(beginsAt + 99)), []);
      }
      t.equal(tries, 3 * maxFailure);
    }
  }
  t.end();
});

t.test('failures of two servers add up: the lock follows from them, and is said once', (t) => {
  const account = new Account();
  account.apply(afterFailure(LOCKING, account.state, at(0)));
  const other = new Account();
  other.apply(afterFailure(LOCKING, other.state, at(1)));
  other.apply(afterFailure(LOCKING, other.state, at(2)));
  // As replication brings them together.
  for (const { value } of other.state.failures)
    account.apply([{ operation: 'add', attribute: { description: 'pwdFailureTime', values: [value] } }]);
  t.equal(account.state.lockedMs, undefined);
  t.equal(lockOf(LOCKING, account.state, at(3))?.why, 'failures');
  account.apply(afterFailure(LOCKING, account.state, at(3)));
  t.equal(account.state.lockedMs, at(2));
  t.equal(account.state.failures.length, 3);
  t.same(afterFailure(LOCKING, account.state, at(4)), []);
  t.end();
});

t.test('recorded failures never exceed what the policy asks for', (t) => {
  for (const policy of [
    { ...NO_POLICY, maxRecordedFailure: 1 },
    { ...NO_POLICY, maxRecordedFailure: 4 },
    { ...NO_POLICY, minDelay: 1, maxDelay: 1 },
    { ...LOCKING, maxFailure: 50, maxRecordedFailure: 4, failureInterval: 20 },
  ]) {
    const account = new Account();
    for (let i = 0; i < 80; i++) {
      account.apply(afterFailure(policy, account.state, at(i * 2)));
      t.ok(account.state.failures.length <= mostFailures(policy));
    }
    t.equal(account.state.failures.at(-1)?.ms, at(158), 'the newest are kept');
  }
  t.same(afterFailure(NO_POLICY, UNTOUCHED, at(0)), [], 'none where nobody asks');
  t.end();
});

/** The terms of a bind as one text. */
function termsOf(judged: Admission): string {
  if (judged.kind === 'refused') return judged.fault;
  const parts = [judged.mustChange ? 'change only' : 'in'];
  if (judged.fault !== undefined) parts.push(judged.fault);
  if (judged.expiresInSeconds !== undefined) parts.push(`expires in ${judged.expiresInSeconds}`);
  if (judged.graceLeft !== undefined) parts.push(`${judged.graceLeft} left`);
  for (const { operation, attribute } of judged.writes)
    parts.push(`${operation === 'add' ? '+' : '='}${attribute.description}`);
  return parts.join(', ');
}

t.test('on what terms a right password is let in', (t) => {
  const aging: PasswordPolicy = { ...NO_POLICY, maxAge: 100, expireWarning: 20, graceLimit: 2 };
  const cases: readonly [string, PasswordPolicy, Partial<AccountState>, number, string][] = [
    ['no policy', NO_POLICY, {}, 0, 'in'],
    ['no age known', aging, {}, 1e6, 'in'],
    ['young', aging, { changedMs: at(0) }, 79, 'in'],
    ['soon', aging, { changedMs: at(0) }, 80, 'in, expires in 20'],
    ['the last second', aging, { changedMs: at(0) }, 99.5, 'in, expires in 1'],
    ['expired', aging, { changedMs: at(0) }, 100, 'change only, 1 left, +pwdGraceUseTime'],
    [
      'once more',
      aging,
      { changedMs: at(0), graceUses: [stamp(100)] },
      101,
      'change only, 0 left, +pwdGraceUseTime',
    ],
    ['used up', aging, { changedMs: at(0), graceUses: [stamp(100), stamp(101)] }, 102, 'passwordExpired'],
    ['without grace', { ...aging, graceLimit: 0 }, { changedMs: at(0) }, 100, 'passwordExpired'],
    [
      'grace in time',
      { ...aging, graceExpiry: 10 },
      { changedMs: at(0) },
      109,
      'change only, 1 left, +pwdGraceUseTime',
    ],
    ['grace too late', { ...aging, graceExpiry: 10 }, { changedMs: at(0) }, 110, 'passwordExpired'],
    ['reset', { ...NO_POLICY, mustChange: true }, { reset: true }, 0, 'change only, changeAfterReset'],
    ['reset, not asked for', NO_POLICY, { reset: true }, 0, 'in'],
    [
      'reset and old',
      { ...aging, mustChange: true },
      { reset: true, changedMs: at(0) },
      1e6,
      'change only, changeAfterReset',
    ],
    ['failures are over', LOCKING, { failures: [stamp(0)] }, 1, 'in, =pwdFailureTime'],
    [
      'a lock is over',
      { ...LOCKING, lockoutDuration: 5 },
      { lockedMs: at(0) },
      6,
      'in, =pwdAccountLockedTime',
    ],
    ['locked', LOCKING, { lockedMs: at(0) }, 6, 'accountLocked'],
    ['a first success', { ...NO_POLICY, maxIdle: 100 }, {}, 0, 'in, =pwdLastSuccess'],
    ['soon after', { ...NO_POLICY, maxIdle: 100 }, { lastSuccessMs: at(0) }, 49, 'in'],
    ['later', { ...NO_POLICY, maxIdle: 100 }, { lastSuccessMs: at(0) }, 50, 'in, =pwdLastSuccess'],
    ['at most once a day', { ...NO_POLICY, maxIdle: 1e6 }, { lastSuccessMs: at(0) }, 86_399, 'in'],
  ];
  for (const [name, policy, state, seconds, terms] of cases)
    t.equal(termsOf(admission(policy, { ...UNTOUCHED, ...state }, at(seconds))), terms, name);
  t.end();
});

t.test('who is known without a password is judged by the account alone', (t) => {
  const idle: PasswordPolicy = { ...NO_POLICY, maxIdle: 100 };
  const cases: readonly [string, PasswordPolicy, Partial<AccountState>, number, string][] = [
    ['expired', { ...NO_POLICY, maxAge: 100 }, { changedMs: at(0) }, 1e6, 'in'],
    ['reset', { ...NO_POLICY, mustChange: true }, { reset: true }, 0, 'in'],
    ['failures stay', LOCKING, { failures: [stamp(0)] }, 1, 'in'],
    ['a lock that is over stays', { ...LOCKING, lockoutDuration: 5 }, { lockedMs: at(0) }, 6, 'in'],
    ['a wait after a wrong password', { ...NO_POLICY, minDelay: 9 }, { failures: [stamp(0)] }, 1, 'in'],
    ['locked', LOCKING, { lockedMs: at(0) }, 6, 'accountLocked'],
    ['locked for good', NO_POLICY, { lockedMs: 'forever' }, 0, 'accountLocked'],
    ['not valid yet', NO_POLICY, { startMs: at(1) }, 0, 'accountLocked'],
    ['not valid any more', NO_POLICY, { endMs: at(1) }, 1, 'accountLocked'],
    ['idle', idle, { lastSuccessMs: at(0) }, 150, 'accountLocked'],
    ['not idle', idle, { lastSuccessMs: at(0) }, 50, 'in, =pwdLastSuccess'],
  ];
  for (const [name, policy, state, seconds, terms] of cases)
    t.equal(termsOf(admissionWithoutPassword(policy, { ...UNTOUCHED, ...state }, at(seconds))), terms, name);
  t.end();
});
