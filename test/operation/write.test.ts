/** Add, delete, modify and modify DN, as clients see them. */
import t from 'tap';
import { utf8Encode } from '../../lib/base/bytes.js';
import { parseFilter } from '../../lib/filter/filter-text.js';
import { CONTROL_OIDS } from '../../lib/ldap/control-oids.js';
import { encodeAssertion } from '../../lib/ldap/controls/assertion.js';
import { decodeReadResponse, encodeReadRequest } from '../../lib/ldap/controls/read-entry.js';
import type { Control } from '../../lib/ldap/message.js';
import { StoreError } from '../../lib/port/ordered-store.js';
import { overlongTurns } from './overlong-turns.js';
import { BASE, person, type Reply, type TestClient, TestServer } from './test-server.js';

const ANN = `uid=ann,ou=people,${BASE}`;
const BOB = `uid=bob,ou=people,${BASE}`;

const control = (oid: string, value?: Uint8Array, critical = true): Control => ({ oid, critical, value });
const assertion = (filter: string) => control(CONTROL_OIDS.assertion, encodeAssertion(parseFilter(filter)));
const read = async (client: TestClient, dn: string, attributes: string[] = ['*', '+']) =>
  (await client.search({ base: dn, scope: 'base', attributes })).entries[0]?.attributes;
const rename = (
  client: TestClient,
  dn: string,
  newRdn: string,
  options: { deleteOldRdn?: boolean; newSuperior?: string } = {},
  controls: readonly Control[] = [],
): Promise<Reply> =>
  client.call(
    {
      kind: 'modifyDn',
      dn,
      newRdn,
      deleteOldRdn: options.deleteOldRdn ?? true,
      newSuperior: options.newSuperior,
    },
    controls,
  );

t.test(
  'add: the entry is there with its RDN values, superclasses and stamps (RFC 4511 section 4.7)',
  async (t) => {
    const server = await TestServer.open();
    const admin = await server.populate();
    const dn = `cn=New\\, One+sn=One,ou=people,${BASE}`;
    const reply = await admin.add(dn, { objectClass: 'person', description: 'x' });
    t.equal(reply.result, 'success', reply.diagnostic);
    const entry = await read(admin, dn);
    t.same(entry?.cn, ['New, One']);
    t.same(entry?.sn, ['One']);
    t.same([...(entry?.objectClass ?? [])].sort(), ['person', 'top']);
    t.same(entry?.creatorsName, ['cn=Directory Manager']);
    t.match(entry?.entryUUID?.[0], /^[0-9a-f]{8}-/);
  },
);

t.test('add: what can be wrong has its own code (RFC 4511 sections 4.7 and A.2)', async (t) => {
  const server = await TestServer.open();
  const admin = await server.populate();
  const cases: readonly (readonly [string, Record<string, string | readonly string[]>, string])[] = [
    [ANN, person('ann', 'Ann'), 'entryAlreadyExists'],
    [`uid=x,ou=nowhere,${BASE}`, person('x', 'X'), 'noSuchObject'],
    ['dc=elsewhere', { objectClass: 'domain', dc: 'elsewhere' }, 'noSuchObject'],
    [`uid=x,ou=people,${BASE}`, { objectClass: 'inetOrgPerson', uid: 'x' }, 'objectClassViolation'],
    [`uid=x,ou=people,${BASE}`, { ...person('x', 'X'), nosuch: 'y' }, 'undefinedAttributeType'],
    [
      `uid=x,ou=people,${BASE}`,
      { ...person('x', 'X'), entryUUID: '00000000-0000-4000-8000-000000000000' },
      'constraintViolation',
    ],
    [
      `uid=x,ou=people,${BASE}`,
      { ...person('x', 'X'), jpegPhoto: 'a', mail: ['a@b', 'A@B'] },
      'attributeOrValueExists',
    ],
    ['no dn', { objectClass: ['device'] }, 'invalidDNSyntax'],
    [`cn=new,${BASE}`, {}, 'protocolError'],
    ['', { objectClass: 'top' }, 'unwillingToPerform'],
    ['cn=x,cn=schema', { objectClass: 'device', cn: 'x' }, 'unwillingToPerform'],
    ['cn=x,cn=monitor', { objectClass: 'device', cn: 'x' }, 'unwillingToPerform'],
  ];
  for (const [dn, attributes, result] of cases) {
    const reply = await admin.add(dn, attributes);
    t.equal(reply.result, result, `${dn}: ${reply.diagnostic}`);
    t.ok(reply.diagnostic.length > 10);
  }
  const orphan = await admin.add(`uid=x,ou=nowhere,${BASE}`, person('x', 'X'));
  t.equal(orphan.matchedDn, BASE);
});

