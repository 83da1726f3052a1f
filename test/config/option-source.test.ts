/** Where an option's value comes from: the command line before the environment before the file before the default. */
import t from 'tap';
import { givenElsewhere, optionSource } from '../../lib/config/option-source.js';
import { type ConfigSources, NO_SOURCES } from '../../lib/config/server-config.js';

const document = { name: 'f', value: { limits: { idleSeconds: 5 } }, lineOf: () => undefined };
const key = 'limits.idleSeconds';

t.test('the source that counts is named, in the order of precedence', (t) => {
  const file: ConfigSources = { ...NO_SOURCES, document };
  const variable = { ...file, environment: new Map([['POLYARCH_LIMITS_IDLE_SECONDS', '7']]) };
  const flag = { ...variable, flags: new Map([[key, '8']]) };
  t.equal(optionSource(NO_SOURCES, key), 'default');
  t.equal(optionSource(file, key), 'file');
  t.equal(optionSource(file, 'limits.connections'), 'default');
  t.equal(optionSource(variable, key), 'environment');
  t.equal(optionSource(flag, key), 'command line');
  const empty = { ...file, environment: new Map([['POLYARCH_LIMITS_IDLE_SECONDS', '']]) };
  t.equal(optionSource(empty, key), 'file', 'an empty variable says nothing');
  const secret = { ...file, secretFiles: new Map([['POLYARCH_ADMIN_PASSWORD_HASH_FILE', 'x\n']]) };
  t.equal(optionSource(secret, 'admin.passwordHash'), 'environment');
  t.end();
});

t.test('what the file does not decide is told with the place that does', (t) => {
  const both = {
    ...NO_SOURCES,
    document,
    environment: new Map([['POLYARCH_LIMITS_IDLE_SECONDS', '7']]),
    flags: new Map([['log.level', 'warn']]),
  };
  t.match(givenElsewhere(both, [key, 'log.level', 'log.access']), [
    /limits\.idleSeconds .*POLYARCH_LIMITS_IDLE_SECONDS/,
    /log\.level .*--log-level/,
  ]);
  t.same(givenElsewhere(NO_SOURCES, [key]), []);
  t.end();
});
