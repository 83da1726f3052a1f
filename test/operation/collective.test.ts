/** Collective attributes (RFC 3671) as clients meet them: where they come from, where they are seen, and what cannot be done to them. */
import t from 'tap';
import { must } from '../../lib/base/assert.js';
import { utf8Encode } from '../../lib/base/bytes.js';
import { LIMITS } from '../../lib/base/limits.js';
import { parseFilter } from '../../lib/filter/filter-text.js';
import { CONTROL_OIDS } from '../../lib/ldap/control-oids.js';
import { encodeAssertion } from '../../lib/ldap/controls/assertion.js';
import { encodeMatchedValues } from '../../lib/ldap/controls/matched-values.js';
import { encodeReadRequest } from '../../lib/ldap/controls/read-entry.js';
import { encodeSortRequest } from '../../lib/ldap/controls/sort.js';
import { encodeSubentries } from '../../lib/ldap/controls/subentries.js';
import { extendSchema } from '../../lib/schema/own-definitions.js';
import { add } from '../conflict/story.js';
import { entryUuid } from '../sim/entry-uuid.js';
import { BASE, person, type TestClient, TestServer } from './test-server.js';

const PEOPLE = `ou=people,${BASE}`;
const ANN = `uid=ann,${PEOPLE}`;
const BOB = `uid=bob,${PEOPLE}`;
const CITY = `cn=city,${PEOPLE}`;

const subentry = (attributes: Record<string, string | readonly string[]>, specification = '{}') => ({
  objectClass: ['subentry', 'collectiveAttributeSubentry'],
  subtreeSpecification: specification,
  ...attributes,
});

const control = (oid: string, value?: Uint8Array) => ({ oid, critical: true, value });

async function read(client: TestClient, base: string, attributes: string[], ...controls: string[]) {
  const { entries } = await client.search(
    { base, scope: 'base', attributes },
    controls.map((oid) => control(oid)),
  );
  return { ...entries[0]?.attributes };
}

async function dns(client: TestClient, filter: string, base = BASE): Promise<readonly string[]> {
  const { entries } = await client.search({ base, filter, attributes: ['1.1'] });
  return entries.map(({ dn }) => dn.split(',', 1)[0] ?? '').sort();
}

const compare = async (client: TestClient, dn: string, attribute: string, value: string) =>
  (await client.call({ kind: 'compare', dn, attribute, value: utf8Encode(value) })).result;

