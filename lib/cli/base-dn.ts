/**
 * DNs on the command line.
 */
import { LdapError } from '../base/ldap-error.js';
import { OperatorError } from '../base/operator-error.js';
import { parseDn } from '../dn/dn-text.js';

/** Throws OperatorError COMMAND_INVALID unless `text` is a DN of at least one RDN. `name`: the option. */
export function requireBase(text: string, name: string): void {
  checkDn(text, name, 'a base DN; write it like dc=example,dc=com');
}

/** The same of the DN of an entry. */
export function requireDn(text: string, name: string): void {
  checkDn(text, name, 'a DN; write it like uid=user.1,ou=people,dc=example,dc=com');
}

function checkDn(text: string, name: string, what: string): void {
  try {
    if (parseDn(text).rdns.length > 0) return;
  } catch (error) {
    if (!(error instanceof LdapError)) throw error;
  }
  throw new OperatorError('COMMAND_INVALID', `${name}: "${text}" is not ${what}`);
}
