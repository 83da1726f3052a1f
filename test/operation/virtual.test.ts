/** Entries that are computed: the root DSE, cn=schema, cn=monitor, as clients see them. */
import t from 'tap';
import { utf8Encode } from '../../lib/base/bytes.js';
import { CONTROL_OIDS, EXTENDED_OIDS, FEATURE_OIDS } from '../../lib/ldap/control-oids.js';
import { APPLICABLE_CONTROLS } from '../../lib/operation/supported.js';
import { BASE, TestServer } from './test-server.js';

t.test('the root DSE lists what works, to anyone, before any bind (RFC 4512 section 5.1)', async (t) => {
  const server = await TestServer.open(
    { altServers: () => ['ldap://peer.example:1389/'], vendorVersion: 'Polyarch 0.1' },
    [BASE, 'dc=two'],
  );
  const client = server.connect();
  const dse = async (attributes: string[]) =>
    (await client.search({ base: '', scope: 'base', attributes })).entries[0]?.attributes ?? {};
  const all = await dse(['*', '+']);
  t.same(all.objectClass, ['top', 'ds-root-dse']);
  t.same(all.structuralObjectClass, ['ds-root-dse']);
  t.same(all.entryDN, ['']);
  t.ok(all['ds-private-naming-contexts']?.includes('cn=schema'));
  t.same(all.namingContexts, [BASE, 'dc=two']);
  t.same(all.defaultNamingContext, [BASE]);
  t.same(all.subschemaSubentry, ['cn=schema']);
  t.same(all.supportedLDAPVersion, ['3']);
  t.same(all.altServer, ['ldap://peer.example:1389/']);
  t.same(all.vendorName, ['Polyarch']);
  t.same(all.vendorVersion, ['Polyarch 0.1']);
  t.same(all.supportedSASLMechanisms, ['ANONYMOUS'], 'what works without TLS');
  const supported = new Set(Object.values(APPLICABLE_CONTROLS).flatMap((oids) => [...oids]));
  t.same([...(all.supportedControl ?? [])].sort(), [...supported].sort());
  t.same(
    [...(all.supportedExtension ?? [])].sort(),
    [EXTENDED_OIDS.startTls, EXTENDED_OIDS.passwordModify, EXTENDED_OIDS.whoAmI, EXTENDED_OIDS.cancel].sort(),
  );
  for (const feature of [
    FEATURE_OIDS.modifyIncrement,
    FEATURE_OIDS.allOperationalAttributes,
    FEATURE_OIDS.absoluteFilters,
  ])
    t.ok(all.supportedFeatures?.includes(feature), feature);
  t.same(Object.keys(await dse([])), ['objectClass'], 'operational attributes come when asked for');
  t.same(Object.keys(await dse(['namingContexts', 'nosuch'])), ['namingContexts']);
  t.same((await client.search({ base: '', scope: 'base', filter: '(objectClass=nosuch)' })).entries, []);
  t.equal(
    (await client.search({ base: '', scope: 'base', filter: '(supportedControl=1.2.3)' })).entries.length,
    0,
  );
});

t.test(
  'cn=schema publishes every definition, found by the filters that clients use (RFC 4512 section 4.2)',
  async (t) => {
    const server = await TestServer.open();
    const client = server.connect();
    for (const filter of ['(objectClass=subschema)', '(objectClass=*)', '(objectclass=subSchema)']) {
      const reply = await client.search({
        base: 'cn=Schema',
        scope: 'base',
        deref: 'always',
        filter,
        attributes: [
          'ldapSyntaxes',
          'matchingRules',
          'matchingRuleUse',
          'dITContentRules',
          'dITStructureRules',
          'nameForms',
          'createTimestamp',
          'modifyTimestamp',
          '*',
          '+',
          'extendedAttributeInfo',
        ],
      });
      const [entry] = reply.entries;
      t.equal(entry?.dn, 'cn=schema');
      t.same(entry?.attributes.objectClass, ['top', 'subentry', 'subschema']);
      t.ok((entry?.attributes.attributeTypes?.length ?? 0) >= server.schema.attributeTypes.length);
      t.ok((entry?.attributes.objectClasses?.length ?? 0) > 50);
      for (const name of ['ldapSyntaxes', 'matchingRules', 'matchingRuleUse'])
        t.ok((entry?.attributes[name]?.length ?? 0) > 20, name);
      t.match(entry?.attributes.createTimestamp?.[0], /^\d{14}Z$/);
    }
    const few = await client.search({ base: 'cn=schema', scope: 'base' });
    t.same(Object.keys(few.entries[0]?.attributes ?? {}).sort(), ['cn', 'objectClass']);
    t.same((await client.search({ scope: 'base' })).result, 'noSuchObject', 'and the empty domain is empty');
  },
);

