/** Readers and a store that is ahead of what they were told: a commit is in force on disk a moment before memory follows. */
import t from 'tap';
import { MemoryStore } from '../../lib/backend/memory/memory-store.js';
import { must } from '../../lib/base/assert.js';
import { latin1 } from '../../lib/base/bytes.js';
import { StoreError, type StoreOp } from '../../lib/port/ordered-store.js';
import { adding, deleting, openEngine, renaming } from './engine.js';

const BASE = 'dc=example,dc=com';
const OLD = `ou=old,${BASE}`;
const NEW = `ou=new,${BASE}`;

/** Keeps batches back when it is told to. */
class HoldingStore extends MemoryStore {
  readonly held: StoreOp[] = [];
  holding = false;

  override batch(ops: readonly StoreOp[], options: { readonly sync: boolean }): Promise<void> {
    if (!this.holding) return super.batch(ops, options);
    this.held.push(...ops);
    return Promise.resolve();
  }
}

/** Rows of another store, on which a commit lands between two reads. */
class LandingStore extends MemoryStore {
  readonly #store: MemoryStore;
  readonly #landed = new Map<string, Uint8Array | undefined>();
  /** After a row of this key was read, these are in force. */
  landing: { readonly after: string; readonly ops: readonly StoreOp[] } | undefined;

  constructor(store: MemoryStore) {
    super();
    this.#store = store;
    this.scan = store.scan.bind(store);
    this.scanKeys = store.scanKeys.bind(store);
  }

  override get(key: Uint8Array): Uint8Array | undefined {
    const text = latin1(key);
    const value = this.#landed.has(text) ? this.#landed.get(text) : this.#store.get(key);
    if (this.landing?.after === text) {
      for (const op of this.landing.ops)
        this.#landed.set(latin1(op.key), op.type === 'put' ? op.value : undefined);
      this.landing = undefined;
    }
    return value;
  }
}

t.test('a parent that dies between the reads of a row and of its parent is no damage', async (t) => {
  for (const fate of ['moved', 'deleted', 'damaged'] as const) {
    const store = new HoldingStore();
    const { backend: writer } = await openEngine({ store });
    await writer.submit('cn=admin', adding(BASE, { objectClass: ['top', 'domain'], dc: ['example'] }));
    for (const dn of [OLD, NEW, `ou=kid,${OLD}`])
      await writer.submit(
        'cn=admin',
        adding(dn, { objectClass: ['top', 'organizationalUnit'], ou: [dn.slice(3, 6)] }),
      );
    const { id, uuid } = must(writer.byDnText(`ou=kid,${OLD}`), 'the kid');
    const parent = must(writer.byDnText(OLD), 'its parent');

    const landing = new LandingStore(store);
    const { backend: reader } = await openEngine({ store: landing });
    store.holding = true;
    if (fate === 'moved') await writer.submit('cn=admin', renaming(`ou=kid,${OLD}`, 'ou=kid', NEW));
    else await writer.submit('cn=admin', deleting(`ou=kid,${OLD}`));
    await writer.submit('cn=admin', deleting(OLD));

    const { keys } = reader.parts;
    const ops: StoreOp[] = fate === 'damaged' ? [{ type: 'del', key: keys.entry(parent.id) }] : store.held;
    landing.landing = { after: latin1(keys.entry(id)), ops };
    if (fate === 'damaged')
      t.throws(() => reader.byUuid(uuid), StoreError, 'a parent that is missing for good');
    else t.equal(reader.byUuid(uuid)?.dnText, fate === 'moved' ? `ou=kid,${NEW}` : undefined, fate);
    t.equal(landing.landing, undefined, 'its row was read');
  }
});

t.test('the row of a large entry that died is not read for its name', async (t) => {
  let large = 0;
  class Watched extends MemoryStore {
    override get(key: Uint8Array): Uint8Array | undefined {
      const value = super.get(key);
      if (value !== undefined && value.length > 100_000) large += 1;
      return value;
    }
  }
  const { backend } = await openEngine({ store: new Watched() });
  await backend.submit('cn=admin', adding(BASE, { objectClass: ['top', 'domain'], dc: ['example'] }));
  const name = `cn=large,${BASE}`;
  const description = ['x'.repeat(200_000)];
  await backend.submit('cn=admin', adding(name, { objectClass: ['device'], cn: ['large'], description }));
  t.ok(backend.byDnText(name));
  await backend.submit('cn=admin', deleting(name));
  large = 0;
  t.equal(backend.byDnText(name), undefined);
  t.equal(large, 0);
});
