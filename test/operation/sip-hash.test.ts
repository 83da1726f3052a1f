/** SipHash-2-4 against the values of its authors. */
import t from 'tap';
import { toHex } from '../../lib/base/bytes.js';
import { sipHash } from '../../lib/operation/search/sip-hash.js';

const key = Uint8Array.from({ length: 16 }, (_, i) => i);

t.test('SipHash-2-4 gives the reference values of its authors', async (t) => {
  // vectors_sip64 of the reference implementation: inputs of 0, 1 and 15 octets 00 01 02 ...
  const expected = new Map([
    [0, '310e0edd47db6f72'],
    [1, 'fd67dc93c539f874'],
    [15, 'e545be4961ca29a1'],
  ]);
  for (const [length, tag] of expected) {
    t.equal(
      toHex(
        sipHash(
          key,
          Uint8Array.from({ length }, (_, i) => i),
        ),
      ),
      tag,
      `${length} octets`,
    );
  }
});

t.test('every octet of key and message counts', async (t) => {
  const message = Uint8Array.from({ length: 37 }, (_, i) => i * 3);
  const tags = new Set([toHex(sipHash(key, message))]);
  for (let i = 0; i < message.length; i++) {
    const changed = message.slice();
    changed[i] = (changed[i] ?? 0) ^ 1;
    tags.add(toHex(sipHash(key, changed)));
  }
  for (let i = 0; i < 16; i++) {
    const changed = key.slice();
    changed[i] = (changed[i] ?? 0) ^ 0x80;
    tags.add(toHex(sipHash(changed, message)));
  }
  t.equal(tags.size, 1 + 37 + 16);
});
