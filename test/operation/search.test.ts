/** Searches, as clients see them: scopes, selection, limits, diagnostics. */
import t from 'tap';
import { CONTROL_OIDS } from '../../lib/ldap/control-oids.js';
import { decodePagedResults, encodePagedResults } from '../../lib/ldap/controls/paged-results.js';
import type { Control } from '../../lib/ldap/message.js';
import { overlongTurns } from './overlong-turns.js';
import { BASE, type Reply, TestServer } from './test-server.js';

const names = (reply: Reply): string[] => reply.entries.map((entry) => entry.dn).sort();

t.test('scopes say which entries below the base are looked at (RFC 4511 section 4.5.1.2)', async (t) => {
  const server = await TestServer.open();
  await server.populate();
  const client = server.connect();
  t.same(names(await client.search({ scope: 'base' })), [BASE]);
  t.same(names(await client.search({ scope: 'one' })), [`ou=groups,${BASE}`, `ou=people,${BASE}`]);
  t.equal((await client.search({ scope: 'sub' })).entries.length, 5);
  t.equal((await client.search({ scope: 'subordinates' })).entries.length, 4);
  t.same(names(await client.search({ base: `uid=ann,ou=people,${BASE}`, scope: 'sub' })), [
    `uid=ann,ou=people,${BASE}`,
  ]);
  t.same(names(await client.search({ base: `uid=ann,ou=people,${BASE}`, scope: 'one' })), []);
  t.same(names(await client.search({ base: `UID=Ann , OU=People,${BASE.toUpperCase()}`, scope: 'base' })), [
    `uid=ann,ou=people,${BASE}`,
  ]);
});

t.test(
  'attribute selection: all user attributes, none, named, operational, types (RFC 4511 section 4.5.1.8)',
  async (t) => {
    const server = await TestServer.open();
    await server.populate();
    const client = server.connect();
    const ann = { base: `uid=ann,ou=people,${BASE}`, scope: 'base' } as const;
    const attributes = async (list: string[], typesOnly = false) =>
      (await client.search({ ...ann, attributes: list, typesOnly })).entries[0]?.attributes ?? {};
    t.same(Object.keys(await attributes([])).sort(), ['cn', 'mail', 'objectClass', 'sn', 'uid']);
    t.same(await attributes(['1.1']), {});
    t.same(await attributes(['CN', 'nosuch', 'cn', '2.5.4.4']), { cn: ['Ann Arbor'], sn: ['Arbor'] });
    t.same(await attributes(['cn', 'uid'], true), { cn: [], uid: [] });
    const both = Object.keys(await attributes(['*', '+']));
    for (const name of [
      'entryUUID',
      'createTimestamp',
      'creatorsName',
      'modifyTimestamp',
      'entryDN',
      'subschemaSubentry',
      'hasSubordinates',
    ])
      t.ok(both.includes(name), name);
    t.notOk(both.includes('userPassword'));
    t.notOk(Object.keys(await attributes(['+'])).includes('cn'));
    t.same(await attributes(['userPassword']), {});
    t.ok(Object.keys(await attributes(['@person'])).includes('sn'), 'RFC 4529');
  },
);

t.test('the answer to a missing base says how far the name leads (RFC 4511 section 4.1.9)', async (t) => {
  const server = await TestServer.open();
  await server.populate();
  const client = server.connect();
  const missing = await client.search({ base: `cn=x,uid=carl,ou=people,${BASE}` });
  t.equal(missing.result, 'noSuchObject');
  t.equal(missing.matchedDn, `ou=people,${BASE}`);
  t.match(missing.diagnostic, /There is no entry/);
  const elsewhere = await client.search({ base: 'dc=example,dc=org' });
  t.equal(elsewhere.result, 'noSuchObject');
  t.match(elsewhere.diagnostic, /naming contexts: dc=example,dc=com/);
  t.equal((await client.search({ base: 'no dn' })).result, 'invalidDNSyntax');
  t.equal((await client.search({ base: 'cn=x,cn=schema' })).result, 'noSuchObject');
  t.equal((await client.search({ base: 'cn=x,cn=schema' })).matchedDn, 'cn=schema');
});

