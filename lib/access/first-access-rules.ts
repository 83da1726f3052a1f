/**
 * The first rules: the administrator may do all; everyone may read entries, except secret attributes; a user may change the own
 * password; everything else is refused.
 *
 * Compare RFC 4513 section 5 (identities) and reliability class 33 (a hidden attribute must not influence any answer).
 */
import { LdapError } from '../base/ldap-error.js';
import type { AttributeKey } from '../schema/attribute-type.js';
import type { AccessPolicy, Act, AttributeAccess, Reader, SubjectEntry, Verdict } from './access-policy.js';
import type { Requester } from './requester.js';
import { baseKey, RestrictedView, SECRET_ATTRIBUTES } from './secret-attributes.js';

const PASSWORD_KEY = 'userpassword';
const OWN_PASSWORD = 'users may change their own password';

const READS_ALL: Reader = {
  cacheKey: 'all',
  seesEntry: () => true,
  sees: () => true,
  mayHide: () => false,
  view: (entry) => entry,
};

/** The first form of the policy. `secret`: further attributes to hide, by key without options. */
export function firstAccessRules(secret: readonly string[] = []): AccessPolicy {
  const secrets = new Set<string>([...SECRET_ATTRIBUTES, ...secret]);
  const hides = (key: AttributeKey): boolean =>
    secrets.has(key) || (key.includes(';') && secrets.has(baseKey(key)));
  const readsPublic: Reader = {
    cacheKey: 'public',
    seesEntry: () => true,
    sees: (_entry, key) => !hides(key),
    mayHide: hides,
    view: (entry) => new RestrictedView(entry, hides),
  };
  const judge = (requester: Requester, act: Act): Verdict => {
    if (requester.kind === 'admin') return { allowed: true, rule: 'the administrator may do all' };
    const allowed = permission(requester, act, hides);
    return allowed === undefined
      ? { allowed: false, rule: `only the administrator may ${ADMIN_ONLY[act.kind]}` }
      : { allowed: true, rule: allowed };
  };
  const check = (requester: Requester, act: Act): void => {
    if (!judge(requester, act).allowed) refuse(requester, ADMIN_ONLY[act.kind]);
  };
  return {
    reader: (requester) => (requester.kind === 'admin' ? READS_ALL : readsPublic),
    judge,
    checkAdd: (requester, dn, parent) => check(requester, { kind: 'add', dn, parent }),
    checkDelete: (requester, entry) => check(requester, { kind: 'delete', entry }),
    checkRename: (requester, entry, newParent) => check(requester, { kind: 'rename', entry, newParent }),
    checkModify: (requester, entry, accesses) => check(requester, { kind: 'modify', entry, accesses }),
    checkPasswordChange: (requester, entry) => check(requester, { kind: 'changePassword', entry }),
    mayStoreHashedPassword: (requester) => requester.kind === 'admin',
    mayMonitor: (requester) => requester.kind === 'admin',
    checkAdminister: (requester) => {
      if (requester.kind !== 'admin') refuse(requester, 'give commands to the server');
    },
  };
}

/** What is left to the administrator of each kind of act. */
const ADMIN_ONLY: Readonly<Record<Act['kind'], string>> = {
  see: 'see this entry',
  read: 'see this attribute, which is secret',
  add: 'add entries',
  delete: 'delete entries',
  rename: 'rename entries',
  modify: 'modify anything but the own userPassword',
  changePassword: "change another's password",
};

/** The rule that lets those do it who are not the administrator; undefined: there is none. */
function permission(
  requester: Requester,
  act: Act,
  hides: (key: AttributeKey) => boolean,
): string | undefined {
  switch (act.kind) {
    case 'see':
      return 'everyone may read entries';
    case 'read':
      return hides(act.key) ? undefined : 'everyone may read entries';
    case 'modify':
      return isSelf(requester, act.entry) && act.accesses.every(isPasswordChange) ? OWN_PASSWORD : undefined;
    case 'changePassword':
      return isSelf(requester, act.entry) ? OWN_PASSWORD : undefined;
    default:
      return undefined;
  }
}

function isPasswordChange(access: AttributeAccess): boolean {
  return access.key === PASSWORD_KEY && access.operation !== 'increment';
}

function isSelf(requester: Requester, entry: SubjectEntry): boolean {
  return requester.kind === 'user' && entry.uuid === requester.uuid;
}

function refuse(requester: Requester, what: string): never {
  throw new LdapError(
    'insufficientAccessRights',
    requester.kind === 'anonymous'
      ? `Anonymous clients may not ${what}; bind first.`
      : `This identity may not ${what}.`,
  );
}