t.test(
  'modify: add, delete, replace, increment; all or nothing (RFC 4511 section 4.6, RFC 4525)',
  async (t) => {
    const server = await TestServer.open();
    const admin = await server.populate();
    const dn = `uid=num,ou=people,${BASE}`;
    await admin.add(dn, {
      ...person('num', 'Num Ber'),
      objectClass: ['inetOrgPerson', 'posixAccount'],
      uidNumber: '41',
      gidNumber: '1',
      homeDirectory: '/h',
    });
    const done = await admin.modify(dn, [
      ['add', 'description', 'a', 'b'],
      ['delete', 'description', 'a'],
      ['replace', 'mail', 'new@example.com'],
      ['increment', 'uidNumber', '1'],
    ]);
    t.equal(done.result, 'success', done.diagnostic);
    const entry = await read(admin, dn);
    t.same([entry?.description, entry?.mail, entry?.uidNumber], [['b'], ['new@example.com'], ['42']]);
    const cases: readonly (readonly [Parameters<TestClient['modify']>[1], string])[] = [
      [[['add', 'mail', 'NEW@example.com']], 'attributeOrValueExists'],
      [[['delete', 'mail', 'gone@example.com']], 'noSuchAttribute'],
      [[['replace', 'uid', 'other']], 'notAllowedOnRDN'],
      [[['delete', 'sn']], 'objectClassViolation'],
      [[['add', 'nosuch', 'x']], 'undefinedAttributeType'],
      [[['add', 'uidNumber', '7']], 'constraintViolation'],
      [[['replace', 'uidNumber', 'seven']], 'invalidAttributeSyntax'],
      [[['increment', 'sn', '1']], 'constraintViolation'],
      [[['replace', 'modifyTimestamp', '20260101000000Z']], 'constraintViolation'],
      [[['replace', 'objectClass', 'device']], 'objectClassModsProhibited'],
      [
        [
          ['replace', 'description', 'changed'],
          ['delete', 'seeAlso'],
        ],
        'noSuchAttribute',
      ],
    ];
    for (const [changes, result] of cases) {
      const reply = await admin.modify(dn, changes);
      t.equal(reply.result, result, `${JSON.stringify(changes)}: ${reply.diagnostic}`);
    }
    t.equal((await admin.modify(ANN, [['delete', 'uid', 'ANN']])).result, 'notAllowedOnRDN');
    t.same((await read(admin, dn))?.description, ['b'], 'nothing of a refused request was done');
    t.equal(
      (await admin.modify(`uid=none,ou=people,${BASE}`, [['add', 'mail', 'x']])).matchedDn,
      `ou=people,${BASE}`,
    );
    t.equal((await admin.modify('', [['add', 'mail', 'x']])).result, 'unwillingToPerform');
  },
);

t.test('permissive modify: adding what is there and deleting what is not succeed', async (t) => {
  const server = await TestServer.open();
  const admin = await server.populate();
  const permissive = [control(CONTROL_OIDS.permissiveModify)];
  t.equal((await admin.modify(ANN, [['add', 'mail', 'ann@example.com']], permissive)).result, 'success');
  t.equal((await admin.modify(ANN, [['delete', 'description', 'x']], permissive)).result, 'success');
});

