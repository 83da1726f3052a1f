/** Password policies (draft-behera-ldap-password-policy-10), as clients see them. */
import t from 'tap';
import { latin1, utf8Encode } from '../../lib/base/bytes.js';
import type { LdapError } from '../../lib/base/ldap-error.js';
import { CONTROL_OIDS, EXTENDED_OIDS } from '../../lib/ldap/control-oids.js';
import { type AccountUsability, decodeAccountUsability } from '../../lib/ldap/controls/account-usability.js';
import { decodePasswordPolicyResponse } from '../../lib/ldap/controls/password-policy.js';
import { encodePasswordModify } from '../../lib/ldap/extended/password-modify.js';
import { explainPolicy } from '../../lib/operation/bind/policy-report.js';
import type { OperationSettings } from '../../lib/operation/settings.js';
import {
  ADMIN,
  ADMIN_PASSWORD,
  BASE,
  modifyRequest,
  type Reply,
  searchRequest,
  simpleBind,
  type TestClient,
  TestServer,
  until,
} from './test-server.js';

const ANN = `uid=ann,ou=people,${BASE}`;
const BOB = `uid=bob,ou=people,${BASE}`;
const POLICY = `cn=policy,${BASE}`;
const ASKED = [{ oid: CONTROL_OIDS.passwordPolicy, critical: false, value: undefined }];

type Values = Readonly<Record<string, string | readonly string[]>>;

const policyEntry = (cn: string, values: Values): Values => ({
  objectClass: ['device', 'pwdPolicy'],
  cn,
  pwdAttribute: 'userPassword',
  ...values,
});

/** A populated server with one policy, which is the default. */
async function governed(
  policy: Values,
  settings: Partial<OperationSettings> = {},
): Promise<{ readonly server: TestServer; readonly admin: TestClient }> {
  const server = await TestServer.open({ defaultPasswordPolicy: POLICY, ...settings });
  const admin = await server.populate();
  const { result, diagnostic } = await admin.add(POLICY, policyEntry('policy', policy));
  if (result !== 'success') throw new Error(diagnostic);
  return { server, admin };
}

/** What the control says, as one text; undefined: there is none. */
function told(reply: Reply): string | undefined {
  const control = reply.controls.find(({ oid }) => oid === CONTROL_OIDS.passwordPolicy);
  if (control === undefined) return undefined;
  const { error, warning } = decodePasswordPolicyResponse(control.value);
  const warned =
    warning?.kind === 'timeBeforeExpiration'
      ? `expires in ${warning.seconds}`
      : warning && `grace ${warning.count}`;
  return [error, warned].filter((part) => part !== undefined).join(', ') || 'nothing';
}

/** A bind that asks for the control: result and what it says. */
async function tries(
  client: TestClient,
  dn: string,
  password: string,
): Promise<readonly (string | undefined)[]> {
  const reply = await client.call(simpleBind(dn, password), ASKED);
  return [reply.result, told(reply)];
}

async function stateOf(admin: TestClient, dn: string, name: string): Promise<readonly string[]> {
  const { entries } = await admin.search({ base: dn, scope: 'base', attributes: ['+', 'userPassword'] });
  return entries[0]?.attributes[name] ?? [];
}

const passwd = (client: TestClient, next: string, old?: string) =>
  client.call(
    {
      kind: 'extended',
      oid: EXTENDED_OIDS.passwordModify,
      value: encodePasswordModify({
        user: undefined,
        oldPassword: old === undefined ? undefined : utf8Encode(old),
        newPassword: utf8Encode(next),
      }),
    },
    ASKED,
  );

