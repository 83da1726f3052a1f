/**
 * The names of SASL (RFC 4422 section 3.4): whom an authentication identity names here, and whether that one may act under an authorization identity.
 */
import type { Requester } from '../../access/requester.js';
import { LdapError } from '../../base/ldap-error.js';
import { parseDn } from '../../dn/dn-text.js';
import type { ServerParts } from '../server-parts.js';
import { requesterOf, requesterWith } from './identities.js';
import { mayProxy } from './proxied-authorization.js';

/** An authentication identity by its form. */
export type AuthenticationName =
  | { readonly kind: 'dn'; readonly text: string }
  | { readonly kind: 'uid'; readonly text: string };

/** Reads `dn:` and a DN, a DN, `u:` and a uid, or a uid. undefined: `dn:` and no DN. */
export function readAuthenticationName(authcid: string): AuthenticationName | undefined {
  const lower = authcid.slice(0, 3).toLowerCase();
  if (lower === 'dn:') return isDn(authcid.slice(3)) ? { kind: 'dn', text: authcid.slice(3) } : undefined;
  if (lower.startsWith('u:')) return { kind: 'uid', text: authcid.slice(2) };
  return { kind: authcid.includes('=') && isDn(authcid) ? 'dn' : 'uid', text: authcid };
}

/** The DN of the one that is meant. '' for nobody, which no password opens. Rejects with LdapError where uid has no index. */
export async function dnOfName(parts: ServerParts, name: AuthenticationName | undefined): Promise<string> {
  if (name === undefined) return '';
  if (name.kind === 'dn') return name.text;
  const requester = await requesterWith(parts, 'uid', name.text);
  return requester === undefined || requester.kind === 'anonymous' ? '' : requester.dn;
}

/** The identity to act under: the own one, or another that this one may take. Rejects with insufficientAccessRights. */
export async function authorized(
  parts: ServerParts,
  requester: Requester,
  authzid: string,
): Promise<Requester> {
  if (authzid === '') return requester;
  const wanted = await requesterOf(parts, authzid);
  if (wanted !== undefined && mayProxy(parts, requester, wanted)) return wanted;
  throw new LdapError('insufficientAccessRights', 'This identity may not act under the requested one.');
}

function isDn(text: string): boolean {
  try {
    return parseDn(text).rdns.length > 0;
  } catch (error) {
    if (error instanceof LdapError) return false;
    throw error;
  }
}
