/** Referential integrity, as clients see it: deletes, renames and moves, single entries and subtrees, crashes in between. */
import t from 'tap';
import type { BackendOptions } from '../../lib/backend/open-backend.js';
import { DEFAULT_REFERENCE_ATTRIBUTES } from '../../lib/backend/rules/reference-rules.js';
import type { StoreBackend } from '../../lib/backend/store-backend.js';
import { must } from '../../lib/base/assert.js';
import { elsewhere } from './elsewhere.js';
import { BASE, person, type TestClient, TestServer } from './test-server.js';

const PEOPLE = `ou=people,${BASE}`;
const GROUPS = `ou=groups,${BASE}`;
const ANN = `uid=ann,${PEOPLE}`;
const BOB = `uid=bob,${PEOPLE}`;
const indexes = Object.fromEntries(
  ['objectClass', 'uid', ...DEFAULT_REFERENCE_ATTRIBUTES].map((name) => [name, { equality: true }]),
);
const OPTIONS: Partial<BackendOptions> = {
  indexes,
  consistency: { references: DEFAULT_REFERENCE_ATTRIBUTES },
};

const jobsOf = (backend: StoreBackend) => backend.parts.rules.jobs;

function startJobs(backend: StoreBackend): void {
  jobsOf(backend).start({
    submit: (initiator, decide) => backend.submit(initiator, decide),
    exclusively: (work) => backend.parts.writes.exclusively(work),
  });
}

async function open(): Promise<{ server: TestServer; admin: TestClient }> {
  const server = await TestServer.open({}, [BASE], OPTIONS);
  startJobs(server.backend);
  return { server, admin: await server.populate() };
}

async function values(client: TestClient, dn: string, attribute: string): Promise<readonly string[]> {
  const { entries } = await client.search({ base: dn, scope: 'base', attributes: [attribute] });
  return [...(entries[0]?.attributes[attribute] ?? [])].sort();
}

const rename = (client: TestClient, dn: string, newRdn: string, newSuperior?: string) =>
  client.call({ kind: 'modifyDn', dn, newRdn, deleteOldRdn: true, newSuperior });

t.test('references of one entry change in the same write', async (t) => {
  const { server, admin } = await open();
  await admin.add(`cn=a,${GROUPS}`, {
    objectClass: ['groupOfNames'],
    member: [ANN.toUpperCase(), BOB],
    owner: ANN,
  });
  await admin.add(`cn=u,${GROUPS}`, { objectClass: ['groupOfUniqueNames'], uniqueMember: [ANN] });
  await admin.modify(BOB, [['add', 'manager', ANN]]);
  await admin.modify(ANN, [['add', 'seeAlso', ANN, BOB]]);
  const before = server.backend.state.csns();
  const eve = `uid=eve,${PEOPLE}`;
  t.equal((await rename(admin, ANN, 'uid=eve')).result, 'success');
  t.not(server.backend.state.csns().join(), before.join());
  t.same(await values(admin, `cn=a,${GROUPS}`, 'member'), [BOB, eve]);
  t.same(await values(admin, `cn=a,${GROUPS}`, 'owner'), [eve]);
  t.same(await values(admin, `cn=u,${GROUPS}`, 'uniqueMember'), [eve]);
  t.same(await values(admin, BOB, 'manager'), [eve]);
  t.same(await values(admin, eve, 'seeAlso'), [BOB, eve], 'its own too');
  t.same(await values(admin, eve, 'memberOf'), [`cn=a,${GROUPS}`, `cn=u,${GROUPS}`]);

  await admin.add(`ou=sub,${PEOPLE}`, { objectClass: ['organizationalUnit'], ou: 'sub' });
  const moved = `uid=eve,ou=sub,${PEOPLE}`;
  t.equal((await rename(admin, eve, 'uid=eve', `ou=sub,${PEOPLE}`)).result, 'success');
  t.same(await values(admin, BOB, 'manager'), [moved], 'a move');

  t.equal((await admin.delete(moved)).result, 'success');
  t.same(await values(admin, `cn=a,${GROUPS}`, 'member'), [BOB]);
  t.same(await values(admin, BOB, 'manager'), []);
  t.same(await values(admin, `cn=u,${GROUPS}`, 'uniqueMember'), [], 'a group may be left empty');
  t.equal(jobsOf(server.backend).left, 0, 'without a job');
});

