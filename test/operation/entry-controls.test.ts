/** Claims about controls that change what a search gives of an entry, and about those that change with whose rights or whether something is done. */
import t from 'tap';
import { must } from '../../lib/base/assert.js';
import { utf8Decode, utf8Encode } from '../../lib/base/bytes.js';
import { parseFilter } from '../../lib/filter/filter-text.js';
import { CONTROL_OIDS } from '../../lib/ldap/control-oids.js';
import { decodeDereferenced, encodeDereference } from '../../lib/ldap/controls/dereference.js';
import { encodeMatchedValues } from '../../lib/ldap/controls/matched-values.js';
import { encodeReadRequest } from '../../lib/ldap/controls/read-entry.js';
import { encodeSessionTracking } from '../../lib/ldap/controls/session-tracking.js';
import type { Control } from '../../lib/ldap/message.js';
import { ADMIN, BASE, simpleBind, type TestClient, TestServer } from './test-server.js';

const ANN = `uid=ann,ou=people,${BASE}`;
const BOB = `uid=bob,ou=people,${BASE}`;

const control = (oid: string, value?: Uint8Array, critical = true): Control => ({ oid, critical, value });
const as = (authzId: string): Control => control(CONTROL_OIDS.proxiedAuthorization, utf8Encode(authzId));
const matched = (...items: string[]): Control =>
  control(CONTROL_OIDS.matchedValues, encodeMatchedValues(items.map(parseFilter)));

async function whoAmI(client: TestClient, controls: readonly Control[] = []): Promise<string> {
  const reply = await client.call(
    { kind: 'extended', oid: '1.3.6.1.4.1.4203.1.11.3', value: undefined },
    controls,
  );
  const { response } = reply;
  if (reply.result !== 'success') return reply.result;
  return response.kind === 'extended' ? (utf8Decode(must(response.value, 'a value')) ?? '') : '';
}

t.test(
  'matched values: of each attribute the values that an item matches (RFC 3876 section 2)',
  async (t) => {
    const server = await TestServer.open();
    const admin = await server.populate();
    await admin.modify(ANN, [['replace', 'description', 'red one', 'red two', 'blue']]);
    const get = async (attributes: string[], ...items: string[]) =>
      (await admin.search({ base: ANN, scope: 'base', attributes }, [matched(...items)])).entries[0]
        ?.attributes;
    t.same(await get(['description'], '(description=red*)'), { description: ['red one', 'red two'] });
    t.same(await get(['description', 'cn'], '(description=blue)', '(cn=*)'), {
      cn: ['Ann Arbor'],
      description: ['blue'],
    });
    t.same(await get(['description', 'cn'], '(description=green)'), {}, 'what has no value left is left out');
    t.same(await get([], '(name=*)'), { cn: ['Ann Arbor'], sn: ['Arbor'] }, 'subtypes too');
    t.same(await get(['uid'], '(:caseExactMatch:=ann)'), { uid: ['ann'] }, 'a rule alone');
    const client = server.connect();
    t.same(
      (
        await client.search({ base: ANN, scope: 'base', attributes: ['userPassword'] }, [
          matched('(userPassword=*)'),
        ])
      ).entries[0]?.attributes,
      {},
      'a hidden attribute stays hidden',
    );
    const bad = await admin.search({}, [control(CONTROL_OIDS.matchedValues, utf8Encode('x'))]);
    t.equal(bad.result, 'protocolError');
  },
);

t.test('real and virtual attributes only: stored ones, derived ones', async (t) => {
  const server = await TestServer.open();
  const admin = await server.populate();
  const names = async (attributes: string[], ...oids: string[]) =>
    Object.keys(
      (
        await admin.search(
          { base: ANN, scope: 'base', attributes },
          oids.map((oid) => control(oid)),
        )
      ).entries[0]?.attributes ?? {},
    );
  const real = await names(['*', '+'], CONTROL_OIDS.realAttributesOnly);
  t.ok(real.includes('cn') && real.includes('entryUUID') && !real.includes('hasSubordinates'));
  const virtual = await names(['*', '+'], CONTROL_OIDS.virtualAttributesOnly);
  t.ok(virtual.includes('entryDN') && virtual.includes('hasSubordinates') && !virtual.includes('cn'));
  t.same(await names(['cn', 'entryDN'], CONTROL_OIDS.virtualAttributesOnly), ['entryDN']);
  const both = await names(['*', '+'], CONTROL_OIDS.realAttributesOnly, CONTROL_OIDS.virtualAttributesOnly);
  t.ok(both.includes('entryUUID') && both.includes('cn'));
});

