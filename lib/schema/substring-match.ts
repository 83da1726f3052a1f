/**
 * Substring matching over normal forms: one left-to-right scan, no backtracking, no RegExp.
 *
 * Taking the first place where each part fits leaves the most room for the rest, so a greedy scan is exact.
 */
import { asBuffer } from '../base/bytes.js';
import { LIMITS } from '../base/limits.js';
import type { SubstringRule } from './matching-rule.js';

/** Prepared parts of an assertion, in order. */
export interface SubstringParts {
  readonly initial: Uint8Array | undefined;
  readonly any: readonly Uint8Array[];
  readonly final: Uint8Array | undefined;
}

/** Whether the value, in the rule's normal form, has all parts in their order without overlap (RFC 4517 section 4.2). */
export function matchSubstrings(normal: Uint8Array, parts: SubstringParts): boolean {
  const bytes = asBuffer(normal);
  const { initial, final } = parts;
  let at = 0;
  let end = bytes.length;
  if (initial !== undefined) {
    if (initial.length > end || asBuffer(initial).compare(bytes, 0, initial.length) !== 0) return false;
    at = initial.length;
  }
  if (final !== undefined) {
    const start = end - final.length;
    if (start < at || asBuffer(final).compare(bytes, start, end) !== 0) return false;
    end = start;
  }
  for (const part of parts.any) {
    const found = bytes.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}

/** Parts of a Substring Assertion `ini*any*fin` (RFC 4517 section 3.3.30); undefined where it is none. */
export function readSubstringAssertion(
  rule: SubstringRule,
  assertion: Uint8Array,
): SubstringParts | undefined {
  const pieces: Uint8Array[] = [];
  let start = 0;
  for (let star = assertion.indexOf(0x2a); star >= 0; star = assertion.indexOf(0x2a, start)) {
    pieces.push(assertion.subarray(start, star));
    start = star + 1;
    if (pieces.length > LIMITS.substringParts) return undefined;
  }
  pieces.push(assertion.subarray(start));
  const last = pieces.length - 1;
  if (last === 0) return undefined;
  let initial: Uint8Array | undefined;
  let final: Uint8Array | undefined;
  const any: Uint8Array[] = [];
  for (let i = 0; i <= last; i++) {
    const piece = resolve(pieces[i] as Uint8Array);
    if (piece.length === 0) {
      if (i > 0 && i < last) return undefined;
      continue;
    }
    const place = i === 0 ? 'initial' : i === last ? 'final' : 'any';
    const prepared = rule.normalizePart(piece, place);
    if (prepared === undefined) return undefined;
    if (place === 'initial') initial = prepared;
    else if (place === 'final') final = prepared;
    else any.push(prepared);
  }
  return { initial, any, final };
}

/** \2A and \5C. */
function resolve(piece: Uint8Array): Uint8Array {
  if (!piece.includes(0x5c)) return piece;
  const out: number[] = [];
  for (let i = 0; i < piece.length; i++) {
    const isEscape = piece[i] === 0x5c;
    const pair = isEscape ? String.fromCharCode(piece[i + 1] ?? 0, piece[i + 2] ?? 0).toUpperCase() : '';
    if (pair === '2A' || pair === '5C') {
      out.push(pair === '2A' ? 0x2a : 0x5c);
      i += 2;
    } else {
      out.push(piece[i] as number);
    }
  }
  return Uint8Array.from(out);
}
