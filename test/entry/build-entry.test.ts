/** Add requests made into entries. RFC 4511 section 4.7. */
import t from 'tap';
import { LdapError } from '../../lib/base/ldap-error.js';
import { buildEntry } from '../../lib/entry/build-entry.js';
import { bytes, plain, rdnOf, sampleSchema } from './sample-schema.js';

function built(list: readonly string[], rdn: string): unknown {
  const raw = list.map((text) => {
    const [description = '', ...values] = text.split(' ');
    return { description, values: values.map(bytes) };
  });
  try {
    return plain(buildEntry(raw, rdnOf(rdn), sampleSchema()));
  } catch (error) {
    if (error instanceof LdapError) return error.result;
    throw error;
  }
}

t.test('RDN values that the client left out are added (RFC 4511 section 4.7)', async (t) => {
  t.same(built(['sn x'], 'cn=Ann'), { sn: ['x'], cn: ['Ann'] });
  t.same(built(['cn ann'], 'cn=Ann'), { cn: ['ann'] }, 'an equal value stays as the client wrote it');
  t.same(built(['cn Bob'], 'cn=Ann+uid=a'), { cn: ['Bob', 'Ann'], uid: ['a'] });
  t.same(built(['cn;lang-en Ann'], 'cn=Ann'), { 'cn;lang-en': ['Ann'], cn: ['Ann'] });
});

t.test('superclasses are added (RFC 4512 section 3.3)', async (t) => {
  t.same(built(['objectclass worker', 'cn a'], 'cn=a'), {
    objectclass: ['worker', 'person', 'top'],
    cn: ['a'],
  });
  t.same(built(['objectclass person top', 'cn a'], 'cn=a'), { objectclass: ['person', 'top'], cn: ['a'] });
});

t.test('one attribute named twice, without values or unknown is refused', async (t) => {
  t.equal(built(['cn a', 'commonName b'], 'cn=a'), 'attributeOrValueExists');
  t.equal(built(['cn a', 'sn'], 'cn=a'), 'protocolError');
  t.equal(built(['alien a'], 'cn=a'), 'undefinedAttributeType');
  t.equal(built([';x a'], 'cn=a'), 'undefinedAttributeType');
});
