/** Content synchronization (RFC 4533): what a client that follows is told. */
import t from 'tap';
import { utf8Encode } from '../../../lib/base/bytes.js';
import { LIMITS } from '../../../lib/base/limits.js';
import type { ReplicaId } from '../../../lib/csn/csn.js';
import type { LdapRequest } from '../../../lib/ldap/message.js';
import { BASE, MemoryTransport, person, searchRequest, type TestClient, TestServer } from '../test-server.js';
import { cookieText, LiveReader, syncControl } from './live-client.js';

const PEOPLE = `ou=people,${BASE}`;
const FILTER = '(objectClass=person)';

function sync(
  client: TestClient,
  mode: 'refreshOnly' | 'refreshAndPersist',
  cookie: Uint8Array | undefined = undefined,
  options: Parameters<typeof searchRequest>[0] & { readonly reloadHint?: boolean } = {},
): LiveReader {
  const { reloadHint = false, ...search } = options;
  const request = searchRequest({ filter: FILTER, ...search });
  return new LiveReader(client, client.send(request, [syncControl(mode, cookie, reloadHint)]));
}

function rename(dn: string, newRdn: string, newSuperior?: string): LdapRequest {
  return { kind: 'modifyDn', dn, newRdn, deleteOldRdn: true, newSuperior };
}

async function uuidOf(server: TestServer, dn: string): Promise<string> {
  const reply = await server.connect().search({ base: dn, scope: 'base', attributes: ['entryUUID'] });
  return reply.entries[0]?.attributes.entryUUID?.[0] ?? '';
}

t.test(
  'refreshOnly: everything, then what changed, deletions by UUID (RFC 4533 sections 3.3 and 3.5)',
  async (t) => {
    const server = await TestServer.open();
    const admin = await server.populate();
    const client = server.connect();
    const first = sync(client, 'refreshOnly');
    t.same(await first.news(), ['add uid=ann', 'add uid=bob', 'success present']);
    const idle = sync(client, 'refreshOnly', first.cookie);
    t.same(await idle.news(), ['success deletes'], 'nothing changed');
    const bob = await uuidOf(server, `uid=bob,${PEOPLE}`);
    await admin.add(`uid=cat,${PEOPLE}`, person('cat', 'Cat Cole'));
    await admin.modify(`uid=ann,${PEOPLE}`, [['replace', 'sn', 'Arbour']]);
    await admin.delete(`uid=bob,${PEOPLE}`);
    const second = sync(client, 'refreshOnly', first.cookie);
    t.same(await second.news(), [`gone ${bob}`, 'add uid=cat', 'add uid=ann', 'success deletes']);
    const restarted = await server.reopen();
    const third = sync(restarted.connect(), 'refreshOnly', second.cookie);
    t.same(await third.news(), ['success deletes'], 'a cookie outlives a restart');
  },
);

t.test('what leaves the content is gone, by filter, by scope and by a rename above it', async (t) => {
  const server = await TestServer.open();
  const admin = await server.populate();
  const client = server.connect();
  const options = { base: PEOPLE, filter: '(sn=*)' };
  const first = sync(client, 'refreshOnly', undefined, options);
  await first.news();
  const ann = await uuidOf(server, `uid=ann,${PEOPLE}`);
  await admin.call(rename(`uid=ann,${PEOPLE}`, 'uid=ann', `ou=groups,${BASE}`));
  const second = sync(client, 'refreshOnly', first.cookie, options);
  t.same(await second.news(), [`gone ${ann}`, 'success deletes']);
  await admin.add(`ou=sub,${PEOPLE}`, { objectClass: ['organizationalUnit'], ou: 'sub' });
  await admin.call(rename(`uid=bob,${PEOPLE}`, 'uid=bob', `ou=sub,${PEOPLE}`));
  const third = sync(client, 'refreshOnly', second.cookie, options);
  const told = await third.news();
  t.ok(told.includes('add uid=bob'));
  await admin.call(rename(`ou=sub,${PEOPLE}`, 'ou=sub', `ou=groups,${BASE}`));
  const fourth = sync(client, 'refreshOnly', third.cookie, options);
  const bob = await uuidOf(server, `uid=bob,ou=sub,ou=groups,${BASE}`);
  t.match((await fourth.news()).join('; '), new RegExp(`gone .*${bob}.*; success deletes`));
  const whole = sync(client, 'refreshOnly', undefined);
  await whole.news();
  await admin.call(rename(`ou=sub,ou=groups,${BASE}`, 'ou=under'));
  const fifth = sync(client, 'refreshOnly', whole.cookie);
  t.ok((await fifth.news()).includes('add uid=bob'), 'its name changed with the one above');
});

