/** Messages of SCRAM (RFC 5802): their grammar. */
import t from 'tap';
import { toBase64, utf8Encode } from '../../../lib/base/bytes.js';
import {
  formatServerFinal,
  formatServerFirst,
  readClientFinal,
  readClientFirst,
} from '../../../lib/ldap/sasl/scram-message.js';

const first = (text: string) => readClientFirst(utf8Encode(text));
const final = (text: string) => readClientFinal(utf8Encode(text));

t.test('RFC 5802 section 7: a first message is its header and what is signed', async (t) => {
  t.same(first('n,,n=user,r=nonce'), {
    binding: { kind: 'none' },
    authzid: '',
    name: 'user',
    nonce: 'nonce',
    header: 'n,,',
    bare: 'n=user,r=nonce',
  });
  const bound = first('p=tls-exporter,a=dn:cn=3Da=2Cdc=3Db,n=a=3D=2Cb,r=!~+/,x=1,Y=a=b');
  t.same(bound?.binding, { kind: 'bound', type: 'tls-exporter' });
  t.equal(bound?.authzid, 'dn:cn=a,dc=b');
  const coded = first('y,a=dn:cn=3Da=2Cdc=3Db,n=a=3D=2Cb,r=!~+/,x=1,Y=a=b');
  t.match(coded, { binding: { kind: 'serverCannot' }, authzid: 'dn:cn=a,dc=b', name: 'a=,b', nonce: '!~+/' });
  t.equal(coded?.bare, 'n=a=3D=2Cb,r=!~+/,x=1,Y=a=b');
});

t.test('a first message that does not keep to the grammar is none', async (t) => {
  for (const text of [
    '',
    'n',
    'n,',
    'n,,',
    'n,,n=user',
    'n,,n=user,',
    'n,,r=nonce,n=user',
    'n,,n=user,r=',
    'n,,n=user,r=a b',
    'n,,n=user,r=\u00e9',
    'n,,n=us=2cer,r=x',
    'n,,n=user=,r=x',
    'n,,n=user,r=x,',
    'n,,n=user,r=x,1=y',
    'n,,n=user,r=x,ab',
    'n,,m=must,n=user,r=x',
    'n,a=,n=user,r=x',
    'n,b=c,n=user,r=x',
    'x,,n=user,r=x',
    'p,,n=user,r=x',
    'p=,,n=user,r=x',
    'p=a b,,n=user,r=x',
    `p=${'a'.repeat(65)},,n=user,r=x`,
    'n,,n=us\0er,r=x',
  ])
    t.equal(first(text), undefined, JSON.stringify(text));
  t.equal(readClientFirst(Uint8Array.of(0x6e, 0x2c, 0x2c, 0xff)), undefined, 'no UTF-8');
});

t.test('a last message: the proof stands last, and is not signed', async (t) => {
  const proof = toBase64(new Uint8Array(32).fill(7));
  const read = final(`c=biws,r=nonce,x=1,p=${proof}`);
  t.same(read?.channel, utf8Encode('n,,'));
  t.match(read, { nonce: 'nonce', withoutProof: 'c=biws,r=nonce,x=1' });
  t.same(read?.proof, new Uint8Array(32).fill(7));
  for (const text of [
    '',
    'c=biws',
    `c=biws,r=nonce`,
    `c=biws,p=${proof}`,
    `r=nonce,c=biws,p=${proof}`,
    `c=biw,r=nonce,p=${proof}`,
    `c=biws,r=,p=${proof}`,
    `c=biws,r=nonce,p=${proof}x`,
    `c=biws,r=nonce,p=***=`,
    `c=biws,r=nonce,,p=${proof}`,
    `c=biws,r=nonce\0,p=${proof}`,
  ])
    t.equal(final(text), undefined, JSON.stringify(text));
});

t.test("the server's messages", async (t) => {
  t.equal(formatServerFirst('ab', Uint8Array.of(1, 2), 4096), 'r=ab,s=AQI=,i=4096');
  t.same(formatServerFinal(Uint8Array.of(1, 2)), utf8Encode('v=AQI='));
});
