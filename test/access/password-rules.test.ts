/** The rules of new passwords: who may set one, and which are good enough. */
import t from 'tap';
import { type AccountState, historyValue } from '../../lib/access/account-state.js';
import { NO_POLICY, type PasswordPolicy } from '../../lib/access/password-policy.js';
import { afterChange, changeFault, qualityFault } from '../../lib/access/password-rules.js';
import { utf8Encode } from '../../lib/base/bytes.js';
import { entryOf, UNTOUCHED } from './test-entries.js';

const NOW = Date.UTC(2026, 0, 1);
const STATE: AccountState = { ...UNTOUCHED, changedMs: NOW };

t.test('whether the owner may change the password', (t) => {
  const cases: readonly [
    Partial<PasswordPolicy>,
    Partial<AccountState>,
    number,
    boolean,
    string | undefined,
  ][] = [
    [{}, {}, 0, false, undefined],
    [{ allowUserChange: false }, {}, 0, true, 'passwordModNotAllowed'],
    [{ safeModify: true }, {}, 0, false, 'mustSupplyOldPassword'],
    [{ safeModify: true }, {}, 0, true, undefined],
    [{ minAge: 10 }, {}, 9, false, 'passwordTooYoung'],
    [{ minAge: 10 }, {}, 10, false, undefined],
    [{ minAge: 10 }, { reset: true }, 0, false, undefined],
    [{ minAge: 10 }, { changedMs: undefined }, 0, false, undefined],
  ];
  for (const [policy, state, seconds, givesOld, fault] of cases) {
    const found = changeFault(
      { ...NO_POLICY, ...policy },
      { ...STATE, ...state },
      NOW + seconds * 1000,
      givesOld,
    );
    t.equal(found?.fault, fault);
  }
  t.end();
});

t.test('whether a password is good enough', (t) => {
  const owner = entryOf({ uid: ['bob'], cn: ['Robert Ünal'], mail: ['bob@example.com'] });
  const strict = { checkQuality: 2, minLength: 4, maxLength: 20 } as const;
  const cases: readonly [Partial<PasswordPolicy>, string | undefined, string | undefined][] = [
    [{ ...strict, checkQuality: 0 }, 'x', undefined],
    [{ ...strict, checkQuality: 1 }, undefined, undefined],
    [strict, undefined, 'insufficientPasswordQuality'],
    [strict, 'äöü', 'passwordTooShort'],
    [strict, 'äöüß', undefined],
    [strict, 'x'.repeat(20), undefined],
    [strict, 'x'.repeat(21), 'insufficientPasswordQuality'],
    [strict, 'bobbob', undefined],
    [strict, 'ROBERT ÜNAL!', 'insufficientPasswordQuality'],
    [strict, 'robert-unal', undefined],
  ];
  for (const [policy, clear, fault] of cases) {
    const given = clear === undefined ? undefined : utf8Encode(clear);
    t.equal(qualityFault({ ...NO_POLICY, ...policy }, owner, given)?.fault, fault, clear ?? 'hashed');
  }
  t.end();
});

t.test('what a change leaves: the time, the history, and nothing of what was', (t) => {
  const old = ['a', 'b', 'c'].map((text, i) => historyValue(NOW - 9000 + i, utf8Encode(`{X}${text}#1`)));
  const stamp = { ms: NOW, value: utf8Encode('20260101000000Z') };
  const left = (policy: Partial<PasswordPolicy>, state: Partial<AccountState>, byOwner: boolean) =>
    afterChange({ ...NO_POLICY, ...policy }, { ...STATE, ...state }, NOW, {
      replaced: [utf8Encode('{X}old')],
      byOwner,
    }).map(({ operation, attribute }) => `${operation} ${attribute.description} ${attribute.values.length}`);
  t.same(left({}, {}, true), ['replace pwdChangedTime 1']);
  t.same(left({ inHistory: 3 }, { history: old }, true), [
    'replace pwdChangedTime 1',
    'delete pwdHistory 1',
    'add pwdHistory 1',
  ]);
  t.same(left({}, { history: old }, true), ['replace pwdChangedTime 1', 'delete pwdHistory 3']);
  t.same(
    left({ mustChange: true }, { failures: [stamp], graceUses: [stamp], lockedMs: NOW, reset: true }, true),
    [
      'replace pwdChangedTime 1',
      'replace pwdFailureTime 0',
      'replace pwdGraceUseTime 0',
      'replace pwdAccountLockedTime 0',
      'replace pwdReset 0',
    ],
  );
  t.same(left({ mustChange: true }, { lockedMs: 'forever' }, false), [
    'replace pwdChangedTime 1',
    'replace pwdReset 1',
  ]);
  t.end();
});