t.test('a renamed subtree: everything below it, and what others refer to', async (t) => {
  const { server, admin } = await open();
  const staff = `ou=staff,${PEOPLE}`;
  await admin.add(staff, { objectClass: ['organizationalUnit'], ou: 'staff' });
  const long = `uid=${'y'.repeat(60)}`;
  for (const uid of ['one', 'two', 'y'.repeat(60)])
    await admin.add(`uid=${uid},${staff}`, person(uid, 'X Y'));
  await admin.add(`cn=g,${GROUPS}`, {
    objectClass: ['groupOfNames'],
    member: [`uid=one,${staff}`, `UID=two, ${staff}`, `${long},${staff}`, ANN, `uid=one,x${staff}`, staff],
  });
  const crew = `ou=crew,${GROUPS}`;
  t.equal((await rename(admin, staff, 'ou=crew', GROUPS)).result, 'success');
  // A new entry of the old name waits until nobody means the old one by it.
  t.equal((await admin.add(staff, { objectClass: ['organizationalUnit'], ou: 'staff' })).result, 'success');
  await jobsOf(server.backend).idle();
  t.same(
    await values(admin, `cn=g,${GROUPS}`, 'member'),
    [ANN, crew, `uid=one,${crew}`, `UID=two,${crew}`, `${long},${crew}`, `uid=one,x${staff}`].sort(),
  );
  t.same(await values(admin, `uid=two,${crew}`, 'memberOf'), [`cn=g,${GROUPS}`]);
  t.equal(jobsOf(server.backend).left, 0);
});

t.test('a job outlives the process that began it', async (t) => {
  const server = await TestServer.open({}, [BASE], OPTIONS);
  const admin = await server.populate();
  for (let i = 0; i < 130; i++)
    await admin.add(`uid=u${i},${PEOPLE}`, { ...person(`u${i}`, 'X Y'), manager: ANN, secretary: BOB });
  await admin.add(`cn=g,${GROUPS}`, { objectClass: ['groupOfNames'], member: [`uid=u7,${PEOPLE}`] });
  t.equal((await admin.delete(ANN)).result, 'success');
  t.equal((await rename(admin, PEOPLE, 'ou=folk')).result, 'success');
  const folk = `ou=folk,${BASE}`;
  t.same(await values(admin, `uid=u5,${folk}`, 'manager'), [ANN], 'too many for the write itself');

  const next = await server.reopen(OPTIONS);
  const client = await next.admin();
  startJobs(next.backend);
  await jobsOf(next.backend).idle();
  for (const uid of ['u0', 'u5', 'u129']) {
    t.same(await values(client, `uid=${uid},${folk}`, 'manager'), []);
    t.same(await values(client, `uid=${uid},${folk}`, 'secretary'), [`uid=bob,${folk}`]);
  }
  t.same(await values(client, `cn=g,${GROUPS}`, 'member'), [`uid=u7,${folk}`]);
  const third = await next.reopen(OPTIONS);
  startJobs(third.backend);
  await jobsOf(third.backend).idle();
  t.equal(jobsOf(third.backend).left, 0, 'and is done once');
});

