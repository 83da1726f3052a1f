/** LDIF files: they appear whole, pipes and devices are written as they stand, failures are one sentence. */
import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import t from 'tap';
import { writeLdifFile } from '../../lib/io/ldif-files.js';
import { noDevFull } from '../dev-full.js';

t.test('a file appears under its name when it is complete, packed by its suffix', async (t) => {
  const dir = t.testdir({ 'old.ldif': 'old' });
  for (const name of ['old.ldif', 'new.ldif', 'new.ldif.gz']) {
    const path = join(dir, name);
    const before = existsSync(path) ? readFileSync(path, 'utf8') : undefined;
    const out = writeLdifFile(path);
    await out.write('one\n');
    await out.write('x'.repeat(600_000));
    t.equal(existsSync(path) ? readFileSync(path, 'utf8') : undefined, before, name);
    await out.close();
    const bytes = readFileSync(path);
    const text = (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString();
    t.equal(text.length, 600_004);
    t.equal(lstatSync(path).mode & 0o777, 0o600);
  }
  const given = writeLdifFile(join(dir, 'never.ldif'));
  await given.write('half');
  await given.discard();
  t.same(readdirSync(dir).sort(), ['new.ldif', 'new.ldif.gz', 'old.ldif']);
});

t.test(
  'a pipe or device stays what it is',
  { skip: process.platform === 'win32' ? 'Windows has no pipes and devices as files' : false },
  async (t) => {
    const dir = t.testdir({});
    const pipe = join(dir, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const reader = await open(pipe, 'r+');
    t.teardown(() => reader.close());
    const out = writeLdifFile(pipe);
    await out.write('through\n');
    await out.close();
    const { buffer, bytesRead } = await reader.read(Buffer.alloc(64), 0, 64, null);
    t.equal(buffer.toString('utf8', 0, bytesRead), 'through\n');
    t.ok(lstatSync(pipe).isFIFO());
    t.same(readdirSync(dir), ['pipe']);
  },
);

t.test("what cannot be written is an operator's fault, told with its name", async (t) => {
  const dir = t.testdir({});
  const absent = writeLdifFile(join(dir, 'no-such', 'x.ldif'));
  await absent.write('text');
  await t.rejects(absent.close(), {
    code: 'FILE_UNWRITABLE',
    message: /no-such.x\.ldif: no such file or directory$/,
  });
  await absent.discard();
  writeFileSync(join(dir, 'plain'), '');
  const below = writeLdifFile(join(dir, 'plain', 'x.ldif.gz'));
  await t.rejects(
    (async () => {
      for (let k = 0; k < 100; k++) await below.write('x'.repeat(100_000));
      await below.close();
    })(),
    { code: 'FILE_UNWRITABLE', message: /not a directory$/ },
  );
  await below.discard();
});

t.test(
  'a device that is full is told as a full disk, and is left where it is',
  { skip: noDevFull },
  async (t) => {
    const full = writeLdifFile('/dev/full');
    await full.write('text');
    await t.rejects(full.close(), {
      code: 'DISK_FULL',
      message: 'cannot write /dev/full: no space left on device',
    });
    await full.discard();
    t.ok(lstatSync('/dev/full').isCharacterDevice());
  },
);
