/** RFC 4511: sentences about messages, sessions and searches that rfc4511-operations.test.ts leaves out; octets over a memory transport. */
import t from 'tap';
import { utf8Encode } from '../../lib/base/bytes.js';
import { EXTENDED_OIDS } from '../../lib/ldap/control-oids.js';
import { BASE, requestBytes, searchRequest, settle, TestServer } from '../operation/test-server.js';

const ANN = `uid=ann,ou=people,${BASE}`;

async function served() {
  const server = await TestServer.open();
  const admin = await server.populate();
  return { server, admin, client: server.connect() };
}

const joined = (...parts: readonly Uint8Array[]) => Uint8Array.from(parts.flatMap((one) => [...one]));

t.test('4.1.1: requests may follow each other without waiting; octets may come in any pieces', async (t) => {
  const { client } = await served();
  const both = joined(
    requestBytes(5, searchRequest({ base: ANN, scope: 'base' })),
    requestBytes(6, searchRequest({ base: '', scope: 'base' })),
  );
  for (const octet of both) client.sink.bytes(Uint8Array.of(octet));
  t.equal((await client.reply(5)).entries.length, 1);
  t.equal((await client.reply(6)).entries.length, 1);
});

t.test('4.1.1: a message that is no LDAPMessage ends the session with a notice', async (t) => {
  for (const octets of [
    [0x31, 0x00],
    [0x30, 0x03, 0x02, 0x01, 0x01],
    // A message id of 0 is for notices only; a negative one does not exist.
    [0x30, 0x05, 0x02, 0x01, 0x00, 0x42, 0x00],
    [0x30, 0x05, 0x02, 0x01, 0xff, 0x42, 0x00],
  ]) {
    const { client } = await served();
    client.sink.bytes(Uint8Array.from(octets));
    await settle();
    const [notice] = client.notices;
    t.equal(notice?.kind === 'extended' ? notice.oid : '', EXTENDED_OIDS.noticeOfDisconnection);
  }
});

t.test('5.1: only the definite form of length is taken', async (t) => {
  const { client } = await served();
  client.sink.bytes(Uint8Array.of(0x30, 0x80, 0x02, 0x01, 0x01, 0x42, 0x00, 0x00, 0x00));
  await settle();
  t.equal(client.notices.length, 1);
});

t.test(
  '5.1: receivers take lengths of more octets than needed, and any octet but zero as TRUE',
  async (t) => {
    const { client } = await served();
    const short = requestBytes(9, searchRequest({ base: ANN, scope: 'base', typesOnly: true }));
    t.ok((short[1] ?? 0x80) < 0x80);
    const loose = short.slice();
    const at = loose.lastIndexOf(0xff);
    loose[at] = 0x01;
    client.sink.bytes(joined(Uint8Array.of(0x30, 0x84, 0, 0, 0, loose[1] ?? 0), loose.slice(2)));
    await settle();
    t.same(client.notices, [], 'other implementations send long forms of length');
    t.equal((await client.reply(9)).entries.length, 1);
  },
);

t.test('4.3: an unbind ends the session and has no answer', async (t) => {
  const { client } = await served();
  const before = client.transport.responses.length;
  client.sink.bytes(Uint8Array.of(0x30, 0x05, 0x02, 0x01, 0x07, 0x42, 0x00));
  await settle();
  t.equal(client.transport.responses.length, before);
  client.sink.bytes(requestBytes(8, searchRequest({ base: ANN, scope: 'base' })));
  await settle();
  t.equal(client.transport.responses.length, before, 'nothing is served after it');
});

t.test('4.5.1.2: base, one level and subtree select exactly these entries', async (t) => {
  const { client } = await served();
  const names = async (scope: 'base' | 'one' | 'sub') =>
    (await client.search({ base: `ou=people,${BASE}`, scope })).entries.map(({ dn }) => dn);
  t.same(await names('base'), [`ou=people,${BASE}`]);
  const below = await names('one');
  t.ok(below.includes(ANN) && !below.includes(`ou=people,${BASE}`));
  t.same(new Set(await names('sub')), new Set([`ou=people,${BASE}`, ...below]));
});

