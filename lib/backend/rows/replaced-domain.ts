/** The answer to who asks for data that a copy replaces, or replaced since they were found. */
import { LdapError } from '../../base/ldap-error.js';

export function domainReplaced(): LdapError {
  return new LdapError('unavailable', 'this server takes a copy of all data; try again later');
}
