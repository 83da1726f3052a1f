/** Commands over LDAP: which there are, what a request must look like, and failures that keep their kind. */
import t from 'tap';
import { type ControlFailure, errorOf } from '../../lib/app/control/control-protocol.js';
import { readRemoteRequest, remoteCommands } from '../../lib/app/control/remote-commands.js';
import { LdapError } from '../../lib/base/ldap-error.js';
import { OperatorError } from '../../lib/base/operator-error.js';
import type { Log } from '../../lib/port/log.js';
import { StoreError } from '../../lib/port/ordered-store.js';

const quiet: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet };

t.test('a request is a known command with its fields and no others', (t) => {
  const good = [
    { command: 'status' },
    { command: 'conflicts', limit: 3, kind: 'orphan' },
    { command: 'verify-replicas', repair: true, from: 'b' },
    { command: 'upkeep-evict', server: 'c', domain: 'dc=x' },
  ];
  for (const one of good) t.same(readRemoteRequest(JSON.stringify(one)), one);
  const bad = [
    'x',
    'null',
    '[]',
    '{}',
    '{"command":"stop"}',
    '{"command":"backup","folder":"/"}',
    '{"command":"token-create"}',
    '{"command":"__proto__"}',
    '{"command":"status","dir":"/"}',
    '{"command":"conflicts","limit":"3"}',
    '{"command":"upkeep-evict"}',
    '{"command":"show-entry"}',
    '{"command":"show-entry","dn":["cn=x"]}',
  ];
  for (const text of bad) t.throws(() => readRemoteRequest(text), { code: 'COMMAND_INVALID' }, text);
  t.end();
});

t.test('what the server throws arrives as it was', async (t) => {
  const thrown: Error[] = [
    new OperatorError('CONNECT_FAILED', 'no peer', ['one', 'two']),
    new LdapError('noSuchObject', 'no entry'),
    new StoreError('full', 'no space'),
    new Error('a bug'),
  ];
  const codes = ['operationsError', 'noSuchObject', 'other', 'other'];
  for (const [at, error] of thrown.entries()) {
    const administration = remoteCommands(() => Promise.reject(error), quiet);
    const outcome = await administration.run('{"command":"status"}', 'cn=x', () => {});
    if (outcome.kind !== 'failed') throw new Error('it fails');
    t.equal(outcome.code, codes[at]);
    const back = errorOf(JSON.parse(outcome.failure) as ControlFailure);
    t.equal(back.message, error.message);
    t.equal(back.constructor, error.constructor);
    if (error instanceof StoreError) t.match(back, { failure: error.failure });
  }
});