t.test('wrong passwords lock the account, alike for all who do not ask (draft section 7.1)', async (t) => {
  const { server, admin } = await governed({
    pwdLockout: 'TRUE',
    pwdMaxFailure: '3',
    pwdLockoutDuration: '60',
  });
  const client = server.connect();
  for (let failures = 1; failures <= 3; failures++) {
    t.same(await tries(client, ANN, 'wrong'), ['invalidCredentials', undefined], 'as for an unknown name');
    await until(
      () =>
        (server.backend.byDnText(ANN)?.attribute('pwdfailuretime' as never)?.values.length ?? 0) >= failures,
      'the failure is recorded',
    );
  }
  const { verified } = server.hasher;
  t.same(await tries(client, ANN, "ann's"), ['invalidCredentials', 'accountLocked'], 'the right one too');
  t.equal(server.hasher.verified - verified, 1, 'it costs one verification, as always');
  const changes = server.changes.length;
  const plain = await client.bind(ANN, 'wrong');
  const unknown = await client.bind(`uid=nobody,${BASE}`, 'wrong');
  t.same(
    [plain.result, plain.diagnostic, plain.controls],
    [unknown.result, unknown.diagnostic, unknown.controls],
  );
  t.equal(server.changes.length, changes, 'once locked nothing more is written');
  t.equal((await stateOf(admin, ANN, 'pwdAccountLockedTime')).length, 1);
  // Failures within one millisecond are recorded one after the other.
  server.clock.advance(60_002);
  t.same(await tries(client, ANN, "ann's"), ['success', 'nothing'], 'the lock ends by itself');
  t.same(await stateOf(admin, ANN, 'pwdAccountLockedTime'), []);
  t.same(await stateOf(admin, ANN, 'pwdFailureTime'), []);
  t.same(await tries(client, BOB, "bob's"), ['success', 'nothing'], 'others never noticed');
});

t.test('guesses sent at once do not get past the lock', async (t) => {
  const { server } = await governed({ pwdLockout: 'TRUE', pwdMaxFailure: '2' });
  let open = (): void => {};
  server.hasher.gate = new Promise((resolve) => {
    open = resolve;
  });
  const clients = Array.from({ length: 6 }, () => server.connect());
  const ids = clients.slice(0, 5).map((client) => client.send(simpleBind(ANN, 'wrong')));
  open();
  await Promise.all(ids.map((id, at) => clients[at]?.reply(id)));
  await until(
    () => server.backend.byDnText(ANN)?.attribute('pwdaccountlockedtime' as never) !== undefined,
    'the lock',
  );
  t.equal(
    server.backend.byDnText(ANN)?.attribute('pwdfailuretime' as never)?.values.length,
    2,
    'no more failures than lock it',
  );
});

t.test('the administrator locks for good and lifts locks, and is not subject to them', async (t) => {
  const { server, admin } = await governed({ pwdLockout: 'TRUE', pwdMaxFailure: '1' });
  const client = server.connect();
  const modify = (...change: ['add' | 'delete' | 'replace', string, ...string[]]) =>
    admin.modify(ANN, [change]);
  t.equal((await modify('add', 'pwdAccountLockedTime', '000001010000Z')).result, 'success');
  t.same(await tries(client, ANN, "ann's"), ['invalidCredentials', 'accountLocked']);
  t.equal((await modify('replace', 'userPassword', 'another-1')).result, 'success');
  t.same(
    await tries(client, ANN, 'another-1'),
    ['invalidCredentials', 'accountLocked'],
    'a reset lifts it not',
  );
  t.equal((await modify('delete', 'pwdAccountLockedTime')).result, 'success');
  t.same(await tries(client, ANN, 'another-1'), ['success', 'nothing']);
  await tries(client, ANN, 'wrong');
  await until(
    () => server.backend.byDnText(ANN)?.attribute('pwdaccountlockedtime' as never) !== undefined,
    'the lock',
  );
  t.same(await tries(client, ANN, 'another-1'), ['invalidCredentials', 'accountLocked']);
  t.equal((await modify('delete', 'pwdAccountLockedTime')).result, 'success');
  t.same(await stateOf(admin, ANN, 'pwdFailureTime'), [], 'what made the lock goes with it');
  t.same(await tries(client, ANN, 'another-1'), ['success', 'nothing']);
  for (let i = 0; i < 3; i++) await client.bind(ADMIN, 'wrong');
  t.equal((await client.bind(ADMIN, ADMIN_PASSWORD)).result, 'success');
});

