/**
 * Passwords checked: for simple binds, SASL PLAIN and the old password of a password change.
 *
 * Invariants: an unknown name and a wrong password have the same answer and cost the same hashing; nothing about an entry is said before its password was
 * verified; the entry is looked at again after the wait, so one that was deleted meanwhile does not get in.
 */
import type { Requester } from '../access/requester.js';
import type { StoredEntry } from '../backend/backend.js';
import { emptyBytes } from '../base/bytes.js';
import { LdapError } from '../base/ldap-error.js';
import { LIMITS } from '../base/limits.js';
import type { AttributeKey } from '../schema/attribute-type.js';
import type { Domain } from './directory.js';
import { isAdminDn } from './identities.js';
import type { ServerParts } from './server-parts.js';

/** Password values of one entry that are tried: more would let one bind cost many hashes. */
const MAX_TRIED = 4;
const PASSWORD_KEY = 'userpassword' as AttributeKey;

/** Whom a DN names, as far as passwords go. */
export interface Account {
  /** Stored passwords; empty: nobody can bind as this. */
  readonly stored: readonly Uint8Array[];
  /** undefined: nobody, or the administrator. */
  readonly entry: StoredEntry | undefined;
  /** Who that is, if still so after verification. */
  confirm(): Requester | undefined;
}

/** Who the name is, when this is its password. `name`: a DN. Rejects with LdapError invalidCredentials. */
export async function verifyName(parts: ServerParts, name: string, password: Uint8Array): Promise<Requester> {
  const requester = await authenticate(parts, accountOf(parts, name), password);
  if (requester === undefined) throw invalidCredentials();
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

const NOBODY: Account = { stored: [], entry: undefined, confirm: () => undefined };

/** The account of a name, a DN. An unknown one has no passwords. Throws LdapError for what is no DN, or lies elsewhere. */
export function accountOf(parts: ServerParts, text: string): Account {
  if (text === '') return NOBODY;
  const route = parts.directory.route(text);
  if (isAdminDn(parts, route.dn)) {
    const { adminPassword, adminDn } = parts.settings;
    return {
      stored: adminPassword === undefined ? [] : [adminPassword],
      entry: undefined,
      confirm: () => ({ kind: 'admin', dn: adminDn }),
    };
  }
  const entry = route.kind === 'domain' ? route.domain.backend.byDn(route.dn) : undefined;
  if (route.kind !== 'domain' || entry === undefined) return NOBODY;
  return {
    stored: entry.attribute(PASSWORD_KEY)?.values ?? [],
    entry,
    confirm: () => confirmUser(route.domain, entry),
  };
}

function confirmUser(domain: Domain, entry: StoredEntry): Requester | undefined {
  const now = domain.backend.byUuid(entry.uuid);
  return now === undefined ? undefined : { kind: 'user', dn: now.dnText, uuid: now.uuid };
}

async function authenticate(
  parts: ServerParts,
  { stored, confirm }: Account,
  password: Uint8Array,
): Promise<Requester | undefined> {
  return (await verifyAny(parts, stored, password)) ? confirm() : undefined;
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

/** What a wrong password and an unknown name answer alike. */
export function invalidCredentials(): LdapError {
  return new LdapError('invalidCredentials', 'The name or the password is wrong.');
}
