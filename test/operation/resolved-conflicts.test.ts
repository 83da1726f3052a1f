/** Lines of the journal that somebody settled: said over LDAP, replicated, counted nowhere (docs/conflicts.md, Resolving). */
import t from 'tap';
import type { RunningDomain } from '../../lib/app/domain/domain.js';
import { countingSeldom } from '../../lib/app/monitor/server-health.js';
import { must } from '../../lib/base/assert.js';
import type { Change } from '../../lib/change/change.js';
import { makeCsn, type ReplicaId } from '../../lib/csn/csn.js';
import { ServerState } from '../../lib/csn/server-state.js';
import { listedLines } from '../../lib/operation/write/resolved-conflicts.js';
import { add, modify } from '../conflict/story.js';
import { entryUuid } from '../sim/entry-uuid.js';
import { BASE, type TestClient, TestServer } from './test-server.js';

const ANN = `uid=ann,ou=people,${BASE}`;
const MARKS = 'ds-sync-conflict-resolved';
const CONFLICTS = 'cn=conflicts,cn=monitor';

/** A change of another server that has heard of nothing. */
function elsewhere(server: TestServer, sequence: number, more: Pick<Change, 'entry' | 'body'>): Change {
  const csn = makeCsn(server.clock.wallMs() + 1000, sequence, 2 as ReplicaId);
  const previous =
    sequence === 0 ? undefined : makeCsn(server.clock.wallMs() + 1000, sequence - 1, 2 as ReplicaId);
  return { csn, previous, seen: ServerState.EMPTY, initiator: 'cn=elsewhere', ...more };
}

/** Two servers with a lost value and a name that two entries want. */
async function open() {
  const server = await TestServer.open();
  const admin = await server.populate();
  const ann = must(server.backend.byDnText(ANN), 'ann');
  await admin.modify(ANN, [['replace', 'description', 'here']]);
  const person = { objectClass: ['top', 'person'], sn: ['s'] };
  const twin = { ...add(ann.state.parent, 'x', person), rdn: ann.state.rdn };
  const others = [
    elsewhere(server, 0, {
      entry: ann.uuid,
      body: modify({ name: 'description', clear: true, add: ['there'] }),
    }),
    elsewhere(server, 1, { entry: entryUuid(77), body: twin }),
  ];
  await server.backend.replay(others);
  const other = await TestServer.open({}, [BASE], { replica: 3 as ReplicaId });
  await other.backend.startGeneration('g');
  await other.backend.replay([...server.changes, ...others]);
  return { server, other, admin };
}

/** As `health` counts them. */
async function counted({ backend }: TestServer) {
  const domain = { backend, status: () => ({ applied: String(backend.state) }) };
  return await countingSeldom(0)([domain as unknown as RunningDomain]);
}

async function lines(admin: TestClient, filter = '(conflict-kind=*)') {
  const { entries } = await admin.search({ base: CONFLICTS, scope: 'one', filter, attributes: ['*', '+'] });
  return entries.map(({ dn, attributes }) => ({
    dn,
    kind: attributes['conflict-kind']?.[0],
    resolved: attributes['conflict-resolved']?.[0],
  }));
}

t.test('a line that is settled on one server counts on none, until it is opened again', async (t) => {
  const { server, other, admin } = await open();
  const theirs = await other.connect().bindAdmin();
  const all = await lines(admin);
  t.same(all.map(({ kind, resolved }) => `${kind} ${resolved}`).sort(), [
    'name-conflict FALSE',
    'value-lost FALSE',
  ]);
  t.same(await lines(theirs), all, 'the same on both');
  t.match(await counted(server), { 'name-conflict': 1 });
  const twin = all.find(({ kind }) => kind === 'name-conflict')?.dn ?? '';
  const before = server.changes.length;
  t.equal((await admin.modify(twin, [['replace', 'conflict-resolved', 'TRUE']])).result, 'success');
  t.equal(
    (await admin.modify(twin, [['add', 'conflict-resolved', 'TRUE']])).result,
    'success',
    'twice is once',
  );
  const made = server.changes.slice(before);
  t.equal(made.length, 1);
  await other.backend.replay(made);
  for (const [client, at] of [
    [admin, server],
    [theirs, other],
  ] as const) {
    t.same(
      (await lines(client, '(conflict-resolved=TRUE)')).map(({ dn }) => dn),
      [twin],
    );
    t.match(await counted(at), { 'name-conflict': 0 });
  }
  t.equal((await theirs.modify(twin, [['delete', 'conflict-resolved']])).result, 'success');
  t.same(await lines(theirs, '(conflict-resolved=TRUE)'), []);
  t.match(await counted(other), { 'name-conflict': 1 });
});

t.test('nothing else of a line can be written, and not by everybody', async (t) => {
  const { server, admin } = await open();
  const line = (await lines(admin))[0]?.dn ?? '';
  for (const change of [
    ['replace', 'conflict-kind', 'orphan'],
    ['replace', 'conflict-resolved', 'perhaps'],
    ['increment', 'conflict-resolved', '1'],
    ['add', 'conflict-resolved'],
  ] as const)
    t.equal((await admin.modify(line, [change])).result, 'unwillingToPerform', change.join(' '));
  t.equal((await admin.modify(line, [])).result, 'unwillingToPerform', 'nothing is asked for');
  const gone = `cn=${'0'.repeat(24)}.1,${CONFLICTS}`;
  t.equal((await admin.modify(gone, [['replace', 'conflict-resolved', 'TRUE']])).result, 'noSuchObject');
  const user = server.connect();
  await user.bind(ANN, 'ann');
  t.equal(
    (await user.modify(line, [['replace', 'conflict-resolved', 'TRUE']])).result,
    'insufficientAccessRights',
  );
  t.equal(
    (await admin.modify(BASE, [['add', MARKS, 'x']])).result,
    'constraintViolation',
    "marks are the server's",
  );
});

t.test('marks of lines that are long gone go with the next one that is set', async (t) => {
  const { server, admin } = await open();
  const base = must(server.backend.byDnText(BASE), 'the base');
  const old = `${makeCsn(server.clock.wallMs() - 100 * 86_400_000, 0, 2 as ReplicaId)}.0011223344556677`;
  const recent = `${makeCsn(server.clock.wallMs() - 86_400_000, 0, 2 as ReplicaId)}.0011223344556677`;
  await server.backend.submit('cn=x', () => [
    { entry: base.uuid, body: modify({ name: MARKS, add: [old, recent] }) },
  ]);
  const line = (await lines(admin))[0]?.dn ?? '';
  await admin.modify(line, [['replace', 'conflict-resolved', 'TRUE']]);
  const marks = (await admin.search({ base: BASE, scope: 'base', attributes: [MARKS] })).entries[0]
    ?.attributes[MARKS];
  t.equal(marks?.length, 2);
  t.notOk(marks?.includes(old));
  for await (const slice of listedLines(server.backend))
    t.equal(slice.filter(({ resolved }) => resolved).length, 1);
});
