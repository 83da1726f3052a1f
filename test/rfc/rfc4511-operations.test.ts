/** RFC 4511: one test a binding sentence that concerns operations; the words of a test's name are the section's, shortened. */
import t from 'tap';
import { utf8Encode } from '../../lib/base/bytes.js';
import { CONTROL_OIDS, EXTENDED_OIDS } from '../../lib/ldap/control-oids.js';
import type { Control } from '../../lib/ldap/message.js';
import {
  BASE,
  modifyRequest,
  rawAttributes,
  requestBytes,
  searchRequest,
  settle,
  simpleBind,
  TestServer,
  until,
} from '../operation/test-server.js';

const ANN = `uid=ann,ou=people,${BASE}`;
const control = (oid: string, critical: boolean, value?: Uint8Array): Control => ({ oid, critical, value });
const UNKNOWN = '1.3.6.1.4.1.99999.1';

async function served() {
  const server = await TestServer.open();
  const admin = await server.populate();
  return { server, admin, client: server.connect() };
}

t.test('4.1.1.1: every response bears the messageID of its request', async (t) => {
  const { client } = await served();
  for (const id of [1, 127, 128, 65_535, 2_147_483_647]) {
    client.sink.bytes(requestBytes(id, searchRequest({ base: '', scope: 'base' })));
    t.same(
      client.transport.responses.slice(-2).map((message) => message.id),
      [id, id],
    );
  }
});

t.test(
  '4.1.9: the matchedDN is the last entry found only for noSuchObject and alias results, else empty',
  async (t) => {
    const { client, admin } = await served();
    t.equal((await client.search({ base: `cn=a,${ANN}` })).matchedDn, ANN);
    t.equal((await client.search({ base: ANN })).matchedDn, '');
    t.equal((await admin.modify(ANN, [['delete', 'description']])).matchedDn, '');
  },
);

t.test(
  '4.1.11: an unrecognized critical control is unavailableCriticalExtension and nothing is done',
  async (t) => {
    const { admin, client } = await served();
    const critical = [control(UNKNOWN, true)];
    t.equal((await client.search({}, critical)).result, 'unavailableCriticalExtension');
    t.equal(
      (await admin.modify(ANN, [['add', 'description', 'x']], critical)).result,
      'unavailableCriticalExtension',
    );
    t.equal((await admin.delete(ANN, critical)).result, 'unavailableCriticalExtension');
    t.equal(
      (await admin.add(`cn=x,${BASE}`, { objectClass: 'device', cn: 'x' }, critical)).result,
      'unavailableCriticalExtension',
    );
    t.equal(
      (await admin.call({ kind: 'extended', oid: EXTENDED_OIDS.whoAmI, value: undefined }, critical)).result,
      'unavailableCriticalExtension',
    );
    t.equal(
      (await client.search({ base: ANN, scope: 'base', attributes: ['description'] })).entries.length,
      1,
    );
    t.same((await client.search({ filter: '(|(description=x)(cn=x))' })).entries, []);
  },
);

t.test('4.1.11: an unrecognized control that is not critical is ignored', async (t) => {
  const { admin, client } = await served();
  const ignored = [control(UNKNOWN, false, utf8Encode('anything'))];
  t.equal((await client.search({ filter: '(uid=ann)' }, ignored)).entries.length, 1);
  t.equal((await admin.modify(ANN, [['add', 'description', 'x']], ignored)).result, 'success');
});

t.test(
  '4.1.11: a control that does not fit the operation is refused when critical, ignored when not',
  async (t) => {
    const { admin, client } = await served();
    const paged = Uint8Array.of(0x30, 0x05, 0x02, 0x01, 0x02, 0x04, 0x00);
    t.equal(
      (
        await admin.modify(
          ANN,
          [['add', 'description', 'x']],
          [control(CONTROL_OIDS.pagedResults, true, paged)],
        )
      ).result,
      'unavailableCriticalExtension',
    );
    t.equal(
      (
        await admin.modify(
          ANN,
          [['add', 'description', 'x']],
          [control(CONTROL_OIDS.pagedResults, false, paged)],
        )
      ).result,
      'success',
    );
    t.equal(
      (await client.search({}, [control(CONTROL_OIDS.treeDelete, true)])).result,
      'unavailableCriticalExtension',
    );
    t.equal((await client.search({}, [control(CONTROL_OIDS.treeDelete, false)])).result, 'success');
    t.equal(
      (await client.search({}, [control(CONTROL_OIDS.passwordPolicy, false)])).result,
      'success',
      'ldapsearch -e ppolicy',
    );
  },
);

