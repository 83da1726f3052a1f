/** The configuration of one server: precedence, and all faults at once with their lines. */
import t from 'tap';
import { OperatorError } from '../../lib/base/operator-error.js';
import { configText } from '../../lib/config/config-text.js';
import { advertisedAddress, NO_SOURCES, resolveConfig } from '../../lib/config/server-config.js';
import { parseYaml } from '../../lib/io/yaml-file.js';

const MINIMAL = `server: { id: 1, name: s1 }
domains: ["dc=example,dc=com"]
admin: { passwordHash: "{ARGON2}x" }
`;

function faultsOf(text: string, over: Partial<Parameters<typeof resolveConfig>[0]> = {}): readonly string[] {
  try {
    resolveConfig({ ...NO_SOURCES, document: parseYaml(text, 'polyarch.yaml'), ...over });
  } catch (error) {
    if (error instanceof OperatorError && error.code === 'CONFIG_INVALID') return error.faults;
    throw error;
  }
  return [];
}

t.test('a minimal file is completed with defaults', (t) => {
  const settings = resolveConfig({ ...NO_SOURCES, document: parseYaml(MINIMAL, 'polyarch.yaml') });
  t.equal(settings['server.id'], 1);
  t.equal(settings['listen.ldap'], '0.0.0.0:1389');
  t.equal(settings['limits.connections'], 10_000);
  t.equal(settings.peers, undefined);
  t.same(settings.indexes.uid, ['equality', 'substring']);
  t.end();
});

t.test('all faults come at once, each with its line', (t) => {
  const text = `${MINIMAL}limits:
  connections: many
  idleSeconds: -1
limts: {}
listen:
  ldap: nonsense
  lapds: 1
log: { level: loud }
`;
  t.same(faultsOf(text), [
    'polyarch.yaml:5: limits.connections: "many" is not a whole number',
    'polyarch.yaml:6: limits.idleSeconds: -1 is not within 0 to 31536000',
    'polyarch.yaml:7: limts: unknown key; did you mean "limits"?',
    'polyarch.yaml:10: listen.lapds: unknown key; did you mean "ldaps"?',
    'polyarch.yaml:11: log.level: "loud" is not one of debug, info, warn, error, silent',
  ]);
  t.end();
});

t.test('values that have the right shape are checked for sense', (t) => {
  const text = `server: { id: 1, name: "a b" }
domains: ["dc=example,dc=com", "nonsense"]
admin: { dn: "", passwordHash: secret }
listen: { ldap: "0.0.0.0:99999", http: none }
peerAddresses: { server-2: "127.0.0.1" }
`;
  t.match(faultsOf(text), [/polyarch.yaml:3: admin.dn: "" is too short/]);
  t.match(faultsOf(text.replace('dn: "", ', '')), [
    /:1: server.name: "a b" is not a name/,
    /:2: domains\[1\]: "nonsense" is not a DN/,
    /:3: admin.passwordHash: must be a password hash/,
    /:4: listen.ldap: "0.0.0.0:99999" is not an address; write host:port, or none/,
    /:5: peerAddresses.server-2: "127.0.0.1" is not an address/,
  ]);
  t.end();
});

t.test('the password hash is not shown in a fault', (t) => {
  t.notMatch(faultsOf(MINIMAL.replace('{ARGON2}x', 'hunter2')).join('\n'), /hunter2/);
  t.end();
});

t.test('what is required and missing is named with its flag and variable', (t) => {
  t.match(faultsOf(''), [
    /server.id is missing; .* --server-id or as POLYARCH_SERVER_ID/,
    /server.name/,
    /domains/,
    /admin.passwordHash/,
  ]);
  t.end();
});

t.test('a flag goes before the environment, the environment before the file', (t) => {
  const document = parseYaml(`${MINIMAL}log: { level: warn }\nlisten: { ldap: "a:1", ldaps: "a:2" }\n`, 'p');
  const settings = resolveConfig({
    document,
    environment: new Map([
      ['POLYARCH_LOG_LEVEL', 'error'],
      ['POLYARCH_LISTEN_LDAP', 'b:1'],
    ]),
    secretFiles: new Map([['POLYARCH_ADMIN_PASSWORD_HASH_FILE', '{SSHA}y\n']]),
    flags: new Map([['log.level', 'debug']]),
  });
  t.equal(settings['log.level'], 'debug');
  t.equal(settings['listen.ldap'], 'b:1');
  t.equal(settings['listen.ldaps'], 'a:2');
  t.equal(settings['admin.passwordHash'], '{SSHA}y');
  t.end();
});

t.test('faults of flags and variables name their source', (t) => {
  const faults = faultsOf(MINIMAL, {
    environment: new Map([
      ['POLYARCH_LIMITS_CONNECTIONS', 'x'],
      ['POLYARCH_LIMTS_CONNECTIONS', '5'],
    ]),
    flags: new Map([['durability', 'maybe']]),
  });
  t.same(faults, [
    'environment variable POLYARCH_LIMITS_CONNECTIONS: "x" is not a whole number',
    'environment variable POLYARCH_LIMTS_CONNECTIONS is unknown; did you mean "POLYARCH_LIMITS_CONNECTIONS"?',
    'flag --durability: "maybe" is not one of disk, memory',
  ]);
  t.end();
});

t.test('an advertised address may differ from the listen address', (t) => {
  const text = `${MINIMAL}listen: { http: none }\nadvertise: { ldap: "ldap.example.com:389" }\n`;
  const settings = resolveConfig({ ...NO_SOURCES, document: parseYaml(text, 'p') });
  t.equal(advertisedAddress(settings, 'ldap'), 'ldap.example.com:389');
  t.equal(advertisedAddress(settings, 'ldaps'), '0.0.0.0:1636');
  t.equal(advertisedAddress(settings, 'http'), undefined);
  t.end();
});

t.test('a file that setup writes reads back as it was meant', (t) => {
  const given = {
    'server.id': 7,
    'server.name': 's7',
    domains: ['dc=a,dc=b', 'o=Zürich \\"x\\"'],
    peers: { s1: 'h:1' },
    peerAddresses: {},
    'admin.passwordHash': '{ARGON2}$argon2id$v=19$x',
    'listen.ldap': '127.0.0.1:1389',
    indexes: { uid: ['equality'] },
    'log.access': true,
  } as const;
  const text = configText({ ...given, domains: [...given.domains], indexes: { uid: ['equality'] } });
  const settings = resolveConfig({ ...NO_SOURCES, document: parseYaml(text, 'p') });
  for (const [key, value] of Object.entries(given)) t.same(settings[key as keyof typeof given], value, key);
  t.end();
});
