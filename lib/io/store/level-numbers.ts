/**
 * Numbers as they stand in LevelDB's files (util/coding.cc). Knows no file.
 */

/** Least significant octet first. */
export function putFixed32(octets: Uint8Array, at: number, value: number): void {
  octets[at] = value;
  octets[at + 1] = value >>> 8;
  octets[at + 2] = value >>> 16;
  octets[at + 3] = value >>> 24;
}

/** LEB128. Answers where it ends. */
export function putVarint(octets: Uint8Array, at: number, value: number): number {
  let end = at;
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) octets[end++] = (rest % 0x80) + 0x80;
  octets[end++] = rest;
  return end;
}
