/** Claims about options that a server that joins takes over: what is of the data, not as preset, and nothing else. */
import t from 'tap';
import { NO_SOURCES, resolveConfig } from '../../lib/config/server-config.js';
import { receivedSettings, sharedSettings } from '../../lib/config/shared-options.js';

const settings = resolveConfig({
  ...NO_SOURCES,
  flags: new Map([
    ['server.id', '7'],
    ['server.name', 'seven'],
    ['domains', 'dc=example,dc=com'],
    ['admin.passwordHash', '{ARGON2}x'],
    ['groups.memberAttributes', 'member'],
    ['deletedEntries.keepDays', '5'],
    ['log.level', 'debug'],
  ]),
});

t.test(
  'what differs from the preset is shared; what says something about the server alone is not',
  async (t) => {
    t.same(sharedSettings(settings), { 'groups.memberAttributes': ['member'], 'deletedEntries.keepDays': 5 });
  },
);

t.test('what another server sent is taken when it is such an option and well-formed', async (t) => {
  t.same(receivedSettings(sharedSettings(settings)), sharedSettings(settings));
  const hostile = {
    'tls.key': '/etc/passwd',
    'server.id': 1,
    'listen.ldap': '0.0.0.0:1',
    __proto__: { indexes: 1 },
    unknown: true,
    'deletedEntries.keepDays': 'five',
    'groups.allowEmpty': true,
  };
  t.same(receivedSettings(hostile), { 'groups.allowEmpty': true });
  for (const value of [undefined, null, 5, 'x', []]) t.same(receivedSettings(value), {});
});
