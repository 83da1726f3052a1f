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
    for (const broken of [octets.subarray(0, octets.length >> 1), Buffer.alloc(64), Buffer.alloc(0)]) {
      writeFileSync(record, broken);
      t.same(await polyarch(['nonsense'], '', env), without, `${broken.length} octets`);
    }
    chmodSync(record, 0);
    t.same(await polyarch(['nonsense'], '', env), without, 'one that cannot be read');
  },
);
