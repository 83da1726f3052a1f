/** Port Digests by Node's OpenSSL: a few microseconds for what a message of a client holds. */
import { createHash, createHmac } from 'node:crypto';
import type { Digests } from '../port/digests.js';

export const systemDigests: Digests = {
  sha256: (data) => createHash('sha256').update(data).digest(),
  hmacSha256: (key, data) => createHmac('sha256', key).update(data).digest(),
};
