/** The get effective rights control in searches: whose rights, of which attributes, by which rule. */
import t from 'tap';
import { utf8Encode } from '../../lib/base/bytes.js';
import { CONTROL_OIDS } from '../../lib/ldap/control-oids.js';
import { encodeEffectiveRights } from '../../lib/ldap/controls/effective-rights.js';
import { encodeMatchedValues } from '../../lib/ldap/controls/matched-values.js';
import { ADMIN, BASE, type SearchOptions, type TestClient, TestServer } from './test-server.js';

const ANN = `uid=ann,ou=people,${BASE}`;
const BOB = `uid=bob,ou=people,${BASE}`;
const READS = 'search:1,read:1,compare:1';
const HIDDEN = 'search:0,read:0,compare:0';
const WRITES = 'write:1,selfwrite_add:1,selfwrite_delete:1';
const NO_WRITES = 'write:0,selfwrite_add:0,selfwrite_delete:0';

const control = (value: Uint8Array | undefined) => ({
  oid: CONTROL_OIDS.effectiveRights,
  critical: true,
  value,
});
const asks = (authzId: string, ...attributes: readonly string[]) =>
  control(encodeEffectiveRights({ authzId, attributes }));

/** Attributes of one entry, with what the control asks for. */
async function told(
  client: TestClient,
  dn: string,
  attributes: readonly string[],
  wish: ReturnType<typeof control>,
  more: SearchOptions = {},
): Promise<Readonly<Record<string, readonly string[]>>> {
  const { result, diagnostic, entries } = await client.search(
    { base: dn, scope: 'base', attributes, ...more },
    [wish],
  );
  if (result !== 'success') throw new Error(`${result}: ${diagnostic}`);
  return entries[0]?.attributes ?? {};
}

const resultOf = async (client: TestClient, wish: ReturnType<typeof control>) =>
  (await client.search({ base: ANN, scope: 'base', attributes: ['aclRights'] }, [wish])).result;

/** A server, its administrator, and ann. */
async function open(settings = {}) {
  const server = await TestServer.open(settings);
  const admin = await server.populate();
  const ann = server.connect();
  await ann.bind(ANN, "ann's");
  return { server, admin, ann };
}

t.test('rights of whoever asks, and of whom the administrator names', async (t) => {
  const { admin, ann } = await open();
  t.same(await told(ann, ANN, ['aclRights'], control(undefined)), {
    'aclRights;entryLevel': ['add:0,delete:0,read:1,write:1,proxy:1'],
  });
  t.same(await told(admin, BOB, ['aclRights'], asks(`dn:${ANN}`)), {
    'aclRights;entryLevel': ['add:0,delete:0,read:1,write:0,proxy:0'],
  });
  t.same(await told(admin, BOB, ['aclRights'], control(utf8Encode('u:ann'))), {
    'aclRights;entryLevel': ['add:0,delete:0,read:1,write:0,proxy:0'],
  });
  t.same(await told(admin, BOB, ['aclRights'], asks('dn:')), {
    'aclRights;entryLevel': ['add:0,delete:0,read:1,write:0,proxy:0'],
  });
  t.same(await told(admin, BASE, ['aclRights'], asks('')), {
    'aclRights;entryLevel': ['add:1,delete:1,read:1,write:1,proxy:1'],
  });
});

t.test('of the attributes that the search gives, and those that the control names', async (t) => {
  const { admin, ann } = await open();
  const own = await told(
    ann,
    ANN,
    ['sn', 'aclRights'],
    asks('', 'userPassword', 'entryUUID', 'noSuchType', 'SN'),
  );
  t.same(own, {
    sn: own.sn,
    'aclRights;entryLevel': ['add:0,delete:0,read:1,write:1,proxy:1'],
    'aclRights;attributeLevel;sn': [`${READS},${NO_WRITES},proxy:1`],
    'aclRights;attributeLevel;userPassword': [`${HIDDEN},${WRITES},proxy:1`],
    'aclRights;attributeLevel;entryUUID': [`${READS},${NO_WRITES},proxy:1`],
  });
  const all = await told(admin, ANN, ['*', 'aclRights'], asks(`dn:${ANN}`));
  t.same(all['aclRights;attributeLevel;userPassword'], [`${HIDDEN},${WRITES},proxy:1`]);
  const attributes = Object.keys(all).filter((name) => !name.startsWith('aclRights'));
  t.ok(attributes.length > 3);
  t.equal(Object.keys(all).length, attributes.length * 2 + 1);
  const part = await told(admin, ANN, ['sn', 'aclRights;entryLevel'], asks(''));
  t.same(Object.keys(part), ['sn', 'aclRights;entryLevel'], 'an option subtype of them alone');
  const absent = await told(admin, ANN, ['roomNumber', 'aclRights', 'x-unknown'], asks(''));
  t.same(
    Object.keys(absent),
    ['aclRights;entryLevel', 'aclRights;attributeLevel;roomNumber'],
    'not there yet',
  );
  const types = await told(admin, ANN, ['aclRights'], asks(''), { typesOnly: true });
  t.same(types, { 'aclRights;entryLevel': [] });
});