t.test(
  'dereference: attributes of the entries that DN values name, as far as the requester may see them',
  async (t) => {
    const server = await TestServer.open();
    const admin = await server.populate();
    const group = `cn=all,ou=groups,${BASE}`;
    const gone = `uid=gone,ou=people,${BASE}`;
    await admin.add(group, { objectClass: ['groupOfNames'], cn: 'all', member: [ANN, BOB, gone] });
    const specs = [{ attribute: 'member', attributes: ['uid', 'userPassword'] }];
    const wish = control(CONTROL_OIDS.dereference, encodeDereference(specs));
    const found = async (client: TestClient) => {
      const id = client.send(
        {
          kind: 'search',
          base: group,
          scope: 'base',
          deref: 'never',
          sizeLimit: 0,
          timeLimit: 0,
          typesOnly: false,
          filter: parseFilter('(cn=*)'),
          attributes: ['cn'],
        },
        [wish],
      );
      await client.reply(id);
      const message = client.transport.responses.find(
        (one) => one.id === id && one.response.kind === 'searchEntry',
      );
      return decodeDereferenced(message?.controls[0]?.value).map((one) => [
        one.attribute,
        one.dn,
        ...one.attributes.map(({ name }) => name).sort(),
      ]);
    };
    t.same(await found(server.connect()), [
      ['member', ANN, 'uid'],
      ['member', BOB, 'uid'],
      ['member', gone],
    ]);
    t.same((await found(admin))[0], ['member', ANN, 'uid', 'userPassword']);
    const noDn = encodeDereference([{ attribute: 'cn', attributes: ['uid'] }]);
    t.equal((await admin.search({}, [control(CONTROL_OIDS.dereference, noDn)])).result, 'protocolError');
  },
);

t.test('dereference of many values gives way to others and loses none', async (t) => {
  const server = await TestServer.open();
  const admin = await server.populate();
  const members = Array.from({ length: 1000 }, (_, i) => `uid=u${i},ou=people,${BASE}`);
  const group = `cn=many,ou=groups,${BASE}`;
  await admin.add(group, { objectClass: ['groupOfNames'], cn: 'many', member: [...members, ANN] });
  const specs = encodeDereference([{ attribute: 'member', attributes: ['cn'] }]);
  const id = admin.send(
    {
      kind: 'search',
      base: `ou=groups,${BASE}`,
      scope: 'sub',
      deref: 'never',
      sizeLimit: 0,
      timeLimit: 0,
      typesOnly: false,
      filter: parseFilter('(objectClass=*)'),
      attributes: ['cn'],
    },
    [control(CONTROL_OIDS.dereference, specs)],
  );
  const reply = await admin.reply(id);
  t.same(
    reply.entries.map(({ dn }) => dn),
    [`ou=groups,${BASE}`, group],
  );
  const [entry] = admin.transport.responses.filter((one) => one.id === id && one.controls.length > 0);
  const found = decodeDereferenced(entry?.controls[0]?.value);
  t.equal(found.length, 1001);
  t.equal(found[1000]?.attributes.length, 1);
});

