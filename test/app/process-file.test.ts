/** Claims about polyarch.pid. */
import { existsSync, lstatSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { removeProcessFile, writeProcessFile } from '../../lib/app/process/process-file.js';

t.test('it names the process, and goes when the process ends', async (t) => {
  const file = join(t.testdir(), 'polyarch.pid');
  writeProcessFile(file);
  t.equal(readFileSync(file, 'utf8'), `${process.pid}\n`);
  removeProcessFile(file);
  t.notOk(existsSync(file));
  removeProcessFile(file);
});

t.test('a file that names another process stays, and is overwritten by the next start', async (t) => {
  const file = join(t.testdir(), 'polyarch.pid');
  writeFileSync(file, '1\n');
  removeProcessFile(file);
  t.ok(existsSync(file));
  writeProcessFile(file);
  t.equal(readFileSync(file, 'utf8'), `${process.pid}\n`);
});

t.test('what is no regular file is neither written nor removed', async (t) => {
  const dir = t.testdir();
  mkdirSync(join(dir, 'folder'));
  symlinkSync('/dev/null', join(dir, 'device'));
  symlinkSync(join(dir, 'elsewhere'), join(dir, 'link'));
  for (const name of ['folder', 'device', 'link']) {
    writeProcessFile(join(dir, name));
    removeProcessFile(join(dir, name));
    t.ok(lstatSync(join(dir, name)), name);
  }
  t.equal(readFileSync(join(dir, 'elsewhere'), 'utf8'), `${process.pid}\n`, 'through a link');
});