t.test(
  'entries in the scope have the values as their own, and cannot change them (RFC 3671 section 2)',
  async (t) => {
    const server = await TestServer.open();
    const admin = await server.populate();
    const added = await admin.add(CITY, subentry({ 'c-l': ['Berlin', 'Potsdam'], 'c-o;lang-de': 'Muster' }));
    t.equal(added.result, 'success', added.diagnostic);

    t.same(await read(admin, ANN, ['c-l']), { 'c-l': ['Berlin', 'Potsdam'] });
    t.same(
      await read(admin, ANN, ['l', 'o']),
      { 'c-l': ['Berlin', 'Potsdam'], 'c-o;lang-de': ['Muster'] },
      'subtypes of l and o',
    );
    t.ok(
      'c-l' in (await read(admin, ANN, [])) && 'c-l' in (await read(admin, PEOPLE, ['*'])),
      'user attributes, the point included',
    );
    t.notOk(
      'c-l' in (await read(admin, ANN, ['+'])) || 'c-l' in (await read(admin, BASE, ['*'])),
      'not operational, not above',
    );
    t.same((await admin.search({ base: ANN, attributes: ['c-l'], typesOnly: true })).entries[0]?.attributes, {
      'c-l': [],
    });
    t.same(await read(admin, ANN, ['collectiveAttributeSubentries']), {
      collectiveAttributeSubentries: [CITY],
    });
    t.notOk('collectiveAttributeSubentries' in (await read(admin, CITY, ['+'])), 'a subentry is for others');
    t.same(
      await read(admin, CITY, ['c-l'], CONTROL_OIDS.realAttributesOnly),
      { 'c-l': ['Berlin', 'Potsdam'] },
      'its own there',
    );

    t.equal(await compare(admin, ANN, 'c-l', 'BERLIN'), 'compareTrue');
    t.equal(await compare(admin, ANN, 'l', 'Berlin'), 'compareTrue', 'by its supertype');
    t.equal(await compare(admin, ANN, 'c-l', 'Bonn'), 'compareFalse');
    t.equal(await compare(admin, BASE, 'c-l', 'Berlin'), 'noSuchAttribute');

    for (const change of [
      ['add', 'c-l', 'Bonn'],
      ['delete', 'c-l'],
      ['delete', 'c-l', 'Berlin'],
      ['replace', 'c-l', 'Bonn'],
      ['replace', 'c-l'],
    ] as const) {
      t.equal((await admin.modify(ANN, [change])).result, 'constraintViolation', change.join(' '));
      t.equal(
        (await admin.modify(ANN, [change], [control(CONTROL_OIDS.permissiveModify)])).result,
        'constraintViolation',
      );
    }
    t.equal(
      (await admin.add(`uid=x,${PEOPLE}`, { ...person('x', 'X'), 'c-l': 'Bonn' })).result,
      'constraintViolation',
    );
    const extensible = {
      ...person('x', 'X'),
      objectClass: ['inetOrgPerson', 'extensibleObject'],
      'c-l': 'Bonn',
    };
    t.equal(
      (await admin.add(`uid=x,${PEOPLE}`, extensible)).result,
      'constraintViolation',
      'no class but the one allows it',
    );
    const alone = {
      objectClass: ['organizationalUnit', 'collectiveAttributeSubentry'],
      ou: 'x',
      'c-l': 'Bonn',
    };
    t.equal((await admin.add(`ou=x,${PEOPLE}`, alone)).result, 'constraintViolation', 'nor without subentry');

    await admin.modify(CITY, [['replace', 'c-l', 'Bonn']]);
    t.same(await read(admin, ANN, ['c-l']), { 'c-l': ['Bonn'] }, 'changed by its subentry');
    const notices = server.changes.filter(({ body }) => body.kind === 'modify').length;
    t.equal(notices, 1, 'and by one change');
    await admin.delete(CITY);
    t.same(await read(admin, ANN, ['c-l', 'collectiveAttributeSubentries']), {});
    t.same(await dns(admin, '(c-l=*)'), []);
  },
);

t.test(
  'real and virtual attributes only, pre-read, assertion, matched values, sort and access rules see them',
  async (t) => {
    const server = await TestServer.open();
    const admin = await server.populate();
    await admin.add(CITY, subentry({ 'c-l': ['Berlin', 'Potsdam'] }, '{ specificationFilter item:person }'));
    t.notOk('c-l' in (await read(admin, ANN, ['*'], CONTROL_OIDS.realAttributesOnly)));
    t.same(await read(admin, ANN, ['c-l'], CONTROL_OIDS.realAttributesOnly), {});
    t.same(await read(admin, ANN, ['*'], CONTROL_OIDS.virtualAttributesOnly), {
      'c-l': ['Berlin', 'Potsdam'],
    });
    const assertion = (filter: string) =>
      control(CONTROL_OIDS.assertion, encodeAssertion(parseFilter(filter)));
    const post = control(CONTROL_OIDS.postRead, encodeReadRequest(['c-l']));
    const written = await admin.modify(ANN, [['replace', 'title', 'x']], [assertion('(l=Berlin)'), post]);
    t.equal(written.result, 'success', written.diagnostic);
    t.match(String.fromCharCode(...(written.controls[0]?.value ?? [])), /c-l.*Berlin/s);
    t.equal(
      (await admin.modify(ANN, [['replace', 'title', 'x']], [assertion('(l=Bonn)')])).result,
      'assertionFailed',
    );
    const matched = [control(CONTROL_OIDS.matchedValues, encodeMatchedValues([parseFilter('(c-l=P*)')]))];
    t.same(
      { ...(await admin.search({ base: ANN }, matched)).entries[0]?.attributes },
      { 'c-l': ['Potsdam'] },
    );
    await admin.add(`cn=bob,${PEOPLE}`, subentry({ 'c-st': 'Aa' }, '{ base "uid=bob" }'));
    const sort = [
      control(
        CONTROL_OIDS.sortRequest,
        encodeSortRequest([{ attribute: 'c-st', rule: undefined, reverse: false }]),
      ),
    ];
    t.same(
      (await admin.search({ filter: '(uid=*)' }, sort)).entries.map(({ dn }) => dn),
      [BOB, ANN],
    );
    const anyone = server.connect();
    t.same(
      await read(anyone, ANN, ['c-l']),
      { 'c-l': ['Berlin', 'Potsdam'] },
      'who may read the entry reads them',
    );
  },
);

