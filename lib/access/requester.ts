/**
 * Who asks: the identity that a bind gave a connection, captured for every request when its turn comes.
 *
 * The admin is no entry: internal identities are not DNs of the tree, so no client can create, rename or delete one. Owns the identity
 * only; what it may do is access-policy.ts.
 */
import type { EntryUuid } from '../change/change.js';

/** DN of the built-in administrator. */
export const ADMIN_DN = 'cn=Directory Manager';

export type Requester =
  | { readonly kind: 'anonymous' }
  | {
      readonly kind: 'user';
      /** The entry's DN at the time of the bind. */
      readonly dn: string;
      /** Outlives a rename of the entry. */
      readonly uuid: EntryUuid;
    }
  | { readonly kind: 'admin'; readonly dn: string };

/** The identity of every connection before its first bind and after a failed one (RFC 4513 section 4). */
export const ANONYMOUS: Requester = { kind: 'anonymous' };

/** The built-in administrator. */
export const ADMIN: Requester = { kind: 'admin', dn: ADMIN_DN };

/** Text of the requester's DN, '' for anonymous: creatorsName, modifiersName and the log. */
export function requesterDn(requester: Requester): string {
  return requester.kind === 'anonymous' ? '' : requester.dn;
}

/** The authorization identity (RFC 4513 section 5.2.1.8): `dn:...`, or '' for anonymous. */
export function authorizationId(requester: Requester): string {
  return requester.kind === 'anonymous' ? '' : `dn:${requester.dn}`;
}

/** One text for one identity: what cookies and limits are bound to. */
export function requesterKey(requester: Requester): string {
  if (requester.kind === 'user') return `user:${requester.uuid}`;
  return requester.kind;
}