t.test(
  'refreshAndPersist: refreshed once, then each change with its state, the cookie with the last of a batch',
  async (t) => {
    const server = await TestServer.open();
    const admin = await server.populate();
    const client = server.connect();
    const live = sync(client, 'refreshAndPersist');
    t.same(await live.news(), ['add uid=ann', 'add uid=bob', 'refreshPresent']);
    await admin.add(`uid=cat,${PEOPLE}`, person('cat', 'Cat Cole'));
    await admin.modify(`uid=cat,${PEOPLE}`, [['replace', 'sn', 'Coal']]);
    await admin.add(`ou=other,${BASE}`, { objectClass: ['organizationalUnit'], ou: 'other' });
    await admin.call(rename(`uid=cat,${PEOPLE}`, 'uid=dog'));
    await admin.delete(`uid=dog,${PEOPLE}`);
    t.same(await live.news(), [
      'add uid=cat +cookie',
      'modify uid=cat +cookie',
      'modify uid=dog +cookie',
      'delete uid=dog +cookie',
    ]);
    t.same(
      await sync(client, 'refreshOnly', live.cookie).news(),
      ['success deletes'],
      'the cookie is up to date',
    );
    await admin.call(rename(PEOPLE, 'ou=folk'));
    t.same((await live.news()).sort(), ['modify uid=ann', 'modify uid=bob +cookie']);
    const resumed = sync(client, 'refreshAndPersist', live.cookie);
    t.same(await resumed.news(), ['refreshDelete']);
  },
);

t.test('a cookie of one replica is good on another, ahead or behind (RFC 4533 section 1.3)', async (t) => {
  const a = await TestServer.open();
  const b = await TestServer.open({}, [BASE], { replica: 2 as ReplicaId });
  const admin = await a.populate();
  await copy(a, b);
  const there = await b.admin();
  const first = sync(a.connect(), 'refreshOnly');
  t.equal((await first.news()).length, 3);
  t.same(await sync(b.connect(), 'refreshOnly', first.cookie).news(), ['success deletes']);
  await admin.modify(`uid=ann,${PEOPLE}`, [['replace', 'sn', 'One']]);
  const ahead = sync(a.connect(), 'refreshOnly', first.cookie);
  t.same(await ahead.news(), ['add uid=ann', 'success deletes']);
  const bob = await uuidOf(b, `uid=bob,${PEOPLE}`);
  await there.delete(`uid=bob,${PEOPLE}`);
  const onB = sync(b.connect(), 'refreshOnly', ahead.cookie);
  t.same(await onB.news(), [`gone ${bob}`, 'success deletes'], 'B lacks the change of A and tells its own');
  await copy(a, b);
  await copy(b, a);
  const later = sync(b.connect(), 'refreshOnly', onB.cookie);
  t.same(await later.news(), ['add uid=ann', 'success deletes'], 'what B lacked comes when B has it');
  t.same(await sync(a.connect(), 'refreshOnly', later.cookie).news(), ['success deletes']);
  const text = cookieText(later.cookie);
  const plain = utf8Encode(text.slice(0, text.indexOf(',polyarch=')));
  await admin.modify(`uid=ann,${PEOPLE}`, [['replace', 'sn', 'Two']]);
  t.same(
    await sync(a.connect(), 'refreshOnly', plain).news(),
    ['add uid=ann', 'success deletes'],
    "a cookie as OpenLDAP's consumers send it",
  );
  const empty = sync(a.connect(), 'refreshOnly', utf8Encode('rid=001'), { reloadHint: true });
  t.same(await empty.news(), ['add uid=ann', 'success present'], 'and their cookie of nothing');
});

t.test(
  'without the history: the present phase on the same server, else all again, or e-syncRefreshRequired where asked',
  async (t) => {
    const server = await TestServer.open({ incarnation: () => 'one' });
    const admin = await server.populate();
    const first = sync(server.connect(), 'refreshOnly');
    await first.news();
    const bob = await uuidOf(server, `uid=bob,${PEOPLE}`);
    await admin.modify(`uid=ann,${PEOPLE}`, [['replace', 'sn', 'One']]);
    // The applied log forgets all that it holds.
    const { applied } = server.backend.parts;
    applied.trimmed = applied.durable;
    const present = sync(server.connect(), 'refreshOnly', first.cookie);
    t.same(await present.news(), ['add uid=ann', `present ${bob}`, 'success present']);
    server.service.configure({ incarnation: () => 'two' });
    const all = sync(server.connect(), 'refreshOnly', first.cookie);
    t.same(await all.news(), ['add uid=ann', 'add uid=bob', 'success present']);
    const hinted = sync(server.connect(), 'refreshOnly', first.cookie, { reloadHint: true });
    t.same(await hinted.news(), ['syncRefreshRequired']);
  },
);

