/**
 * Frames: where one LDAP message ends in a byte stream (RFC 4511 section 5.1: definite lengths only).
 *
 * Owns the judgement of an outer header as soon as it is complete, before anything is buffered for it. Lengths are unsigned; long forms of up
 * to four octets are accepted, padded ones too (Windows clients send 84 00 00 00 xx); indefinite and longer forms are refused.
 */
import { TAG } from './tags.js';

/** More octets are needed. */
export const FRAME_INCOMPLETE = 0;
/** This is not an LDAP message, and the stream cannot be resynchronized. */
export const FRAME_MALFORMED = -1;
/** The announced length is above the bound. */
export const FRAME_TOO_LONG = -2;

/**
 * Octets of the whole frame (header and content) that begins at `start`, as soon as its header is readable in start..end, whether or not its
 * content is there; else one of FRAME_INCOMPLETE, FRAME_MALFORMED, FRAME_TOO_LONG. `maxBytes` bounds the whole frame.
 */
export function frameLength(bytes: Uint8Array, start: number, end: number, maxBytes: number): number {
  if (start >= end) return FRAME_INCOMPLETE;
  if (bytes[start] !== TAG.sequence) return FRAME_MALFORMED;
  if (start + 1 >= end) return FRAME_INCOMPLETE;
  const first = bytes[start + 1] as number;
  if (first < 0x80) return first + 2 > maxBytes ? FRAME_TOO_LONG : first + 2;
  const octets = first & 0x7f;
  if (octets === 0 || octets > 4) return FRAME_MALFORMED;
  if (start + 2 + octets > end) return FRAME_INCOMPLETE;
  let length = 0;
  for (let i = 0; i < octets; i++) length = length * 256 + (bytes[start + 2 + i] as number);
  const total = length + 2 + octets;
  return total > maxBytes ? FRAME_TOO_LONG : total;
}
