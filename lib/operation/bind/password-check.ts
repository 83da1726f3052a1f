/**
 * Passwords checked: for simple binds, SASL PLAIN and the old password of a password change.
 *
 * Invariants: an unknown name and a wrong password have the same answer and cost the same hashing; nothing about an entry is said before its password was
 * verified; the entry is looked at again after the wait, so one that was deleted meanwhile does not get in. What a password policy says of a bind is account-guard.ts.
 */
import type { Requester } from '../../access/requester.js';
import type { StoredEntry } from '../../backend/backend.js';
import { emptyBytes } from '../../base/bytes.js';
import { LIMITS } from '../../base/limits.js';
import type { AttributeKey } from '../../schema/attribute-type.js';
import type { Domain } from '../directory.js';
import type { Operation } from '../operation.js';
import type { ServerParts } from '../server-parts.js';
import { type AccountGuard, guardOf } from './account-guard.js';
import { isAdminDn } from './identities.js';
import { invalidCredentials } from './invalid-credentials.js';

/** Password values of one entry that are tried: more would let one bind cost many hashes. */
const MAX_TRIED = 4;
const PASSWORD_KEY = 'userpassword' as AttributeKey;

/** Whom a DN names, as far as passwords go. */
export interface Account {
  /** Stored passwords; empty: nobody can bind as this. */
  readonly stored: readonly Uint8Array[];
  /** undefined: nobody, or the administrator. */
  readonly entry: StoredEntry | undefined;
  /** What a password policy asks of its binds; undefined: nothing. */
  guard(): AccountGuard | undefined | Promise<AccountGuard | undefined>;
  /** Who that is, if still so after verification. */
  confirm(): Requester | undefined;
}

/** Who the name is, when this is its password and its policy lets it in. `name`: a DN. Rejects with LdapError invalidCredentials. */
export async function verifyName(
  parts: ServerParts,
  operation: Operation,
  name: string,
  password: Uint8Array,
): Promise<Requester> {
  const account = accountOf(parts, name);
  const guard = await account.guard();
  // A locked account costs the hashing of any other.
  const proves = await verifyAny(parts, guard?.locked === true ? [] : account.stored, password);
  return await admitted(operation, account, guard, proves);
}

/** Who the account is, where the password was proved and the policy lets it in; rejects with invalidCredentials otherwise. */
export async function admitted(
  operation: Operation,
  account: Account,
  guard: AccountGuard | undefined,
  proves: boolean,
): Promise<Requester> {
  if (!proves) guard?.failed(operation);
  const requester = proves ? account.confirm() : undefined;
  if (requester === undefined) throw invalidCredentials();
  await guard?.succeeded(operation);
  return requester;
}

/** Whether `password` is the one of the name: for binds and for the old password of a password change. */
export async function verifyPassword(
  parts: ServerParts,
  entry: StoredEntry,
  password: Uint8Array,
): Promise<boolean> {
  return verifyAny(parts, entry.attribute(PASSWORD_KEY)?.values ?? [], password);
}

const NOBODY: Account = {
  stored: [],
  entry: undefined,
  guard: () => undefined,
  confirm: () => undefined,
};

/** The account of a name, a DN. An unknown one has no passwords. Throws LdapError for what is no DN, or lies elsewhere. */
export function accountOf(parts: ServerParts, text: string): Account {
  if (text === '') return NOBODY;
  const route = parts.directory.route(text);
  if (isAdminDn(parts, route.dn)) {
    const { adminPassword, adminDn } = parts.settings;
    return {
      stored: adminPassword === undefined ? [] : [adminPassword],
      entry: undefined,
      guard: () => undefined,
      confirm: () => ({ kind: 'admin', dn: adminDn }),
    };
  }
  const entry = route.kind === 'domain' ? route.domain.backend.byDn(route.dn) : undefined;
  if (route.kind !== 'domain' || entry === undefined) return NOBODY;
  return {
    stored: entry.attribute(PASSWORD_KEY)?.values ?? [],
    entry,
    guard: () => guardOf(parts, route.domain, entry),
    confirm: () => confirmUser(route.domain, entry),
  };
}

function confirmUser(domain: Domain, entry: StoredEntry): Requester | undefined {
  const now = domain.backend.byUuid(entry.uuid);
  return now === undefined ? undefined : { kind: 'user', dn: now.dnText, uuid: now.uuid };
}

async function verifyAny(
  parts: ServerParts,
  stored: readonly Uint8Array[],
  password: Uint8Array,
): Promise<boolean> {
  // A password too long to hash costs the same work and never matches.
  const tooLong = password.length > LIMITS.passwordBytes;
  const tried = tooLong ? emptyBytes() : password;
  if (stored.length === 0 || tooLong) {
    await parts.hasher.verify(tried, undefined);
    return false;
  }
  for (const value of stored.slice(0, MAX_TRIED)) {
    if (await parts.hasher.verify(tried, value)) return true;
  }
  return false;
}
