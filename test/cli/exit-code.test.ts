/** Exit codes are part of the interface. */
import t from 'tap';
import { LdapError } from '../../lib/base/ldap-error.js';
import { OPERATOR_ERRORS, OperatorError, type OperatorErrorCode } from '../../lib/base/operator-error.js';
import { exitCodeOf } from '../../lib/cli/exit-code.js';
import { StoreError } from '../../lib/port/ordered-store.js';

t.test('an LDAP error ends with its result code', (t) => {
  t.equal(exitCodeOf(new LdapError('invalidCredentials', 'x')), 49);
  t.end();
});

t.test('operator errors end with 80, or a code of their own', (t) => {
  const own: Partial<Record<OperatorErrorCode, number>> = {
    COMMAND_INVALID: 89,
    PASSWORD_MISSING: 89,
    CONFIG_INVALID: 78,
    FRACTION_INVALID: 78,
    CONNECT_FAILED: 91,
  };
  for (const code of Object.keys(OPERATOR_ERRORS) as OperatorErrorCode[])
    t.equal(exitCodeOf(new OperatorError(code, 'x')), own[code] ?? 80, code);
  t.end();
});

t.test('a store that fails ends with 80: the disk is to blame', (t) => {
  t.equal(exitCodeOf(new StoreError('damaged', 'x')), 80);
  t.end();
});

t.test('anything else is our bug: 70', (t) => {
  t.equal(exitCodeOf(new TypeError('x')), 70);
  t.end();
});