t.test('proxied authorization: the rights of another, for those who may (RFC 4370)', async (t) => {
  const server = await TestServer.open({ proxies: [BOB] });
  const admin = await server.populate();
  t.equal(await whoAmI(admin, [as(`dn:${ANN}`)]), `dn:${ANN}`);
  t.equal(await whoAmI(admin, [as('u:bob')]), `dn:${BOB}`);
  t.equal(await whoAmI(admin, [as('')]), '', 'anonymous');
  t.equal(await whoAmI(admin), `dn:${ADMIN}`, 'for one request only');
  for (const nobody of ['u:nobody', 'dn:uid=x,dc=example,dc=com', 'dn:no dn', 'ann'])
    t.equal(await whoAmI(admin, [as(nobody)]), 'authorizationDenied', nobody);
  const ann = server.connect();
  await ann.bind(ANN, "ann's");
  t.equal(await whoAmI(ann, [as('u:bob')]), 'authorizationDenied');
  t.equal(await whoAmI(ann, [as('u:ann')]), `dn:${ANN}`, 'everyone may be themselves');
  const bob = server.connect();
  await bob.bind(BOB, "bob's");
  t.equal(await whoAmI(bob, [as('u:ann')]), `dn:${ANN}`, 'an entry of the option');
  t.equal(await whoAmI(bob, [as(`dn:${ADMIN}`)]), 'authorizationDenied', 'nobody becomes the administrator');
  const anonymous = server.connect();
  t.equal(await whoAmI(anonymous, [as('u:ann')]), 'authorizationDenied');
  const change = [['replace', 'description', 'x']] as const;
  t.equal((await admin.modify(ANN, change, [as('u:ann')])).result, 'insufficientAccessRights');
  const hidden = await admin.search({ base: ANN, scope: 'base', attributes: ['userPassword'] }, [as('')]);
  t.same(hidden.entries[0]?.attributes, {});
  const log = must(server.accessLog.at(-1), 'a line');
  t.equal(log.requester, '');
  t.equal(log.authenticated, ADMIN);
  t.equal(
    (await admin.search({}, [{ ...as(''), critical: false }])).result,
    'protocolError',
    'RFC 4370 section 3: it must be critical',
  );
  t.equal((await admin.call(simpleBind('', ''), [as('')])).result, 'unavailableCriticalExtension');
  const startTls = { kind: 'extended', oid: '1.3.6.1.4.1.1466.20037', value: undefined } as const;
  t.equal((await server.connect().call(startTls, [as('')])).result, 'unavailableCriticalExtension');
});

t.test('the authorization identity of a bind (RFC 3829)', async (t) => {
  const server = await TestServer.open();
  await server.populate();
  const client = server.connect();
  const ask = control(CONTROL_OIDS.authorizationIdentityRequest);
  const told = async (dn: string, password: string) => {
    const { controls } = await client.call(simpleBind(dn, password), [ask]);
    return controls.map(({ oid, value }) => [oid, utf8Decode(must(value, 'a value'))]);
  };
  const oid = CONTROL_OIDS.authorizationIdentityResponse;
  t.same(await told(ANN, "ann's"), [[oid, `dn:${ANN}`]]);
  t.same(await told('', ''), [[oid, '']]);
  t.same(await told(ANN, 'wrong'), [], 'not of a bind that failed');
  t.equal((await client.search({}, [ask])).result, 'unavailableCriticalExtension');
});

t.test('no-op: everything is checked, nothing is done, the result says so (OpenLDAP: 16654)', async (t) => {
  const server = await TestServer.open();
  const admin = await server.populate();
  const noOp = control(CONTROL_OIDS.noOp);
  const before = server.backend.entryCount;
  const device = { objectClass: ['device'], cn: 'x' };
  t.equal((await admin.add(`cn=x,ou=groups,${BASE}`, device, [noOp])).result, 'noOperation');
  t.equal((await admin.add(ANN, device, [noOp])).result, 'entryAlreadyExists');
  t.equal((await admin.delete(ANN, [noOp])).result, 'noOperation');
  t.equal((await admin.delete(`ou=people,${BASE}`, [noOp])).result, 'notAllowedOnNonLeaf');
  t.equal((await admin.delete(BASE, [noOp, control(CONTROL_OIDS.treeDelete)])).result, 'noOperation');
  t.equal((await admin.modify(ANN, [['replace', 'cn', 'y']], [noOp])).result, 'noOperation');
  t.equal((await admin.modify(ANN, [['delete', 'cn']], [noOp])).result, 'objectClassViolation');
  const rename = {
    kind: 'modifyDn',
    dn: ANN,
    newRdn: 'uid=eve',
    deleteOldRdn: true,
    newSuperior: undefined,
  } as const;
  t.equal((await admin.call(rename, [noOp])).result, 'noOperation');
  t.equal(server.backend.entryCount, before);
  t.same((await admin.search({ base: ANN, scope: 'base' })).entries[0]?.attributes.cn, ['Ann Arbor']);
  const post = control(CONTROL_OIDS.postRead, encodeReadRequest(['cn']));
  t.equal((await admin.modify(ANN, [['replace', 'cn', 'z']], [post])).result, 'success');
});

