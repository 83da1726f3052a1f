/** The program in one file (lib/cli/load-program.ts): a record of what was compiled saves time and changes nothing else. */
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import t from 'tap';
import { ENV, polyarch, temporary } from './harness.js';

const PROGRAM = resolve(process.env.POLYARCH_BUILD ?? 'build', 'program');

t.test(
  'a record is made when it is asked for, for all users; one that is broken is passed over',
  async (t) => {
    const build = temporary(t);
    const folder = join(build, 'program');
    mkdirSync(folder);
    for (const name of readdirSync(PROGRAM).filter((one) => one.endsWith('.cjs')))
      copyFileSync(join(PROGRAM, name), join(folder, name));
    const env = { ...ENV, POLYARCH_BUILD: build };
    const records = () => readdirSync(folder).filter((name) => name.endsWith('.record'));

    const without = await polyarch(['nonsense'], '', env);
    t.match(without, { status: 89 });
    t.same(records(), []);

    t.same(await polyarch(['nonsense'], '', { ...env, POLYARCH_RECORD: '1' }), without);
    const [name = ''] = records();
    t.equal(records().length, 1);
    const record = join(folder, name);
    t.equal(statSync(record).mode & 0o777, 0o644);
    t.same(await polyarch(['nonsense'], '', env), without);

    const octets = readFileSync(record);
    const half = octets.length >> 1;
    const broken = {
      empty: Buffer.alloc(0),
      'of zeros': Buffer.alloc(64),
      'cut short': octets.subarray(0, half),
      // V8 takes both of these for whole and ends the process.
      'its end is not on disk': Buffer.from(octets).fill(0, half),
      'octets that are others': Buffer.from(octets).fill(0xff, half, half + 64),
    };
    for (const [what, damaged] of Object.entries(broken)) {
      writeFileSync(record, damaged);
      t.same(await polyarch(['nonsense'], '', env), without, what);
    }
    chmodSync(record, 0);
    t.same(await polyarch(['nonsense'], '', env), without, 'one that cannot be read');
  },
);
