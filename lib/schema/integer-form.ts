/**
 * Integers of any length as text (RFC 4517 section 3.3.16) and the form of them whose octets sort as the numbers do.
 *
 * Invariants: linear in the digits, no BigInt, so a value of a million digits costs a million steps.
 */

const MINUS = 0x2d;
const ZERO = 0x30;

/** Whether `value` is INTEGER: optional '-', digits, no leading zero, no '-0'. */
export function isInteger(value: Uint8Array): boolean {
  const start = value[0] === MINUS ? 1 : 0;
  if (value.length === start) return false;
  for (let i = start; i < value.length; i++) {
    const c = value[i] as number;
    if (c < ZERO || c > 0x39) return false;
  }
  return value[start] !== ZERO || value.length === 1;
}

/**
 * Octets that sort as integers: a head that says sign and number of octets of the digit count, the count, the digits; all of it
 * complemented for a negative number. undefined where `value` is no INTEGER.
 */
export function integerOrderForm(value: Uint8Array): Uint8Array | undefined {
  if (!isInteger(value)) return undefined;
  const negative = value[0] === MINUS;
  const digits = negative ? value.subarray(1) : value;
  const width = digits.length < 0x100 ? 1 : digits.length < 0x10000 ? 2 : 4;
  const out = new Uint8Array(1 + width + digits.length);
  out[0] = 0x80 + width;
  for (let i = 0; i < width; i++) out[1 + i] = (digits.length >>> (8 * (width - 1 - i))) & 0xff;
  out.set(digits, 1 + width);
  if (negative) for (let i = 0; i < out.length; i++) out[i] = 0xff - (out[i] as number);
  return out;
}
