/** The command line: help, wrong words, and one file for each command. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { prepareSocketDirectory, serverFiles } from '../../lib/app/server-files.js';
import { COMMANDS, GROUPS } from '../../lib/cli/command-list.js';
import { listenOn } from '../../lib/cli/commands/setup.js';
import { noDevFull } from '../dev-full.js';
import { type Done, ENV, LAUNCHER, LIMIT_MS, polyarch, run } from '../e2e/harness.js';

interface CommandCase {
  readonly args: readonly string[];
  readonly status: number;
  readonly out?: RegExp;
  readonly err?: RegExp;
  /** As a process, too: what the launcher and the exit add. */
  readonly launched?: boolean;
}

t.test('every command loads, and has examples that call it', async (t) => {
  for (const entry of COMMANDS) {
    const command = await entry.load();
    t.ok(command.examples.length > 0, entry.name);
    for (const [line, does] of command.examples) {
      t.ok(line.includes('$0 '), line);
      t.ok(does.length > 0, line);
    }
    const [group, second] = entry.name.split(' ');
    // A group may be a command itself, as `backup` is.
    if (second !== undefined || entry.name !== 'backup')
      t.equal(second === undefined, GROUPS[group ?? ''] === undefined, entry.name);
  }
});

t.test(
  'HTTP, which asks nobody who they are, listens on this machine alone, whatever host and port are given',
  (t) => {
    for (const [host, port, http] of [
      ['0.0.0.0', undefined, '127.0.0.1:8443'],
      ['0.0.0.0', 2389, '127.0.0.1:2392'],
      ['10.1.2.3', 2389, '127.0.0.1:2392'],
      ['::', 2389, '127.0.0.1:2392'],
    ] as const)
      t.equal(listenOn(host, port).http, http, `${host} ${port}`);
    t.end();
  },
);

