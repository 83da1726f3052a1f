/** Entries too large for the memory that they may take: what is decoded of one may be let go of at once, and whoever asked has it all the same. */
import t from 'tap';
import { must } from '../../lib/base/assert.js';
import type { AttributeKey } from '../../lib/schema/attribute-type.js';
import { adding, modifying, openEngine, violations } from './engine.js';

const BASE = 'dc=example,dc=com';
const CACHE_BYTES = 1 << 18;

for (const groups of [1, 3])
  t.test(`${groups} of them, read and written`, async (t) => {
    const engine = await openEngine({ cacheBytes: CACHE_BYTES });
    const { backend, store, sink } = engine;
    await backend.submit('cn=admin', adding(BASE, { objectClass: ['top', 'domain'], dc: ['example'] }));
    const member = Array.from({ length: 800 }, (_, n) => `uid=u${n},ou=people,${BASE}`);
    const names = Array.from({ length: groups }, (_, n) => `cn=g${n},${BASE}`);
    for (const name of names) {
      const cn = name.slice(3, 5);
      await backend.submit('cn=admin', adding(name, { objectClass: ['groupOfNames'], cn: [cn], member }));
    }
    // From rows, as after a start.
    const { backend: again } = await openEngine({ cacheBytes: CACHE_BYTES, store, sink });
    for (let round = 0; round < 3; round++)
      for (const name of names) {
        const entry = must(again.byDnText(name), name);
        t.equal(entry.state?.uuid, entry.uuid);
        t.equal(entry.stored?.get('member' as AttributeKey)?.values.length, 800 - round);
        t.equal(entry.attribute('member' as AttributeKey)?.values.length, 800 - round);
        await again.submit('cn=admin', modifying(name, { member: { remove: [member[round] ?? ''] } }));
      }
    t.same(await violations({ backend: again, store }), []);
  });