t.test('delete: leaves only, and nothing is left of the name (RFC 4511 section 4.8)', async (t) => {
  const server = await TestServer.open();
  const admin = await server.populate();
  const people = await admin.delete(`ou=people,${BASE}`);
  t.equal(people.result, 'notAllowedOnNonLeaf');
  t.match(people.diagnostic, /2 entries/);
  t.equal((await admin.delete(ANN)).result, 'success');
  const again = await admin.delete(ANN);
  t.equal(again.result, 'noSuchObject');
  t.equal(again.matchedDn, `ou=people,${BASE}`);
  t.equal((await admin.delete('cn=schema')).result, 'unwillingToPerform');
});

t.test('tree delete takes a whole tree of any size and nothing else', async (t) => {
  const server = await TestServer.open();
  const admin = await server.populate();
  for (let i = 0; i < 30; i++) {
    await admin.add(`ou=u${i},ou=groups,${BASE}`, { objectClass: 'organizationalUnit', ou: `u${i}` });
    for (let k = 0; k < 20; k++)
      await admin.add(`cn=d${k},ou=u${i},ou=groups,${BASE}`, { objectClass: 'device', cn: `d${k}` });
  }
  const tree = [control(CONTROL_OIDS.treeDelete)];
  t.equal((await server.connect().delete(`ou=groups,${BASE}`, tree)).result, 'insufficientAccessRights');
  const reply = await admin.delete(`ou=groups,${BASE}`, tree);
  t.equal(reply.result, 'success', reply.diagnostic);
  t.equal(server.backend.entryCount, 4);
  t.equal((await admin.delete(ANN, tree)).result, 'success', 'a leaf too');
});

t.test(
  'modify DN: rename, keep or delete the old value, move, move a subtree (RFC 4511 section 4.9)',
  async (t) => {
    const server = await TestServer.open();
    const admin = await server.populate();
    t.equal((await rename(admin, ANN, 'uid=anna', { deleteOldRdn: false })).result, 'success');
    t.same((await read(admin, `uid=anna,ou=people,${BASE}`))?.uid, ['ann', 'anna']);
    t.equal((await rename(admin, `uid=anna,ou=people,${BASE}`, 'uid=Anne')).result, 'success');
    t.same((await read(admin, `uid=anne,ou=people,${BASE}`))?.uid, ['ann', 'Anne']);
    t.equal(
      (await rename(admin, `ou=people,${BASE}`, 'ou=staff', { newSuperior: `ou=groups,${BASE}` })).result,
      'success',
    );
    const moved = await admin.search({ filter: '(uid=bob)' });
    t.same(
      moved.entries.map((entry) => entry.dn),
      [`uid=bob,ou=staff,ou=groups,${BASE}`],
    );
    t.same(moved.entries[0]?.attributes.uid, ['bob']);
  },
);

t.test('modify DN: what can be wrong has its own code', async (t) => {
  const server = await TestServer.open();
  const admin = await server.populate();
  const cases: readonly (readonly [
    string,
    string,
    { newSuperior?: string; deleteOldRdn?: boolean },
    string,
  ])[] = [
    [ANN, 'uid=bob', {}, 'entryAlreadyExists'],
    [`uid=none,ou=people,${BASE}`, 'uid=x', {}, 'noSuchObject'],
    [ANN, 'uid=ann', { newSuperior: `ou=nowhere,${BASE}` }, 'noSuchObject'],
    [`ou=people,${BASE}`, 'ou=people', { newSuperior: ANN }, 'unwillingToPerform'],
    [`ou=people,${BASE}`, 'ou=people', { newSuperior: `ou=people,${BASE}` }, 'unwillingToPerform'],
    [BASE, 'dc=other', {}, 'unwillingToPerform'],
    [ANN, 'uid=ann', { newSuperior: 'dc=elsewhere' }, 'affectsMultipleDSAs'],
    [ANN, 'uid=ann', { newSuperior: 'cn=monitor' }, 'affectsMultipleDSAs'],
    [ANN, 'dc=x', {}, 'objectClassViolation'],
    [ANN, 'nosuch=x', {}, 'undefinedAttributeType'],
    [ANN, 'uid=a+uid=b', {}, 'namingViolation'],
    [ANN, 'uid=a,ou=b', {}, 'invalidDNSyntax'],
    [ANN, 'entryUUID=00000000-0000-4000-8000-000000000000', {}, 'constraintViolation'],
  ];
  for (const [dn, newRdn, options, result] of cases) {
    const reply = await rename(admin, dn, newRdn, options);
    t.equal(reply.result, result, `${dn} to ${newRdn}: ${reply.diagnostic}`);
  }
  t.equal((await rename(admin, ANN, 'uid=ann')).result, 'success', 'to its own name');
  t.same(server.log.errors, []);
});

