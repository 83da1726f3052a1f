/** Persistent search (draft-ietf-ldapext-psearch): what a client that waits is told. */
import t from 'tap';
import { LIMITS } from '../../../lib/base/limits.js';
import { BerWriter } from '../../../lib/ber/ber-writer.js';
import { TAG } from '../../../lib/ber/tags.js';
import type { ReplicaId } from '../../../lib/csn/csn.js';
import { EXTENDED_OIDS } from '../../../lib/ldap/control-oids.js';
import type { LdapRequest } from '../../../lib/ldap/message.js';
import { overlongTurns } from '../overlong-turns.js';
import {
  BASE,
  MemoryTransport,
  person,
  searchRequest,
  settle,
  type TestClient,
  TestServer,
} from '../test-server.js';
import { LiveReader, psearch } from './live-client.js';

const PEOPLE = `ou=people,${BASE}`;

function watch(client: TestClient, options: Parameters<typeof searchRequest>[0] = {}, control = psearch()) {
  return new LiveReader(client, client.send(searchRequest(options), [control]));
}

function rename(dn: string, newRdn: string, newSuperior?: string): LdapRequest {
  return { kind: 'modifyDn', dn, newRdn, deleteOldRdn: true, newSuperior };
}

t.test('each kind of change is told with what it was (draft-ietf-ldapext-psearch section 5)', async (t) => {
  const server = await TestServer.open();
  const admin = await server.populate();
  const live = watch(server.connect());
  t.same(await live.news(), [], 'changes only: nothing of what is there');
  await admin.add(`uid=cat,${PEOPLE}`, person('cat', 'Cat Cole'));
  await admin.modify(`uid=cat,${PEOPLE}`, [['replace', 'sn', 'Coal']]);
  await admin.call(rename(`uid=cat,${PEOPLE}`, 'uid=dog'));
  await admin.delete(`uid=dog,${PEOPLE}`);
  t.same(await live.news(), ['add uid=cat', 'modify uid=cat', 'modDn uid=dog was uid=cat', 'delete uid=dog']);
});

t.test(
  'changeTypes choose; without returnECs entries come plain; with changesOnly false the matches come first',
  async (t) => {
    const server = await TestServer.open();
    const admin = await server.populate();
    const client = server.connect();
    const adds = watch(client, { filter: '(uid=*)' }, psearch(1, false, false));
    const deletes = watch(client, {}, psearch(2));
    t.same((await adds.news()).sort(), ['uid=ann', 'uid=bob']);
    await admin.add(`uid=cat,${PEOPLE}`, person('cat', 'Cat Cole'));
    await admin.modify(`uid=cat,${PEOPLE}`, [['replace', 'sn', 'Coal']]);
    await admin.delete(`uid=cat,${PEOPLE}`);
    t.same(await adds.news(), ['uid=cat']);
    t.same(await deletes.news(), ['delete uid=cat']);
    t.equal(
      (await client.search({ scope: 'base' })).result,
      'success',
      'requests behind persistent searches do not wait',
    );
  },
);

t.test('an entry that leaves the filter or the scope is told as it is now', async (t) => {
  const server = await TestServer.open();
  const admin = await server.populate();
  const filter = watch(server.connect(), { filter: '(sn=Arbor)' });
  const scope = watch(server.connect(), { base: PEOPLE, scope: 'one' });
  await filter.news();
  await admin.modify(`uid=ann,${PEOPLE}`, [['replace', 'sn', 'Other']]);
  await admin.modify(`uid=ann,${PEOPLE}`, [['replace', 'mail', 'x@example.com']]);
  t.same(await filter.news(), ['modify uid=ann'], 'the change that led out, none after it');
  await scope.news();
  await admin.call(rename(`uid=ann,${PEOPLE}`, 'uid=ann', `ou=groups,${BASE}`));
  await admin.modify(`uid=ann,ou=groups,${BASE}`, [['replace', 'sn', 'Away']]);
  t.same(await scope.news(), ['modDn uid=ann was uid=ann']);
});

t.test('a rename tells of the entries below as well', async (t) => {
  const server = await TestServer.open();
  const admin = await server.populate();
  const live = watch(server.connect(), { filter: '(uid=*)' });
  const inside = watch(server.connect(), { base: PEOPLE, scope: 'sub' });
  await live.news();
  await admin.call(rename(PEOPLE, 'ou=folk'));
  t.same((await live.news()).sort(), ['modDn uid=ann was uid=ann', 'modDn uid=bob was uid=bob']);
  t.same((await inside.news()).sort(), [
    'modDn ou=folk was ou=people',
    'modDn uid=ann was uid=ann',
    'modDn uid=bob was uid=bob',
  ]);
});

t.test('replayed changes are told like local ones, in the order of application', async (t) => {
  const server = await TestServer.open();
  const other = await TestServer.open({}, [BASE], { replica: 2 as ReplicaId });
  await server.populate();
  await copyChanges(server, other);
  const live = watch(server.connect());
  await live.news();
  const there = await other.admin();
  await there.modify(`uid=ann,${PEOPLE}`, [['replace', 'sn', 'Elsewhere']]);
  await there.delete(`uid=bob,${PEOPLE}`);
  await copyChanges(other, server);
  t.same(await live.news(), ['modify uid=ann', 'delete uid=bob']);
});

