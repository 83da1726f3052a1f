/**
 * Identities: what the names that clients authenticate and act under stand for (RFC 4513 section 5.2.1.8).
 *
 * The administrator is no entry; everybody else is one. Owns no rights: who may act as whom is proxied-authorization.ts, passwords are password-check.ts.
 */
import { ANONYMOUS, type Requester } from '../../access/requester.js';
import type { StoredEntry } from '../../backend/backend.js';
import { utf8Encode } from '../../base/bytes.js';
import { LdapError } from '../../base/ldap-error.js';
import type { Dn } from '../../dn/dn.js';
import { compileFilter } from '../../filter/compile-filter.js';
import { prepareMatch } from '../../filter/filter-match.js';
import type { ServerParts } from '../server-parts.js';

export type IdentityParts = Pick<ServerParts, 'schema' | 'directory' | 'settings'>;

/** Whether a name is the administrator's. */
export function isAdminDn(parts: IdentityParts, dn: Dn): boolean {
  const key = parts.schema.dnKey(dn);
  return key !== undefined && key === parts.schema.dnKey(parts.directory.route(parts.settings.adminDn).dn);
}

/**
 * The identity of an authorization id: `dn:...`, `u:...` (the value of uid), or '' for anonymous. undefined: there is none, or more than one. An entry need
 * not have a password.
 */
export function requesterOf(
  parts: IdentityParts,
  authzId: string,
): Requester | undefined | Promise<Requester | undefined> {
  if (authzId === '') return ANONYMOUS;
  const lower = authzId.slice(0, 3).toLowerCase();
  if (lower === 'dn:') return requesterOfDn(parts, authzId.slice(3));
  if (lower.startsWith('u:')) return requesterWith(parts, 'uid', authzId.slice(2));
  return undefined;
}

/** The identity of a DN as text. undefined: nobody, or no DN. */
export function requesterOfDn(parts: IdentityParts, text: string): Requester | undefined {
  if (text === '') return ANONYMOUS;
  try {
    const route = parts.directory.route(text);
    if (isAdminDn(parts, route.dn)) return { kind: 'admin', dn: parts.settings.adminDn };
    const entry = route.kind === 'domain' ? route.domain.backend.byDn(route.dn) : undefined;
    return entry === undefined ? undefined : userOf(entry);
  } catch (error) {
    if (error instanceof LdapError) return undefined;
    throw error;
  }
}

/** The identity that an entry is. */
export function userOf(entry: StoredEntry): Requester {
  return { kind: 'user', dn: entry.dnText, uuid: entry.uuid };
}

/** The one entry of all naming contexts with this value of the attribute; undefined: there is none, or more than one. */
export async function requesterWith(
  parts: IdentityParts,
  attribute: string,
  value: string,
): Promise<Requester | undefined> {
  const filter = compileFilter({ kind: 'equality', attribute, value: utf8Encode(value) }, parts.schema);
  const matches = prepareMatch(filter);
  let found: StoredEntry | undefined;
  for (const { backend, baseDn } of parts.directory.domains) {
    const base = backend.byDn(baseDn);
    if (base === undefined) continue;
    const candidates = backend.search({ base, scope: 'sub', filter });
    try {
      // Strangers ask this: it must not cost a look at every entry.
      if (candidates.unindexed) throw notIndexed(attribute);
      for (;;) {
        const slice = await candidates.next();
        if (slice === undefined) break;
        for (const entry of slice) {
          if (matches(entry) !== true) continue;
          if (found !== undefined) return undefined;
          found = entry;
        }
      }
    } finally {
      candidates.close();
    }
  }
  return found === undefined ? undefined : userOf(found);
}

function notIndexed(attribute: string): LdapError {
  return new LdapError(
    'unwillingToPerform',
    `Users are found by ${attribute} only where it has an equality index.`,
  );
}
