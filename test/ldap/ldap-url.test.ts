/** Claims about LDAP URLs (RFC 4516). */
import t from 'tap';
import { parseLdapUrl } from '../../lib/ldap/ldap-url.js';

t.test('the examples of RFC 4516 section 4 are read', async (t) => {
  t.match(parseLdapUrl('ldap:///o=University%20of%20Michigan,c=US'), {
    scheme: 'ldap',
    host: '',
    port: 389,
    dn: 'o=University of Michigan,c=US',
    attributes: [],
    scope: undefined,
    filter: undefined,
  });
  t.match(parseLdapUrl('ldap://ldap1.example.net/o=University%20of%20Michigan,c=US?postalAddress'), {
    host: 'ldap1.example.net',
    attributes: ['postalAddress'],
  });
  t.match(
    parseLdapUrl('ldap://ldap1.example.net:6666/o=University%20of%20Michigan,c=US??sub?(cn=Babs%20Jensen)'),
    {
      port: 6666,
      scope: 'sub',
      filter: '(cn=Babs Jensen)',
    },
  );
  t.match(parseLdapUrl('LDAP://ldap1.example.com/c=GB?objectClass?ONE'), {
    scope: 'one',
    attributes: ['objectClass'],
  });
  t.match(parseLdapUrl('ldap://ldap2.example.com/o=Question%3f,c=US?mail'), { dn: 'o=Question?,c=US' });
  t.match(parseLdapUrl('ldap://ldap3.example.com/o=Babsco,c=US???(four-octet=%5c00%5c00%5c00%5c04)'), {
    filter: '(four-octet=\\00\\00\\00\\04)',
  });
  t.match(parseLdapUrl('ldap://ldap.example.com/o=An%20Example%5C2C%20Inc.,c=US'), {
    dn: 'o=An Example\\2C Inc.,c=US',
  });
  t.match(parseLdapUrl('ldap:///??sub??e-bindname=cn=Manager%2cdc=example%2cdc=com'), {
    extensions: ['e-bindname=cn=Manager,dc=example,dc=com'],
  });
  t.match(parseLdapUrl('ldaps://[2001:db8::7]:636'), {
    scheme: 'ldaps',
    host: '2001:db8::7',
    port: 636,
    dn: '',
  });
});

t.test('what is no LDAP URL is refused', async (t) => {
  for (const text of [
    '',
    'ldap:',
    'ldap:/x',
    'http://x/',
    'ldap://x:0/',
    'ldap://x:65536/',
    'ldap://x:8a/',
    'ldap://[::1/',
    'ldap://[::1]x/',
    'ldap://[zz]/',
    'ldap://u@h/',
    'ldap://h/%',
    'ldap://h/%4',
    'ldap://h/%zz',
    'ldap://h/%ff',
    'ldap://h/??middle',
    'ldap://h/?a?base?f?e?more',
    'ldap://h?x/',
    `ldap://h/${'x'.repeat(70_000)}`,
  ]) {
    t.equal(parseLdapUrl(text), undefined, text.slice(0, 40));
  }
});

t.test('parts may hold the characters that separate them, in percent form', async (t) => {
  t.same(parseLdapUrl('ldap://h/cn=a%3Fb,dc=%C3%A4%25?cn,sn?sub?(a=%3F)?x=1%2C2'), {
    scheme: 'ldap',
    host: 'h',
    port: 389,
    dn: 'cn=a?b,dc=ä%',
    attributes: ['cn', 'sn'],
    scope: 'sub',
    filter: '(a=?)',
    extensions: ['x=1,2'],
  });
});