t.test('size limits: the first entries, then sizeLimitExceeded (RFC 4511 section 4.5.1.4)', async (t) => {
  const server = await TestServer.open({ sizeLimit: 3 });
  const admin = await server.populate();
  const client = server.connect();
  const two = await client.search({ sizeLimit: 2 });
  t.equal(two.result, 'sizeLimitExceeded');
  t.equal(two.entries.length, 2);
  const server3 = await client.search({ sizeLimit: 0 });
  t.equal(server3.result, 'sizeLimitExceeded', "the server's own limit");
  t.equal(server3.entries.length, 3);
  t.equal(
    (await client.search({ sizeLimit: 1, filter: '(uid=ann)' })).result,
    'success',
    'exactly as many as allowed',
  );
  t.equal((await admin.search({})).result, 'success', 'the administrator has no limit');
});

t.test(
  'the time limit is seen inside the loop (RFC 4511 section 4.5.1.5; reliability class 38)',
  async (t) => {
    const server = await TestServer.open();
    const admin = await server.populate();
    for (let i = 0; i < 200; i++) {
      await admin.add(`cn=g${i},ou=groups,${BASE}`, { objectClass: ['device'], cn: `g${i}` });
    }
    const client = server.connect();
    const send = client.transport.send.bind(client.transport);
    client.transport.send = (bytes) => {
      if (client.transport.responses.length === 10) server.clock.advance(2000);
      return send(bytes);
    };
    const slow = await client.search({ timeLimit: 1, filter: '(cn=*)' });
    t.equal(slow.result, 'timeLimitExceeded');
    t.ok(slow.entries.length >= 10 && slow.entries.length < 200, 'what was found until then was given');
  },
);

t.test('the look-through limit ends searches that read too much', async (t) => {
  const server = await TestServer.open({ lookThroughLimit: 4 });
  await server.populate();
  const reply = await server.connect().search({ filter: '(description=x)' });
  t.ok(['adminLimitExceeded', 'success'].includes(reply.result));
  const all = await server.connect().search({ filter: '(!(description=x))' });
  t.equal(all.result, 'adminLimitExceeded');
});

t.test('a search of several naming contexts gives each of them', async (t) => {
  const server = await TestServer.open({}, [BASE, `ou=apart,${BASE}`, 'dc=example,dc=org']);
  const admin = await server.populate();
  for (const [dn, rdn] of [[`ou=apart,${BASE}`, 'apart']] as const) {
    t.equal((await admin.add(dn, { objectClass: ['organizationalUnit'], ou: rdn })).result, 'success');
  }
  await admin.add(`cn=inner,ou=apart,${BASE}`, { objectClass: ['device'], cn: 'inner' });
  await admin.add('dc=example,dc=org', { objectClass: ['domain'], dc: 'example' });
  const client = server.connect();
  t.same(names(await client.search({ base: '', scope: 'one', attributes: ['1.1'] })), [
    BASE,
    'dc=example,dc=org',
    `ou=apart,${BASE}`,
  ]);
  t.equal((await client.search({ base: '', scope: 'sub' })).entries.length, 8);
  t.same(names(await client.search({ filter: '(|(cn=inner)(uid=ann))' })), [
    `cn=inner,ou=apart,${BASE}`,
    `uid=ann,ou=people,${BASE}`,
  ]);
  t.ok(
    names(await client.search({ scope: 'one' })).includes(`ou=apart,${BASE}`),
    'a context one level below',
  );
  const pages: string[] = [];
  let cookie = new Uint8Array(0);
  do {
    const page = await client.search({ base: '', scope: 'sub' }, [pagedControl(3, cookie)]);
    t.equal(page.result, 'success');
    pages.push(...page.entries.map((entry) => entry.dn));
    cookie = pageOf(page).cookie.slice();
  } while (cookie.length > 0);
  t.equal(pages.length, 8);
  t.equal(new Set(pages).size, 8, 'pages run across contexts');
  t.equal(
    (
      await admin.call({
        kind: 'modifyDn',
        dn: `uid=ann,ou=people,${BASE}`,
        newRdn: 'uid=ann',
        deleteOldRdn: false,
        newSuperior: 'dc=example,dc=org',
      })
    ).result,
    'affectsMultipleDSAs',
  );
});

