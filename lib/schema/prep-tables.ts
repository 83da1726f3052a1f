/**
 * Tables of RFC 4518 as ranges: what maps to nothing, to SPACE, what is prohibited, and case folding.
 *
 * Folding is RFC 3454 table B.2, got from the engine's own case mappings instead of 1,400 lines of table: a code point's fold is the lower
 * case of the upper case of its lower case, except for the dotless i, which B.2 leaves alone. A test compares the special cases.
 */

/** Flat pairs: first and last of each range, ascending. */
const NOTHING: readonly number[] = [
  0x0000, 0x0008, 0x000e, 0x001f, 0x007f, 0x0084, 0x0086, 0x009f, 0x00ad, 0x00ad, 0x034f, 0x034f, 0x06dd,
  0x06dd, 0x070f, 0x070f, 0x1806, 0x1806, 0x180b, 0x180e, 0x200b, 0x200f, 0x202a, 0x202e, 0x2060, 0x2063,
  0x206a, 0x206f, 0xfe00, 0xfe0f, 0xfeff, 0xfeff, 0xfff9, 0xfffc, 0x1d173, 0x1d17a, 0xe0001, 0xe0001, 0xe0020,
  0xe007f,
];

/** Control characters that separate, and every code point of the Separator property but U+200B. */
const SPACES: readonly number[] = [
  0x0009, 0x000d, 0x0020, 0x0020, 0x0085, 0x0085, 0x00a0, 0x00a0, 0x1680, 0x1680, 0x2000, 0x200a, 0x2028,
  0x2029, 0x202f, 0x202f, 0x205f, 0x205f, 0x3000, 0x3000,
];

/** Surrogates, private use, U+FFFD and non-characters of plane 0; planes 1 to 16 follow by arithmetic. */
const PROHIBITED: readonly number[] = [0xd800, 0xf8ff, 0xfdd0, 0xfdef, 0xfffd, 0xffff];

const DOTLESS_I = 0x131;
const COMBINING = /\p{M}/u;

const UNKNOWN = 0;
const NO = 1;
const YES = 2;
/** What was asked of plane 0 before: at most one answer a code point. */
const combiningKnown = new Uint8Array(0x10000);
const foldKnown = new Array<string | undefined>(0x10000);

/** RFC 4518 section 2.2, first, third and fourth paragraph. */
export function isMappedToNothing(point: number): boolean {
  return point < 0x7f ? point < 0x20 && !(point >= 0x09 && point <= 0x0d) : inRanges(NOTHING, point);
}

/** RFC 4518 section 2.2, second and fourth paragraph. */
export function isMappedToSpace(point: number): boolean {
  return point < 0x7f
    ? point === 0x20 || (point >= 0x09 && point <= 0x0d)
    : point < 0x3001 && inRanges(SPACES, point);
}

/** RFC 4518 section 2.4 without the code points that Unicode 3.2 had not assigned. */
export function isProhibited(point: number): boolean {
  if (point < 0xd800) return false;
  if (point <= 0xffff) return inRanges(PROHIBITED, point);
  return (point & 0xfffe) === 0xfffe || point >= 0xf0000;
}

/** Whether the code point is a combining mark (general category M). */
export function isCombining(point: number): boolean {
  if (point < 0x300) return false;
  if (point > 0xffff) return COMBINING.test(String.fromCodePoint(point));
  const known = combiningKnown[point] as number;
  if (known !== UNKNOWN) return known === YES;
  const combining = COMBINING.test(String.fromCharCode(point));
  combiningKnown[point] = combining ? YES : NO;
  return combining;
}

/** The code point without case (RFC 4518 section 2.2, last paragraph; RFC 3454 table B.2). */
export function foldPoint(point: number): string {
  if (point > 0xffff) return fold(point);
  const known = foldKnown[point];
  if (known !== undefined) return known;
  const folded = fold(point);
  foldKnown[point] = folded;
  return folded;
}

function fold(point: number): string {
  const text = String.fromCodePoint(point);
  return point === DOTLESS_I ? text : text.toLowerCase().toUpperCase().toLowerCase();
}

/** Whether a table of ranges (flat pairs, ascending) holds the code point. */
export function inRanges(ranges: readonly number[], point: number): boolean {
  for (let i = 0; i < ranges.length; i += 2) {
    if (point < (ranges[i] as number)) return false;
    if (point <= (ranges[i + 1] as number)) return true;
  }
  return false;
}