t.test('a password that was reset must be changed before anything else (pwdMustChange)', async (t) => {
  const { server, admin } = await governed({ pwdMustChange: 'TRUE' });
  await admin.modify(ANN, [['replace', 'userPassword', 'given out']]);
  t.same(await stateOf(admin, ANN, 'pwdReset'), ['TRUE']);
  const ann = server.connect();
  t.same(await tries(ann, ANN, 'given out'), ['success', 'changeAfterReset']);
  const search = await ann.search({ base: BASE, scope: 'base' }, ASKED);
  t.same([search.result, told(search)], ['insufficientAccessRights', 'changeAfterReset']);
  t.equal((await ann.modify(ANN, [['replace', 'description', 'x']])).result, 'insufficientAccessRights');
  t.equal(
    (await ann.call({ kind: 'extended', oid: EXTENDED_OIDS.whoAmI, value: undefined })).result,
    'insufficientAccessRights',
  );
  t.equal((await passwd(ann, 'my own')).result, 'success');
  t.same(await stateOf(admin, ANN, 'pwdReset'), []);
  t.equal((await ann.search({ base: BASE, scope: 'base' })).result, 'success', 'the session is free');
  t.same(await tries(server.connect(), ANN, 'my own'), ['success', 'nothing']);
  await admin.modify(ANN, [['replace', 'userPassword', 'again']]);
  const other = server.connect();
  const unasked = await other.bind(ANN, 'again');
  t.same(
    unasked.controls.map(({ oid, value }) => [oid, latin1(value ?? new Uint8Array(0))]),
    [[CONTROL_OIDS.passwordExpired, '0']],
    'who does not ask gets the control of Netscape',
  );
  t.equal(
    (await other.modify(ANN, [['replace', 'userPassword', 'mine']])).result,
    'success',
    'by modify too',
  );
});

t.test(
  'a password expires: warned of, then good for some binds that change it, then for nothing',
  async (t) => {
    const { server, admin } = await governed({
      pwdMaxAge: '1000',
      pwdExpireWarning: '100',
      pwdGraceAuthNLimit: '2',
    });
    t.same(
      await tries(server.connect(), ANN, "ann's"),
      ['success', 'nothing'],
      'it was set without a policy',
    );
    await admin.modify(ANN, [['replace', 'userPassword', 'first']]);
    t.same(await tries(server.connect(), ANN, 'first'), ['success', 'nothing']);
    server.clock.advance(950_000);
    t.same(await tries(server.connect(), ANN, 'first'), ['success', 'expires in 50']);
    const unasked = await server.connect().bind(ANN, 'first');
    t.same(
      unasked.controls.map(({ oid, value }) => [oid, latin1(value ?? new Uint8Array(0))]),
      [[CONTROL_OIDS.passwordExpiring, '50']],
    );
    server.clock.advance(50_000);
    t.same(await tries(server.connect(), ANN, 'first'), ['success', 'grace 1']);
    const last = server.connect();
    t.same(await tries(last, ANN, 'first'), ['success', 'grace 0']);
    t.same(await tries(server.connect(), ANN, 'first'), ['invalidCredentials', 'passwordExpired']);
    t.same(await tries(server.connect(), ANN, 'wrong'), ['invalidCredentials', undefined]);
    t.equal((await last.search()).result, 'insufficientAccessRights');
    t.equal((await passwd(last, 'second')).result, 'success');
    t.same(await stateOf(admin, ANN, 'pwdGraceUseTime'), []);
    t.same(await tries(server.connect(), ANN, 'second'), ['success', 'nothing']);
  },
);

