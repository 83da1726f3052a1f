/**
 * Password modify (RFC 3062): the own password, or with the right to it another's; a generated one when none is given.
 *
 * The old password, where given, is verified as in a bind, before anything else is said of the user's entry.
 */

import type { Requester } from '../../access/requester.js';
import type { Intent, ReadView, StoredEntry } from '../../backend/backend.js';
import { LdapError } from '../../base/ldap-error.js';
import { applyModifications } from '../../entry/apply-modifications.js';
import { checkModifiedEntry } from '../../entry/check-entry.js';
import {
  decodePasswordModify,
  encodeGeneratedPassword,
  type PasswordModify,
} from '../../ldap/extended/password-modify.js';
import type { ExtendedRequest } from '../../ldap/message.js';
import { checkProtected } from '../connection/protection.js';
import type { Domain } from '../directory.js';
import { domainOf, shown, targetEntry } from '../names.js';
import { type Answer, extendedAnswer, type Operation, SUCCESS } from '../operation.js';
import type { ServerParts } from '../server-parts.js';
import { assure } from '../write/assured.js';
import { csnControls } from '../write/read-entry.js';
import { checkTakesWrites } from '../write/read-only.js';
import { checkWritable, submit } from '../write/writes.js';
import { isAdminDn, requesterWith } from './identities.js';
import { judgeChange, withState } from './password-change.js';
import { verifyPassword } from './password-check.js';
import type { Governing } from './password-policies.js';
import { generatePassword, storedPassword } from './password-storage.js';

/** Changes a password; answers when that is on disk, with the password where the server made it. */
export async function passwordModify(parts: ServerParts, operation: Operation): Promise<Answer> {
  const request = operation.message.request as ExtendedRequest;
  const wish = decodePasswordModify(request.value);
  checkTakesWrites(parts, operation);
  checkProtected(parts, operation);
  const { domain, entry } = await findUser(parts, operation, wish);
  parts.policy.checkPasswordChange(operation.requester, entry);
  if (wish.oldPassword !== undefined && !(await verifyPassword(parts, entry, wish.oldPassword))) {
    throw new LdapError('invalidCredentials', 'The old password is wrong.');
  }
  const values = wish.newPassword === undefined ? [] : [wish.newPassword];
  const givesOld = wish.oldPassword !== undefined;
  const policy = await judgeChange(parts, operation, domain, entry, { values, givesOld });
  const generated = wish.newPassword === undefined ? generatePassword(parts) : undefined;
  const stored = await storedPassword(parts, operation, wish.newPassword ?? generated ?? new Uint8Array(0));
  const written = await submit(operation, domain, (view) =>
    decide(parts, operation, view, { entry, stored, policy }),
  );
  const given = extendedAnswer(
    SUCCESS,
    undefined,
    generated === undefined ? undefined : encodeGeneratedPassword(generated),
  );
  const controls = csnControls(operation, written);
  const assured = await assure(operation, domain.assurance, written.csn);
  if (assured === undefined) return { ...given, controls };
  return {
    response: { ...given.response, result: assured.result },
    controls: [...controls, ...assured.controls],
  };
}

async function findUser(parts: ServerParts, operation: Operation, wish: PasswordModify): Promise<User> {
  const { requester } = operation;
  if (wish.user === undefined) return ownEntry(parts, requester);
  const text = await dnOfUser(parts, wish.user);
  if (isAdminDn(parts, parts.directory.route(text).dn)) throw adminPassword();
  const { manageDsaIt } = operation.controls;
  const { domain, dn } = domainOf(parts.directory, text, manageDsaIt);
  return { domain, entry: targetEntry(domain.backend, dn, parts.policy.reader(requester), manageDsaIt) };
}

/** The DN of a user identity: a DN, `dn:` and a DN, or `u:` and a uid (RFC 3062 section 2 leaves its form open). */
async function dnOfUser(parts: ServerParts, user: string): Promise<string> {
  const lower = user.slice(0, 3).toLowerCase();
  if (lower === 'dn:') return user.slice(3);
  if (!lower.startsWith('u:')) return user;
  const found = await requesterWith(parts, 'uid', user.slice(2));
  if (found?.kind === 'user') return found.dn;
  throw new LdapError('noSuchObject', 'There is no user with this uid, or more than one.');
}

interface User {
  readonly domain: Domain;
  readonly entry: StoredEntry;
}

function ownEntry({ directory }: ServerParts, requester: Requester): User {
  if (requester.kind === 'anonymous') {
    throw new LdapError('unwillingToPerform', 'Whose password? Bind first, or name the user.');
  }
  if (requester.kind === 'admin') throw adminPassword();
  for (const domain of directory.domains) {
    const entry = domain.backend.byUuid(requester.uuid);
    if (entry !== undefined) return { domain, entry };
  }
  throw new LdapError('noSuchObject', 'The entry of this identity does not exist any more.');
}

function adminPassword(): LdapError {
  return new LdapError(
    'unwillingToPerform',
    "The administrator's password stands in the server's configuration.",
  );
}

/** A password that is hashed and was judged. */
interface NewPassword {
  /** As it was when it was judged. */
  readonly entry: StoredEntry;
  readonly stored: Uint8Array;
  readonly policy: Governing | undefined;
}

function decide(
  parts: ServerParts,
  operation: Operation,
  view: ReadView,
  { entry: seen, stored, policy }: NewPassword,
): readonly Intent[] {
  const entry = view.byUuid(seen.uuid);
  if (entry === undefined)
    throw new LdapError('noSuchObject', `There is no entry ${shown(seen.dn)} any more.`);
  parts.policy.checkPasswordChange(operation.requester, entry);
  checkWritable(entry);
  const attribute = { description: 'userPassword', values: [stored] };
  const { after, changes } = applyModifications(
    entry.stored,
    [{ operation: 'replace', attribute }],
    parts.schema,
  );
  checkModifiedEntry(entry.stored, after, changes, entry.state.rdn, parts.schema);
  const attributes = withState(parts, operation, policy, entry, changes);
  return [{ entry: entry.uuid, body: { kind: 'modify', attributes } }];
}
