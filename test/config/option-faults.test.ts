/** What is wrong with values of options: each check takes what is right and names what is not. */
import t from 'tap';
import {
  addressFault,
  backupTimesFault,
  dnFault,
  hashFault,
  includeFault,
  ldapUrlFault,
  listenFault,
  nameFault,
  socketPathFault,
  sourceFault,
  uniquenessFault,
} from '../../lib/config/option-faults.js';

const CHECKS = [
  [addressFault, ['a:1', '[::1]:389'], ['a', 'a:0', 'a:99999', '']],
  [listenFault, ['none', '0.0.0.0:0'], ['', 'nowhere']],
  [sourceFault, ['any', '10.0.0.7', 'fd00::7'], ['', 'host', '10.0.0.7;', 'cafe', '1.'.repeat(30)]],
  [ldapUrlFault, ['ldap://a', 'LDAPS://a:636/'], ['ldap:///', 'http://a', 'ldap://a b', '']],
  [dnFault, ['dc=a', 'cn=a,dc=b'], ['', 'a']],
  [includeFault, ['*:mail', 'dc=a,dc=b:+,@person'], ['', 'mail', ':mail', 'x:mail', '*:', '*:a,,b']],
  [nameFault, ['a', 'a-1.b_c'], ['', '-a', 'a b', 'a'.repeat(64)]],
  [socketPathFault, ['none', '/run/ldapi'], ['', 'run/ldapi', `/${'a'.repeat(103)}`]],
  [backupTimesFault, ['none', 'daily 01:00'], ['', 'always', '01:00']],
  [hashFault, ['{ARGON2}x'], ['secret', '{A}', '{}x']],
  [uniquenessFault, ['ldap:///dc=a?uid?sub?(cn=*)'], ['uid', 'ldap://a/']],
] as const;

t.test('each check says nothing of what is right, and one sentence of what is wrong', async (t) => {
  for (const [check, right, wrong] of CHECKS) {
    for (const value of right) t.equal(check(value), undefined, `${check.name}: ${value}`);
    for (const value of wrong) t.match(check(value), /\w/, `${check.name}: ${value}`);
  }
});