t.test('help and errors, some of them through the launcher too', { timeout: LIMIT_MS }, async (t) => {
  const cases: readonly CommandCase[] = [
    { args: ['--help'], status: 0, out: /polyarch demo/, launched: true },
    { args: ['replication', '--help'], status: 0, out: /replication show-entry|show-entry/ },
    { args: ['backup', '--help'], status: 0, out: /backup prune[\s\S]*--incremental/ },
    {
      args: ['backup', 'list', '--incremental'],
      status: 89,
      err: /^polyarch: there is no option --incremental; see: \S*polyarch backup list --help\n$/,
    },
    { args: ['generate', '--help'], status: 0, out: /polyarch generate --entries 100000/ },
    { args: ['config', 'set', '-h'], status: 0, out: /Options:[\s\S]*limits\.idleSeconds=600/ },
    {
      args: ['config', 'set'],
      status: 89,
      err: /^polyarch: a setting must be given; see: \S*polyarch config set --help\n$/,
    },
    {
      args: ['topology'],
      status: 89,
      err: /^polyarch: name a command of topology: show, check; see: \S*polyarch topology --help\n$/,
    },
    { args: ['--versoin'], status: 89, err: /no option --versoin; did you mean --version\?/ },
    { args: ['demo', '--servers', '3', '4'], status: 89, err: /^polyarch: '4' is no option/ },
    {
      args: ['export-ldif', '--scope', 'all'],
      status: 89,
      err: /--scope takes one of sub, one, base; not "all"/,
    },
    { args: ['import-ldif', '--file'], status: 89, err: /^polyarch: the option --file takes a value; see: / },
    { args: ['stop', '--timeout-seconds', 'x'], status: 89, err: /--timeout-seconds takes a whole number\n/ },
    {
      args: ['setup', '--dir', 'nowhere', '--id', '0'],
      status: 89,
      err: /^polyarch: --id takes a whole number from 1 to 65535\n$/,
    },
    { args: ['--version'], status: 0, out: /^\d+\.\d+\.\d+/, launched: true },
    { args: [], status: 89, err: /^polyarch: name a command; see: \S*polyarch --help\n$/ },
    {
      args: ['replicatoin'],
      status: 89,
      err: /^polyarch: there is no command 'replicatoin'; did you mean 'replication'\? See: \S*polyarch --help\n$/,
    },
    {
      args: ['generate', '--entrie', '5'],
      status: 89,
      err: /there is no option --entrie; did you mean --entries\? See: \S*polyarch generate --help/,
    },
    {
      args: ['start', '--log-access'],
      status: 89,
      err: /^polyarch: the option --log-access takes a value; see: \S*polyarch start --help\n$/,
    },
    { args: ['generate', '--entries', 'x'], status: 89, err: /--entries takes a whole number/ },
    { args: ['generate', '--base', 'nonsense'], status: 89, err: /is not a base DN/ },
    {
      args: ['policy', 'explain', '--user', 'nonsense'],
      status: 89,
      err: /--user: "nonsense" is not a DN; write it/,
    },
    // Lists that are given in several pieces are whole; of other options the last counts.
    {
      args: ['replication', 'status', '--dir', 'no-such', '--dir', '.'],
      status: 80,
      err: /^polyarch: \S*no-such holds no/,
    },
    { args: ['generate', '--entries', '7', '--entries', '1'], status: 0, out: /user\.0/ },
    {
      args: ['generate', '--entries', '1', '--file', 'no-such/x.ldif'],
      launched: true,
      status: 80,
      err: /^polyarch: cannot write no-such\/x\.ldif: no such file or directory\n$/,
    },
    { args: ['topology', 'check', '--file', 'etc/topology.yaml', '--json'], status: 0, out: /"valid":true/ },
    {
      args: ['topology', 'check', '--file', 'package.json'],
      status: 78,
      err: /package\.json:2: name: unknown key/,
    },
  ];
  const program = fileURLToPath(new URL('command-lines.js', import.meta.url));
  const all = await run(process.execPath, [program, JSON.stringify(cases.map(({ args }) => args))], '', {
    ...ENV,
    POLYARCH_PROGRAM: LAUNCHER,
  });
  t.equal(all.status, 0, all.stderr);
  const inOneProcess = JSON.parse(all.stdout) as Done[];
  for (const [at, { args, status, out, err, launched }] of cases.entries()) {
    for (const done of [inOneProcess[at], launched === true ? await polyarch(args) : undefined]) {
      if (done === undefined) continue;
      t.equal(done.status ?? 0, status, `${args.join(' ')}: ${done.stderr}`);
      if (out !== undefined) t.match(done.stdout, out);
      if (err !== undefined) t.match(done.stderr, err);
    }
  }
});

/** A directory whose control socket somebody holds, who ends each conversation at its first octets. */
async function heldDirectory(t: Test): Promise<string> {
  const dir = t.testdir({ 'polyarch.yaml': '' });
  const server = createServer((socket) => socket.once('data', () => socket.destroy()));
  const files = serverFiles(dir);
  prepareSocketDirectory(files);
  server.listen(files.socket);
  await once(server, 'listening');
  t.teardown(() => server.close());
  return dir;
}

t.test('a server that runs is not started again, in the foreground or behind', async (t) => {
  const dir = await heldDirectory(t);
  for (const more of [[], ['--detach']]) {
    const done = await polyarch(['start', '--dir', dir, ...more]);
    t.equal(done.status, 80);
    t.match(done.stderr, /^polyarch: the server in \S+ runs already; see: \S*polyarch status --dir \S+\n$/);
  }
});

t.test('a server that ends while it is asked for its status is one that does not run', async (t) => {
  const dir = await heldDirectory(t);
  const done = await polyarch(['replication', 'status', '--json', '--dir', dir]);
  t.equal(done.status ?? 0, 0, done.stderr);
  t.same(JSON.parse(done.stdout), { servers: [{ dir, running: false }], inSync: false });
});

t.test('standard output that cannot be written is one sentence', { skip: noDevFull }, async (t) => {
  const done = await run('sh', ['-c', `"$0" --version > /dev/full`, 'bin/polyarch']);
  t.equal(done.status, 80);
  t.match(done.stderr, /^polyarch: cannot write to standard output: no space left on device\n$/);
});
