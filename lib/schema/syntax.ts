/** LDAP syntaxes (RFC 4517 section 3): what octets a value may be. */

export interface Syntax {
  readonly oid: string;
  /** RFC 4517 description, such as `Directory String`. */
  readonly description: string;
  /** False for syntaxes that tools should not show as text (X-NOT-HUMAN-READABLE). */
  readonly humanReadable: boolean;
  /** Total: never throws. */
  readonly isValid: (value: Uint8Array) => boolean;
}
