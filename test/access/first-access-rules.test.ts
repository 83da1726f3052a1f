/** Who may do what. */
import t from 'tap';
import type { Act, AttributeAccess } from '../../lib/access/access-policy.js';
import { firstAccessRules } from '../../lib/access/first-access-rules.js';
import { ADMIN, ANONYMOUS, type Requester } from '../../lib/access/requester.js';
import { SECRET_ATTRIBUTES } from '../../lib/access/secret-attributes.js';
import { LdapError } from '../../lib/base/ldap-error.js';
import type { EntryUuid } from '../../lib/change/change.js';
import { parseDn } from '../../lib/dn/dn-text.js';
import type { AttributeKey } from '../../lib/schema/attribute-type.js';
import { entryOf } from './test-entries.js';

const policy = firstAccessRules();
const uuid = '00000000-0000-4000-8000-000000000001' as EntryUuid;
const other = '00000000-0000-4000-8000-000000000002' as EntryUuid;
const user: Requester = { kind: 'user', dn: 'uid=ann,dc=example,dc=com', uuid };
const key = (text: string) => text as AttributeKey;

const ENTRY = {
  objectClass: ['inetOrgPerson'],
  cn: ['Ann'],
  userPassword: ['{TEST}x'],
  'userPassword;x-old': ['{TEST}y'],
};
const entry = (id: EntryUuid) => entryOf(ENTRY, 'uid=ann,dc=example,dc=com', id);

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

t.test(
  'what is judged is what the reader and the checks say, for every identity, entry and act',
  async (t) => {
    const whole = entry(uuid);
    const passes = (check: () => void): boolean => {
      try {
        check();
        return true;
      } catch (error) {
        if (error instanceof LdapError) return false;
        throw error;
      }
    };
    const operations = ['add', 'delete', 'replace', 'increment'] as const;
    for (const requester of [ANONYMOUS, user, { ...user, uuid: other }, ADMIN]) {
      const judged = (act: Act): boolean => {
        const { allowed, rule } = policy.judge(requester, act);
        t.notOk(rule === '');
        return allowed;
      };
      const reader = policy.reader(requester);
      t.equal(judged({ kind: 'see', entry: whole }), reader.seesEntry(whole));
      const { dn } = whole;
      t.equal(
        judged({ kind: 'add', dn, parent: undefined }),
        passes(() => policy.checkAdd(requester, dn, undefined)),
      );
      t.equal(
        judged({ kind: 'delete', entry: whole }),
        passes(() => policy.checkDelete(requester, whole)),
      );
      t.equal(
        judged({ kind: 'rename', entry: whole, newParent: undefined }),
        passes(() => policy.checkRename(requester, whole, undefined)),
      );
      t.equal(
        judged({ kind: 'changePassword', entry: whole }),
        passes(() => policy.checkPasswordChange(requester, whole)),
      );
      for (const name of ['cn', 'userpassword', 'userpassword;x-old', 'mail']) {
        t.equal(judged({ kind: 'read', entry: whole, key: key(name) }), reader.sees(whole, key(name)));
        for (const operation of operations) {
          const accesses = [{ operation, key: key(name) }];
          t.equal(
            judged({ kind: 'modify', entry: whole, accesses }),
            passes(() => policy.checkModify(requester, whole, accesses)),
          );
        }
      }
    }
  },
);
