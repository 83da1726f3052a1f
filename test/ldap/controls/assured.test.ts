/** The value of the assured write control. */
import t from 'tap';
import { utf8Encode } from '../../../lib/base/bytes.js';
import { decodeAssured, encodeAssured } from '../../../lib/ldap/controls/assured.js';

t.test('values: what is asked round-trips; all else is protocolError', async (t) => {
  for (const request of [
    { mode: 'safe-data', level: 3, timeoutMs: 100, required: true },
    { mode: 'safe-read', level: 1, timeoutMs: undefined, required: false },
  ] as const)
    t.same(decodeAssured(encodeAssured(request)), request);
  t.equal(decodeAssured(utf8Encode('safe-data')).level, 1);
  for (const bad of ['', 'safe', 'safe-data=', 'safe-data=0', 'safe-data=128', 'safe-data=1x', 'safe-read=2'])
    t.throws(() => decodeAssured(utf8Encode(bad)), { name: 'LdapError' } as Error, bad);
  for (const bad of ['safe-read required required', 'safe-read soon', 'safe-read timeout=1 timeout=2'])
    t.throws(() => decodeAssured(utf8Encode(bad)), { name: 'LdapError' } as Error, bad);
});