t.test('a cookie of another search, another identity or another data set, and what is none', async (t) => {
  const server = await TestServer.open();
  await server.populate();
  const client = server.connect();
  const first = sync(client, 'refreshOnly');
  await first.news();
  const strict = { reloadHint: true };
  t.same(await sync(client, 'refreshOnly', first.cookie, { ...strict, filter: '(sn=*)' }).news(), [
    'syncRefreshRequired',
  ]);
  t.same(await sync(await server.admin(), 'refreshOnly', first.cookie, strict).news(), [
    'syncRefreshRequired',
  ]);
  t.same(await sync(client, 'refreshOnly', utf8Encode('csn=nonsense'), strict).news(), [
    'syncRefreshRequired',
  ]);
  await server.backend.startGeneration('another');
  t.same(await sync(client, 'refreshOnly', first.cookie, strict).news(), ['syncRefreshRequired']);
  t.same(await sync(client, 'refreshOnly', undefined, { base: '' }).news(), [
    'add uid=ann',
    'add uid=bob',
    'success present',
  ]);
});

t.test('a reader that fell behind is caught up from the applied log', async (t) => {
  const server = await TestServer.open();
  const admin = await server.populate();
  const transport = new MemoryTransport();
  const client = server.connect(transport);
  const live = sync(client, 'refreshAndPersist');
  await live.news();
  transport.window = 0;
  const big = 'x'.repeat(100_000);
  const bob = await uuidOf(server, `uid=bob,${PEOPLE}`);
  for (let i = 0; i < Math.ceil(LIMITS.feedBytes / 200_000) + 3; i++)
    await admin.modify(`uid=ann,${PEOPLE}`, [['replace', 'description', `${i}${big}`]]);
  await admin.delete(`uid=bob,${PEOPLE}`);
  await live.news();
  transport.queuedBytes = 0;
  transport.window = Number.POSITIVE_INFINITY;
  client.sink.drained();
  t.same(await live.news(), [`gone ${bob}`, 'add uid=ann', 'newCookie']);
  await admin.modify(`uid=ann,${PEOPLE}`, [['replace', 'sn', 'Late']]);
  t.same(await live.news(), ['modify uid=ann +cookie']);
});

t.test(
  'entryUSN rises with each applied change, is found by (entryUSN>=n), and survives a restart',
  async (t) => {
    const server = await TestServer.open();
    const admin = await server.populate();
    const client = server.connect();
    const usn = async (dn: string, from = client) => {
      const reply = await from.search({ base: dn, scope: 'base', attributes: ['entryUSN'] });
      return Number(reply.entries[0]?.attributes.entryUSN?.[0]);
    };
    const last = async (from = client) => {
      const reply = await from.search({ base: '', scope: 'base', attributes: ['lastUSN'] });
      return Number(reply.entries[0]?.attributes.lastUSN?.[0]);
    };
    const before = await last();
    t.equal(await usn(`uid=bob,${PEOPLE}`), before);
    await admin.modify(`uid=ann,${PEOPLE}`, [['replace', 'sn', 'One']]);
    t.equal(await usn(`uid=ann,${PEOPLE}`), before + 1);
    t.equal(await last(), before + 1);
    const since = await client.search({ filter: `(&(objectClass=person)(entryUSN>=${before + 1}))` });
    t.same(
      since.entries.map(({ dn }) => dn),
      [`uid=ann,${PEOPLE}`],
    );
    t.match(server.accessLog.at(-1)?.plan ?? '', /entryusn/);
    t.equal((await client.search({ filter: '(entryUSN>=1)' })).entries.length, 5);
    t.equal((await client.search({ filter: `(entryUSN>=${before + 2})` })).entries.length, 0);
    const restarted = await server.reopen();
    const again = restarted.connect();
    t.equal(await usn(`uid=ann,${PEOPLE}`, again), before + 1);
    await (await restarted.admin()).modify(`uid=bob,${PEOPLE}`, [['replace', 'sn', 'Two']]);
    t.equal(await usn(`uid=bob,${PEOPLE}`, again), before + 2);
  },
);

/** Replays what `from` made and `to` did not apply. */
async function copy(from: TestServer, to: TestServer): Promise<void> {
  await to.backend.replay(from.changes.filter(({ csn }) => !to.backend.state.covers(csn)));
}
