/**
 * Identifier octets of the BER that LDAP uses (X.690 section 8.1.2): all are one octet, numbers below 31.
 */

/** Universal tags; octet strings are primitive only (RFC 4511 section 5.1). */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  octetString: 0x04,
  null: 0x05,
  enumerated: 0x0a,
  sequence: 0x30,
  set: 0x31,
} as const;

/** [n] with primitive encoding. */
export function contextTag(number: number): number {
  return 0x80 | number;
}

/** [n] with constructed encoding. */
export function contextConstructed(number: number): number {
  return 0xa0 | number;
}

/** [APPLICATION n] with primitive encoding. */
export function applicationTag(number: number): number {
  return 0x40 | number;
}

/** [APPLICATION n] with constructed encoding. */
export function applicationConstructed(number: number): number {
  return 0x60 | number;
}
