/** Where a server's directory is made. */
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { setUpOneServer } from './one-server.js';

const top = await mkdtemp(join(tmpdir(), 'polyarch-setup-'));
t.teardown(() => rm(top, { recursive: true }));
const make = (dir: string) => setUpOneServer({ dir, domains: ['dc=a'], empty: true });

t.test(
  'a directory that is there stays that very one, as a mounted disk must; what a new file system and a cut setup leave does not count',
  async (t) => {
    const dir = join(top, 'disk');
    await mkdir(join(dir, 'lost+found'), { recursive: true, mode: 0o755 });
    await mkdir(join(dir, '.disk.00000000.new'));
    const before = await stat(dir);
    await make(dir);
    const after = await stat(dir);
    t.equal(after.ino, before.ino);
    t.equal(after.mode & 0o777, 0o700, 'nobody else may look into it');
    const plain = join(top, 'made');
    await make(plain);
    const own = (await readdir(dir)).filter((name) => name !== 'lost+found' && !name.endsWith('.new'));
    t.strictSame(own.sort(), (await readdir(plain)).sort(), 'all of a server is in it, and nothing else');
    t.equal((await stat(plain)).mode & 0o777, 0o700);
    await t.rejects(make(dir), { code: 'DATA_DIR_NOT_EMPTY' }, 'it holds a server');
  },
);

t.test('what cannot be written is said in a sentence, and nothing is left behind', async (t) => {
  const file = join(top, 'file');
  await writeFile(file, '');
  await t.rejects(make(join(file, 'below', 'it')), { code: /DATA_DIR_NOT_EMPTY|FILE_UNWRITABLE/ });
  await t.rejects(make('/proc/none/below'), { code: 'FILE_UNWRITABLE' }, 'where nothing can be made');
  await t.rejects(make('/dev/null/x'), { code: /DATA_DIR_NOT_EMPTY|FILE_UNWRITABLE/ });
  const long = join(top, 'x'.repeat(254));
  await t.rejects(make(long), { code: 'FILE_UNWRITABLE', message: /cannot write .*: / });
  t.strictSame((await readdir(top)).sort(), ['disk', 'file', 'made']);
});
