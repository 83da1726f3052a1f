/**
 * Object identifiers as text (RFC 4512 section 1.4 numericoid).
 */

/** Numbers without leading zeros, at least two, with dots between. Linear and total. */
export function isNumericOid(text: string): boolean {
  let arcs = 0;
  let start = 0;
  for (let i = 0; i <= text.length; i++) {
    const c = i === text.length ? 0x2e : text.charCodeAt(i);
    if (c >= 0x30 && c <= 0x39) continue;
    if (c !== 0x2e || i === start) return false;
    if (i - start > 1 && text.charCodeAt(start) === 0x30) return false;
    arcs += 1;
    start = i + 1;
  }
  return arcs >= 2;
}
