/** Keys of the rows of the server as a whole: domain 0 of the ordered store (docs/data-format.md). */
import { carveBytes, utf8Encode } from '../../base/bytes.js';
import { prefixRange } from './key-space.js';

/** Server-wide rows (domain 0). */
export const SERVER_KEYS = {
  /** Format version, 1 octet. */
  format: Uint8Array.of(0, 0, 0x76),
  /** Domain number by base DN key. */
  domain: (baseKey: string): Uint8Array => {
    const text = utf8Encode(baseKey);
    const key = carveBytes(3 + text.length);
    key[2] = 0x64;
    key.set(text, 3);
    return key;
  },
  domains: prefixRange(Uint8Array.of(0, 0, 0x64)),
} as const;
