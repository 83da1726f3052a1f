/**
 * Exit codes: 0 success; the LDAP result code of a failed operation; 89 a wrong command line; 91 a server that cannot be reached;
 * 78 a faulty configuration; 70 our own bug; 80 (LDAP "other") for the rest.
 */
import { LdapError } from '../base/ldap-error.js';
import { OperatorError } from '../base/operator-error.js';
import { RESULT_CODES } from '../base/result-code.js';
import { StoreError } from '../port/ordered-store.js';

export const EXIT_OK = 0;
const EXIT_INTERNAL = 70;
const EXIT_CONFIG = 78;
export const EXIT_OTHER = 80;
const EXIT_COMMAND_LINE = 89;
const EXIT_CONNECT = 91;

/** The exit code that an error asks for. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof LdapError) return RESULT_CODES[error.result];
  if (error instanceof StoreError) return EXIT_OTHER;
  if (!(error instanceof OperatorError)) return EXIT_INTERNAL;
  switch (error.code) {
    case 'COMMAND_INVALID':
    case 'PASSWORD_MISSING':
      return EXIT_COMMAND_LINE;
    case 'CONFIG_INVALID':
    case 'FRACTION_INVALID':
      return EXIT_CONFIG;
    case 'CONNECT_FAILED':
      return EXIT_CONNECT;
    default:
      return EXIT_OTHER;
  }
}
