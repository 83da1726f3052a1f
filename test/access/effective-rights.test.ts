/** Rights in the form that clients know. */
import t from 'tap';
import { attributeRights, entryRights, renameRight, rightsText } from '../../lib/access/effective-rights.js';
import { firstAccessRules } from '../../lib/access/first-access-rules.js';
import { ADMIN, ANONYMOUS, type Requester } from '../../lib/access/requester.js';
import type { EntryUuid } from '../../lib/change/change.js';
import type { AttributeKey } from '../../lib/schema/attribute-type.js';
import { entryOf } from './test-entries.js';

const uuid = '00000000-0000-4000-8000-000000000001' as EntryUuid;
const other = '00000000-0000-4000-8000-000000000002' as EntryUuid;
const user: Requester = { kind: 'user', dn: 'uid=ann,dc=example', uuid };
const policy = firstAccessRules();

const question = (subject: Requester, id = uuid) => ({
  policy,
  subject,
  entry: entryOf({ cn: ['Ann'] }, 'uid=ann,dc=example', id),
  parent: undefined,
  proxy: { allowed: subject.kind === 'admin', rule: 'proxy' },
});

t.test('rights are named as Sun and OpenDJ do, in their order', async (t) => {
  const entry = (subject: Requester, id?: EntryUuid) => rightsText(entryRights(question(subject, id)));
  t.equal(entry(ADMIN), 'add:1,delete:1,read:1,write:1,proxy:1');
  t.equal(entry(ANONYMOUS), 'add:0,delete:0,read:1,write:0,proxy:0');
  t.equal(entry(user), 'add:0,delete:0,read:1,write:1,proxy:0', 'the own password is something of it');
  t.equal(entry(user, other), 'add:0,delete:0,read:1,write:0,proxy:0');
  t.same(
    [user, ADMIN].map((subject) => renameRight(question(subject)).verdict.allowed),
    [false, true],
  );
  const attribute = (subject: Requester, key: string, maintained = false) =>
    rightsText(attributeRights(question(subject), key as AttributeKey, maintained));
  const writes = 'write:1,selfwrite_add:1,selfwrite_delete:1';
  const none = 'write:0,selfwrite_add:0,selfwrite_delete:0';
  t.equal(attribute(user, 'userpassword'), `search:0,read:0,compare:0,${writes},proxy:0`);
  t.equal(attribute(user, 'cn'), `search:1,read:1,compare:1,${none},proxy:0`);
  t.equal(attribute(ADMIN, 'cn'), `search:1,read:1,compare:1,${writes},proxy:1`);
  t.equal(attribute(ADMIN, 'entryuuid', true), `search:1,read:1,compare:1,${none},proxy:1`);
});

t.test('what an identity may not see it may not read either', async (t) => {
  const blind = {
    ...policy,
    judge: (...[requester, act]: Parameters<typeof policy.judge>) =>
      act.kind === 'see' ? { allowed: false, rule: 'hidden' } : policy.judge(requester, act),
  };
  const [search] = attributeRights({ ...question(user), policy: blind }, 'cn' as AttributeKey, false);
  t.same(search?.verdict, { allowed: false, rule: 'hidden' });
});
