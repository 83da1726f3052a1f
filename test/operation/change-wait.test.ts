/** Claims about reading what was written elsewhere: a write says which change it made, and a request waits until a change is here. */
import t from 'tap';
import { must } from '../../lib/base/assert.js';
import { utf8Decode, utf8Encode } from '../../lib/base/bytes.js';
import { makeCsn, toReplicaId } from '../../lib/csn/csn.js';
import { CONTROL_OIDS, EXTENDED_OIDS } from '../../lib/ldap/control-oids.js';
import { decodeReadResponse, encodeReadRequest } from '../../lib/ldap/controls/read-entry.js';
import { encodeCancel } from '../../lib/ldap/extended/cancel.js';
import { encodePasswordModify } from '../../lib/ldap/extended/password-modify.js';
import type { Control } from '../../lib/ldap/message.js';
import { BASE, type Reply, searchRequest, settle, simpleBind, TestServer } from './test-server.js';

const ANN = `uid=ann,ou=people,${BASE}`;
const tell: Control = { oid: CONTROL_OIDS.changeCsn, critical: true, value: undefined };
const waitFor = (text: string): Control => ({
  oid: CONTROL_OIDS.waitForCsn,
  critical: true,
  value: utf8Encode(text),
});
const csnOf = (reply: Reply): string =>
  utf8Decode(reply.controls.find(({ oid }) => oid === CONTROL_OIDS.changeCsn)?.value ?? new Uint8Array(0)) ??
  '';
const other = must(toReplicaId(2), 'a replica id');

/** Two servers: what the first wrote reaches the second when the test says so. */
async function pair(settings = {}) {
  const writer = await TestServer.open();
  const admin = await writer.populate();
  const reader = await TestServer.open(settings, [BASE], { replica: other });
  const deliver = async (): Promise<void> => {
    await reader.backend.replay(writer.changes.filter(({ csn }) => !reader.backend.state.covers(csn)));
  };
  await deliver();
  return { writer, admin, reader, deliver, client: await reader.admin() };
}

t.test('every kind of write says which change it made', async (t) => {
  const server = await TestServer.open();
  const admin = await server.populate();
  const newest = (): string => server.backend.state.newest() ?? '';
  const moved = `uid=eve,ou=people,${BASE}`;
  const eve = { objectClass: ['account'], uid: 'cat' };
  for (const write of [
    () => admin.add(`uid=cat,ou=people,${BASE}`, eve, [tell]),
    () => admin.modify(ANN, [['replace', 'description', 'new']], [tell]),
    () =>
      admin.call(
        {
          kind: 'modifyDn',
          dn: `uid=cat,ou=people,${BASE}`,
          newRdn: 'uid=eve',
          deleteOldRdn: true,
          newSuperior: undefined,
        },
        [tell],
      ),
    () => admin.delete(moved, [tell]),
    () =>
      admin.call(
        {
          kind: 'extended',
          oid: EXTENDED_OIDS.passwordModify,
          value: encodePasswordModify({
            user: ANN,
            oldPassword: undefined,
            newPassword: utf8Encode('a new one'),
          }),
        },
        [tell],
      ),
  ]) {
    const before = newest();
    const reply = await write();
    t.equal(reply.result, 'success', reply.diagnostic);
    t.ok(newest() > before);
    t.equal(csnOf(reply), newest());
  }
  t.same((await admin.modify(ANN, [], [tell])).controls, [], 'a write that had nothing to do has none');
  t.same((await admin.modify(ANN, [['replace', 'description', 'newer']])).controls, [], 'only when asked');
});

t.test('a read on another server waits until the write is there', async (t) => {
  const { admin, deliver, client, reader } = await pair();
  const csn = csnOf(await admin.modify(ANN, [['replace', 'description', 'seen']], [tell]));
  const id = client.send(searchRequest({ base: ANN, scope: 'base' }), [waitFor(csn)]);
  await settle();
  t.notOk(
    client.transport.responses.some((one) => one.id === id),
    'it waits',
  );
  const stat = await reader.admin();
  const waiting = async (name: string) =>
    (
      await stat.search({
        base: `cn=${name},cn=Change Waits,cn=monitor`,
        scope: 'base',
        attributes: ['monitorCounter'],
      })
    ).entries[0]?.attributes.monitorCounter;
  t.same(await waiting('Waiting'), ['1']);
  await deliver();
  t.same((await client.reply(id)).entries[0]?.attributes.description, ['seen']);
  t.same([await waiting('Waiting'), await waiting('Fulfilled')], [['0'], ['1']]);
  const again = await client.search({ base: ANN, scope: 'base' }, [waitFor(csn)]);
  t.equal(again.result, 'success', 'at once when it is there');
});

