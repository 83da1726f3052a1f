/** Command lines of our tools: what is asked for is run, the rest is refused in one line, and no tool reads its arguments otherwise. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import {
  choice,
  flag,
  list,
  number,
  readCommandLine,
  text,
  wholeNumber,
} from '../../scripts/command-line.js';

const TOOL = { command: 'npm run tool --', about: 'Does something.' };
const FORMS = {
  entries: wholeNumber(100, 'entries of the server', 1),
  most: wholeNumber(undefined, 'at most so many; absent: all'),
  share: number(0.5, 'a part'),
  only: list([], 'parts of it', ['one', 'two']),
  peers: list(['a', 'b'], 'beside these'),
  away: choice(['ended', 'hung'], 'ended', 'how it is away'),
  profile: text('', 'DIR', 'where profiles go'),
  keep: flag('keeps its directory'),
};
const read = (...args: string[]) => readCommandLine(TOOL, FORMS, args);
const valuesOf = (...args: string[]) => {
  const found = read(...args);
  return found.kind === 'values' ? found.values : found;
};
const faultOf = (...args: string[]) => {
  const found = read(...args);
  return found.kind === 'fault' ? found.text : found;
};

const DEFAULTS = {
  entries: 100,
  most: undefined,
  share: 0.5,
  only: [],
  peers: ['a', 'b'],
  away: 'ended',
  profile: '',
  keep: false,
};

t.test('what is not given is as by default, and the rest as given', (t) => {
  t.same(valuesOf(), DEFAULTS);
  t.same(
    valuesOf(
      ...['--entries', '7', '--most=2', '--share', '0.25', '--only', 'two,one', '--peers', ''],
      ...['--away', 'hung', '--profile', 'p', '--keep'],
    ),
    {
      entries: 7,
      most: 2,
      share: 0.25,
      only: ['two', 'one'],
      peers: [],
      away: 'hung',
      profile: 'p',
      keep: true,
    },
  );
  t.end();
});

t.test('options with a place may be given by it', (t) => {
  const placed = (...args: string[]) => {
    const found = readCommandLine({ ...TOOL, places: ['entries', 'share'] }, FORMS, args);
    return found.kind === 'values' ? [found.values.entries, found.values.share] : found;
  };
  t.same(placed('7', '2'), [7, 2]);
  t.same(placed('7', '--share', '2'), [7, 2]);
  t.match(placed('7', '2', '3'), { kind: 'fault', text: /'3'/ });
  t.match(placed('x'), { kind: 'fault', text: 'entries is a whole number from 1 on, not x' });
  t.match(placed('7', '--entries', '8'), { kind: 'fault', text: /entries/ });
  t.end();
});

t.test('what is no option, no value of one, or no value at all is refused in one line', (t) => {
  t.equal(faultOf('--histories', '5'), "Unknown option '--histories'");
  t.match(faultOf('5'), /^Unexpected argument '5'/);
  t.match(faultOf('--entries'), /^Option '--entries.* argument missing$/);
  for (const value of ['x', '', '1e3', '1.5', '0', '99999999999999999999'])
    t.equal(faultOf('--entries', value), `entries is a whole number from 1 on, not ${value}`);
  t.match(faultOf('--entries=-1'), /entries is a whole number/);
  for (const value of ['x', '', '.', '1.2.3']) t.match(faultOf('--share', value), /^share is a number, not /);
  t.equal(faultOf('--only', 'one,three'), 'only is a list of one, two, not one,three');
  t.equal(faultOf('--away', 'gone'), 'away is one of ended, hung, not gone');
  t.match(faultOf('--keep=1'), /--keep/);
  for (const args of [['--histories', '5'], ['5'], ['--entries'], ['--keep=1']])
    t.notMatch(faultOf(...args), /\n/);
  t.end();
});

t.test('help tells each option, what it is by default, and what it means', (t) => {
  const found = read('--entries', 'x', '--help');
  t.match(found, { kind: 'help' });
  const { text: usage } = found as { text: string };
  t.match(usage, /^npm run tool -- \[options\]\n\nDoes something\.\n/);
  for (const name of Object.keys(FORMS)) t.match(usage, new RegExp(`\\n  --${name}\\b`));
  t.match(usage, /--entries N +entries of the server \(100\)\n/);
  t.match(usage, /--away ended\|hung +how it is away \(ended\)\n/);
  t.match(usage, /--profile DIR +where profiles go\n/);
  t.end();
});

const BUILT = fileURLToPath(new URL('../..', import.meta.url));
const run = (tool: string, ...args: string[]) => {
  const done = spawnSync(process.execPath, [join(BUILT, tool), ...args], { encoding: 'utf8' });
  return { status: done.status, out: done.stdout, err: done.stderr };
};

t.test('no benchmark, simulation or chaos run reads its arguments by itself', (t) => {
  const tools = ['bench', 'test/sim', 'test/chaos'].flatMap((folder) =>
    readdirSync(folder).map((name) => join(folder, name)),
  );
  for (const file of tools.filter((name) => name.endsWith('.ts')))
    t.notMatch(readFileSync(file, 'utf8'), /process\.argv|parseArgs/, file);
  t.end();
});

t.test('a tool prints its usage and ends, and runs nothing that it was not asked for', (t) => {
  t.match(run('bench/compare.js', '--help'), { status: 0, out: /\[options\]/, err: '' });
  t.match(run('bench/compare.js', '--no-such'), {
    status: 2,
    out: '',
    err: /^Unknown option '--no-such'.*\n$/,
  });
  t.match(run('test/sim/swarm.js', 'many'), { status: 2, out: '', err: /^first is a whole number/ });
  t.match(run('test/chaos/chaos.js', '--seconds', 'x'), { status: 2, err: /^seconds is a whole number/ });
  t.end();
});
