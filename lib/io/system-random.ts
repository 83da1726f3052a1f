/** The system's random source as port Random: unpredictable. */
import { randomBytes } from 'node:crypto';
import type { Random } from '../port/random.js';

export const systemRandom: Random = {
  bytes: (length) => new Uint8Array(randomBytes(length)),
};
