/** Entry UUIDs: text and octets are one thing. */
import t from 'tap';
import { ROOT_UUID } from '../../lib/change/change.js';
import { parseUuid, uuidFromBytes, uuidFromRandom, uuidToBytes } from '../../lib/change/entry-uuid.js';

t.test('RFC 4530: text is read in either case and written in lower case', async (t) => {
  t.equal(parseUuid('597AE2F6-16A6-1027-98F4-ABCDEFabcdef'), '597ae2f6-16a6-1027-98f4-abcdefabcdef');
  for (const bad of [
    '',
    '597ae2f6-16a6-1027-98f4-abcdefabcde',
    '597ae2f6-16a6-1027-98f4-abcdefabcdeff',
    '597ae2f6016a6-1027-98f4-abcdefabcdef',
    '597ae2f6-16a6-1027-98f4-abcdefabcdeg',
    '597ae2f6-16a6-1027-98f4-abcdefabc-ef',
  ])
    t.equal(parseUuid(bad), undefined, bad);
});

t.test('octets read back as the same UUID', async (t) => {
  const uuid = uuidFromBytes(
    Uint8Array.from({ length: 20 }, (_, i) => i * 11),
    2,
  );
  t.same(uuidFromBytes(uuidToBytes(uuid)), uuid);
  t.equal(parseUuid(uuid), uuid);
  t.same(uuidToBytes(ROOT_UUID), new Uint8Array(16));
});

t.test('RFC 4122 section 4.4: version 4, variant 10', async (t) => {
  for (const fill of [0x00, 0xff, 0x5a]) {
    const random = new Uint8Array(16).fill(fill);
    const uuid = uuidFromRandom(random);
    t.equal(uuid[14], '4');
    t.match(uuid[19], /[89ab]/);
    t.same(random, new Uint8Array(16).fill(fill), 'the random octets are left as they are');
  }
  t.throws(() => uuidFromRandom(new Uint8Array(15)));
});
