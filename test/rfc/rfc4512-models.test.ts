/** RFC 4512 with 4514, 4515, 4517 and 4518: sentences about names, schema and matching as a client sees them. */
import t from 'tap';
import { BASE, TestServer } from '../operation/test-server.js';

const PEOPLE = `ou=people,${BASE}`;
const ANN = `uid=ann,${PEOPLE}`;

async function served() {
  const server = await TestServer.open();
  const admin = await server.populate();
  const found = async (filter: string) => (await admin.search({ filter })).entries.map(({ dn }) => dn);
  return { admin, found };
}

t.test(
  '2.4.2 and RFC 2307: a group of Unix alone is an entry, and one with a structural class too',
  async (t) => {
    const { admin, found } = await served();
    const dn = `cn=wheel,${PEOPLE}`;
    const unix = { cn: 'wheel', gidNumber: '10', memberUid: 'ann' };
    t.equal((await admin.add(dn, { ...unix, objectClass: 'posixGroup' })).result, 'success');
    t.same(await found('(&(structuralObjectClass=posixGroup)(memberUid=ann))'), [dn]);
    const more = await admin.modify(dn, [
      ['add', 'objectClass', 'groupOfNames'],
      ['add', 'member', ANN],
    ]);
    t.equal(more.result, 'success', more.diagnostic);
    t.same(await found('(structuralObjectClass=groupOfNames)'), [dn]);
  },
);

t.test('2.3: names are compared by the rules of their attributes, and shown as they were made', async (t) => {
  const { admin } = await served();
  for (const dn of [
    ANN.toUpperCase(),
    ANN.replaceAll(',', ' , '),
    `UID = ann,${PEOPLE}`,
    `0.9.2342.19200300.100.1.1=ann,${PEOPLE}`,
    `userid=#0403616e6e,${PEOPLE}`,
    `uid=\\61nn,${PEOPLE}`,
  ])
    t.same(
      (await admin.search({ base: dn, scope: 'base' })).entries.map((one) => one.dn),
      [ANN],
      dn,
    );
});

t.test('2.3.2, RFC 4514: characters that are special are escaped in names, in every position', async (t) => {
  const { admin } = await served();
  for (const [rdn, value] of [
    ['cn=\\#one', '#one'],
    ['cn=\\ two\\ ', ' two '],
    ['cn=three\\, \\+ \\"four\\" \\\\ \\; \\<\\>', 'three, + "four" \\ ; <>'],
    ['cn=L\\C3\\BCbeck', 'Lübeck'],
    ['cn=five\\3dsix+sn=seven', 'five=six'],
  ] as const) {
    const made = await admin.add(`${rdn},${PEOPLE}`, { objectClass: 'person', cn: value, sn: 'seven' });
    t.equal(made.result, 'success', `${rdn}: ${made.diagnostic}`);
    const [entry] = (await admin.search({ base: `${rdn},${PEOPLE}`, scope: 'base' })).entries;
    t.ok(entry?.attributes.cn?.includes(value), rdn);
    t.equal(
      (await admin.search({ base: entry?.dn ?? '', scope: 'base' })).entries.length,
      1,
      'its DN leads back',
    );
  }
  for (const bad of ['cn', '=x', 'cn=a,,dc=b', 'cn=a\\', 'cn=a\\0', 'cn="a', `cn=a+,${BASE}`])
    t.equal((await admin.search({ base: bad, scope: 'base' })).result, 'invalidDNSyntax', bad);
});

t.test('2.4.2 and 3.3: an entry has one structural class, with all its superclasses', async (t) => {
  const { admin } = await served();
  const [ann] = (await admin.search({ base: ANN, scope: 'base', attributes: ['objectClass', '+'] })).entries;
  for (const name of ['top', 'person', 'organizationalPerson', 'inetOrgPerson'])
    t.ok(ann?.attributes.objectClass?.includes(name), name);
  t.same(ann?.attributes.structuralObjectClass, ['inetOrgPerson']);
  const two = { objectClass: ['person', 'organizationalUnit'], cn: 'two', sn: 'two', ou: 'two' };
  t.equal((await admin.add(`cn=two,${PEOPLE}`, two)).result, 'objectClassViolation');
  const none = { objectClass: ['top', 'posixAccount'], cn: 'none', uid: 'none' };
  t.equal((await admin.add(`cn=none,${PEOPLE}`, none)).result, 'objectClassViolation');
  t.equal(
    (await admin.modify(ANN, [['replace', 'objectClass', 'organizationalUnit']])).result,
    'objectClassModsProhibited',
  );
});

