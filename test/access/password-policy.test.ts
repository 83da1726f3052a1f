/** A password policy as its entry says it. */
import t from 'tap';
import { NO_POLICY, readPolicy } from '../../lib/access/password-policy.js';
import { entryOf } from './test-entries.js';

t.test('a policy is read from its entry; what it does not say it does not ask for', (t) => {
  const said = (values: Readonly<Record<string, readonly string[]>>) =>
    readPolicy(entryOf({ objectClass: ['device', 'pwdPolicy'], pwdAttribute: ['userPassword'], ...values }));
  t.same(said({}), NO_POLICY);
  t.same(said({ pwdAttribute: ['2.5.4.35'] }), NO_POLICY, 'by its OID');
  t.equal(said({ pwdAttribute: ['cn'] }), undefined);
  t.equal(said({ objectClass: ['device'] }), undefined);
  t.match(
    said({ pwdMaxAge: ['90'], pwdLockout: ['TRUE'], pwdAllowUserChange: ['FALSE'], pwdCheckQuality: ['7'] }),
    {
      maxAge: 90,
      lockout: true,
      allowUserChange: false,
      checkQuality: 2,
    },
  );
  t.match(
    said({
      pwdMaxFailure: ['1000000'],
      pwdInHistory: ['1000000'],
      pwdMaxAge: ['-1'],
      pwdMinAge: ['9'.repeat(400)],
    }),
    {
      maxFailure: 100,
      inHistory: 24,
      maxAge: 0,
      minAge: 2_147_483_647,
    },
  );
  t.end();
});
