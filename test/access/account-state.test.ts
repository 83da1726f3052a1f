/** The state of an account as its entry says it. */
import t from 'tap';
import {
  historyHash,
  historyValue,
  limitsItself,
  readAccount,
  timeValue,
} from '../../lib/access/account-state.js';
import { latin1, utf8Encode } from '../../lib/base/bytes.js';
import { entryOf } from './test-entries.js';

const START = Date.UTC(2026, 0, 1);

t.test('an account is read from its values, whatever they are', (t) => {
  const state = readAccount(
    entryOf({
      pwdAccountLockedTime: ['000001010000Z'],
      pwdFailureTime: ['20260101000001Z', 'nonsense', '20260101000000.5Z'],
      pwdHistory: ['20260102000000Z#x', '20260101000000Z#x'],
      pwdReset: ['true'],
    }),
  );
  t.equal(state.lockedMs, 'forever');
  t.same(
    state.failures.map(({ ms }) => ms - START),
    [500, 1000],
  );
  t.same(state.history.map(latin1), ['20260101000000Z#x', '20260102000000Z#x'], 'oldest first');
  t.equal(state.reset, true);
  t.equal(readAccount(entryOf({ pwdAccountLockedTime: ['00000101000000Z'] })).lockedMs, 'forever');
  t.equal(readAccount(entryOf({ pwdAccountLockedTime: ['20260101000000Z'] })).lockedMs, START);
  t.same(readAccount(entryOf({})).failures, []);
  t.end();
});

t.test('what counts without a policy', (t) => {
  t.equal(limitsItself(entryOf({ uid: ['x'], pwdFailureTime: ['20260101000000Z'] })), false);
  for (const name of ['pwdAccountLockedTime', 'pwdStartTime', 'pwdEndTime'])
    t.equal(limitsItself(entryOf({ [name]: ['20260101000000Z'] })), true, name);
  t.end();
});

t.test('times and old passwords are written so that they can be read (draft section 5.3.4)', (t) => {
  t.equal(latin1(timeValue(START + 250)), '20260101000000.250Z');
  const value = historyValue(START, utf8Encode('{X}a#1'));
  t.equal(latin1(value), '20260101000000.000Z#1.3.6.1.4.1.1466.115.121.1.40#6#{X}a#1');
  t.equal(latin1(historyHash(value) ?? new Uint8Array(0)), '{X}a#1');
  t.equal(historyHash(utf8Encode('no#history')), undefined);
  t.end();
});