t.test('pre-read and post-read show the entry around the write (RFC 4527)', async (t) => {
  const server = await TestServer.open();
  const admin = await server.populate();
  const both = (list: string[]) => [
    control(CONTROL_OIDS.preRead, encodeReadRequest(list)),
    control(CONTROL_OIDS.postRead, encodeReadRequest(list)),
  ];
  const shown = (reply: Reply, oid: string) => {
    const value = reply.controls.find((one) => one.oid === oid)?.value;
    if (value === undefined) return undefined;
    const { dn, attributes } = decodeReadResponse(value);
    return [
      dn,
      ...attributes.map(
        ({ name, values }) => `${name}=${values.map((one) => new TextDecoder().decode(one)).join('|')}`,
      ),
    ];
  };
  const modified = await admin.modify(ANN, [['replace', 'sn', 'Baker']], both(['sn']));
  t.same(shown(modified, CONTROL_OIDS.preRead), [ANN, 'sn=Arbor']);
  t.same(shown(modified, CONTROL_OIDS.postRead), [ANN, 'sn=Baker']);
  const renamed = await rename(admin, ANN, 'uid=anna', {}, both(['uid']));
  t.same(shown(renamed, CONTROL_OIDS.preRead), [ANN, 'uid=ann']);
  t.same(shown(renamed, CONTROL_OIDS.postRead), [`uid=anna,ou=people,${BASE}`, 'uid=anna']);
  const added = await admin.add(`uid=carl,ou=people,${BASE}`, person('carl', 'Carl C'), [
    control(CONTROL_OIDS.postRead, encodeReadRequest(['cn', 'creatorsName'])),
  ]);
  t.same(shown(added, CONTROL_OIDS.postRead), [
    `uid=carl,ou=people,${BASE}`,
    'cn=Carl C',
    'creatorsName=cn=Directory Manager',
  ]);
  const deleted = await admin.delete(`uid=carl,ou=people,${BASE}`, [
    control(CONTROL_OIDS.preRead, encodeReadRequest(['sn'])),
  ]);
  t.same(shown(deleted, CONTROL_OIDS.preRead), [`uid=carl,ou=people,${BASE}`, 'sn=C']);
  const failed = await admin.modify(BOB, [['delete', 'description']], both(['sn']));
  t.same(failed.controls, [], 'a refused write shows nothing');
  const bob = server.connect();
  await bob.bind(BOB, "bob's");
  const own = await bob.modify(BOB, [['replace', 'userPassword', 'new']], both(['userPassword', 'uid']));
  t.equal(own.result, 'success', own.diagnostic);
  t.same(shown(own, CONTROL_OIDS.preRead), [BOB, 'uid=bob'], 'nothing hidden leaks (reliability class 33)');
  t.same(shown(own, CONTROL_OIDS.postRead), [BOB, 'uid=bob']);
});