t.test('aclRightsInfo says right by right which rule decides', async (t) => {
  const { admin } = await open();
  const info = await told(admin, ANN, ['aclRightsInfo'], asks(`dn:${BOB}`, 'cn'));
  t.equal(Object.keys(info).length, 5 + 7);
  t.same(info['aclRightsInfo;logs;entryLevel;delete'], [
    `acl_summary(main): access not allowed(delete) on entry/attr(${ANN}, NULL) to (${BOB}) (not proxied) (reason: only the administrator may delete entries)`,
  ]);
  t.same(info['aclRightsInfo;logs;attributeLevel;read;cn'], [
    `acl_summary(main): access allowed(read) on entry/attr(${ANN}, cn) to (${BOB}) (not proxied) (reason: everyone may read entries)`,
  ]);
});

t.test('nothing comes where it is not asked for by name, nor of what is no entry', async (t) => {
  const { admin } = await open();
  t.same(
    Object.keys(await told(admin, ANN, ['sn', '+'], asks(''))).filter((name) => /^acl/i.test(name)),
    [],
  );
  t.same(await told(admin, ANN, ['1.1'], asks('')), {});
  const none = await admin.search({ base: ANN, scope: 'base', attributes: ['aclRights'] });
  t.same(none.entries[0]?.attributes, {}, 'without the control');
  t.same(await told(admin, '', ['aclRights'], asks('')), {});
  t.same(await told(admin, 'cn=monitor', ['aclRights'], asks('')), {});
});

t.test('rights of another are told to those who may act as it, and to nobody else', async (t) => {
  const { server, admin, ann } = await open({ proxies: [BOB] });
  const bob = server.connect();
  await bob.bind(BOB, "bob's");
  t.equal(await resultOf(ann, asks(`dn:${ANN}`)), 'success', 'the own by name');
  t.equal(await resultOf(ann, asks(`dn:${BOB}`)), 'insufficientAccessRights');
  t.equal(
    await resultOf(ann, asks(`dn:uid=gone,${BASE}`)),
    'insufficientAccessRights',
    'the same for nobody',
  );
  t.equal(await resultOf(ann, asks('u:gone')), 'insufficientAccessRights');
  t.equal(await resultOf(server.connect(), asks(`dn:${ANN}`)), 'insufficientAccessRights');
  t.equal(await resultOf(server.connect(), asks('dn:')), 'success');
  t.equal(await resultOf(bob, asks(`dn:${ANN}`)), 'success');
  t.equal(await resultOf(bob, asks(`dn:${ADMIN}`)), 'insufficientAccessRights');
  t.equal(await resultOf(admin, asks(`dn:uid=gone,${BASE}`)), 'noSuchObject');
  t.equal(await resultOf(admin, asks('u:gone')), 'noSuchObject');
  const proxied = { oid: CONTROL_OIDS.proxiedAuthorization, critical: true, value: utf8Encode(`dn:${ANN}`) };
  const both = await admin.search({ base: ANN, scope: 'base', attributes: ['aclRights'] }, [
    proxied,
    asks(`dn:${BOB}`),
  ]);
  t.equal(both.result, 'insufficientAccessRights', 'who acts as another asks as that one');
});

t.test('with other controls: values that match, pages, a search that goes on', async (t) => {
  const { admin } = await open();
  const matched = {
    oid: CONTROL_OIDS.matchedValues,
    critical: true,
    value: encodeMatchedValues([{ kind: 'equality', attribute: 'sn', value: utf8Encode('nobody') }]),
  };
  const { entries } = await admin.search({ base: ANN, scope: 'base', attributes: ['sn', 'aclRights'] }, [
    matched,
    asks(''),
  ]);
  t.same(Object.keys(entries[0]?.attributes ?? {}), ['aclRights;entryLevel', 'aclRights;attributeLevel;sn']);
  const names = Array.from({ length: 500 }, (_, i) => `cn;x-${i}`);
  const many = await told(admin, ANN, ['aclRights'], asks('', ...names));
  t.equal(Object.keys(many).length, 501, 'told in steps');
});

t.test('what a user may do is explained with the rules, for administrators of the server', async (t) => {
  const { server } = await open();
  const explain = (user: string, entry: string, attributes?: string) =>
    server.service
      .explainRights({ user, entry, ...(attributes === undefined ? {} : { attributes }) })
      .catch((error: unknown) => (error as { readonly result?: string }).result);
  t.match(await explain('u:ann', ANN, 'userPassword, cn'), {
    user: ANN,
    entry: ANN,
    rights: [
      { right: 'add' },
      {},
      {},
      { right: 'write', allowed: true },
      {},
      { right: 'rename', allowed: false },
    ],
    attributes: [{ name: 'userPassword' }, { name: 'cn' }],
  });
  t.match(await explain('anonymous', ANN), { user: '' });
  t.match(await explain(ADMIN, ANN), { user: ADMIN });
  t.equal(await explain(ANN, `uid=gone,${BASE}`), 'noSuchObject');
  t.equal(await explain(`uid=gone,${BASE}`, ANN), 'noSuchObject');
  t.equal(await explain(ANN, ANN, 'noSuchType'), 'noSuchAttribute');
  t.equal(await explain(ANN, 'no dn'), 'invalidDNSyntax');
});