t.test('subentries are seen by base searches and with the subentries control (RFC 3672)', async (t) => {
  const server = await TestServer.open();
  const admin = await server.populate();
  const dn = `cn=policy,${BASE}`;
  const added = await admin.add(dn, { objectClass: ['subentry'], cn: 'policy', subtreeSpecification: '{}' });
  t.equal(added.result, 'success', added.diagnostic);
  const control = (visible: boolean) => ({
    oid: CONTROL_OIDS.subentries,
    critical: true,
    value: Uint8Array.of(1, 1, visible ? 0xff : 0),
  });
  t.notOk(names(await admin.search({})).includes(dn));
  t.same(names(await admin.search({ base: dn, scope: 'base' })), [dn]);
  t.same(names(await admin.search({}, [control(true)])), [dn]);
  t.notOk(names(await admin.search({}, [control(false)])).includes(dn));
});

t.test(
  'a hidden attribute influences no answer: filter, compare, assertion (reliability class 33)',
  async (t) => {
    const server = await TestServer.open();
    const admin = await server.populate();
    const ann = server.connect();
    t.equal((await ann.bind(`uid=ann,ou=people,${BASE}`, "ann's")).result, 'success');
    for (const client of [server.connect(), ann]) {
      for (const filter of [
        '(userPassword=*)',
        '(!(userPassword=*))',
        "(userPassword={TEST}ann's)",
        "(:octetStringMatch:={TEST}ann's)",
        '(userPassword={TEST}*)',
      ]) {
        t.same(names(await client.search({ filter })), [], filter);
      }
      const compared = await client.call({
        kind: 'compare',
        dn: `uid=ann,ou=people,${BASE}`,
        attribute: 'userPassword',
        value: new TextEncoder().encode("{TEST}ann's"),
      });
      t.equal(compared.result, 'noSuchAttribute');
    }
    t.equal((await admin.search({ filter: '(userPassword=*)' })).entries.length, 2);
  },
);

function pagedControl(size: number, cookie: Uint8Array): Control {
  return { oid: CONTROL_OIDS.pagedResults, critical: true, value: encodePagedResults({ size, cookie }) };
}

function pageOf(reply: Reply) {
  const control = reply.controls.find((one) => one.oid === CONTROL_OIDS.pagedResults);
  return decodePagedResults(control?.value);
}

t.test(
  'an encoded entry is not served after a write, a rename above it, or to another kind of reader',
  async (t) => {
    const server = await TestServer.open();
    const admin = await server.populate();
    const anonymous = server.connect();
    const sn = async (client: typeof admin) => {
      const { entries } = await client.search({ filter: '(uid=ann)' });
      return [
        entries[0]?.dn,
        entries[0]?.attributes.sn?.[0],
        entries[0]?.attributes.userPassword !== undefined,
      ];
    };
    for (let i = 0; i < 3; i++) {
      t.same(await sn(anonymous), [`uid=ann,ou=people,${BASE}`, 'Arbor', false]);
      t.same(await sn(admin), [`uid=ann,ou=people,${BASE}`, 'Arbor', true]);
    }
    await admin.modify(`uid=ann,ou=people,${BASE}`, [['replace', 'sn', 'Baker']]);
    t.same(await sn(anonymous), [`uid=ann,ou=people,${BASE}`, 'Baker', false]);
    await admin.call({
      kind: 'modifyDn',
      dn: `ou=people,${BASE}`,
      newRdn: 'ou=staff',
      deleteOldRdn: true,
      newSuperior: undefined,
    });
    t.same(await sn(anonymous), [`uid=ann,ou=staff,${BASE}`, 'Baker', false]);
    t.equal(
      (await anonymous.search({ base: `uid=ann,ou=people,${BASE}`, scope: 'base' })).result,
      'noSuchObject',
    );
    t.equal((await anonymous.search({ base: `uid=ann,ou=staff,${BASE}`, scope: 'base' })).entries.length, 1);
  },
);

t.test(
  'where planning and the first candidates take their time, others have their turn between them',
  async (t) => {
    const server = await TestServer.open();
    const admin = await server.populate();
    const turns = overlongTurns(server.clock);
    const { result, entries } = await admin.search({ filter: '(|(uid=ann)(uid=bob))' });
    t.equal(result, 'success');
    t.equal(entries.length, 2);
    t.ok(turns.shared >= 2, `${turns.shared} turns`);
  },
);
