/**
 * String preparation (RFC 4518): the octets of a string value turned into the form in which strings are compared.
 *
 * Owns the six steps and the three ways of insignificant character handling; which rule uses which is in the rule tables. Invariants:
 * total (undefined where a step fails), idempotent, linear, and bounded (LIMITS.prepareBytes, prepareAssertionBytes, combiningRun
 * hold for text that is not ASCII; ASCII is one pass without tables). One departure: code points that Unicode assigned after 3.2 are
 * taken as they are, not refused (RFC 4518 section 2.4 would refuse every emoji).
 *
 * Equality and ordering forms have no space at the ends and one between words, an empty string is one space: that compares exactly as the
 * RFC's form does and is mostly the value's own octets. Substring forms are the RFC's (section 2.6.1).
 */
import { isAscii, utf8Decode, utf8Encode } from '../base/bytes.js';
import { LIMITS } from '../base/limits.js';
import { foldPoint, isCombining, isMappedToNothing, isMappedToSpace, isProhibited } from './prep-tables.js';

const SPACE = 0x20;
const ONE_SPACE = new Uint8Array([SPACE]);
const TWO_SPACES = new Uint8Array([SPACE, SPACE]);
/** Folding and NFKC settle in two rounds; one more is margin. */
const MAX_ROUNDS = 4;

export type SubstringPlace = 'initial' | 'any' | 'final';

/** Equality form of a stored string. `fold`: case does not count. */
export function prepareValue(value: Uint8Array, fold: boolean): Uint8Array | undefined {
  if (isAscii(value)) return collapseAscii(value, fold);
  const text = prepareText(value, fold, LIMITS.prepareBytes);
  return text === undefined ? undefined : utf8Encode(collapseText(text));
}

/** Equality form of an assertion: as prepareValue, with the tighter bound. */
export function prepareAssertion(assertion: Uint8Array, fold: boolean): Uint8Array | undefined {
  if (isAscii(assertion)) return collapseAscii(assertion, fold);
  const text = prepareText(assertion, fold, LIMITS.prepareAssertionBytes);
  return text === undefined ? undefined : utf8Encode(collapseText(text));
}

/** Substring form of a stored string: a space at each end, two between words; two spaces when there is nothing else. */
export function prepareSubstringValue(value: Uint8Array, fold: boolean): Uint8Array | undefined {
  const normal = prepareValue(value, fold);
  if (normal === undefined) return undefined;
  if (normal.length === 1 && normal[0] === SPACE) return TWO_SPACES;
  return spread(normal, true, true);
}

/** Substring form of one part of an assertion; it occurs in the form of every value that it matches. */
export function prepareSubstringPart(
  part: Uint8Array,
  fold: boolean,
  place: SubstringPlace,
): Uint8Array | undefined {
  let normal: Uint8Array | undefined;
  let spaceBefore: boolean;
  let spaceAfter: boolean;
  if (isAscii(part)) {
    normal = collapseAscii(part, fold);
    const kept = trimAsciiControls(part);
    spaceBefore = isAsciiSpace(kept[0]);
    spaceAfter = isAsciiSpace(kept[kept.length - 1]);
  } else {
    const text = prepareText(part, fold, LIMITS.prepareAssertionBytes);
    if (text === undefined) return undefined;
    normal = utf8Encode(collapseText(text));
    spaceBefore = isSpaceAt(text, 0);
    spaceAfter = text.charCodeAt(text.length - 1) === SPACE;
  }
  if (normal.length === 1 && normal[0] === SPACE) return ONE_SPACE;
  return spread(normal, place === 'initial' || spaceBefore, place === 'final' || spaceAfter);
}

/** Numeric string form: all spaces gone (RFC 4518 section 2.6.2). `max` bounds text that is not ASCII. */
export function prepareNumeric(value: Uint8Array, max: number): Uint8Array | undefined {
  if (isAscii(value)) return dropAscii(value, false);
  const text = prepareText(value, false, max);
  return text === undefined ? undefined : utf8Encode(dropPoints(text, false));
}

