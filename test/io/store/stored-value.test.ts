/** LevelDB is never given an empty value, which its binding would copy and never free; what was put is read all the same, in databases of before too. */
import { join } from 'node:path';
import { Level } from 'level';
import t from 'tap';
import { fromLatin1, latin1 } from '../../../lib/base/bytes.js';
import { openLevelStore } from '../../../lib/io/store/level-store.js';
import { readForm, storedForm } from '../../../lib/io/store/stored-value.js';

const VALUES = ['', '\xff', '\xff\xff', '\xff\xff\xff', '\xff\0', '\0', '\0\xff', 'a', 'a\xff', '\xff\xffa'];

t.test('a stored value is never empty, tells its value, and no two have the same', async (t) => {
  const forms = VALUES.map((value) => storedForm(fromLatin1(value)));
  for (const [i, form] of forms.entries()) {
    t.not(form.length, 0);
    t.equal(latin1(readForm(form)), VALUES[i]);
  }
  t.equal(new Set(forms.map(latin1)).size, VALUES.length);
  t.equal(readForm(new Uint8Array(0)).length, 0, 'an empty value of an older database');
});

t.test('get and scan give the values that were put, and the database holds none that is empty', async (t) => {
  const dir = join(t.testdir(), 'db');
  const store = await openLevelStore(dir);
  const ops = VALUES.map((value, i) => ({
    type: 'put' as const,
    key: fromLatin1(`k${i}`),
    value: fromLatin1(value),
  }));
  await store.batch(ops, { sync: false });
  for (const { key, value } of ops) t.same(store.get(key), value);
  const read: string[] = [];
  for await (const rows of store.scan({ gte: fromLatin1('k'), lt: fromLatin1('l') }))
    for (const { value } of rows) read.push(latin1(value));
  t.same(read, VALUES);
  await store.close();
  const raw = new Level<Uint8Array, Uint8Array>(dir, { keyEncoding: 'view', valueEncoding: 'view' });
  for await (const value of raw.values()) t.not(value.length, 0);
  await raw.put(fromLatin1('old'), new Uint8Array(0));
  await raw.close();
  const again = await openLevelStore(dir);
  t.equal(again.get(fromLatin1('old'))?.length, 0);
  await again.close();
});