t.test('what a user may set: age, length, names, history, the old one given', async (t) => {
  const { server, admin } = await governed({
    pwdMinAge: '60',
    pwdInHistory: '2',
    pwdCheckQuality: '2',
    pwdMinLength: '5',
    pwdMaxLength: '10',
    pwdSafeModify: 'TRUE',
  });
  const ann = server.connect();
  await ann.bind(ANN, "ann's");
  let now = "ann's";
  const sets = async (next: string): Promise<readonly (string | undefined)[]> => {
    const reply = await passwd(ann, next, now);
    if (reply.result === 'success') now = next;
    return [reply.result, told(reply)];
  };
  const without = await passwd(ann, 'longer');
  t.same([without.result, told(without)], ['insufficientAccessRights', 'mustSupplyOldPassword']);
  t.same(await sets('four'), ['constraintViolation', 'passwordTooShort']);
  t.same(await sets('x'.repeat(11)), ['constraintViolation', 'insufficientPasswordQuality']);
  t.same(await sets('x-arbor-x'), ['constraintViolation', 'insufficientPasswordQuality'], 'her name');
  t.same(await sets("ann's"), ['constraintViolation', 'passwordInHistory'], 'the one that she has');
  t.same(await sets('first'), ['success', undefined]);
  t.same(await sets('second'), ['constraintViolation', 'passwordTooYoung']);
  for (const next of ['second', 'third', 'fourth']) {
    server.clock.advance(60_000);
    t.same(await sets(next), ['success', undefined], next);
  }
  server.clock.advance(60_000);
  t.same(await sets('second'), ['constraintViolation', 'passwordInHistory']);
  const history = await stateOf(admin, ANN, 'pwdHistory');
  t.same(
    history.map((value) => value.slice(value.indexOf('#'))).sort(),
    ['#1.3.6.1.4.1.1466.115.121.1.40#11#{TEST}third', '#1.3.6.1.4.1.1466.115.121.1.40#12#{TEST}second'],
    'hashes, as many as are asked for',
  );
  t.same(await sets('first'), ['success', undefined], 'long enough ago');
  server.clock.advance(60_000);
  const both = await ann.modify(ANN, [
    ['delete', 'userPassword', 'first'],
    ['add', 'userPassword', 'by modify'],
  ]);
  t.equal(both.result, 'success', 'delete and add give the old one');
  t.equal(
    (await ann.call(modifyRequest(ANN, [['replace', 'userPassword', 'one more']]), ASKED)).result,
    'insufficientAccessRights',
  );
  t.equal((await admin.modify(ANN, [['replace', 'userPassword', 'x']])).result, 'success', 'not for her');
});

t.test('the policy of an entry, of the nearest subtree, and the default', async (t) => {
  const { server, admin } = await governed({ pwdMinLength: '3', pwdCheckQuality: '2' });
  const subentry = async (cn: string, specification: string, values: Values) => {
    const added = await admin.add(`cn=${cn},${BASE}`, {
      ...policyEntry(cn, values),
      objectClass: ['subentry', 'pwdPolicy'],
      subtreeSpecification: specification,
    });
    t.equal(added.result, 'success', added.diagnostic);
  };
  const shortest = async (dn: string): Promise<number> => {
    const password = (await stateOf(admin, dn, 'userPassword'))[0]?.slice(6) ?? '';
    const client = server.connect();
    await client.bind(dn, password);
    for (let length = 1; ; length++)
      if ((await passwd(client, 'z'.repeat(length))).result === 'success') return length;
  };
  t.equal(await shortest(ANN), 3, 'the default');
  await subentry('all', '{ }', { pwdMinLength: '4', pwdCheckQuality: '2' });
  await subentry('people', '{ base "ou=people" }', { pwdMinLength: '5', pwdCheckQuality: '2' });
  await subentry('far', '{ base "ou=groups" }', { pwdMinLength: '9', pwdCheckQuality: '2' });
  t.equal(await shortest(ANN), 5, 'the nearest subtree');
  await admin.modify(ANN, [['add', 'pwdPolicySubentry', POLICY]]);
  t.equal(await shortest(ANN), 3, 'what the entry names');
  t.equal(await shortest(BOB), 5, 'others not');
  await admin.modify(ANN, [['replace', 'pwdPolicySubentry', `cn=gone,${BASE}`]]);
  t.equal(await shortest(ANN), 5, 'a name of no policy is passed over');
  await admin.delete(`cn=people,${BASE}`);
  t.equal(await shortest(ANN), 4);
  server.service.configure({ defaultPasswordPolicy: undefined });
  await admin.delete(`cn=all,${BASE}`);
  t.equal(await shortest(BOB), 1, 'none');
});

t.test(
  'without a policy nothing is written; a server that takes no writes judges and writes nothing',
  async (t) => {
    const server = await TestServer.open();
    await server.populate();
    const ann = server.connect();
    const changes = server.changes.length;
    await ann.bind(ANN, 'wrong');
    t.same(await tries(ann, ANN, "ann's"), ['success', 'nothing']);
    t.equal(server.changes.length, changes);
    await ann.modify(ANN, [['replace', 'userPassword', 'next']]);
    t.equal(server.backend.byDnText(ANN)?.attribute('pwdchangedtime' as never), undefined);
    const { server: guarded, admin } = await governed({ pwdLockout: 'TRUE', pwdMaxFailure: '1' });
    await admin.modify(BOB, [['add', 'pwdAccountLockedTime', '000001010000Z']]);
    guarded.service.configure({ writers: () => [] });
    const written = guarded.changes.length;
    const bob = guarded.connect();
    for (let i = 0; i < 3; i++) await bob.bind(ANN, 'wrong');
    t.same(await tries(bob, ANN, "ann's"), ['success', 'nothing']);
    t.same(await tries(bob, BOB, "bob's"), ['invalidCredentials', 'accountLocked']);
    t.equal(guarded.changes.length, written);
  },
);

