/** Claims about the small adapters: files, LDIF and schema files, clock, random, log. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import t from 'tap';
import { makePrivateFolder, pathExists, readSmallFile, writeFileAtomic } from '../../lib/io/files.js';
import { writeLdifFile } from '../../lib/io/ldif-files.js';
import { makeLog } from '../../lib/io/pino-log.js';
import { packageVersion, passedOverInSchemaFolder, readSchemaFolder } from '../../lib/io/schema-files.js';
import { systemClock } from '../../lib/io/system-clock.js';
import { systemRandom } from '../../lib/io/system-random.js';

t.test('a file is written whole, with its mode, and nothing is left beside it', async (t) => {
  const dir = t.testdir();
  const path = join(dir, 'secret');
  t.equal(await readSmallFile(path), undefined);
  await writeFileAtomic(path, 'one');
  await writeFileAtomic(path, new Uint8Array([116, 119, 111]), 0o640);
  t.equal(await readFile(path, 'utf8'), 'two');
  t.equal((await stat(path)).mode & 0o777, 0o640);
  t.same(await readdir(dir), ['secret']);
  await t.rejects(writeFileAtomic(join(dir, 'missing', 'x'), 'x'));
  await makePrivateFolder(join(dir, 'a', 'b'));
  t.equal((await stat(join(dir, 'a', 'b'))).mode & 0o777, 0o700);
  await Promise.all([makePrivateFolder(join(dir, 'm', 'n')), makePrivateFolder(join(dir, 'm', 'n'))]);
  t.equal(await pathExists(join(dir, 'm', 'n')), true, 'made twice at once');
  await t.rejects(makePrivateFolder(join(dir, 'secret', 'x')), { code: 'ENOTDIR' });
  await t.rejects(makePrivateFolder('/proc/none/below'), 'where nothing can be made');
  t.equal(await pathExists(join(dir, 'a')), true);
  t.equal(await pathExists(join(dir, 'z')), false);
});

t.test('an LDIF file appears when it is complete, compressed by suffix, mode 0600', async (t) => {
  const dir = t.testdir();
  for (const name of ['a.ldif', 'a.ldif.gz']) {
    const path = join(dir, name);
    const file = writeLdifFile(path);
    for (let i = 0; i < 30_000; i++) await file.write(`line ${i} with some text\n`);
    t.equal(await pathExists(path), false);
    await file.close();
    t.equal((await stat(path)).mode & 0o777, 0o600);
    const bytes = await readFile(path);
    const text = (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString();
    t.equal(text.split('\n').length, 30_001);
  }
  const dropped = writeLdifFile(join(dir, 'b.ldif'));
  await dropped.write('x');
  await dropped.discard();
  t.same((await readdir(dir)).sort(), ['a.ldif', 'a.ldif.gz']);
  const nowhere = writeLdifFile(join(dir, 'missing', 'c.ldif'));
  await t.rejects(nowhere.close());
});

t.test('schema files are read by name', async (t) => {
  const dir = t.testdir({
    '10-b.ldif': 'b',
    '00-a.ldif': 'a',
    '05-c.schema': 'c',
    'note.txt': 'x',
    '.hidden': 'y',
  });
  t.same(await readSchemaFolder(dir), [
    { name: '00-a.ldif', text: 'a' },
    { name: '05-c.schema', text: 'c' },
    { name: '10-b.ldif', text: 'b' },
  ]);
  t.same(await passedOverInSchemaFolder(dir), ['note.txt']);
  t.same(await readSchemaFolder(join(dir, 'missing')), []);
  t.match(await packageVersion(), /^\d+\.\d+\.\d+/);
});

t.test('the clock ticks, a cancelled timer stays silent; random octets differ', async (t) => {
  const [earlier, wallMs, later] = [Date.now(), systemClock.wallMs(), Date.now()];
  t.ok(earlier <= wallMs && wallMs <= later);
  const before = systemClock.monotonicMs();
  const cancel = systemClock.after(1, () => t.fail('cancelled'));
  cancel();
  const alive = setInterval(() => {}, 1000);
  await new Promise<void>((resolve) => systemClock.after(5, resolve));
  clearInterval(alive);
  t.ok(systemClock.monotonicMs() > before);
  t.equal(systemRandom.bytes(16).length, 16);
  t.notSame(systemRandom.bytes(16), systemRandom.bytes(16));
});

t.test('log lines are JSON with level, server and fields; long texts are cut; levels filter', async (t) => {
  const lines: string[] = [];
  const log = makeLog({ level: 'info', name: 'server-1' }, { write: (line: string) => lines.push(line) });
  log.debug({ a: 1 }, 'not written');
  log.child({ connection: 7 }).info({ text: 'x'.repeat(10_000), evil: 'a\nb' }, 'hello');
  log.warn({}, 'w');
  log.error({}, 'e');
  t.equal(lines.length, 3);
  const first = JSON.parse(lines[0] ?? '') as Record<string, unknown>;
  t.match(first, { level: 'info', server: 'server-1', connection: 7, msg: 'hello', evil: 'a\nb' });
  t.ok(String(first.text).length < 5000);
  t.equal(lines[0]?.split('\n').length, 2, 'one event, one line');
});
