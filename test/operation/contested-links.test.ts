/** Links by name while two entries want one name (docs/conflicts.md, Links by name): the conflict's line says who names it. */
import t from 'tap';
import { must } from '../../lib/base/assert.js';
import { LIMITS } from '../../lib/base/limits.js';
import type { ChangeBody } from '../../lib/change/change.js';
import { ServerState } from '../../lib/csn/server-state.js';
import { contestedLinks } from '../../lib/operation/write/contested-links.js';
import { add } from '../conflict/story.js';
import { entryUuid } from '../sim/entry-uuid.js';
import { elsewhere } from './elsewhere.js';
import { BASE, type TestClient, TestServer } from './test-server.js';

const ANN = `uid=ann,ou=people,${BASE}`;
const TWIN = entryUuid(77);
const group = (name: string): string => `cn=${name},${BASE}`;

async function namedBy(admin: TestClient): Promise<readonly string[] | undefined> {
  const { entries } = await admin.search({
    base: 'cn=conflicts,cn=monitor',
    scope: 'one',
    filter: '(conflict-kind=name-conflict)',
    attributes: ['conflict-named-by'],
  });
  t.equal(entries.length, 1);
  return entries[0]?.attributes['conflict-named-by'];
}

t.test('groups and owners that name a contested name are listed, until the conflict ends', async (t) => {
  const server = await TestServer.open();
  const admin = await server.populate();
  const ann = must(server.backend.byDnText(ANN), 'ann');
  const body = {
    ...add(ann.state.parent, 'x', { objectClass: ['top', 'person'], sn: ['s'] }),
    rdn: ann.state.rdn,
  } as ChangeBody;
  await server.backend.replay([elsewhere(server, TWIN, body, ServerState.EMPTY)]);
  t.same(await namedBy(admin), undefined, 'nobody names it');
  await admin.add(group('admins'), {
    objectClass: ['groupOfNames'],
    cn: ['admins'],
    member: [ANN.toUpperCase()],
  });
  await admin.add(group('others'), {
    objectClass: ['groupOfNames'],
    cn: ['others'],
    member: [BASE],
    owner: [ANN],
  });
  await admin.add(group('third'), {
    objectClass: ['groupOfNames'],
    cn: ['third'],
    member: [`uid=bob,ou=people,${BASE}`],
  });
  const found = (await namedBy(admin)) ?? [];
  t.ok(found.includes(group('admins')), 'whatever the spelling');
  t.notOk(found.includes(group('third')));
  const line = { kind: 'name-conflict', entry: TWIN } as const;
  const { schema } = server;
  t.same(await contestedLinks(server.backend, schema, line), { dns: found, more: 0 });
  t.same(await contestedLinks(server.backend, schema, { ...line, kind: 'value-lost' }), { dns: [], more: 0 });
  t.same(
    await contestedLinks(server.backend, schema, { ...line, entry: ann.uuid }),
    { dns: [], more: 0 },
    'of the holder: no conflict',
  );
});

t.test('many are counted, not listed', async (t) => {
  const count = LIMITS.contestedLinks + 1;
  const server = await TestServer.open();
  await server.populate();
  const { schema } = server;
  const twin = { attribute: () => ({ name: 'x', values: [Buffer.from(ANN)] }) };
  const backend = {
    byUuid: () => twin as never,
    holderCount: (key: string) => (key === 'member' ? count : 0),
    holders: () => t.fail('not read') as never,
  };
  t.same(await contestedLinks(backend, schema, { kind: 'name-conflict', entry: TWIN }), {
    dns: [],
    more: count,
  });
});
