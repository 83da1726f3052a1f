/** The cookie of OpenDJ's external changelog control. */
import t from 'tap';
import { utf8Encode } from '../../../lib/base/bytes.js';
import type { LdapError } from '../../../lib/base/ldap-error.js';
import { LIMITS } from '../../../lib/base/limits.js';
import {
  decodeChangelogCookie,
  encodeChangelogCookie,
  encodeChangelogRequest,
} from '../../../lib/ldap/controls/changelog-cookie.js';

const PROTOCOL_ERROR = { result: 'protocolError' } as unknown as LdapError;

t.test('a cookie in a sequence, in an octet string, or plain (OpenDJ)', async (t) => {
  const text = 'dc=example,dc=com:0123 4567;';
  t.equal(decodeChangelogCookie(encodeChangelogRequest(text)), text);
  t.equal(decodeChangelogCookie(Uint8Array.of(4, 2, 0x61, 0x62)), 'ab');
  t.equal(decodeChangelogCookie(encodeChangelogCookie(text)), text);
  t.equal(decodeChangelogCookie(undefined), '');
  t.equal(decodeChangelogCookie(encodeChangelogRequest('')), '');
});

t.test('malformed ones are protocolError', async (t) => {
  for (const bad of [
    Uint8Array.of(0x30, 5, 4),
    Uint8Array.of(4, 9, 1),
    Uint8Array.of(0xff, 0xfe),
    utf8Encode('x'.repeat(LIMITS.syncCookieBytes + 1)),
  ])
    t.throws(() => decodeChangelogCookie(bad), PROTOCOL_ERROR);
});
