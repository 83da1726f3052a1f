/** The one answer to a name that nobody has, a password that is wrong and an account that is locked. */
import { LdapError } from '../../base/ldap-error.js';

/** What a wrong password and an unknown name answer alike. */
export function invalidCredentials(): LdapError {
  return new LdapError('invalidCredentials', 'The name or the password is wrong.');
}
