/**
 * SASLprep (RFC 4013): user names and passwords in the one form that both ends of SCRAM compute with.
 *
 * Owns the profile's mapping, prohibition and check of directions; the tables are those of RFC 3454. Linear; the caller bounds the text. Two departures, both
 * for what Unicode 3.2 did not know: code points that were assigned later are taken as they are (RFC 4013 section 2.5 would refuse every emoji in a
 * stored password), and which letters run from left to right is asked of the engine instead of a table of 360 ranges.
 */
import { inRanges } from './prep-tables.js';

/** RFC 3454 table C.1.2. */
const SPACES: readonly number[] = [
  0x00a0, 0x00a0, 0x1680, 0x1680, 0x2000, 0x200b, 0x202f, 0x202f, 0x205f, 0x205f, 0x3000, 0x3000,
];

/** Table B.1. */
const NOTHING: readonly number[] = [
  0x00ad, 0x00ad, 0x034f, 0x034f, 0x1806, 0x1806, 0x180b, 0x180d, 0x200b, 0x200d, 0x2060, 0x2060, 0xfe00,
  0xfe0f, 0xfeff, 0xfeff,
];

/** Tables C.2.1 to C.9; the non-characters and private uses of planes 1 to 16 follow by arithmetic. */
const PROHIBITED: readonly number[] = [
  0x0000, 0x001f, 0x007f, 0x00a0, 0x0340, 0x0341, 0x06dd, 0x06dd, 0x070f, 0x070f, 0x1680, 0x1680, 0x180e,
  0x180e, 0x2000, 0x200f, 0x2028, 0x202f, 0x205f, 0x2063, 0x206a, 0x206f, 0x2ff0, 0x2ffb, 0x3000, 0x3000,
  0xd800, 0xf8ff, 0xfdd0, 0xfdef, 0xfeff, 0xfeff, 0xfff9, 0xffff, 0x1d173, 0x1d17a, 0xe0001, 0xe0001, 0xe0020,
  0xe007f,
];

/** Table D.1: what runs from right to left. */
const RIGHT_TO_LEFT: readonly number[] = [
  0x05be, 0x05be, 0x05c0, 0x05c0, 0x05c3, 0x05c3, 0x05d0, 0x05ea, 0x05f0, 0x05f4, 0x061b, 0x061b, 0x061f,
  0x061f, 0x0621, 0x063a, 0x0640, 0x064a, 0x066d, 0x066f, 0x0671, 0x06d5, 0x06dd, 0x06dd, 0x06e5, 0x06e6,
  0x06fa, 0x06fe, 0x0700, 0x070d, 0x0710, 0x0710, 0x0712, 0x072c, 0x0780, 0x07a5, 0x07b1, 0x07b1, 0x200f,
  0x200f, 0xfb1d, 0xfb1d, 0xfb1f, 0xfb28, 0xfb2a, 0xfb36, 0xfb38, 0xfb3c, 0xfb3e, 0xfb3e, 0xfb40, 0xfb41,
  0xfb43, 0xfb44, 0xfb46, 0xfbb1, 0xfbd3, 0xfd3d, 0xfd50, 0xfd8f, 0xfd92, 0xfdc7, 0xfdf0, 0xfdfc, 0xfe70,
  0xfe74, 0xfe76, 0xfefc,
];

/** Letters, and marks that take up space: what table D.2 is made of, for one code point that is not in D.1. */
const LETTER = /[\p{L}\p{Mc}\p{Nl}]/u;

/** The prepared text; undefined where the profile prohibits it. '' stays ''. */
export function saslPrep(text: string): string | undefined {
  if (isPrintableAscii(text)) return text;
  let mapped = '';
  for (const character of text) {
    const point = character.codePointAt(0) as number;
    if (inRanges(SPACES, point)) mapped += ' ';
    else if (!inRanges(NOTHING, point)) mapped += character;
  }
  const normal = mapped.normalize('NFKC');
  for (const character of normal) if (isProhibited(character.codePointAt(0) as number)) return undefined;
  return runsOneWay(normal) ? normal : undefined;
}

function isPrintableAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x20 || unit > 0x7e) return false;
  }
  return true;
}

function isProhibited(point: number): boolean {
  return (point & 0xfffe) === 0xfffe || point >= 0xf0000 || inRanges(PROHIBITED, point);
}

/** RFC 3454 section 6: a text with something that runs from right to left begins and ends with such, and has no letter of the other kind. */
function runsOneWay(text: string): boolean {
  const points = Array.from(text);
  const toLeft = (character: string | undefined): boolean =>
    character !== undefined && inRanges(RIGHT_TO_LEFT, character.codePointAt(0) as number);
  if (!points.some(toLeft)) return true;
  if (!toLeft(points[0]) || !toLeft(points.at(-1))) return false;
  return points.every((character) => toLeft(character) || !LETTER.test(character));
}
