/** For tests of the values of controls: octets as RFCs print them, and the result code that refuses what is malformed. */
import { must } from '../../../lib/base/assert.js';
import { fromHex } from '../../../lib/base/bytes.js';
import { LdapError } from '../../../lib/base/ldap-error.js';

/** Octets of hex text with spaces where they help. */
export const hex = (text: string): Uint8Array => must(fromHex(text.replaceAll(' ', '')), 'hex');

/** Name of the result with which the work is refused. */
export function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof LdapError) return error.result;
    throw error;
  }
  return 'accepted';
}
