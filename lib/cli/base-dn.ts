/**
 * Base DNs on the command line.
 */
import { LdapError } from '../base/ldap-error.js';
import { OperatorError } from '../base/operator-error.js';
import { parseDn } from '../dn/dn-text.js';

/** Throws OperatorError COMMAND_INVALID unless `text` is a DN of at least one RDN. `name`: the option. */
export function requireBase(text: string, name: string): void {
  try {
    if (parseDn(text).rdns.length > 0) return;
  } catch (error) {
    if (!(error instanceof LdapError)) throw error;
  }
  throw new OperatorError(
    'COMMAND_INVALID',
    `${name}: "${text}" is not a base DN; write it like dc=example,dc=com`,
  );
}
