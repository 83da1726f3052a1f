/** Addresses: the text form, both ways, and what is refused. */
import t from 'tap';
import { formatAddress, parseAddress } from '../../lib/topology/address.js';

t.test('an address is a host and a port', (t) => {
  t.same(parseAddress('127.0.0.1:1389'), { host: '127.0.0.1', port: 1389 });
  t.same(parseAddress('berlin-1.example.com:636'), { host: 'berlin-1.example.com', port: 636 });
  t.same(parseAddress('[::1]:389'), { host: '::1', port: 389 });
  t.same(parseAddress('[fe80::1%eth0]:389'), { host: 'fe80::1%eth0', port: 389 });
  t.same(parseAddress('localhost:0'), { host: 'localhost', port: 0 });
  t.end();
});

t.test('what is no address is refused', (t) => {
  for (const text of [
    '',
    ':389',
    'host',
    'host:',
    'host:65536',
    'host:123456',
    'host:-1',
    'host:1a',
    '::1:389',
    '[host]:1',
    'a b:1',
    'a/b:1',
    '[]:1',
    `${'x'.repeat(254)}:1`,
  ])
    t.equal(parseAddress(text), undefined, JSON.stringify(text));
  t.end();
});

t.test('formatting is the inverse of parsing', (t) => {
  for (const text of ['127.0.0.1:1389', '[::1]:389', 'a:1']) {
    const address = parseAddress(text);
    t.ok(address !== undefined && formatAddress(address) === text, text);
  }
  t.end();
});
