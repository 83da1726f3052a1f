import t from 'tap';
import type { AttributeAccess, SubjectEntry } from '../../lib/access/access-policy.js';
import { firstAccessRules } from '../../lib/access/first-access-rules.js';
import { ADMIN, ANONYMOUS, type Requester } from '../../lib/access/requester.js';
import { SECRET_ATTRIBUTES } from '../../lib/access/secret-attributes.js';
import { utf8Encode } from '../../lib/base/bytes.js';
import { LdapError } from '../../lib/base/ldap-error.js';
import type { EntryUuid } from '../../lib/change/change.js';
import { parseDn } from '../../lib/dn/dn-text.js';
import type { Attribute } from '../../lib/entry/entry.js';
import type { AttributeKey } from '../../lib/schema/attribute-type.js';

const policy = firstAccessRules();
const uuid = '00000000-0000-4000-8000-000000000001' as EntryUuid;
const other = '00000000-0000-4000-8000-000000000002' as EntryUuid;
const user: Requester = { kind: 'user', dn: 'uid=ann,dc=example,dc=com', uuid };
const key = (text: string) => text as AttributeKey;

function entry(id: EntryUuid): SubjectEntry {
  const stored = new Map<AttributeKey, Attribute>([
    [key('objectclass'), { name: 'objectClass', values: [utf8Encode('inetOrgPerson')] }],
    [key('cn'), { name: 'cn', values: [utf8Encode('Ann')] }],
    [key('userpassword'), { name: 'userPassword', values: [utf8Encode('{TEST}x')] }],
    [key('userpassword;x-old'), { name: 'userPassword;x-old', values: [utf8Encode('{TEST}y')] }],
  ]);
  return {
    dn: parseDn('uid=ann,dc=example,dc=com'),
    uuid: id,
    stored,
    attribute: (wanted) => stored.get(wanted),
    computed: () => new Map(),
  };
}

function refused(test: Pick<typeof t, 'ok'>, run: () => void, what: string): void {
  let result: string | undefined;
  try {
    run();
  } catch (error) {
    result = error instanceof LdapError ? error.result : String(error);
  }
  test.ok(result === 'insufficientAccessRights', what);
}

t.test('everyone but the administrator reads entries without passwords, options included', async (t) => {
  for (const requester of [ANONYMOUS, user]) {
    const reader = policy.reader(requester);
    const view = reader.view(entry(uuid));
    t.equal(view.attribute(key('userpassword')), undefined);
    t.same([...view.stored.keys()], ['objectclass', 'cn']);
    t.ok(reader.seesEntry(entry(uuid)));
    t.notOk(reader.sees(entry(uuid), key('userpassword')));
    t.notOk(reader.sees(entry(uuid), key('userpassword;x-old')));
    t.ok(reader.sees(entry(uuid), key('cn')));
    for (const secret of SECRET_ATTRIBUTES) t.ok(reader.mayHide(key(secret)), secret);
  }
  const all = policy.reader(ADMIN);
  const whole = entry(uuid);
  t.equal(all.view(whole), whole);
  t.notOk(all.mayHide(key('userpassword')));
  t.not(all.cacheKey, policy.reader(ANONYMOUS).cacheKey, 'encodings are not shared between the two');
});

t.test('a user may change the own password by replace, delete and add, and nothing else', async (t) => {
  const changes = (...list: [AttributeAccess['operation'], string][]): AttributeAccess[] =>
    list.map(([operation, name]) => ({ operation, key: key(name) }));
  policy.checkModify(user, entry(uuid), changes(['replace', 'userpassword']));
  policy.checkModify(user, entry(uuid), changes(['delete', 'userpassword'], ['add', 'userpassword']));
  policy.checkPasswordChange(user, entry(uuid));
  refused(
    t,
    () => policy.checkModify(user, entry(other), changes(['replace', 'userpassword'])),
    "another's password",
  );
  refused(
    t,
    () => policy.checkModify(user, entry(uuid), changes(['replace', 'userpassword'], ['add', 'mail'])),
    'mail',
  );
  refused(
    t,
    () => policy.checkModify(user, entry(uuid), changes(['increment', 'userpassword'])),
    'increment',
  );
  refused(t, () => policy.checkPasswordChange(user, entry(other)), "another's password by RFC 3062");
  refused(t, () => policy.checkPasswordChange(ANONYMOUS, entry(uuid)), 'anonymous');
  refused(t, () => policy.checkAdd(user, parseDn('cn=x'), undefined), 'add');
  refused(t, () => policy.checkDelete(user, entry(uuid)), 'delete the own entry');
  refused(t, () => policy.checkRename(user, entry(uuid), undefined), 'rename');
  refused(t, () => policy.checkDelete(ANONYMOUS, entry(uuid)), 'anonymous delete');
  t.notOk(policy.mayStoreHashedPassword(user));
  t.notOk(policy.mayMonitor(user));
  t.throws(() => policy.checkAdminister(user), /give commands/);
});

t.test('the administrator may do all', async (t) => {
  policy.checkAdd(ADMIN, parseDn('cn=x'), undefined);
  policy.checkDelete(ADMIN, entry(uuid));
  policy.checkRename(ADMIN, entry(uuid), entry(other));
  policy.checkModify(ADMIN, entry(uuid), [{ operation: 'add', key: key('mail') }]);
  policy.checkPasswordChange(ADMIN, entry(uuid));
  t.ok(policy.mayStoreHashedPassword(ADMIN) && policy.mayMonitor(ADMIN));
});
