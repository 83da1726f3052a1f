/**
 * The first rules: the administrator may do all; everyone may read entries, except secret attributes; a user may change the own
 * password; everything else is refused.
 *
 * Compare RFC 4513 section 5 (identities) and reliability class 33 (a hidden attribute must not influence any answer).
 */
import { LdapError } from '../base/ldap-error.js';
import type { AttributeKey } from '../schema/attribute-type.js';
import type { AccessPolicy, AttributeAccess, Reader, SubjectEntry } from './access-policy.js';
import type { Requester } from './requester.js';
import { baseKey, RestrictedView, SECRET_ATTRIBUTES } from './secret-attributes.js';

const PASSWORD_KEY = 'userpassword';

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
  const adminOnly = (requester: Requester, what: string): void => {
    if (requester.kind !== 'admin') refuse(requester, what);
  };
  return {
    reader: (requester) => (requester.kind === 'admin' ? READS_ALL : readsPublic),
    checkAdd: (requester) => adminOnly(requester, 'add entries'),
    checkDelete: (requester) => adminOnly(requester, 'delete entries'),
    checkRename: (requester) => adminOnly(requester, 'rename entries'),
    checkModify: (requester, entry, accesses) => {
      if (requester.kind === 'admin') return;
      if (!isSelf(requester, entry) || !accesses.every(isPasswordChange)) {
        refuse(requester, 'modify anything but the own userPassword');
      }
    },
    checkPasswordChange: (requester, entry) => {
      if (requester.kind !== 'admin' && !isSelf(requester, entry))
        refuse(requester, "change another's password");
    },
    mayStoreHashedPassword: (requester) => requester.kind === 'admin',
    mayMonitor: (requester) => requester.kind === 'admin',
    checkAdminister: (requester) => adminOnly(requester, 'give commands to the server'),
  };
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
