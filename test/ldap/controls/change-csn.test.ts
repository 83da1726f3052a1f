/** The value of the wait for CSN control: words, bounded, and one clear refusal. */
import t from 'tap';
import { utf8Encode } from '../../../lib/base/bytes.js';
import { decodeWaitForCsn, encodeWaitForCsn } from '../../../lib/ldap/controls/change-csn.js';

const PROTOCOL_ERROR = { name: 'LdapError', result: 'protocolError' } as Error & { result: string };

t.test('values: CSNs and a timeout; anything else is protocolError', async (t) => {
  const given = { csns: ['0'.repeat(23).concat('1'), 'x'], timeoutMs: 5 };
  t.same(decodeWaitForCsn(encodeWaitForCsn(given)), given);
  t.same(decodeWaitForCsn(utf8Encode('  a  ')), { csns: ['a'], timeoutMs: undefined });
  const many = Array.from({ length: 1001 }, () => 'a').join(' ');
  for (const bad of [
    '',
    'timeout=1',
    'a timeout=',
    'a timeout=x',
    'a timeout=-1',
    'a timeout=99999999',
    many,
  ])
    t.throws(() => decodeWaitForCsn(utf8Encode(bad)), PROTOCOL_ERROR, bad.slice(0, 40));
  t.throws(() => decodeWaitForCsn(utf8Encode('a timeout=1 timeout=2')), PROTOCOL_ERROR);
  t.throws(() => decodeWaitForCsn(undefined), PROTOCOL_ERROR);
  t.throws(() => decodeWaitForCsn(Uint8Array.of(0xff)), PROTOCOL_ERROR);
});