t.test('an assertion that goes through thousands of values lets others have their turns', async (t) => {
  const server = await TestServer.open();
  const admin = await server.populate();
  const memberUid = Array.from({ length: 3000 }, (_, n) => `user.${n}`);
  const objectClass = ['inetOrgPerson', 'extensibleObject'];
  const dn = `uid=cat,ou=people,${BASE}`;
  await admin.add(dn, { ...person('cat', 'Cat Cole'), objectClass, memberUid });
  const turnsOf = async (filter: string, result: string) => {
    const turns = overlongTurns(server.clock);
    const reply = await admin.modify(dn, [['replace', 'title', filter]], [assertion(filter)]);
    t.equal(reply.result, result, filter);
    return turns.shared;
  };
  const few = await turnsOf('(uid=cat)', 'success');
  const found = await turnsOf('(memberUid=*r.2999)', 'success');
  t.ok(found >= few + 10, `${found} turns beside ${few}`);
  await turnsOf('(memberUid=*nobody)', 'assertionFailed');
  const value = utf8Encode('Cat Cole');
  const rename = { newRdn: 'uid=cat+sn=Cole', deleteOldRdn: false, newSuperior: undefined };
  const others: [Parameters<TestClient['call']>[0], string][] = [
    [{ kind: 'compare', dn, attribute: 'cn', value }, 'compareTrue'],
    [{ kind: 'modifyDn', dn, ...rename }, 'success'],
    [{ kind: 'delete', dn: `uid=cat+sn=Cole,ou=people,${BASE}` }, 'success'],
  ];
  for (const [request, result] of others) {
    const turns = overlongTurns(server.clock);
    const refused = await admin.call(request, [assertion('(memberUid=*nobody)')]);
    t.equal(refused.result, 'assertionFailed', request.kind);
    t.ok(turns.shared >= 10, `${turns.shared} turns of a ${request.kind}`);
    t.equal((await admin.call(request, [assertion('(memberUid=*r.2999)')])).result, result);
  }
});

t.test('the assertion control makes an operation depend on the entry (RFC 4528)', async (t) => {
  const server = await TestServer.open();
  const admin = await server.populate();
  t.equal(
    (await admin.modify(ANN, [['replace', 'sn', 'B']], [assertion('(sn=nope)')])).result,
    'assertionFailed',
  );
  t.equal(
    (await admin.modify(ANN, [['replace', 'sn', 'B']], [assertion('(nosuch=x)')])).result,
    'assertionFailed',
    'Undefined',
  );
  t.equal((await admin.modify(ANN, [['replace', 'sn', 'B']], [assertion('(sn=arbor)')])).result, 'success');
  t.equal((await admin.delete(ANN, [assertion('(sn=arbor)')])).result, 'assertionFailed');
  t.equal((await rename(admin, ANN, 'uid=x', {}, [assertion('(sn=arbor)')])).result, 'assertionFailed');
  t.equal(
    (await admin.add(`uid=c,ou=people,${BASE}`, person('c', 'C'), [assertion('(sn=x)')])).result,
    'assertionFailed',
  );
  t.equal(
    (await admin.search({ base: ANN, scope: 'sub' }, [assertion('(uid=bob)')])).result,
    'assertionFailed',
  );
  t.equal((await admin.search({ base: ANN, scope: 'sub' }, [assertion('(uid=ann)')])).result, 'success');
  const anonymous = server.connect();
  t.equal(
    (await anonymous.search({ base: ANN }, [assertion('(userPassword=*)')])).result,
    'assertionFailed',
    'no oracle',
  );
  const compare = { kind: 'compare', dn: ANN, attribute: 'uid', value: utf8Encode('ann') } as const;
  t.equal((await anonymous.call(compare, [assertion('(uid=bob)')])).result, 'assertionFailed');
});

t.test(
  'compare says what cannot be compared (RFC 4511 section 4.10, RFC 4517 sections 3.3.6 and 4.2.26)',
  async (t) => {
    const server = await TestServer.open();
    const admin = await server.populate();
    const compare = async (attribute: string, text: string) =>
      (await admin.call({ kind: 'compare', dn: ANN, attribute, value: utf8Encode(text) })).result;
    t.equal(await compare('sn', 'nobody'), 'compareFalse');
    t.equal(await compare('sn', ''), 'invalidAttributeSyntax');
    t.equal(await compare('objectClass', 'person'), 'compareTrue');
    t.equal(await compare('objectClass', 'device'), 'compareFalse');
    t.equal(await compare('objectClass', 'nosuchclass'), 'invalidAttributeSyntax');
  },
);