t.test('scopes, exclusions, several subentries and specific points (RFC 3671, RFC 3672)', async (t) => {
  const server = await TestServer.open();
  const admin = await server.populate();
  const values = async (dn: string) => ((await read(admin, dn, ['c-l']))['c-l'] ?? []).join('+');
  await admin.add(
    `cn=one,${BASE}`,
    subentry({ 'c-l': 'One', 'c-st': 'S' }, '{ base "ou=people", minimum 1 }'),
  );
  await admin.add(
    `cn=two,${BASE}`,
    subentry({ 'c-l': ['ONE', 'Two'] }, '{ base "ou=people", specificExclusions { chopBefore:"uid=bob" } }'),
  );
  t.same(
    [await values(ANN), await values(BOB), await values(PEOPLE), await values(BASE)],
    ['One+Two', 'One', 'ONE+Two', ''],
    'values are joined, each once',
  );
  t.same(
    (await read(admin, ANN, ['collectiveAttributeSubentries'])).collectiveAttributeSubentries?.length,
    2,
  );

  await admin.modify(ANN, [['add', 'collectiveExclusions', 'c-l']]);
  t.same(await read(admin, ANN, ['l', 'st']), { 'c-st': ['S'] });
  t.notOk((await dns(admin, '(l=One)')).includes('uid=ann'));
  t.equal(
    (await read(admin, ANN, ['collectiveAttributeSubentries'])).collectiveAttributeSubentries?.length,
    2,
    'they are for it all the same',
  );
  await admin.modify(ANN, [['replace', 'collectiveExclusions', '2.5.18.0']]);
  t.same(await read(admin, ANN, ['l', 'st']), {}, 'all by OID');
  await admin.modify(ANN, [['replace', 'collectiveExclusions', 'excludeAllCollectiveAttributes']]);
  t.same(await read(admin, ANN, ['l', 'st']), {}, 'and by name');
  await admin.modify(ANN, [['delete', 'collectiveExclusions']]);
  t.equal(await values(ANN), 'One+Two');

  const inner = `ou=inner,${PEOPLE}`;
  await admin.add(inner, { objectClass: ['organizationalUnit'], ou: 'inner' });
  const carl = `uid=carl,${inner}`;
  await admin.add(carl, person('carl', 'Carl'));
  t.equal(await values(carl), 'One+Two');
  await admin.modify(inner, [['add', 'administrativeRole', 'collectiveAttributeInnerArea']]);
  t.equal(await values(carl), 'One+Two', 'an inner area is within the outer one');
  await admin.modify(inner, [['replace', 'administrativeRole', '2.5.23.5']]);
  t.same([await values(carl), await values(inner)], ['', ''], 'a specific area ends what stands above it');
  await admin.add(`cn=own,${inner}`, subentry({ 'c-l': 'Inner' }));
  t.same([await values(carl), await values(inner), await values(ANN)], ['Inner', 'Inner', 'One+Two']);
  await admin.modify(inner, [['delete', 'administrativeRole']]);
  t.equal(await values(carl), 'One+Two+Inner');

  await admin.call({
    kind: 'modifyDn',
    dn: inner,
    newRdn: 'ou=outer',
    deleteOldRdn: true,
    newSuperior: BASE,
  });
  t.equal(await values(`uid=carl,ou=outer,${BASE}`), 'Inner', 'a moved branch has what is for its new place');
  const again = await server.reopen();
  const fresh = await again.admin();
  t.same((await read(fresh, ANN, ['c-l']))['c-l'], ['One', 'Two'], 'found again at a start');
  await server.backend.startGeneration('g');
  const copy = await TestServer.open();
  const snapshot = await server.backend.exportSnapshot();
  await copy.backend.beginImport();
  for await (const images of snapshot.images()) await copy.backend.importImages(images);
  await copy.backend.finishImport(snapshot.generationId, snapshot.state);
  await snapshot.close();
  t.same(
    (await read(await copy.admin(), ANN, ['c-l']))['c-l'],
    ['One', 'Two'],
    'and on whoever takes a copy',
  );
  const bare = await server.reopen({ indexes: { uid: { equality: true } } });
  t.same(
    (await read(await bare.admin(), ANN, ['c-l']))['c-l'],
    ['One', 'Two'],
    'without an index of objectClass too',
  );
});