t.test('what a requester may not see is not told', async (t) => {
  const server = await TestServer.open();
  const admin = await server.populate();
  const live = new LiveReader(server.connect(), 0);
  const client = server.connect();
  const hidden = watch(client, { filter: '(userPassword=*)' });
  const attributes = watch(client, { attributes: ['userPassword', 'sn'] });
  await live.news();
  await admin.modify(`uid=ann,${PEOPLE}`, [['replace', 'userPassword', 'another']]);
  await settle();
  t.same(await hidden.news(), [], 'nor can it be asked by filter');
  t.same(await attributes.news(), ['modify uid=ann']);
  const entry = client.transport.responses.find((message) => message.id === attributes.id)?.response;
  t.same(entry?.kind === 'searchEntry' ? entry.attributes.map(({ name }) => name) : [], ['sn']);
});

t.test('abandon, cancel, unbind and a bind end it and give the place back', async (t) => {
  const server = await TestServer.open({ persistentSearches: 2 });
  const admin = await server.populate();
  const client = server.connect();
  const abandoned = watch(client);
  const canceled = watch(client);
  await settle();
  t.same(await watch(client).news(), ['adminLimitExceeded'], 'bounded for the server');
  client.send({ kind: 'abandon', target: abandoned.id });
  const writer = new BerWriter();
  writer.integer(canceled.id);
  writer.wrap(TAG.sequence, 0);
  const cancel = await client.call({
    kind: 'extended',
    oid: EXTENDED_OIDS.cancel,
    value: new Uint8Array(writer.bytes()),
  });
  t.equal(cancel.result, 'success');
  t.same(await canceled.news(), ['canceled']);
  t.same(await abandoned.news(), []);
  const bound = watch(client);
  await bound.news();
  await client.bindAdmin();
  const gone = server.connect();
  watch(gone);
  await settle();
  gone.send({ kind: 'unbind' });
  await settle();
  await admin.modify(`uid=ann,${PEOPLE}`, [['replace', 'sn', 'Other']]);
  t.same([...(await abandoned.news()), ...(await bound.news())], [], 'nothing is told after the end');
  const again = watch(client);
  t.same(await again.news(), []);
  await admin.modify(`uid=ann,${PEOPLE}`, [['replace', 'sn', 'Again']]);
  t.same(await again.news(), ['modify uid=ann']);
});

t.test('a client that does not read costs the others nothing and is told to search again', async (t) => {
  const server = await TestServer.open();
  const admin = await server.populate();
  const transport = new MemoryTransport();
  transport.window = 1;
  const slow = server.connect(transport);
  const stuck = watch(slow);
  const quick = watch(server.connect());
  await quick.news();
  const big = 'x'.repeat(100_000);
  for (let i = 0; i < Math.ceil(LIMITS.feedBytes / 200_000) + 3; i++)
    await admin.modify(`uid=ann,${PEOPLE}`, [['replace', 'description', `${i}${big}`]]);
  t.ok((await quick.news()).length > 10);
  t.equal((await stuck.news()).length, 1);
  transport.queuedBytes = 0;
  transport.window = Number.POSITIVE_INFINITY;
  slow.sink.drained();
  t.same(await stuck.news(), ['busy']);
});

t.test('it takes a naming context, and neither pages nor a synchronization beside it', async (t) => {
  const server = await TestServer.open();
  await server.populate();
  const client = server.connect();
  t.same(await watch(client, { base: 'cn=schema', scope: 'base' }).news(), ['unwillingToPerform']);
  t.same(await watch(client, { base: `ou=none,${BASE}` }).news(), ['noSuchObject']);
  t.same(await watch(client, {}, psearch(0)).news(), ['protocolError']);
  const all = watch(client, { base: '' });
  t.same(await all.news(), [], 'the root stands for all naming contexts');
});

/** Replays what `from` applied and `to` did not. */
async function copyChanges(from: TestServer, to: TestServer): Promise<void> {
  await to.backend.replay(from.changes.filter(({ csn }) => !to.backend.state.covers(csn)));
}

t.test('a filter that goes through thousands of values of a changed entry does so in turns', async (t) => {
  const server = await TestServer.open();
  const admin = await server.populate();
  const dn = `uid=cat,${PEOPLE}`;
  const values = Array.from({ length: 3000 }, (_, n) => `user.${n}`);
  await admin.add(dn, {
    ...person('cat', 'Cat Cole'),
    objectClass: ['inetOrgPerson', 'extensibleObject'],
    memberUid: values,
  });
  const turnsOf = async (filter: string) => {
    const live = watch(server.connect(), { filter });
    await live.news();
    const turns = overlongTurns(server.clock);
    await admin.modify(dn, [['replace', 'title', filter]]);
    const news = await live.news();
    return { news, shared: turns.shared };
  };
  const name = await turnsOf('(uid=cat)');
  t.same(name.news, ['modify uid=cat']);
  const found = await turnsOf('(memberUid=*r.2999)');
  t.same(found.news, ['modify uid=cat']);
  t.ok(found.shared >= name.shared + 10, `${found.shared} turns beside ${name.shared}`);
  t.same((await turnsOf('(memberUid=*nobody)')).news, []);
});