/** Telephone number form: all spaces and hyphens gone, case folded (RFC 4518 section 2.6.3). */
export function prepareTelephone(value: Uint8Array, max: number): Uint8Array | undefined {
  if (isAscii(value)) return dropAscii(value, true);
  const text = prepareText(value, true, max);
  return text === undefined ? undefined : utf8Encode(dropPoints(text, true));
}

/** Steps 1 to 5: transcode, map, normalize, prohibit (there is nothing to do for bidi). */
function prepareText(bytes: Uint8Array, fold: boolean, max: number): string | undefined {
  const decoded = utf8Decode(bytes);
  if (decoded === undefined) return undefined;
  const ascii = decoded.length === bytes.length;
  if (!ascii && bytes.length > max) return undefined;
  const mapped = mapText(decoded, fold);
  if (ascii || mapped === undefined) return mapped;
  const text = settle(mapped, fold, max);
  return text !== undefined && isAllowed(text) ? text : undefined;
}

/** Step 3: NFKC, and steps 2 and 3 again for what it brought to light, until nothing changes. It may not outgrow the bound either. */
function settle(mapped: string, fold: boolean, max: number): string | undefined {
  let text = mapped;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const normal = text.normalize('NFKC');
    if (normal === text) return text;
    if (normal.length > max) return undefined;
    const again = mapText(normal, fold);
    if (again === undefined || again === normal) return again;
    text = again;
  }
  return undefined;
}

/** Step 2 (RFC 4518 section 2.2), and the bound on combining marks in a row. */
function mapText(text: string, fold: boolean): string | undefined {
  let out = '';
  let run = 0;
  for (let i = 0; i < text.length; i++) {
    const point = text.codePointAt(i) as number;
    if (point > 0xffff) i += 1;
    if (isMappedToNothing(point)) continue;
    if (isMappedToSpace(point)) {
      out += ' ';
      run = 0;
      continue;
    }
    if (isCombining(point)) {
      run += 1;
      if (run > LIMITS.combiningRun) return undefined;
    } else {
      run = 0;
    }
    out += fold ? foldPoint(point) : String.fromCodePoint(point);
  }
  return out;
}

/** Step 4 (RFC 4518 section 2.4). */
function isAllowed(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const point = text.codePointAt(i) as number;
    if (point > 0xffff) i += 1;
    if (isProhibited(point)) return false;
    if (i === 0 && isCombining(point)) return false;
  }
  return true;
}

/** Whether a SPACE stands at `at` that carries no combining mark (RFC 4518 section 2.6.1). */
function isSpaceAt(text: string, at: number): boolean {
  return text.charCodeAt(at) === SPACE && !isCombining(text.codePointAt(at + 1) ?? 0);
}

function collapseText(text: string): string {
  let out = '';
  let pending = false;
  for (let i = 0; i < text.length; i++) {
    if (isSpaceAt(text, i)) {
      pending = true;
      continue;
    }
    if (pending && out !== '') out += ' ';
    pending = false;
    out += text.charAt(i);
  }
  return out === '' ? ' ' : out;
}

function dropPoints(text: string, hyphens: boolean): string {
  let out = '';
  for (let i = 0; i < text.length; i++) {
    const dropped = text.charCodeAt(i) === SPACE || (hyphens && isHyphen(text.charCodeAt(i)));
    if (!dropped || isCombining(text.codePointAt(i + 1) ?? 0)) out += text.charAt(i);
  }
  return out;
}

/** Sections 2.6.2 and 2.6.3 for ASCII in one pass; a telephone number loses hyphens and case too. */
function dropAscii(value: Uint8Array, telephone: boolean): Uint8Array {
  const out = new Uint8Array(value.length);
  let length = 0;
  for (let i = 0; i < value.length; i++) {
    const c = value[i] as number;
    if (c <= SPACE || c === 0x7f || (telephone && c === 0x2d)) continue;
    out[length++] = telephone && c >= 0x41 && c <= 0x5a ? c + SPACE : c;
  }
  return out.subarray(0, length);
}

