/** Local writes and clocks that are far apart: none is acknowledged without effect (docs/conflicts.md, Clocks). */
import t from 'tap';
import { must } from '../../lib/base/assert.js';
import { latin1 } from '../../lib/base/bytes.js';
import { LIMITS } from '../../lib/base/limits.js';
import type { ChangeBody, EntryUuid } from '../../lib/change/change.js';
import { csnTimeMs } from '../../lib/csn/csn.js';
import type { AttributeKey } from '../../lib/schema/attribute-type.js';
import { change, modify, move } from '../conflict/story.js';
import { adding, deleting, type Engine, modifying, openEngine, renaming, TestClock } from './engine.js';

const BASE = 'dc=example,dc=com';
const ADMIN = 'cn=admin';
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = new TestClock().ms;
const person = { objectClass: ['top', 'person'], cn: ['x'], sn: ['x'] };

interface Stage extends Engine {
  readonly followed: number[];
  /** Server 2 changes an entry when its clock shows so much more than ours. */
  readonly elsewhere: (aheadMs: number, dn: string, body: ChangeBody) => Promise<void>;
  readonly mail: (dn: string) => string[];
  readonly uuid: (dn: string) => EntryUuid;
}

async function stage(): Promise<Stage> {
  const followed: number[] = [];
  const engine = await openEngine({ onFollow: (_csn, aheadMs) => followed.push(aheadMs) });
  const { backend } = engine;
  await backend.submit(ADMIN, adding(BASE, { objectClass: ['top', 'domain'], dc: ['example'] }));
  for (const name of ['a', 'b', 'c'])
    await backend.submit(ADMIN, adding(`cn=${name},${BASE}`, { ...person, cn: [name] }));
  const found = (dn: string) => must(backend.byDnText(dn), dn);
  return {
    ...engine,
    followed,
    uuid: (dn) => found(dn).uuid,
    mail: (dn) => (found(dn).attribute('mail' as AttributeKey)?.values ?? []).map(latin1),
    elsewhere: async (aheadMs, dn, body) => {
      const made = change(engine.clock.ms + aheadMs, 2, found(dn).uuid, body, backend.state);
      const [result] = await backend.replay([made]);
      t.equal(result?.kind, 'applied');
    },
  };
}

const replacing = (dn: string, value: string) => modifying(dn, { mail: { clear: true, add: [value] } });
const theirs = modify({ clear: true, add: ['theirs'] });

t.test('an hour behind: our CSNs follow the entry that is changed, not one that is left alone', async (t) => {
  const { backend, followed, elsewhere, mail } = await stage();
  await elsewhere(HOUR, `cn=a,${BASE}`, theirs);
  const other = await backend.submit(ADMIN, replacing(`cn=b,${BASE}`, 'ours'));
  t.equal(csnTimeMs(must(other.csn, 'a CSN')), NOW, 'another entry is changed by our own clock');
  t.same(followed, []);
  const written = await backend.submit(ADMIN, replacing(`cn=a,${BASE}`, 'ours'));
  t.same(mail(`cn=a,${BASE}`), ['ours']);
  t.equal(csnTimeMs(must(written.csn, 'a CSN')), NOW + HOUR);
  t.same(followed, [HOUR]);
  await backend.submit(ADMIN, replacing(`cn=a,${BASE}`, 'again'));
  t.same([mail(`cn=a,${BASE}`), followed], [['again'], [HOUR]], 'we are past it now');
});

t.test('a replace, an edit, a rename, a move, a delete: none is without effect', async (t) => {
  const { backend, elsewhere, mail, uuid } = await stage();
  await elsewhere(HOUR, `cn=a,${BASE}`, modify({ add: ['p', 'q'] }));
  await backend.submit(ADMIN, modifying(`cn=a,${BASE}`, { mail: { remove: ['p'], add: ['r'] } }));
  t.same(mail(`cn=a,${BASE}`).sort(), ['q', 'r']);
  await elsewhere(2 * HOUR, `cn=a,${BASE}`, modify({ name: 'description', add: ['x'] }));
  await backend.submit(ADMIN, renaming(`cn=a,${BASE}`, 'cn=z'));
  t.ok(backend.byDnText(`cn=z,${BASE}`));
  await elsewhere(3 * HOUR, `cn=b,${BASE}`, move(uuid(`cn=c,${BASE}`)));
  await elsewhere(4 * HOUR, `cn=b,cn=c,${BASE}`, move(uuid(BASE)));
  await backend.submit(ADMIN, renaming(`cn=c,${BASE}`, undefined, `cn=b,${BASE}`));
  t.ok(backend.byDnText(`cn=c,cn=b,${BASE}`), 'b was below c two hours from now');
  await elsewhere(5 * HOUR, `cn=z,${BASE}`, theirs);
  await backend.submit(ADMIN, deleting(`cn=z,${BASE}`));
  t.equal(backend.byDnText(`cn=z,${BASE}`), undefined);
});

t.test('days ahead: the write is refused, says why, and leaves nothing; others are taken', async (t) => {
  const { backend, sink, clock, followed, elsewhere, mail } = await stage();
  const far = LIMITS.clockFollowMs + DAY;
  await elsewhere(far, `cn=a,${BASE}`, theirs);
  const before = sink.given.length;
  const refused = backend.submit(ADMIN, replacing(`cn=a,${BASE}`, 'ours'));
  await t.rejects(refused, {
    result: 'unavailable',
    message: /server 2 made at 2023-11-16.*2 days ahead/,
  });
  t.same([sink.given.length, mail(`cn=a,${BASE}`), followed], [before, ['theirs'], []]);
  const other = await backend.submit(ADMIN, replacing(`cn=b,${BASE}`, 'ours'));
  t.equal(csnTimeMs(must(other.csn, 'a CSN')), NOW);
  clock.ms += far + 1;
  await backend.submit(ADMIN, replacing(`cn=a,${BASE}`, 'ours'));
  t.same(mail(`cn=a,${BASE}`), ['ours'], 'when our clock is past it, or was set right');
});

t.test('a server that starts behind the others knows it', async (t) => {
  const { store, sink, elsewhere } = await stage();
  await elsewhere(HOUR, `cn=a,${BASE}`, theirs);
  const { backend } = await openEngine({ store, sink });
  await backend.submit(ADMIN, replacing(`cn=a,${BASE}`, 'ours'));
  const values = must(backend.byDnText(`cn=a,${BASE}`), 'a').attribute('mail' as AttributeKey)?.values;
  t.same(values?.map(latin1), ['ours']);
});
