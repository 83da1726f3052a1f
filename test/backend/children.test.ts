/** The entries directly below one, as an export and a deletion of a subtree walk them: an entry that has none costs no look at the store. */
import t from 'tap';
import { MemoryStore } from '../../lib/backend/memory/memory-store.js';
import type { StoreBackend } from '../../lib/backend/store-backend.js';
import { must } from '../../lib/base/assert.js';
import type { StoreRange, StoreRow, StoreSnapshot } from '../../lib/port/ordered-store.js';
import { adding, deleting, openEngine } from './engine.js';

const BASE = 'dc=example,dc=com';
const unit = { objectClass: ['organizationalUnit'] };

/** Counts the scans that are opened. */
class ScannedStore extends MemoryStore {
  scans = 0;

  override scan(range: StoreRange, sliceRows?: number, snapshot?: StoreSnapshot): AsyncIterable<StoreRow[]> {
    this.scans += 1;
    return super.scan(range, sliceRows, snapshot);
  }
}

async function below(backend: StoreBackend, text: string): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const slice of backend.children(must(backend.byDnText(text), text)))
    for (const { dnText } of slice) names.push(dnText);
  return names.sort();
}

t.test('children: one scan for an entry that has some, none for an entry that has none', async (t) => {
  const store = new ScannedStore();
  const { backend } = await openEngine({ store });
  const full = `ou=full,${BASE}`;
  const empty = `ou=empty,${BASE}`;
  const only = `ou=only,${full}`;
  await backend.submit('', adding(BASE, { objectClass: ['domain'], dc: ['example'] }));
  await backend.submit('', adding(full, { ...unit, ou: ['full'] }));
  await backend.submit('', adding(empty, { ...unit, ou: ['empty'] }));
  await backend.submit('', adding(only, { ...unit, ou: ['only'] }));
  const walked = async (text: string) => {
    store.scans = 0;
    const names = await below(backend, text);
    return { names, scans: store.scans };
  };
  t.same(await walked(full), { names: [only], scans: 1 });
  t.same(await walked(BASE), { names: [empty, full], scans: 1 });
  t.same(await walked(empty), { names: [], scans: 0 });
  await backend.submit('', deleting(only));
  t.same(await walked(full), { names: [], scans: 0 }, 'nor once its last child went');
});