/** RFC 4518 section 2.6.3. */
function isHyphen(c: number): boolean {
  return (
    c === 0x2d || c === 0x058a || c === 0x2010 || c === 0x2011 || c === 0x2212 || c === 0xfe63 || c === 0xff0d
  );
}

/** All of step 2 and 2.6.1 for ASCII in one pass; the value itself when it is in its form already. */
function collapseAscii(value: Uint8Array, fold: boolean): Uint8Array {
  if (value.length === 0) return ONE_SPACE;
  const from = settledPrefix(value, fold);
  if (from === value.length) return value;
  const out = new Uint8Array(value.length);
  for (let i = 0; i < from; i++) out[i] = value[i] as number;
  let length = from;
  let pending = false;
  for (let i = from; i < value.length; i++) {
    const c = value[i] as number;
    if (c > SPACE && c < 0x7f) {
      if (pending && length > 0) out[length++] = SPACE;
      pending = false;
      out[length++] = fold && c >= 0x41 && c <= 0x5a ? c + SPACE : c;
    } else if (isAsciiSpace(c)) {
      pending = true;
    }
  }
  if (length === out.length) return out;
  return length === 0 ? ONE_SPACE : out.subarray(0, length);
}

/** Length of the prefix that ends with no space and needs no change; the whole length when nothing does. */
function settledPrefix(value: Uint8Array, fold: boolean): number {
  let word = 0;
  for (let i = 0; i < value.length; i++) {
    const c = value[i] as number;
    if (c > SPACE && c < 0x7f && !(fold && c >= 0x41 && c <= 0x5a)) word = i + 1;
    else if (c !== SPACE || word !== i || i === 0) return word;
  }
  return word;
}

/** Without the control characters at the ends that map to nothing. */
function trimAsciiControls(part: Uint8Array): Uint8Array {
  let start = 0;
  let end = part.length;
  while (start < end && isAsciiNothing(part[start] as number)) start += 1;
  while (end > start && isAsciiNothing(part[end - 1] as number)) end -= 1;
  return part.subarray(start, end);
}

function isAsciiSpace(c: number | undefined): boolean {
  return c !== undefined && (c === SPACE || (c >= 0x09 && c <= 0x0d));
}

function isAsciiNothing(c: number): boolean {
  return c === 0x7f || (c < SPACE && !(c >= 0x09 && c <= 0x0d));
}

/** The RFC's spacing: inner spaces doubled, one space at the ends asked for. */
function spread(normal: Uint8Array, before: boolean, after: boolean): Uint8Array {
  let spaces = 0;
  for (let i = 0; i < normal.length; i++) if (isPlainSpace(normal, i)) spaces += 1;
  const out = new Uint8Array(normal.length + spaces + (before ? 1 : 0) + (after ? 1 : 0));
  let length = 0;
  if (before) out[length++] = SPACE;
  for (let i = 0; i < normal.length; i++) {
    out[length++] = normal[i] as number;
    if (isPlainSpace(normal, i)) out[length++] = SPACE;
  }
  if (after) out[length++] = SPACE;
  return out;
}

/** In a collapsed form a SPACE that bears a combining mark is told by the octet after it: words start with anything else. */
function isPlainSpace(normal: Uint8Array, at: number): boolean {
  if (normal[at] !== SPACE) return false;
  const next = normal[at + 1];
  if (next === undefined || next < 0x80) return true;
  const width = next >= 0xf0 ? 4 : next >= 0xe0 ? 3 : 2;
  const text = utf8Decode(normal.subarray(at + 1, at + 1 + width));
  return text === undefined || !isCombining(text.codePointAt(0) ?? 0);
}