t.test('a tree delete takes its references along', async (t) => {
  const { server, admin } = await open();
  const members = ['one', 'two', 'six'].map((uid) => `uid=${uid},ou=x,${PEOPLE}`);
  await admin.add(`ou=x,${PEOPLE}`, { objectClass: ['organizationalUnit'], ou: 'x' });
  for (const dn of members) await admin.add(dn, person(dn.slice(4, 7), 'X Y'));
  await admin.add(`cn=in,ou=x,${PEOPLE}`, { objectClass: ['groupOfNames'], member: members });
  await admin.add(`cn=out,${GROUPS}`, { objectClass: ['groupOfNames'], member: [...members, ANN] });
  const oid = '1.2.840.113556.1.4.805';
  const reply = await admin.delete(`ou=x,${PEOPLE}`, [{ oid, critical: true, value: undefined }]);
  t.equal(reply.result, 'success', reply.diagnostic);
  await jobsOf(server.backend).idle();
  t.same(await values(admin, `cn=out,${GROUPS}`, 'member'), [ANN]);
});

t.test('a replayed delete changes nothing but its entry', async (t) => {
  const { server, admin } = await open();
  await admin.add(`cn=a,${GROUPS}`, { objectClass: ['groupOfNames'], member: [ANN, BOB] });
  const entry = must(server.backend.byDnText(ANN), 'ann');
  await server.backend.replay([elsewhere(server, entry.uuid, { kind: 'delete' })]);
  t.same(await values(admin, `cn=a,${GROUPS}`, 'member'), [ANN, BOB], 'what follows comes from there too');
});

t.test('a name is followed through renames that come fast', async (t) => {
  const { server, admin } = await open();
  await admin.add(`cn=g,${GROUPS}`, { objectClass: ['groupOfNames'], member: [ANN, BOB] });
  const folk = `ou=folk,${BASE}`;
  await Promise.all([
    rename(admin, PEOPLE, 'ou=folk'),
    rename(admin, `uid=ann,${folk}`, 'uid=eve'),
    admin.delete(`uid=bob,${folk}`),
    rename(admin, folk, 'ou=people'),
  ]);
  await jobsOf(server.backend).idle();
  t.same(await values(admin, `cn=g,${GROUPS}`, 'member'), [`uid=eve,${PEOPLE}`]);
});

t.test('by option, references must name entries that are there', async (t) => {
  const server = await TestServer.open({}, [BASE], {
    indexes,
    consistency: { references: DEFAULT_REFERENCE_ATTRIBUTES, referencesExist: true },
  });
  const admin = await server.populate();
  const group = (...member: string[]) => ({ objectClass: ['groupOfNames'], member });
  const none = await admin.add(`cn=a,${GROUPS}`, group(ANN, `uid=none,${PEOPLE}`));
  t.equal(none.result, 'constraintViolation');
  t.match(none.diagnostic, /'member'.*uid=none/);
  t.equal((await admin.add(`cn=a,${GROUPS}`, group(ANN, 'uid=x,dc=elsewhere'))).result, 'success');
  t.equal((await admin.modify(BOB, [['add', 'manager', 'uid=x']])).result, 'success', 'not of this context');
  t.equal((await admin.modify(BOB, [['add', 'manager', `uid=x,${BASE}`]])).result, 'constraintViolation');
});

t.test('groups may be empty by option (allowEmptyGroups)', async (t) => {
  const strict = await (await TestServer.open()).populate();
  const dn = `cn=none,${GROUPS}`;
  t.equal((await strict.add(dn, { objectClass: ['groupOfNames'] })).result, 'objectClassViolation');
  const lenient = await (await TestServer.open({ allowEmptyGroups: true })).populate();
  t.equal((await lenient.add(dn, { objectClass: ['groupOfNames'] })).result, 'success');
  t.equal((await lenient.modify(dn, [['add', 'member', ANN]])).result, 'success');
  t.equal((await lenient.modify(dn, [['delete', 'member']])).result, 'success');
  const unique = await lenient.add(`cn=u,${GROUPS}`, { objectClass: ['groupOfUniqueNames'] });
  t.equal(unique.result, 'success');
});