t.test('2.5 and 4.1: required, allowed, single-valued and NO-USER-MODIFICATION hold', async (t) => {
  const { admin } = await served();
  t.equal((await admin.modify(ANN, [['delete', 'sn']])).result, 'objectClassViolation');
  t.equal((await admin.modify(ANN, [['add', 'gidNumber', '1']])).result, 'objectClassViolation');
  t.equal(
    (await admin.modify(ANN, [['add', 'preferredLanguage', 'en', 'de']])).result,
    'constraintViolation',
  );
  t.equal((await admin.modify(ANN, [['replace', 'entryUUID', '0']])).result, 'constraintViolation');
  t.equal((await admin.modify(ANN, [['add', 'nosuch', '1']])).result, 'undefinedAttributeType');
  t.equal((await admin.modify(ANN, [['add', 'seeAlso', 'no dn']])).result, 'invalidAttributeSyntax');
});

t.test('2.6: a value once, by the equality rule; the last value of an RDN stays', async (t) => {
  const { admin } = await served();
  t.equal((await admin.modify(ANN, [['add', 'title', 'Dr', 'DR ']])).result, 'attributeOrValueExists');
  t.equal((await admin.modify(ANN, [['add', 'title', 'Dr']])).result, 'success');
  t.equal((await admin.modify(ANN, [['add', 'title', ' dR']])).result, 'attributeOrValueExists');
  t.equal((await admin.modify(ANN, [['delete', 'title', 'Prof']])).result, 'noSuchAttribute');
  t.equal((await admin.modify(ANN, [['delete', 'uid', 'ann']])).result, 'notAllowedOnRDN');
});

t.test(
  '4.2 and 5.1: the root DSE and the subschema are read by base search, and are in no subtree',
  async (t) => {
    const { admin } = await served();
    const [root] = (await admin.search({ base: '', scope: 'base', attributes: ['+'] })).entries;
    t.same(root?.attributes.supportedLDAPVersion, ['3']);
    t.ok(root?.attributes.namingContexts?.includes(BASE));
    const subschema = root?.attributes.subschemaSubentry?.[0] ?? '';
    const asked = { base: subschema, scope: 'base', filter: '(objectClass=subschema)' } as const;
    const [schema] = (await admin.search({ ...asked, attributes: ['attributeTypes', 'matchingRules'] }))
      .entries;
    t.ok((schema?.attributes.attributeTypes?.length ?? 0) > 100);
    t.ok((schema?.attributes.matchingRules?.length ?? 0) > 20);
  },
);

t.test(
  'RFC 4515 section 3: values are escaped octets; stars that are escaped are no wildcards',
  async (t) => {
    const { admin, found } = await served();
    await admin.modify(ANN, [['add', 'description', 'a*b (c) \\d']]);
    for (const filter of [
      '(description=a\\2ab \\28c\\29 \\5cd)',
      '(description=a\\2a*)',
      '(description=*\\5Cd)',
      '(description=*\\2a*(*\\29*)'.replace('(*', '\\28*'),
      '(DESCRIPTION=A\\2AB  \\28C\\29 \\5cD)',
    ])
      t.same(await found(filter), [ANN], filter);
    t.same(await found('(description=a\\2a)'), []);
  },
);

t.test(
  'RFC 4517 and 4518: matching folds case, spaces, compositions and what is mapped to nothing',
  async (t) => {
    const { admin, found } = await served();
    await admin.modify(ANN, [
      ['replace', 'description', 'Stra\u00dfe  42', 'Caf\u0065\u0301'],
      ['replace', 'telephoneNumber', '+49 30 123-456'],
      ['replace', 'seeAlso', `CN=Some One , ${BASE}`],
    ]);
    for (const filter of [
      '(description=strasse 42)',
      '(description= STRASSE   42 )',
      '(description=caf\u00e9)',
      '(description=ca\u00adf\u00e9)',
      '(description=*\u00c9)',
      '(telephoneNumber=+4930123456)',
      '(telephoneNumber=*12-34*)',
      `(seeAlso=cn=SOME one,${BASE.toUpperCase()})`,
      '(description:caseIgnoreMatch:=STRASSE 42)',
      '(&(uid=ann)(!(description:caseExactMatch:=strasse 42)))',
    ])
      t.same(await found(filter), [ANN], filter);
  },
);
