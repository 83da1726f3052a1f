/** cn=config: who sees it, what it shows and never shows, and modifies of what a running server takes over. */
import t from 'tap';
import { utf8Decode, utf8Encode } from '../../lib/base/bytes.js';
import { OperatorError } from '../../lib/base/operator-error.js';
import { takenOver } from '../../lib/config/changed-options.js';
import { OPTION_SECTIONS, optionAttribute } from '../../lib/config/option-attributes.js';
import { optionSource } from '../../lib/config/option-source.js';
import { OPTION_KEYS, optionOf } from '../../lib/config/option-table.js';
import { formatOptionText } from '../../lib/config/option-text.js';
import { NO_SOURCES, resolveConfig } from '../../lib/config/server-config.js';
import { CONTROL_OIDS } from '../../lib/ldap/control-oids.js';
import type { Configuration, OptionEdit } from '../../lib/operation/trees/config-entry.js';
import { TestServer } from './test-server.js';

const HASH = '{ARGON2}x-no-such-hash';
const LIMITS = 'cn=limits,cn=config';
const ENTRIES = 'polyarch-cfg-limits-search-entries';
const PROXIES = 'polyarch-cfg-access-proxies';

/** Keeps options as flags; checks them as a server does. */
class MemoryConfiguration implements Configuration {
  #flags = new Map([
    ['server.id', '1'],
    ['server.name', 'one'],
    ['domains', 'dc=example,dc=com'],
    ['admin.passwordHash', HASH],
    ['alerts.command', 'true'],
  ]);
  #settings = resolveConfig({ ...NO_SOURCES, flags: this.#flags });
  readonly edits: OptionEdit[][] = [];
  fails: OperatorError | undefined;

  facts() {
    const sources = { ...NO_SOURCES, flags: this.#flags };
    return {
      settings: this.#settings,
      sourceOf: optionSource.bind(undefined, sources),
      pending: ['log.level'] as const,
    };
  }

  async change(_: string, decide: Parameters<Configuration['change']>[1], last?: () => void): Promise<void> {
    const edits = decide(this.facts());
    if (this.fails !== undefined) throw this.fails;
    const flags = new Map(this.#flags);
    for (const { key, value } of edits)
      if (value === undefined) flags.delete(key);
      else flags.set(key, formatOptionText(value));
    const settings = resolveConfig({ ...NO_SOURCES, flags });
    last?.();
    this.edits.push([...edits]);
    this.#flags = flags;
    this.#settings = takenOver(this.#settings, settings);
  }
}

async function serve() {
  const server = await TestServer.open();
  const admin = await server.populate();
  const configuration = new MemoryConfiguration();
  server.service.serveConfiguration(configuration);
  const read = async (base: string, attributes = ['*', '+']) =>
    (await admin.search({ base, scope: 'base', attributes })).entries[0]?.attributes ?? {};
  return { server, admin, configuration, read };
}

t.test('one entry a section, with every option but secrets, for the administrator alone', async (t) => {
  const { server, admin, read } = await serve();
  const all = await admin.search({ base: 'cn=config', scope: 'sub', attributes: ['*', '+'] });
  t.same(
    all.entries.map(({ dn }) => dn),
    OPTION_SECTIONS.map(({ dn }) => dn),
  );
  const one = await admin.search({ base: 'CN=Config', scope: 'one' });
  t.equal(one.entries.length, OPTION_SECTIONS.length - 1);
  t.notOk(JSON.stringify(all.entries).includes(HASH), 'no secret anywhere');
  for (const { attributes } of all.entries)
    for (const name of Object.keys(attributes)) t.ok(server.schema.attributeType(name), name);
  t.same((await read('cn=server,cn=config'))['polyarch-cfg-server-id'], ['1']);
  t.same((await read('cn=config'))['polyarch-cfg-domains'], ['dc=example,dc=com']);
  t.match((await read('cn=server,cn=config'))['polyarch-config-source'], [
    /server-id=command line/,
    /name/,
    /site=default/,
  ]);
  t.same((await read('cn=log,cn=config'))['polyarch-config-pending'], ['polyarch-cfg-log-level']);
  t.same((await read('cn=log,cn=config'))['polyarch-config-live'], [
    'polyarch-cfg-log-level',
    'polyarch-cfg-log-access',
  ]);
  t.notOk(
    (await read('cn=alerts,cn=config'))['polyarch-config-live']?.includes('polyarch-cfg-alerts-command'),
  );
  const dse = await admin.search({ base: '', scope: 'base', attributes: ['configContext'] });
  t.same(dse.entries[0]?.attributes.configContext, ['cn=config']);
  const user = server.connect();
  await user.bind('uid=ann,ou=people,dc=example,dc=com', "ann's");
  t.equal((await user.search({ base: LIMITS })).result, 'insufficientAccessRights');
  t.equal((await user.modify(LIMITS, [['replace', ENTRIES, '1']])).result, 'insufficientAccessRights');
});

t.test('searches, compares and selections work as on any entry', async (t) => {
  const { admin } = await serve();
  const search = async (filter: string) =>
    (await admin.search({ base: 'cn=config', scope: 'sub', filter, attributes: ['1.1'] })).entries.map(
      ({ dn }) => dn,
    );
  t.same(await search('(polyarch-cfg-limits-connections>=5000)'), [LIMITS]);
  t.same(await search('(polyarch-cfg-domains=DC=Example, dc=com)'), ['cn=config'], 'names compare as names');
  t.same(await search('(objectClass=polyarch-config-limits)'), [LIMITS]);
  t.same(await search('(!(cn=*))'), []);
  const few = await admin.search({ base: LIMITS, scope: 'base', attributes: [ENTRIES] });
  t.same(few.entries[0]?.attributes, { [ENTRIES]: ['0'] });
  const compare = { kind: 'compare', dn: LIMITS, attribute: ENTRIES, value: utf8Encode('00') } as const;
  t.equal((await admin.call({ ...compare, value: utf8Encode('0') })).result, 'compareTrue');
  t.equal((await admin.call({ ...compare, value: utf8Encode('1') })).result, 'compareFalse');
  t.equal((await admin.search({ base: 'cn=nosuch,cn=config' })).result, 'noSuchObject');
});

t.test('replace, add, delete and increment change what is live', async (t) => {
  const { admin, configuration, read } = await serve();
  t.equal((await admin.modify(LIMITS, [['replace', ENTRIES, '500']])).result, 'success');
  t.same((await read(LIMITS))[ENTRIES], ['500']);
  t.equal((await admin.modify(LIMITS, [['increment', ENTRIES, '1']])).result, 'success');
  t.same((await read(LIMITS))[ENTRIES], ['501']);
  t.equal((await admin.modify(LIMITS, [['delete', ENTRIES]])).result, 'success');
  t.same((await read(LIMITS))[ENTRIES], ['0'], 'the default again');
  t.same(configuration.edits.at(-1), [{ key: 'limits.searchEntries', value: undefined }]);
  const access = 'cn=access,cn=config';
  t.equal((await admin.modify(access, [['add', PROXIES, 'uid=a,dc=x', 'uid=b,dc=x']])).result, 'success');
  t.equal((await admin.modify(access, [['add', PROXIES, 'UID=A, dc=x']])).result, 'attributeOrValueExists');
  t.equal((await admin.modify(access, [['delete', PROXIES, 'uid=A,dc=x']])).result, 'success');
  t.same((await read(access))[PROXIES], ['uid=b,dc=x']);
  const binds = await admin.modify('cn=binds,cn=config', [
    ['replace', 'polyarch-cfg-binds-version2', 'TRUE'],
    ['replace', 'polyarch-cfg-binds-passwords-need-tls', 'TRUE'],
  ]);
  t.equal(binds.result, 'success', 'several at once');
});

t.test('each kind of refusal has its result code, and nothing was changed', async (t) => {
  const { admin, configuration } = await serve();
  const refused = async (
    dn: string,
    changes: Parameters<typeof admin.modify>[1],
    result: string,
    why?: RegExp,
  ) => {
    const reply = await admin.modify(dn, changes);
    t.equal(reply.result, result, reply.diagnostic);
    if (why !== undefined) t.match(reply.diagnostic, why);
  };
  await refused(LIMITS, [['replace', ENTRIES, 'many']], 'invalidAttributeSyntax');
  await refused(LIMITS, [['replace', ENTRIES, '1', '2']], 'constraintViolation');
  await refused(
    LIMITS,
    [
      ['replace', ENTRIES, '-1'],
      ['replace', 'polyarch-cfg-limits-idle-seconds', '-1'],
    ],
    'constraintViolation',
    /limits-idle-seconds: -1 .*limits-search-entries: -1/s,
  );
  await refused(
    'cn=listen,cn=config',
    [['replace', 'polyarch-cfg-listen-ldap', 'none']],
    'unwillingToPerform',
    /restart/,
  );
  await refused(
    'cn=alerts,cn=config',
    [['delete', 'polyarch-cfg-alerts-command']],
    'unwillingToPerform',
    /machine alone/,
  );
  await refused(
    'cn=admin,cn=config',
    [['add', 'polyarch-cfg-admin-password-hash', 'x']],
    'unwillingToPerform',
  );
  await refused(LIMITS, [['replace', 'cn', 'limits', 'more']], 'unwillingToPerform', /made by the server/);
  await refused(LIMITS, [['add', 'polyarch-cfg-cache-preload', 'TRUE']], 'objectClassViolation');
  await refused(LIMITS, [['add', 'nosuch', 'x']], 'undefinedAttributeType');
  await refused('cn=nosuch,cn=config', [['replace', ENTRIES, '1']], 'unwillingToPerform');
  configuration.fails = new OperatorError('COMMAND_INVALID', 'not here', ['it is given elsewhere']);
  await refused(LIMITS, [['replace', ENTRIES, '1']], 'unwillingToPerform', /it is given elsewhere/);
  configuration.fails = new OperatorError('FILE_UNWRITABLE', 'cannot write it');
  await refused(LIMITS, [['replace', ENTRIES, '1']], 'other', /cannot write it/);
  t.same(configuration.edits, []);
  t.equal((await admin.delete(LIMITS)).result, 'unwillingToPerform');
  t.equal(
    (await admin.add('cn=x,cn=config', { objectClass: 'device', cn: 'x' })).result,
    'unwillingToPerform',
  );
});

t.test('no-op, assertion, permissive modify and post-read count here too', async (t) => {
  const { admin, configuration, read } = await serve();
  const control = (oid: string) => [{ oid, critical: true, value: undefined }];
  const modify = ['replace', ENTRIES, '9'] as const;
  t.equal((await admin.modify(LIMITS, [modify], control(CONTROL_OIDS.noOp))).result, 'noOperation');
  t.same((await read(LIMITS))[ENTRIES], ['0']);
  t.same(configuration.edits, []);
  const twice = [['delete', PROXIES, 'uid=z,dc=x']] as const;
  const dn = 'cn=access,cn=config';
  t.equal((await admin.modify(dn, twice)).result, 'noSuchAttribute');
  t.equal((await admin.modify(dn, twice, control(CONTROL_OIDS.permissiveModify))).result, 'success');
  // AttributeSelection of no attribute: all user attributes.
  const post = [{ oid: CONTROL_OIDS.postRead, critical: true, value: new Uint8Array([0x30, 0]) }];
  const reply = await admin.modify(LIMITS, [modify], post);
  t.equal(reply.result, 'success');
  t.ok(
    utf8Decode(reply.controls[0]?.value?.filter((octet) => octet < 0x80) ?? new Uint8Array(0))?.includes(
      ENTRIES,
    ),
  );
});

t.test('a read-only server takes changes of its own options, and refers all others', async (t) => {
  const { server, admin, read } = await serve();
  server.service.configure({ writers: () => ['ldap://writer.example'] });
  t.equal((await admin.modify(LIMITS, [['replace', ENTRIES, '8']])).result, 'success');
  t.same((await read(LIMITS))[ENTRIES], ['8']);
  t.equal((await admin.modify('dc=example,dc=com', [['replace', 'description', 'x']])).result, 'referral');
  t.equal((await admin.modify('cn=schema', [['replace', 'description', 'x']])).result, 'referral');
});

t.test('options that only the machine may change, and secrets, are never live over LDAP', async (t) => {
  const { admin, configuration, read } = await serve();
  const kept = OPTION_KEYS.filter((key) => optionOf(key).onlyHere || optionOf(key).secret);
  t.ok(kept.includes('admin.passwordHash') && kept.includes('alerts.command'));
  for (const key of kept) {
    const dn = `cn=${key.split('.')[0]},cn=config`;
    const name = optionAttribute(key);
    t.notOk((await read(dn))['polyarch-config-live']?.includes(name), key);
    t.equal((await admin.modify(dn, [['replace', name, 'x']])).result, 'unwillingToPerform', key);
  }
  t.same(configuration.edits, []);
});
