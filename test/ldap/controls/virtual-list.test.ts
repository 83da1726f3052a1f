/** Claims about the value of virtual list views: known octets, both ways; faults are protocolError. */
import t from 'tap';
import { must } from '../../../lib/base/assert.js';
import { toHex, utf8Encode } from '../../../lib/base/bytes.js';
import { LIMITS } from '../../../lib/base/limits.js';
import {
  decodeVirtualListRequest,
  decodeVirtualListResponse,
  encodeVirtualListRequest,
  encodeVirtualListResponse,
} from '../../../lib/ldap/controls/virtual-list.js';
import { hex, refusal } from './control-octets.js';

t.test('virtual list view: both targets, with and without a context (draft-09 section 6.1)', async (t) => {
  // As libldap's ldap_create_vlv_control() writes them.
  const byOffset = hex('30 0e 02 01 00 02 01 03 a0 06 02 01 05 02 01 14');
  t.same(decodeVirtualListRequest(byOffset), {
    before: 0,
    after: 3,
    target: { kind: 'offset', offset: 5, contentCount: 20 },
    contextId: undefined,
  });
  const byValue = hex('30 0d 02 01 01 02 01 02 81 01 62 04 02 ab cd');
  const decoded = decodeVirtualListRequest(byValue);
  t.same(decoded.target, { kind: 'value', value: utf8Encode('b') });
  t.equal(toHex(must(decoded.contextId, 'a context')), 'abcd');
  for (const octets of [byOffset, byValue])
    t.equal(toHex(encodeVirtualListRequest(decodeVirtualListRequest(octets))), toHex(octets));
  for (const result of ['success', 'sortControlMissing', 'offsetRangeError', 'other'] as const) {
    for (const contextId of [undefined, hex('00ff')]) {
      const response = { position: 300, contentCount: 70_000, result, contextId };
      const again = decodeVirtualListResponse(encodeVirtualListResponse(response));
      t.same(
        { ...again, contextId: again.contextId && [...again.contextId] },
        { ...response, contextId: contextId && [...contextId] },
      );
    }
  }
});

t.test('virtual list view: negative counts, no target, a long context are refused', async (t) => {
  const faults = {
    none: undefined,
    empty: hex(''),
    negative: hex('30 0e 02 01 ff 02 01 03 a0 06 02 01 05 02 01 14'),
    'no target': hex('30 06 02 01 00 02 01 03'),
    superfluous: hex('30 0e 02 01 00 02 01 03 a0 06 02 01 05 02 01 14 00'),
    cut: hex('30 0e 02 01 00 02 01 03 a0 06 02 01 05'),
  };
  for (const [name, octets] of Object.entries(faults))
    t.equal(
      refusal(() => decodeVirtualListRequest(octets)),
      'protocolError',
      name,
    );
  const long = encodeVirtualListRequest({
    before: 0,
    after: 0,
    target: { kind: 'offset', offset: 1, contentCount: 0 },
    contextId: new Uint8Array(LIMITS.contextIdBytes + 1),
  });
  t.equal(
    refusal(() => decodeVirtualListRequest(long)),
    'protocolError',
  );
});