t.test('4.5.1.4: beyond the size limit the answer is sizeLimitExceeded, after as many entries', async (t) => {
  const { client } = await served();
  const cut = await client.search({ sizeLimit: 2 });
  t.equal(cut.result, 'sizeLimitExceeded');
  t.equal(cut.entries.length, 2);
  t.equal((await client.search({ base: ANN, scope: 'base', sizeLimit: 1 })).result, 'success');
});

t.test('4.5.1.6: typesOnly gives descriptions without values', async (t) => {
  const { client } = await served();
  const [entry] = (await client.search({ base: ANN, scope: 'base', typesOnly: true })).entries;
  t.ok(entry !== undefined && Object.keys(entry.attributes).length > 3);
  for (const values of Object.values(entry?.attributes ?? {})) t.same(values, []);
});

t.test('4.5.1.8: none, *, 1.1, names twice, unknown names and subtypes select as told', async (t) => {
  const { client } = await served();
  const select = async (attributes: readonly string[]) =>
    Object.keys((await client.search({ base: ANN, scope: 'base', attributes })).entries[0]?.attributes ?? {});
  const all = await select([]);
  t.same(await select(['*']), all);
  t.same(await select(['1.1']), []);
  t.same(await select(['1.1', 'cn']), ['cn'], '1.1 beside others means nothing');
  t.same(await select(['cn', 'CN', '2.5.4.3']), ['cn'], 'an attribute comes once');
  t.same(await select(['no-such-attribute']), []);
  t.same(new Set(await select(['name'])), new Set(all.filter((one) => /^(cn|sn|givenName)$/i.test(one))));
});

t.test('4.8: only leaf entries can be deleted', async (t) => {
  const { admin } = await served();
  t.equal((await admin.delete(`ou=people,${BASE}`)).result, 'notAllowedOnNonLeaf');
  t.equal((await admin.delete(ANN)).result, 'success');
  t.equal((await admin.delete(ANN)).result, 'noSuchObject');
});

t.test(
  '4.9: the old RDN stays as values or goes, as deleteoldrdn says; a taken name is refused',
  async (t) => {
    const { admin } = await served();
    const rename = (dn: string, newRdn: string, deleteOldRdn: boolean) =>
      admin.call({ kind: 'modifyDn', dn, newRdn, deleteOldRdn, newSuperior: undefined });
    t.equal((await rename(ANN, 'uid=bob', true)).result, 'entryAlreadyExists');
    t.equal((await rename(ANN, 'uid=anna', false)).result, 'success');
    const anna = `uid=anna,ou=people,${BASE}`;
    const uids = async (dn: string) =>
      (await admin.search({ base: dn, scope: 'base', attributes: ['uid'] })).entries[0]?.attributes.uid;
    t.same(new Set(await uids(anna)), new Set(['ann', 'anna']));
    t.equal((await rename(anna, 'uid=an', true)).result, 'success');
    t.same(new Set(await uids(`uid=an,ou=people,${BASE}`)), new Set(['ann', 'an']));
    t.equal((await rename(`uid=an,ou=people,${BASE}`, 'cn', true)).result, 'invalidDNSyntax');
  },
);

t.test('4.2.1: a bind while another runs waits or is refused, and never lends its identity', async (t) => {
  const { client } = await served();
  client.sink.bytes(
    requestBytes(31, {
      kind: 'bind',
      version: 3,
      dn: ANN,
      authentication: { kind: 'simple', password: utf8Encode('wrong') },
    }),
  );
  client.sink.bytes(requestBytes(32, { kind: 'extended', oid: EXTENDED_OIDS.whoAmI, value: undefined }));
  t.equal((await client.reply(31)).result, 'invalidCredentials');
  const who = await client.reply(32);
  t.ok(who.result !== 'success' || who.response.kind === 'extended');
  if (who.response.kind === 'extended') t.equal(who.response.value?.length ?? 0, 0, 'anonymous');
});