t.test('names that clients and servers publish stand in the schema (ecosystem section 1.2)', async (t) => {
  const server = await TestServer.open();
  const admin = await server.populate();
  const seen = new Set<string>();
  for (const options of [
    { base: '', scope: 'base' },
    { base: 'cn=schema', scope: 'base' },
    { base: 'cn=monitor', scope: 'sub' },
    { base: BASE, scope: 'sub' },
  ] as const) {
    const reply = await admin.search({ ...options, attributes: ['*', '+'] });
    t.equal(reply.result, 'success', reply.diagnostic);
    for (const entry of reply.entries) for (const name of Object.keys(entry.attributes)) seen.add(name);
    for (const entry of reply.entries) {
      for (const name of entry.attributes.objectClass ?? [])
        t.ok(server.schema.objectClass(name), `class ${name}`);
    }
  }
  for (const name of seen) t.ok(server.schema.attributeType(name), `attribute ${name}`);
});

t.test("cn=monitor has OpenLDAP's shape and is for the administrator", async (t) => {
  const server = await TestServer.open();
  const admin = await server.populate();
  const anonymous = server.connect();
  t.equal((await anonymous.search({ base: 'cn=monitor' })).result, 'insufficientAccessRights');
  t.equal((await anonymous.search({ base: 'cn=conflicts,cn=monitor' })).result, 'insufficientAccessRights');
  const read = async (dn: string) =>
    (await admin.search({ base: dn, scope: 'base', attributes: ['*', '+'] })).entries[0]?.attributes ?? {};
  t.same((await read('cn=Current,cn=Connections,cn=Monitor')).monitorCounter, ['2']);
  t.same((await read('cn=Total,cn=Connections,cn=Monitor')).monitorCounter, ['2']);
  const adds = await read('cn=Add,cn=Operations,cn=Monitor');
  t.same([adds.monitorOpInitiated, adds.monitorOpCompleted], [['5'], ['5']]);
  t.ok(Number((await read('cn=Bytes,cn=Statistics,cn=Monitor')).monitorCounter?.[0]) > 100);
  server.clock.advance(5000);
  t.same((await read('cn=Uptime,cn=Time,cn=Monitor')).monitoredInfo, ['5']);
  const connection = await read('cn=Connection 1,cn=Connections,cn=monitor');
  t.same(connection.monitorConnectionAuthzDN, ['cn=Directory Manager']);
  const tree = await admin.search({ base: 'cn=monitor', scope: 'sub' });
  t.ok(
    tree.entries.some((entry) => entry.dn === 'cn=conflicts,cn=monitor'),
    'plugged-in trees are below it',
  );
  const top = await admin.search({ base: 'cn=monitor', scope: 'one' });
  t.ok(top.entries.some((entry) => entry.dn === 'cn=conflicts,cn=monitor'));
  t.notOk(top.entries.some((entry) => entry.dn.startsWith('cn=Add,')));
  t.equal((await admin.search({ base: 'cn=nosuch,cn=monitor' })).result, 'noSuchObject');
  const compare = {
    kind: 'compare',
    dn: 'cn=Max File Descriptors,cn=Connections,cn=monitor',
    attribute: 'monitorCounter',
    value: utf8Encode('10000'),
  } as const;
  t.equal((await admin.call(compare)).result, 'compareTrue');
});

t.test('cn=conflicts,cn=monitor lists the journal, line by line', async (t) => {
  const server = await TestServer.open();
  const admin = await server.populate();
  const line = (loser: string, attribute: string | undefined) => ({
    loser: loser.padEnd(24, '0'),
    winner: undefined,
    entry: '00000000-0000-4000-8000-000000000001',
    kind: 'value-lost',
    attribute,
    value: utf8Encode('lost'),
  });
  server.backend.journal = async function* () {
    yield [line('0191aa', 'mail'), line('0191aa', 'sn')] as never;
    yield [line('0191ab', undefined)] as never;
  };
  const reply = await admin.search({ base: 'cn=conflicts,cn=monitor', scope: 'sub', attributes: ['*', '+'] });
  t.same(
    reply.entries.map((entry) => entry.dn),
    [
      'cn=conflicts,cn=monitor',
      'cn=0191aa000000000000000000.1,cn=conflicts,cn=monitor',
      'cn=0191aa000000000000000000.2,cn=conflicts,cn=monitor',
      'cn=0191ab000000000000000000.1,cn=conflicts,cn=monitor',
    ],
  );
  t.match(reply.entries[1]?.attributes, {
    'conflict-kind': ['value-lost'],
    'conflict-attribute': ['mail'],
    'conflict-value': ['lost'],
    'domain-name': [BASE],
  });
  const second = await admin.search({
    base: 'cn=0191aa000000000000000000.2,cn=conflicts,cn=monitor',
    scope: 'base',
    attributes: ['conflict-attribute'],
  });
  t.same(
    second.entries.map((entry) => entry.attributes),
    [{ 'conflict-attribute': ['sn'] }],
  );
  const paged = [
    {
      oid: CONTROL_OIDS.pagedResults,
      critical: true,
      value: Uint8Array.of(0x30, 0x05, 0x02, 0x01, 0x02, 0x04, 0x00),
    },
  ];
  t.equal((await admin.search({ base: 'cn=conflicts,cn=monitor' }, paged)).entries.length, 2);
});