t.test('every filter finds what looking at each entry finds, with any indexes', async (t) => {
  const indexes = {
    objectClass: { equality: true },
    uid: { equality: true },
    l: { equality: true, substring: true, presence: true, ordering: true },
    'c-l': { equality: true, substring: true, presence: true },
  };
  const server = await TestServer.open({ unindexedEntries: 0 }, [BASE], { indexes });
  const admin = await server.populate();
  await admin.modify(BOB, [['add', 'l', 'Aachen']]);
  for (let i = 0; i < 20; i++)
    await admin.add(`uid=u${i},${PEOPLE}`, {
      ...person(`u${i}`, `U ${i}`),
      l: i % 3 === 0 ? 'Berlin' : `Town ${i}`,
    });
  await admin.add(
    CITY,
    subentry({ 'c-l': ['Berlin', 'Potsdam'] }, '{ minimum 1, specificationFilter item:inetOrgPerson }'),
  );
  await admin.modify(`uid=u4,${PEOPLE}`, [['add', 'collectiveExclusions', 'c-l']]);
  const people = 22;
  const count = async (filter: string) => (await dns(admin, filter)).length;
  t.equal(await count('(l=Berlin)'), people - 1, 'all but the one that excludes it');
  t.equal(await count('(c-l=potsdam)'), people - 1);
  t.equal(await count('(c-l=Bonn)'), 0);
  t.equal(await count('(l=Aachen)'), 1);
  t.equal(await count('(c-l=*)'), people - 1);
  t.equal(await count('(l=*)'), people);
  t.equal(await count('(c-l=*otsd*)'), people - 1);
  t.equal(await count('(l=Ber*)'), people - 1);
  t.equal(await count('(l=Town 1*)'), 8);
  t.equal(await count('(&(uid=u4)(l=Berlin))'), 0);
  t.equal(await count('(&(uid=u5)(l=Berlin))'), 1);
  t.equal(await count('(|(uid=u4)(c-l=Potsdam))'), people);
  t.equal(await count('(&(uid=*)(!(c-l=Potsdam)))'), 1);
  t.equal(await count('(l:caseExactMatch:=Potsdam)'), people - 1);
  t.equal(await count('(:caseIgnoreMatch:=potsdam)'), people - 1);
  t.equal(await count(`(collectiveAttributeSubentries=${CITY})`), people);
  t.equal(await dns(admin, '(l=Berlin)', `ou=groups,${BASE}`).then((found) => found.length), 0);
  const shown = await admin.search({ filter: '(c-l=Berlin)' }, [
    control(CONTROL_OIDS.subentries, encodeSubentries(true)),
  ]);
  t.same(
    shown.entries.map(({ dn }) => dn),
    [CITY],
    'the subentry itself',
  );
  const plan = async (filter: string) =>
    JSON.parse(
      (await admin.search({ filter, attributes: ['debugsearchindex'] })).entries[0]?.attributes
        .debugsearchindex?.[0] ?? '{}',
    );
  t.match(
    await plan('(l=Aachen)'),
    { plan: 'eq(l)', exact: true, unindexed: false },
    'values that no subentry gives are looked up',
  );
  t.match(await plan('(l=Berlin)'), { plan: 'all', missing: [] });
});

