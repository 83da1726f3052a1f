/** Cookies of paged results (RFC 2696): who may go on with them, and where. */
import t from 'tap';
import { LdapError } from '../../lib/base/ldap-error.js';
import { PagedCookies } from '../../lib/operation/search/paged-cookie.js';
import { searchRequest, seededRandom } from './test-server.js';

const request = searchRequest({ filter: '(&(objectClass=person)(uid=a*))' });
const position = { part: 1, after: 123_456_789, given: 4000 };

t.test('a cookie gives its position back to the same search of the same identity', async (t) => {
  const cookies = new PagedCookies(seededRandom(1));
  const cookie = cookies.seal(position, request, 'user:1');
  t.same(cookies.open(cookie, request, 'user:1'), position);
  t.ok(cookie.length < 32, 'and is short');
});

t.test(
  'a cookie of another search, identity or process is refused (RFC 2696 section 3; reliability class 9)',
  async (t) => {
    const cookies = new PagedCookies(seededRandom(1));
    const cookie = cookies.seal(position, request, 'user:1');
    const refused = (open: () => unknown, what: string): void => {
      let result: string | undefined;
      try {
        open();
      } catch (error) {
        result = error instanceof LdapError ? error.result : String(error);
      }
      t.equal(result, 'unwillingToPerform', what);
    };
    refused(() => cookies.open(cookie, request, 'user:2'), 'another identity');
    refused(() => cookies.open(cookie, { ...request, base: 'dc=other' }, 'user:1'), 'another base');
    refused(() => cookies.open(cookie, { ...request, scope: 'one' }, 'user:1'), 'another scope');
    refused(() => cookies.open(cookie, { ...request, deref: 'always' }, 'user:1'), 'other alias handling');
    refused(() => cookies.open(cookie, searchRequest({ filter: '(uid=a*)' }), 'user:1'), 'another filter');
    refused(() => new PagedCookies(seededRandom(2)).open(cookie, request, 'user:1'), 'another process');
    for (let i = 0; i < cookie.length; i++) {
      const forged = cookie.slice();
      forged[i] = (forged[i] ?? 0) ^ 1;
      refused(() => cookies.open(forged, request, 'user:1'), `octet ${i} changed`);
    }
    for (const length of [0, 1, 8, 9, 64, 65, 100_000]) {
      refused(() => cookies.open(new Uint8Array(length), request, 'user:1'), `${length} zero octets`);
    }
  },
);