t.test('who is not the administrator may write nothing but the own password', async (t) => {
  const server = await TestServer.open();
  await server.populate();
  const ann = server.connect();
  await ann.bind(ANN, "ann's");
  for (const client of [server.connect(), ann]) {
    t.equal(
      (await client.add(`uid=x,ou=people,${BASE}`, person('x', 'X'))).result,
      'insufficientAccessRights',
    );
    t.equal((await client.delete(BOB)).result, 'insufficientAccessRights');
    t.equal((await rename(client, BOB, 'uid=x')).result, 'insufficientAccessRights');
    t.equal(
      (await client.modify(BOB, [['replace', 'userPassword', 'x']])).result,
      'insufficientAccessRights',
    );
    t.equal((await client.modify(ANN, [['replace', 'mail', 'x@y']])).result, 'insufficientAccessRights');
  }
  t.equal(server.hasher.hashed, 2, 'and causes no hashing: only the two of the fixture');
  t.equal((await ann.modify(ANN, [['replace', 'userPassword', 'second']])).result, 'success');
  t.equal((await server.connect().bind(ANN, 'second')).result, 'success');
  const swap: Parameters<TestClient['modify']>[1] = [
    ['delete', 'userPassword', 'second'],
    ['add', 'userPassword', 'third'],
  ];
  t.equal((await ann.modify(ANN, swap)).result, 'success');
  t.equal((await ann.modify(ANN, swap)).result, 'noSuchAttribute', 'the old one must be right');
  t.equal((await server.connect().bind(ANN, 'third')).result, 'success');
  t.equal((await server.connect().bind(ANN, 'second')).result, 'invalidCredentials');
});

t.test(
  'passwords are stored hashed; a hash is taken from the administrator only (reliability class 26)',
  async (t) => {
    const server = await TestServer.open();
    const admin = await server.populate();
    t.same((await read(admin, ANN, ['userPassword']))?.userPassword, ["{TEST}ann's"]);
    t.equal((await admin.modify(ANN, [['replace', 'userPassword', '{TEST}known']])).result, 'success');
    t.equal((await server.connect().bind(ANN, 'known')).result, 'success');
    for (const value of ['{NOSUCH}abc', '{CRYPT}*', '']) {
      t.equal(
        (await admin.modify(ANN, [['replace', 'userPassword', value]])).result,
        'constraintViolation',
        value,
      );
    }
    t.equal(
      (await admin.modify(ANN, [['replace', 'userPassword', 'x'.repeat(2000)]])).result,
      'constraintViolation',
    );
    const many = Array.from({ length: 9 }, (_, i) => `p${i}`);
    t.equal((await admin.modify(ANN, [['replace', 'userPassword', ...many]])).result, 'adminLimitExceeded');
    const ann = server.connect();
    await ann.bind(ANN, 'known');
    t.equal(
      (await ann.modify(ANN, [['replace', 'userPassword', '{TEST}sneaky']])).result,
      'constraintViolation',
    );
    const dump = JSON.stringify([...(await admin.search({ attributes: ['*', '+'] })).entries]);
    t.notMatch(dump, '"ann\'s"');
  },
);

t.test('a full disk refuses writes in a sentence, and reads go on', async (t) => {
  const server = await TestServer.open();
  const admin = await server.populate();
  server.store.faults.refuse = 'full';
  const reply = await admin.modify(ANN, [['add', 'description', 'x']]);
  t.ok(
    ['unwillingToPerform', 'unavailable', 'adminLimitExceeded', 'busy'].includes(reply.result),
    reply.result,
  );
  t.match(reply.diagnostic, /disk|space|full/);
  t.equal((await admin.search({ filter: '(uid=ann)' })).entries.length, 1);
  server.store.faults.refuse = undefined;
  t.equal((await admin.modify(ANN, [['add', 'description', 'x']])).result, 'success');
  t.ok(new StoreError('full', 'x') instanceof Error);
});