t.test('session tracking goes into the access log, short and on one line', async (t) => {
  const server = await TestServer.open();
  await server.populate();
  const client = server.connect();
  const session = {
    sourceIp: '192.0.2.7',
    sourceName: `evil\n"name"${'x'.repeat(1000)}`,
    formatOid: '1.3.6.1.4.1.21008.108.63.1.3',
    identifier: 'user 7',
  };
  await client.search({}, [control(CONTROL_OIDS.sessionTracking, encodeSessionTracking(session), false)]);
  const line = must(server.accessLog.at(-1)?.session, 'a session');
  t.match(line, '"192.0.2.7" "evil\\n\\"name\\"xxx');
  t.notMatch(line, '\n');
  t.ok(line.length < 400);
});

t.test("don't use copy: every server is a master (RFC 6171)", async (t) => {
  const server = await TestServer.open();
  await server.populate();
  const client = server.connect();
  const dontUseCopy = control(CONTROL_OIDS.dontUseCopy);
  t.equal((await client.search({}, [dontUseCopy])).entries.length, 5);
  const compare = { kind: 'compare', dn: ANN, attribute: 'uid', value: utf8Encode('ann') } as const;
  t.equal((await client.call(compare, [dontUseCopy])).result, 'compareTrue');
  t.equal((await client.delete(ANN, [dontUseCopy])).result, 'unavailableCriticalExtension');
});

t.test('the first version of proxied authorization acts as the second one does', async (t) => {
  const server = await TestServer.open();
  const admin = await server.populate();
  const asFirst = (dn: string) => {
    const name = utf8Encode(dn);
    const value = Uint8Array.of(0x30, name.length + 2, 0x04, name.length, ...name);
    return [control(CONTROL_OIDS.proxiedAuthorizationV1, value)];
  };
  t.equal(await whoAmI(admin, asFirst(ANN)), `dn:${ANN}`);
  t.equal(await whoAmI(admin, asFirst('')), '');
  t.equal(await whoAmI(server.connect(), asFirst(ANN)), 'authorizationDenied');
});

t.test('the root DSE lists the controls that work, and each of them is taken where it applies', async (t) => {
  const server = await TestServer.open();
  const client = server.connect();
  const root = await client.search({ base: '', scope: 'base', attributes: ['+'] });
  const listed = root.entries[0]?.attributes.supportedControl ?? [];
  for (const name of [
    'matchedValues',
    'dereference',
    'proxiedAuthorization',
    'proxiedAuthorizationV1',
    'domainScope',
    'noOp',
    'sessionTracking',
    'dontUseCopy',
    'realAttributesOnly',
    'virtualAttributesOnly',
    'authorizationIdentityRequest',
  ] as const)
    t.ok(listed.includes(CONTROL_OIDS[name]), name);
  for (const name of ['entryChange', 'virtualListResponse', 'sortResponse'] as const)
    t.notOk(listed.includes(CONTROL_OIDS[name]), name);
});

t.test(
  'matched values of a large attribute are chosen in turns, between which others are answered',
  async (t) => {
    const server = await TestServer.open();
    const admin = await server.populate();
    const group = `cn=large,ou=groups,${BASE}`;
    const uids = Array.from({ length: 4000 }, (_, n) => `user.${n}`);
    const added = await admin.add(group, {
      objectClass: ['posixGroup', 'namedObject'],
      cn: 'large',
      gidNumber: '1',
      memberUid: uids,
    });
    t.equal(added.result, 'success', added.diagnostic);
    const other = server.connect();
    const order: string[] = [];
    const chosen = (async () => {
      const reply = await admin.search({ base: group, attributes: ['memberUid'] }, [
        matched('(memberUid=*.399*)'),
      ]);
      order.push('large');
      return reply.entries[0]?.attributes.memberUid;
    })();
    await other.search({ base: BASE, scope: 'base' });
    order.push('small');
    t.same([...((await chosen) ?? [])].sort(), uids.filter((uid) => uid.includes('.399')).sort());
    t.same(order, ['small', 'large']);
  },
);