t.test('4.1.11: ManageDsaIT may come with everything, critical or not (Java clients)', async (t) => {
  const { admin } = await served();
  for (const critical of [true, false]) {
    const manage = [control(CONTROL_OIDS.manageDsaIt, critical)];
    t.equal((await admin.search({}, manage)).result, 'success');
    t.equal((await admin.call(simpleBind('', ''), manage)).result, 'success');
    await admin.bindAdmin();
    t.equal((await admin.modify(ANN, [['replace', 'description', 'x']], manage)).result, 'success');
    t.equal(
      (await admin.call({ kind: 'extended', oid: EXTENDED_OIDS.whoAmI, value: undefined }, manage)).result,
      'success',
    );
  }
});

t.test('4.1.11: a control with a value that is wrong, and one given twice, are protocolError', async (t) => {
  const { admin, client } = await served();
  const bad = [
    undefined,
    new Uint8Array(0),
    Uint8Array.of(0x30, 0x00),
    Uint8Array.of(0x30, 0x80),
    utf8Encode('junk'),
  ];
  for (const critical of [true, false]) {
    for (const value of bad) {
      t.equal(
        (await client.search({}, [control(CONTROL_OIDS.pagedResults, critical, value)])).result,
        'protocolError',
      );
      t.equal(
        (await client.search({}, [control(CONTROL_OIDS.assertion, critical, value)])).result,
        'protocolError',
      );
    }
  }
  const paged = control(
    CONTROL_OIDS.pagedResults,
    true,
    Uint8Array.of(0x30, 0x05, 0x02, 0x01, 0x02, 0x04, 0x00),
  );
  t.equal((await client.search({}, [paged, paged])).result, 'protocolError');
  const manage = control(CONTROL_OIDS.manageDsaIt, false);
  const again = await admin.modify(ANN, [['replace', 'title', 'Dr']], [manage, manage]);
  t.equal(again.result, 'success', 'the same again, as JNDI sends it');
  t.equal((await client.search({ filter: '(uid=ann)' })).entries.length, 1, 'and nothing was deleted');
});

t.test('4.1.11: more controls than the bound are refused (reliability class 8)', async (t) => {
  const { client } = await served();
  const many = Array.from({ length: 101 }, () => control(UNKNOWN, false));
  const id = client.send(searchRequest({ base: '', scope: 'base' }), many);
  await settle();
  const refused = client.transport.responses.at(-1);
  t.ok(refused !== undefined && (refused.id === id || refused.id === 0));
  t.notOk(client.transport.responses.some((message) => message.response.kind === 'searchEntry'));
});

t.test('4.4.1: a notice of disconnection has message id 0, its OID and no more follows', async (t) => {
  const { client } = await served();
  client.sink.bytes(utf8Encode('nonsense'));
  const [notice] = client.transport.responses;
  t.equal(notice?.id, 0);
  t.equal(
    notice?.response.kind === 'extended' ? notice.response.oid : '',
    EXTENDED_OIDS.noticeOfDisconnection,
  );
  t.equal(client.transport.responses.length, 1);
});

t.test(
  '4.5.1.7: a filter that is Undefined for an entry does not select it, nor does its negation',
  async (t) => {
    const { client } = await served();
    for (const filter of [
      '(nosuch=x)',
      '(!(nosuch=x))',
      '(cn>=x)',
      '(!(uid:nosuchRule:=x))',
      '(&(uid=ann)(nosuch=*))',
    ]) {
      const reply = await client.search({ filter });
      t.equal(reply.result, 'success', filter);
      t.same(reply.entries, [], filter);
    }
    t.equal((await client.search({ filter: '(|(nosuch=x)(uid=ann))' })).entries.length, 1);
  },
);

t.test('4.5.2: zero or more entries, then exactly one done', async (t) => {
  const { client } = await served();
  const id = client.send(searchRequest({}));
  const reply = await client.reply(id);
  t.equal(reply.entries.length, 5);
  const mine = client.transport.responses.filter((message) => message.id === id);
  t.equal(mine.filter((message) => message.response.kind === 'searchDone').length, 1);
  t.equal(mine.at(-1)?.response.kind, 'searchDone');
});

t.test('4.6: the modifications are performed in order, as one atomic operation', async (t) => {
  const { admin, client } = await served();
  const bad = await admin.modify(ANN, [
    ['add', 'description', 'one'],
    ['delete', 'description', 'two'],
  ]);
  t.equal(bad.result, 'noSuchAttribute');
  t.equal(
    (
      await admin.modify(ANN, [
        ['delete', 'sn'],
        ['add', 'sn', 'Later'],
      ])
    ).result,
    'success',
    'an intermediate state may violate the schema',
  );
  const { entries } = await client.search({ base: ANN, scope: 'base', attributes: ['sn', 'description'] });
  t.same(entries[0]?.attributes, { sn: ['Later'] });
  t.equal(
    (await admin.modify(ANN, [['replace', 'seeAlso']])).result,
    'success',
    'replace with nothing of what is not there',
  );
});

