/** The configuration of a running server: changes are checked as a whole, written at once with all else left as it is, then in force. */
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import t from 'tap';
import { parseEdits } from '../../lib/app/config/config-lines.js';
import { LiveConfiguration } from '../../lib/app/config/live-configuration.js';
import { readConfigAndSources } from '../../lib/app/config/read-config.js';
import type { Settings } from '../../lib/config/option-table.js';
import { silentLog } from '../../lib/io/pino-log.js';

const HASH = '{ARGON2}x-no-such-hash';
const TEXT = `# mine
server: { id: 1, name: "one" } # in one line
domains: ["dc=a"]
admin:
  passwordHash: "${HASH}"

# what clients may ask
limits:
  # half a minute
  idleSeconds: 30 # enough
listen: { ldap: none, ldaps: none, replication: none, http: none }
`;

interface Made {
  readonly live: LiveConfiguration;
  readonly file: string;
  readonly applied: Settings[];
  text(): string;
}

async function make(
  t: { testdir(): string },
  env: Record<string, string> = {},
  flags = new Map<string, string>(),
): Promise<Made> {
  const dir = t.testdir();
  const file = `${dir}/polyarch.yaml`;
  writeFileSync(file, TEXT, { mode: 0o640 });
  chmodSync(file, 0o640);
  const read = () => readConfigAndSources(dir, flags, env);
  const applied: Settings[] = [];
  const live = new LiveConfiguration(await read(), read, (settings) => applied.push(settings), silentLog());
  return { live, file, applied, text: () => readFileSync(file, 'utf8') };
}

const set = (live: LiveConfiguration, ...texts: string[]) => live.set('admin', () => parseEdits(texts));

t.test(
  'a change is written beside comments and order, with the mode of the file, and in force',
  async (t) => {
    const { live, file, applied, text } = await make(t);
    t.same(await set(live, 'limits.idleSeconds=60'), { reloaded: ['limits.idleSeconds'], atNextStart: [] });
    t.equal(text(), TEXT.replace('idleSeconds: 30', 'idleSeconds: 60'));
    t.equal(statSync(file).mode & 0o777, 0o640);
    t.equal(live.facts().settings['limits.idleSeconds'], 60);
    t.equal(applied.at(-1)?.['limits.idleSeconds'], 60);
    await set(live, 'limits.idleSeconds=', 'access.proxies=uid=p,dc=a;uid=q,dc=a');
    t.equal(live.facts().settings['limits.idleSeconds'], 0, 'the default again');
    t.equal(live.facts().sourceOf('limits.idleSeconds'), 'default');
    t.same(live.facts().settings['access.proxies'], ['uid=p,dc=a', 'uid=q,dc=a']);
    t.match(text(), /^# mine\n.*# what clients may ask\n/s);
    t.same(readdirSync(file.replace('/polyarch.yaml', '')), ['polyarch.yaml'], 'nothing is left beside it');
  },
);

t.test('a change with faults, its own or those of the file, changes nothing and names all', async (t) => {
  const { live, file, applied, text } = await make(t);
  await t.rejects(set(live, 'limits.idleSeconds=-1', 'limits.searchEntries=-2'), {
    code: 'CONFIG_INVALID',
    faults: [/idleSeconds: -1 is not within/, /searchEntries: -2 is not within/],
  });
  t.equal(text(), TEXT);
  writeFileSync(file, `${TEXT}limts: {}\n`);
  await t.rejects(set(live, 'limits.idleSeconds=60'), {
    code: 'CONFIG_INVALID',
    faults: [/limts: unknown key/],
  });
  await t.rejects(live.test(), { code: 'CONFIG_INVALID' });
  await t.rejects(live.takeOver(), { code: 'CONFIG_INVALID' });
  t.equal(text(), `${TEXT}limts: {}\n`);
  t.same(applied, []);
});

t.test('what the environment or the command line decides is refused with the place that does', async (t) => {
  const { live, text } = await make(
    t,
    { POLYARCH_LIMITS_IDLE_SECONDS: '7' },
    new Map([['limits.searchEntries', '9']]),
  );
  t.equal(live.facts().sourceOf('limits.idleSeconds'), 'environment');
  await t.rejects(set(live, 'limits.idleSeconds=60', 'limits.searchEntries=1'), {
    code: 'COMMAND_INVALID',
    faults: [/POLYARCH_LIMITS_IDLE_SECONDS/, /--limits-search-entries/],
  });
  t.equal(text(), TEXT);
});

t.test('what counts from the next start is pending until then', async (t) => {
  const { live, file } = await make(t);
  t.same(await set(live, 'cache.entryMiB=7', 'limits.idleSeconds=1'), {
    reloaded: ['limits.idleSeconds'],
    atNextStart: ['cache.entryMiB'],
  });
  t.equal(live.facts().settings['cache.entryMiB'], 160);
  t.same(live.facts().pending, ['cache.entryMiB']);
  writeFileSync(file, TEXT);
  t.same(await live.test(), { reloaded: ['limits.idleSeconds'], atNextStart: [] });
  t.equal(live.facts().settings['limits.idleSeconds'], 1, 'a test takes nothing over');
  await live.takeOver();
  t.equal(live.facts().settings['limits.idleSeconds'], 30);
  t.same(live.facts().pending, []);
});

t.test('changes take turns: each is decided on what the one before made', async (t) => {
  const { live } = await make(t);
  const add = (dn: string) =>
    live.change('admin', ({ settings }) => [
      { key: 'access.proxies', value: [...settings['access.proxies'], dn] },
    ]);
  await Promise.all(['uid=a,dc=a', 'uid=b,dc=a', 'uid=c,dc=a'].map(add));
  t.same(live.facts().settings['access.proxies'], ['uid=a,dc=a', 'uid=b,dc=a', 'uid=c,dc=a']);
  const refusal = new Error('no more');
  await t.rejects(
    live.change(
      'admin',
      () => [{ key: 'access.proxies', value: [] }],
      () => {
        throw refusal;
      },
    ),
    refusal,
  );
  t.equal(live.facts().settings['access.proxies'].length, 3, 'what refuses at the last leaves all as it was');
  await add('uid=d,dc=a');
  t.equal(live.facts().settings['access.proxies'].length, 4, 'and does not hold up the next');
});

t.test('a file behind a link is replaced where it lies', async (t) => {
  const dir = t.testdir();
  mkdirSync(`${dir}/etc`);
  writeFileSync(`${dir}/etc/real.yaml`, TEXT);
  symlinkSync(`${dir}/etc/real.yaml`, `${dir}/polyarch.yaml`);
  const read = () => readConfigAndSources(dir, new Map(), {});
  await set(new LiveConfiguration(await read(), read, () => {}, silentLog()), 'log.access=true');
  t.match(readFileSync(`${dir}/etc/real.yaml`, 'utf8'), /access: true/);
});

t.test('what is no setting is told, all of it', (t) => {
  t.throws(
    () =>
      parseEdits([
        'limits',
        'limits.idelSeconds=1',
        'log.access=maybe',
        'admin.passwordHash=x',
        'log.level=warn',
        'log.level=info',
      ]),
    {
      code: 'COMMAND_INVALID',
      faults: [
        /not KEY=VALUE/,
        /did you mean "limits\.idleSeconds"/,
        /log\.access: "maybe" is not true or false/,
        /secret/,
        /twice/,
      ],
    },
  );
  t.end();
});
