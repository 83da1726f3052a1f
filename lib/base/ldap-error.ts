/**
 * LdapError: the LDAP answer that ends an operation. Thrown by rules, turned into a response in one place.
 */
import type { ResultName } from './result-code.js';

/** An operation's failure as its client will see it (RFC 4511 section 4.1.9). */
export class LdapError extends Error {
  override readonly name = 'LdapError';
  /** Name from the result code table. */
  readonly result: ResultName;
  /** Text of the DN of the last entry found on the way to the target; '' where it does not apply. */
  readonly matchedDn: string;
  /** LDAP URLs, only with result `referral`. */
  readonly referrals: readonly string[];

  /** `diagnostic`: one sentence for people; says the cause and, where there is one, the remedy. */
  constructor(result: ResultName, diagnostic: string, matchedDn = '', referrals: readonly string[] = []) {
    super(diagnostic);
    this.result = result;
    this.matchedDn = matchedDn;
    this.referrals = referrals;
  }
}
