/**
 * The system's random source as port Random: unpredictable. Octets are fetched many at a time, given once and wiped where they were fetched to.
 */
import { randomFillSync } from 'node:crypto';
import type { Random } from '../port/random.js';

const pool = new Uint8Array(4096);
let used = pool.length;

export const systemRandom: Random = {
  bytes: (length) => {
    if (length > pool.length / 8) return randomFillSync(new Uint8Array(length));
    if (used + length > pool.length) {
      randomFillSync(pool);
      used = 0;
    }
    const bytes = pool.slice(used, used + length);
    pool.fill(0, used, used + length);
    used += length;
    return bytes;
  },
};
