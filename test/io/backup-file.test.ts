/** Files of backups: what was written is read, and no octet can be changed, moved, added or cut off unseen. */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { concatBytes, utf8Encode } from '../../lib/base/bytes.js';
import { BackupReader, BackupWriter, readBackupKey } from '../../lib/io/backup-file.js';

const root = mkdtempSync(join(tmpdir(), 'polyarch-backup-file-'));
t.teardown(() => rmSync(root, { recursive: true, force: true }));
const KEY = utf8Encode('0123456789abcdef');
const BODIES = ['first', '', 'third '.repeat(50)].map(utf8Encode);

async function write(path: string, key?: Uint8Array): Promise<void> {
  const writer = await BackupWriter.create(path, { some: 'header' }, key);
  for (const [i, body] of BODIES.entries()) await writer.frame(i, body);
  t.notOk(existsSync(path), 'nothing stands under its name before it is whole');
  await writer.close();
}

async function read(path: string, key?: Uint8Array): Promise<{ content: unknown; bodies: Uint8Array[] }> {
  const reader = await BackupReader.open(path);
  try {
    const bodies: Uint8Array[] = [];
    for await (const { kind, body } of reader.frames(key)) {
      t.equal(kind, bodies.length);
      bodies.push(Uint8Array.from(body));
    }
    return { content: reader.content, bodies };
  } finally {
    await reader.close();
  }
}

for (const key of [undefined, KEY])
  t.test(key === undefined ? 'not encrypted' : 'encrypted', async (t) => {
    const path = join(root, `file-${key?.length ?? 0}`);
    await write(path, key);
    t.equal(statSync(path).mode & 0o777, 0o600);
    t.same(await read(path, key), { content: { some: 'header' }, bodies: BODIES });
    const bytes = readFileSync(path);
    t.equal(bytes.includes('third'), false, 'packed');
    const broken = join(root, 'broken');
    let unseen = 0;
    // With a key each trial costs an scrypt; without one all are tried.
    const step = key === undefined ? 1 : Math.ceil(bytes.length / 6);
    for (let at = 0; at < bytes.length; at += step)
      for (const trial of [
        bytes.map((octet, i) => (i === at ? octet ^ 0x20 : octet)),
        bytes.subarray(0, at),
      ]) {
        writeFileSync(broken, trial);
        const failed = await read(broken, key).then(
          () => undefined,
          (error: { code?: string }) => error.code,
        );
        if (failed !== 'BACKUP_INVALID') unseen += 1;
      }
    t.equal(unseen, 0, 'each octet changed and each cut is seen, in one sentence');
    writeFileSync(broken, concatBytes([bytes, Uint8Array.of(0)]));
    await t.rejects(read(broken, key), /behind its last record/);
  });

t.test('keys', async (t) => {
  const path = join(root, 'with-key');
  await write(path, KEY);
  await t.rejects(read(path), { code: 'BACKUP_INVALID', message: /--key-file/ });
  await t.rejects(read(path, utf8Encode('another key, long')), /another key/);
  const file = join(root, 'key');
  writeFileSync(file, '0123456789abcdef\r\n');
  t.same(Uint8Array.from(await readBackupKey(file)), KEY, 'a line end is no part of it');
  writeFileSync(file, 'short\n');
  await t.rejects(readBackupKey(file), { code: 'BACKUP_INVALID', message: /5 octets; at least 16/ });
});

t.test('what is discarded leaves nothing', async (t) => {
  const path = join(root, 'gone');
  const writer = await BackupWriter.create(path, {}, undefined);
  await writer.discard();
  t.notOk(existsSync(path));
  t.notOk(existsSync(`${path}.part`));
  await t.rejects(BackupWriter.create(join(root, 'no', 'folder'), {}, undefined), {
    code: 'FILE_UNWRITABLE',
  });
});
