/** LevelDB's adapter keeps the contract of an ordered store, and meets the faults of the world with one clear error (reliability F6, F9, F32). */
import {
  closeSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { fromLatin1 } from '../../../lib/base/bytes.js';
import { openLevelStore } from '../../../lib/io/store/level-store.js';
import { orderedStoreContract, put, refused } from '../../contract/ordered-store.js';

let opened = 0;
orderedStoreContract(t, (t) => openLevelStore(join(t.testdir(), `db-${opened++}`)));

t.test('what was written is there after close and open', async (t) => {
  const dir = join(t.testdir(), 'db');
  const store = await openLevelStore(dir);
  await store.batch([put('a', '1')], { sync: true });
  await store.close();
  const again = await openLevelStore(dir);
  t.same(again.get(fromLatin1('a')), fromLatin1('1'));
  await again.close();
});

t.test('a second opener is refused with DATA_DIR_LOCKED and the first goes on', async (t) => {
  const dir = join(t.testdir(), 'db');
  const store = await openLevelStore(dir);
  await t.rejects(openLevelStore(dir), { code: 'DATA_DIR_LOCKED' });
  await store.batch([put('a', '1')], { sync: true });
  await store.close();
});

t.test('below the reserve writes are refused as full and reads go on', async (t) => {
  const dir = join(t.testdir(), 'db');
  const store = await openLevelStore(dir);
  await store.batch([put('a', '1')], { sync: true });
  await store.close();
  const full = await openLevelStore(dir, { reserveBytes: Number.MAX_SAFE_INTEGER });
  await t.rejects(full.batch([put('a', '2')], { sync: true }), refused('full'));
  t.same(full.get(fromLatin1('a')), fromLatin1('1'));
  await full.close();
});

t.test(
  'tables without the file that names them are a damaged database, never the place of a new one',
  async (t) => {
    const dir = join(t.testdir(), 'db');
    const store = await openLevelStore(dir);
    await store.close();
    rmSync(join(dir, 'CURRENT'));
    await (await openLevelStore(dir)).close();
    rmSync(join(dir, 'CURRENT'));
    writeFileSync(join(dir, '000009.ldb'), '');
    await t.rejects(openLevelStore(dir), { code: 'DATA_CORRUPT', message: /CURRENT is missing/ });
    t.ok(readdirSync(dir).includes('000009.ldb'));
  },
);

/** The newest log file of a database. */
function newestLog(dir: string): string {
  const logs = readdirSync(dir).filter((name) => name.endsWith('.log'));
  return join(dir, logs.sort().at(-1) as string);
}

t.test('a log torn at its end loses whole batches from the end only (F6)', async (t) => {
  const dir = join(t.testdir(), 'db');
  const store = await openLevelStore(dir);
  for (let i = 0; i < 20; i++) {
    await store.batch([put(`a${i}`, 'x'.repeat(100)), put(`b${i}`, 'y')], { sync: true });
  }
  await store.close();
  const log = newestLog(dir);
  truncateSync(log, statSync(log).size - 40);
  const again = await openLevelStore(dir);
  const has = (key: string) => again.get(fromLatin1(key)) !== undefined;
  t.notOk(has('a19'));
  t.notOk(has('b19'));
  for (let i = 0; i < 19; i++) t.ok(has(`a${i}`) && has(`b${i}`), `batch ${i} is whole`);
  await again.close();
});

t.test('a log damaged in its middle is found when the store is opened: DATA_CORRUPT', async (t) => {
  const dir = join(t.testdir(), 'db');
  const store = await openLevelStore(dir);
  for (let i = 0; i < 400; i++) await store.batch([put(`a${i}`, 'x'.repeat(500))], { sync: false });
  await store.close();
  const log = newestLog(dir);
  const file = openSync(log, 'r+');
  writeSync(file, Buffer.alloc(64, 0xaa), 0, 64, 40_000);
  closeSync(file);
  await t.rejects(openLevelStore(dir), { code: 'DATA_CORRUPT' });
});