t.test(
  '4.6: distinguished values cannot be removed, whatever else their absence would violate',
  async (t) => {
    const { admin } = await served();
    const gone = async (dn: string, modification: readonly ['delete' | 'replace', string, ...string[]]) =>
      (await admin.modify(dn, [modification])).result;
    t.equal((await admin.add(`cn=d,${BASE}`, { objectClass: 'device', cn: 'd' })).result, 'success');
    t.equal(await gone(`cn=d,${BASE}`, ['delete', 'cn']), 'notAllowedOnRDN', 'device requires cn');
    t.equal(await gone(`cn=d,${BASE}`, ['delete', 'cn', 'D']), 'notAllowedOnRDN');
    t.equal(await gone(`cn=d,${BASE}`, ['replace', 'cn']), 'notAllowedOnRDN');
    t.equal(await gone(`cn=d,${BASE}`, ['replace', 'cn', 'e']), 'notAllowedOnRDN');
    t.equal(await gone(ANN, ['delete', 'uid']), 'notAllowedOnRDN', 'nothing requires uid');
  },
);

t.test('4.7: an entry and its parent can be added in one go, in order', async (t) => {
  const { admin } = await served();
  const parent = admin.send({
    kind: 'add',
    dn: `ou=p,${BASE}`,
    attributes: rawAttributes({ objectClass: 'organizationalUnit', ou: 'p' }),
  });
  const child = admin.send({
    kind: 'add',
    dn: `ou=c,ou=p,${BASE}`,
    attributes: rawAttributes({ objectClass: 'organizationalUnit', ou: 'c' }),
  });
  t.same([(await admin.reply(parent)).result, (await admin.reply(child)).result], ['success', 'success']);
});

t.test('4.10: compare says true, false, or why not, with the code for each', async (t) => {
  const { admin, client } = await served();
  const compare = async (dn: string, attribute: string, value: string) =>
    (await client.call({ kind: 'compare', dn, attribute, value: utf8Encode(value) })).result;
  t.equal(await compare(ANN, 'cn', ' ANN   arbor '), 'compareTrue');
  t.equal(await compare(ANN, 'name', 'Ann Arbor'), 'compareTrue', 'a supertype');
  t.equal(await compare(ANN, 'cn', 'Bob'), 'compareFalse');
  t.equal(await compare(ANN, 'description', 'x'), 'noSuchAttribute');
  t.equal(await compare(ANN, 'nosuch', 'x'), 'undefinedAttributeType');
  t.equal(await compare(`uid=none,${BASE}`, 'cn', 'x'), 'noSuchObject');
  t.equal(await compare('no dn', 'cn', 'x'), 'invalidDNSyntax');
  t.equal(await compare(ANN, 'entryDN', ANN.toUpperCase()), 'compareTrue', 'a computed attribute');
  t.equal(await compare('', 'supportedLDAPVersion', '3'), 'compareTrue', 'the root DSE');
  await admin.modify(ANN, [['add', 'jpegPhoto', 'x']]);
  t.equal(await compare(ANN, 'jpegPhoto', 'x'), 'inappropriateMatching');
  await admin.add(`cn=g,${BASE}`, { objectClass: 'groupOfNames', cn: 'g', member: ANN });
  t.equal(await compare(`cn=g,${BASE}`, 'member', 'no dn'), 'invalidAttributeSyntax');
  t.equal(await compare(`cn=g,${BASE}`, 'member', ANN.replace(',', ' , ')), 'compareTrue');
});

t.test('4.11: abandon of what is unknown or finished is ignored; a bind cannot be abandoned', async (t) => {
  const { server, client } = await served();
  client.send({ kind: 'abandon', target: 77 });
  let open = (): void => undefined;
  server.hasher.gate = new Promise((resolve) => {
    open = resolve;
  });
  const bind = client.send(simpleBind(ANN, "ann's"));
  client.send({ kind: 'abandon', target: bind });
  open();
  t.equal((await client.reply(bind)).result, 'success');
});

t.test('4.12: an extended request that is not recognized is protocolError', async (t) => {
  const { client } = await served();
  t.equal((await client.call({ kind: 'extended', oid: UNKNOWN, value: undefined })).result, 'protocolError');
});

t.test(
  '5: a session that lost its client leaves a submitted write done or not done, never half',
  async (t) => {
    const { server, admin } = await served();
    admin.send(
      modifyRequest(ANN, [
        ['replace', 'sn', 'A'],
        ['add', 'description', 'B'],
      ]),
    );
    admin.sink.closed('gone');
    await until(() => server.service.registry.current === 1, 'the end of the session');
    await settle();
    const { entries } = await server
      .connect()
      .search({ base: ANN, scope: 'base', attributes: ['sn', 'description'] });
    const { sn, description } = entries[0]?.attributes ?? {};
    t.equal(sn?.[0] === 'A', description?.[0] === 'B');
  },
);