t.test('what governs an account and what would become of its next bind is explained', async (t) => {
  const { server, admin } = await governed({
    pwdLockout: 'TRUE',
    pwdMaxFailure: '2',
    pwdLockoutDuration: '60',
    pwdMaxAge: '1000',
    pwdMustChange: 'TRUE',
  });
  const { directory, settings } = server.service;
  const explain = (dn: string) =>
    explainPolicy({ schema: server.schema, directory, settings, clock: server.clock }, dn);
  t.match(await explain(ANN), {
    dn: ANN,
    policy: { dn: POLICY, why: 'default' },
    account: { passwordChanged: null, expires: null, lock: null },
    nextBind: 'admitted',
  });
  await admin.modify(ANN, [
    ['replace', 'userPassword', 'given out'],
    ['add', 'pwdPolicySubentry', `cn=gone,${BASE}`],
  ]);
  t.match(await explain(ANN), {
    passedOver: [`cn=gone,${BASE}`],
    account: { expires: '2026-01-01T00:16:40.000Z', mustChange: true, failures: 0 },
    nextBind: 'changeOnly',
  });
  await admin.modify(ANN, [['delete', 'pwdReset']]);
  server.clock.advance(1_000_000);
  t.match(await explain(ANN), { nextBind: 'passwordExpired' });
  await admin.modify(ANN, [['add', 'pwdAccountLockedTime', '20260101001640Z']]);
  t.match(await explain(ANN), {
    account: { lock: { why: 'failures', until: '2026-01-01T00:17:40.000Z' } },
    nextBind: 'accountLocked',
  });
  const refused = (dn: string) =>
    explain(dn).then(
      () => undefined,
      (error: LdapError) => error.result,
    );
  t.equal(await refused(ADMIN), 'unwillingToPerform');
  t.equal(await refused(`cn=gone,${BASE}`), 'noSuchObject');
  t.equal(await refused('no dn'), 'invalidDNSyntax');
});

t.test(
  'account usability: what a bind would come to, beside each entry (1.3.6.1.4.1.42.2.27.9.5.8)',
  async (t) => {
    const { server, admin } = await governed({
      pwdLockout: 'TRUE',
      pwdLockoutDuration: '60',
      pwdMaxAge: '100',
      pwdGraceAuthNLimit: '3',
      pwdMustChange: 'TRUE',
    });
    const asked = [{ oid: CONTROL_OIDS.accountUsability, critical: true, value: undefined }];
    const usability = async (dn: string): Promise<AccountUsability | undefined> => {
      const id = admin.send(searchRequest({ base: dn, scope: 'base', attributes: ['1.1'] }), asked);
      await admin.reply(id);
      const sent = admin.transport.responses.find(
        (one) => one.id === id && one.response.kind === 'searchEntry',
      );
      const control = sent?.controls.find(({ oid }) => oid === CONTROL_OIDS.accountUsability);
      return control && decodeAccountUsability(control.value);
    };
    const unavailable = {
      kind: 'unavailable',
      inactive: false,
      reset: false,
      expired: false,
      graceLeft: undefined,
      secondsBeforeUnlock: undefined,
    } as const;
    t.same(await usability(ANN), { kind: 'available', seconds: -1 });
    await admin.modify(ANN, [['replace', 'userPassword', 'given out']]);
    t.same(await usability(ANN), { ...unavailable, reset: true });
    await admin.modify(ANN, [['delete', 'pwdReset']]);
    t.same(await usability(ANN), { kind: 'available', seconds: 100 });
    server.clock.advance(100_000);
    t.same(await usability(ANN), { ...unavailable, expired: true, graceLeft: 3 });
    await admin.modify(BOB, [['add', 'pwdAccountLockedTime', '20260101000130Z']]);
    t.same(await usability(BOB), { ...unavailable, inactive: true, secondsBeforeUnlock: 50 });
    t.equal(await usability(''), undefined, 'not for what is no entry');
  },
);
