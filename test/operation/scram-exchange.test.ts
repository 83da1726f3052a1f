/** The rules of one SCRAM exchange: proofs, channel binding, and what a wrong one learns. */
import t from 'tap';
import { must } from '../../lib/base/assert.js';
import { fromBase64, utf8Decode, utf8Encode } from '../../lib/base/bytes.js';
import { systemDigests } from '../../lib/io/system-digests.js';
import { parseScramKeys } from '../../lib/ldap/sasl/scram-keys.js';
import { formatServerFinal, readClientFirst } from '../../lib/ldap/sasl/scram-message.js';
import { beginScram, finishScram, type ScramVerdict } from '../../lib/operation/bind/scram-exchange.js';
import { lastMessage, scramValue } from './scram-client.js';

const SALT = must(fromBase64('W22ZaJ0SNY7soEsUEjb6gQ=='), 'base64');
const KEYS = must(parseScramKeys(scramValue('pencil', SALT)), 'keys');
const BARE = 'n=user,r=rOprNGfwEbeRWgbNEkqO';
const SERVER_FIRST = 'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096';
const LAST =
  'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=';

const begun = (header: string, binding?: Uint8Array) =>
  beginScram(
    must(readClientFirst(utf8Encode(header + BARE)), 'a first message'),
    KEYS,
    '%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0',
    binding,
  );
const finish = (message: string, exchange = begun('n,,')): ScramVerdict =>
  finishScram(exchange, utf8Encode(message), systemDigests);

t.test('RFC 7677 section 3: the example', async (t) => {
  t.equal(begun('n,,').serverFirst, SERVER_FIRST);
  const verdict = finish(LAST);
  const answer = verdict.kind === 'proved' ? utf8Decode(formatServerFinal(verdict.signature)) : verdict.kind;
  t.equal(answer, 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=');
});

t.test('a proof with any bit changed, and that of another password, are wrong', async (t) => {
  const [unproved = '', text = ''] = LAST.split(',p=');
  const proof = must(fromBase64(text), 'base64');
  for (let bit = 0; bit < 256; bit++) {
    const changed = Uint8Array.from(proof);
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    const verdict = finish(`${unproved},p=${Buffer.from(changed).toString('base64')}`);
    if (verdict.kind !== 'wrong') t.fail(`bit ${bit}`);
  }
  t.same(finish(lastMessage('pencils', 'n,,', BARE, SERVER_FIRST).message), { kind: 'wrong' });
  t.same(finish(lastMessage('pencil', 'n,,', BARE, SERVER_FIRST.replace('k0,', 'k1,')).message), {
    kind: 'wrong',
  });
  for (const octets of [0, 31, 33])
    t.same(finish(`${unproved},p=${Buffer.alloc(octets).toString('base64')}`), { kind: 'malformed' });
  t.same(finish(''), { kind: 'malformed' });
});

t.test('RFC 5802 section 6: a proof for another header or channel is told apart', async (t) => {
  const data = utf8Encode('the channel');
  const header = 'p=tls-exporter,,';
  const last = (of: string, channel?: Uint8Array) =>
    lastMessage('pencil', of, BARE, SERVER_FIRST, channel).message;
  const exchange = begun(header, data);
  t.equal(finish(last(header, data), exchange).kind, 'proved');
  t.equal(finish(last(header, utf8Encode('the chanmel')), exchange).kind, 'otherChannel');
  t.equal(finish(last(header), exchange).kind, 'otherChannel');
  t.equal(finish(last('n,,'), exchange).kind, 'otherChannel');
  t.equal(finish(last('y,,')).kind, 'otherChannel', 'the list of mechanisms was changed on its way');
  t.equal(finish(last('n,a=eve,')).kind, 'otherChannel', 'so was the authorization identity');
});