t.test('no entry is named by a collective attribute (X.501)', async (t) => {
  const server = await TestServer.open();
  const admin = await server.populate();
  const named = await admin.add(`c-l=Berlin,${PEOPLE}`, subentry({ 'c-l': 'Berlin' }));
  t.match(named, { result: 'namingViolation', diagnostic: /is collective/ });
  t.equal((await admin.add(CITY, subentry({ 'c-l': 'Berlin' }))).result, 'success');
  const renamed = await admin.call({
    kind: 'modifyDn',
    dn: CITY,
    newRdn: 'c-l=Berlin',
    deleteOldRdn: false,
    newSuperior: undefined,
  });
  t.equal(renamed.result, 'namingViolation');
});

t.test(`a domain takes ${LIMITS.collectiveSubentries} collective subentries from clients`, async (t) => {
  const server = await TestServer.open();
  const admin = await server.populate();
  const limits = LIMITS as { collectiveSubentries: number };
  const { collectiveSubentries } = LIMITS;
  limits.collectiveSubentries = 2;
  t.teardown(() => {
    limits.collectiveSubentries = collectiveSubentries;
  });
  t.equal((await admin.add(CITY, subentry({}))).result, 'success');
  t.equal((await admin.add(`cn=b,${PEOPLE}`, subentry({ 'c-l': 'B' }))).result, 'success');
  t.equal((await admin.add(`cn=c,${PEOPLE}`, subentry({ 'c-l': 'C' }))).result, 'adminLimitExceeded');
  t.equal(
    (await admin.modify(CITY, [['add', 'c-l', 'A']])).result,
    'success',
    'one that is there may change',
  );
  const bad = await admin.modify(CITY, [['replace', 'subtreeSpecification', '{ base x }']]);
  t.equal(bad.result, 'invalidAttributeSyntax');
});

t.test(
  'what entries are given follows from what is stored, not from what came first (model section 1)',
  async (t) => {
    const server = await TestServer.open();
    const admin = await server.populate();
    const NAMES = 'collectiveAttributeSubentries';
    await admin.add(`cn=bare,${PEOPLE}`, subentry({}));
    await admin.add(CITY, subentry({ 'c-l': 'Berlin' }));
    const after = await (await server.reopen()).connect().bindAdmin();
    t.same(await read(admin, ANN, [NAMES]), { [NAMES]: [CITY] }, 'one that gives nothing is for nobody');
    t.same(await read(after, ANN, [NAMES]), { [NAMES]: [CITY] });
  },
);

t.test('an attribute whose definition comes after its subentry is given from then on', async (t) => {
  const server = await TestServer.open();
  const admin = await server.populate();
  const people = must(server.backend.byDnText(PEOPLE), 'the point');
  const body = add(people.uuid, 'late', {
    objectClass: ['subentry', 'collectiveAttributeSubentry'],
    subtreeSpecification: ['{}'],
    'x-motto': ['onward'],
  });
  await server.backend.submit('cn=x', () => [{ entry: entryUuid(77), body }]);
  t.same(await read(admin, ANN, ['x-motto']), {});
  const text =
    "( 1.3.6.1.4.1.99999.77 NAME 'x-motto' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 COLLECTIVE )";
  const before = server.schema.copy();
  t.teardown(() => server.schema.become(before));
  server.schema.become(extendSchema(before, [{ kind: 'attributeTypes', text }]).schema);
  await server.backend.schemaChanged();
  t.same(await read(admin, ANN, ['x-motto']), { 'x-motto': ['onward'] });
  t.ok((await dns(admin, '(x-motto=onward)')).includes('uid=ann'));
});
