/** Claims about the value of session tracking: both ways; faults. */
import t from 'tap';
import { LIMITS } from '../../../lib/base/limits.js';
import { decodeSessionTracking, encodeSessionTracking } from '../../../lib/ldap/controls/session-tracking.js';
import { hex, refusal } from './control-octets.js';

t.test('session tracking: four texts', async (t) => {
  const session = {
    sourceIp: '192.0.2.1',
    sourceName: 'app',
    formatOid: '1.3.6.1.4.1.21008.108.63.1.3',
    identifier: 'ann',
  };
  t.same(decodeSessionTracking(encodeSessionTracking(session)), session);
  t.equal(
    refusal(() => decodeSessionTracking(hex('30 03 04 01 ff'))),
    'protocolError',
  );
  const long = encodeSessionTracking({ ...session, identifier: 'x'.repeat(LIMITS.sessionTextBytes + 1) });
  t.equal(
    refusal(() => decodeSessionTracking(long)),
    'protocolError',
  );
});
