/**
 * CRC-32C (Castagnoli; RFC 3720 appendix B.4) as LevelDB has it in its files, masked there because a checksum is taken of octets that hold checksums.
 *
 * Eight octets a step, with one table for each ("slicing by eight").
 */

const POLYNOMIAL = 0x82f63b78;
const MASK_DELTA = 0xa282ead8;

function firstTable(): Int32Array {
  const table = new Int32Array(256);
  for (let n = 0; n < 256; n++) {
    let crc = n;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 0 ? crc >>> 1 : (crc >>> 1) ^ POLYNOMIAL;
    table[n] = crc;
  }
  return table;
}

/** The table for octets that `table` takes one place further from the end. */
function nextTable(table: Int32Array, first: Int32Array): Int32Array {
  return table.map((crc) => (crc >>> 8) ^ (first[crc & 0xff] as number));
}

const T0 = firstTable();
const T1 = nextTable(T0, T0);
const T2 = nextTable(T1, T0);
const T3 = nextTable(T2, T0);
const T4 = nextTable(T3, T0);
const T5 = nextTable(T4, T0);
const T6 = nextTable(T5, T0);
const T7 = nextTable(T6, T0);

/** The checksum of the octets from `start` up to `end`, as an unsigned number. */
export function crc32c(octets: Uint8Array, start: number, end: number): number {
  let crc = -1;
  let at = start;
  for (const last = end - 8; at <= last; at += 8) {
    const low =
      crc ^
      ((octets[at] as number) |
        ((octets[at + 1] as number) << 8) |
        ((octets[at + 2] as number) << 16) |
        ((octets[at + 3] as number) << 24));
    crc =
      (T7[low & 0xff] as number) ^
      (T6[(low >>> 8) & 0xff] as number) ^
      (T5[(low >>> 16) & 0xff] as number) ^
      (T4[low >>> 24] as number) ^
      (T3[octets[at + 4] as number] as number) ^
      (T2[octets[at + 5] as number] as number) ^
      (T1[octets[at + 6] as number] as number) ^
      (T0[octets[at + 7] as number] as number);
  }
  for (; at < end; at++) crc = (crc >>> 8) ^ (T0[(crc ^ (octets[at] as number)) & 0xff] as number);
  return ~crc >>> 0;
}

/** As it stands in LevelDB's files. */
export function maskedCrc(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + MASK_DELTA) >>> 0;
}