t.test('entryCSN of a post-read and contextCSN of the base do as well', async (t) => {
  const { admin, deliver, client } = await pair();
  const postRead = { oid: CONTROL_OIDS.postRead, critical: true, value: encodeReadRequest(['entryCSN']) };
  const reply = await admin.modify(ANN, [['replace', 'description', 'seen']], [postRead]);
  const read = decodeReadResponse(reply.controls.find(({ oid }) => oid === CONTROL_OIDS.postRead)?.value);
  const entryCsn = utf8Decode(read.attributes[0]?.values[0] ?? new Uint8Array(0)) ?? '';
  t.match(entryCsn, /Z#/);
  const id = client.send({ kind: 'compare', dn: ANN, attribute: 'description', value: utf8Encode('seen') }, [
    waitFor(entryCsn),
  ]);
  await settle();
  await deliver();
  t.equal((await client.reply(id)).result, 'compareTrue');
  const base = await admin.search({ base: BASE, scope: 'base', attributes: ['contextCSN'] });
  const state = base.entries[0]?.attributes.contextCSN ?? [];
  t.equal((await client.search({ base: BASE, scope: 'base' }, [waitFor(state.join(' '))])).result, 'success');
});

t.test('the wait is bounded: busy, with the change and the replica, and nothing was done', async (t) => {
  const { client, reader, writer } = await pair({ changeWaitMs: 3000 });
  const never = makeCsn(writer.clock.wallMs() + 1000, 0, other);
  const id = client.send({ kind: 'delete', dn: ANN }, [waitFor(`${never} timeout=60000`)]);
  await settle();
  reader.clock.advance(2999);
  await settle();
  t.notOk(client.transport.responses.some((one) => one.id === id));
  reader.clock.advance(1);
  const late = await client.reply(id);
  t.equal(late.result, 'busy');
  t.match(late.diagnostic, `change ${never} of replica 2 within 3000 ms`);
  t.equal((await client.search({ base: ANN, scope: 'base' })).entries.length, 1, 'the delete was not done');
  const now = await client.search({}, [waitFor(`${never} timeout=0`)]);
  t.equal(now.result, 'busy', 'no wait at all');
  const bad = await client.search({}, [waitFor('yesterday')]);
  t.equal(bad.result, 'protocolError');
  const bind = reader.connect();
  const bound = bind.send(simpleBind(ANN, "ann's"), [waitFor(`${never} timeout=5`)]);
  await settle();
  reader.clock.advance(5);
  t.equal((await bind.reply(bound)).result, 'busy', 'a bind waits too');
  const persistent: Control = {
    oid: CONTROL_OIDS.syncRequest,
    critical: true,
    value: Uint8Array.of(0x30, 3, 0x0a, 1, 3),
  };
  t.equal((await client.search({}, [persistent, waitFor(never)])).result, 'busy', 'a live search does not');
});

t.test('who waits can be canceled, abandoned, and leaves nothing when it goes', async (t) => {
  const { client, reader, writer } = await pair();
  const never = waitFor(makeCsn(writer.clock.wallMs() + 1000, 0, other));
  const id = client.send(searchRequest(), [never]);
  await settle();
  const cancel = await client.call({
    kind: 'extended',
    oid: EXTENDED_OIDS.cancel,
    value: encodeCancel(id),
  });
  t.equal(cancel.result, 'success');
  t.equal((await client.reply(id)).result, 'canceled');
  const left = client.send(searchRequest(), [never]);
  await settle();
  client.send({ kind: 'abandon', target: left });
  t.equal((await client.search({ scope: 'base' })).result, 'success', 'what is behind it goes on');
  client.send(searchRequest(), [never]);
  await settle();
  client.sink.closed('gone');
  await settle();
  const stat = await reader.admin();
  const found = await stat.search({
    base: 'cn=Waiting,cn=Change Waits,cn=monitor',
    scope: 'base',
    attributes: ['monitorCounter'],
  });
  t.same(found.entries[0]?.attributes.monitorCounter, ['0']);
});

t.test('several naming contexts: the request names the one that the change is of', async (t) => {
  const server = await TestServer.open({}, [BASE, 'o=other']);
  const admin = await server.populate();
  const csn = csnOf(await admin.modify(ANN, [['replace', 'description', 'x']], [tell]));
  t.equal((await admin.search({ base: BASE, scope: 'base' }, [waitFor(csn)])).result, 'success');
  const elsewhere = await admin.search({ base: 'o=other' }, [waitFor(`${csn} timeout=0`)]);
  t.equal(elsewhere.result, 'busy', 'each context counts its own changes');
  const nowhere = await admin.search({ base: '' }, [waitFor(csn)]);
  t.equal(nowhere.result, 'unwillingToPerform');
  t.match(nowhere.diagnostic, 'naming context');
  const root = await admin.search({ base: '', scope: 'base', attributes: ['supportedControl'] });
  const listed = root.entries[0]?.attributes.supportedControl ?? [];
  t.ok(listed.includes(CONTROL_OIDS.changeCsn) && listed.includes(CONTROL_OIDS.waitForCsn));
});
