/**
 * ASCII characters by their codes, as the text forms of LDAP (names, filters, URLs, schema) are made of them.
 *
 * Owns what a letter and a digit is (ALPHA, DIGIT and HEX of RFC 4512 section 1.4); not what a form allows besides. Codes outside ASCII, NaN (the code behind the end of a text)
 * and -1 are none of these.
 */

/** ALPHA, in either case. */
export function isLetter(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a);
}

/** DIGIT. */
export function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** HEX, in either case. */
export function isHexDigit(code: number): boolean {
  return hexDigit(code) >= 0;
}

/** What a HEX digit counts, 0 to 15; -1 for what is none. */
export function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  if (code >= 0x61 && code <= 0x66) return code - 0x57;
  if (code >= 0x41 && code <= 0x46) return code - 0x37;
  return -1;
}
