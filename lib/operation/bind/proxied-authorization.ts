/**
 * Proxied authorization (RFC 4370): a request done with the rights of another identity, and who may ask for that.
 *
 * The administrator may act as anybody; the entries of settings.proxies as anybody but the administrator; everyone may act as themselves. Each request is
 * judged when it starts, so an identity that was deleted or taken from the list ends at once.
 */
import type { Verdict } from '../../access/access-policy.js';
import type { Requester } from '../../access/requester.js';
import { LdapError } from '../../base/ldap-error.js';
import type { ServerParts } from '../server-parts.js';
import { type IdentityParts, requesterOf, requesterOfDn } from './identities.js';

/** The identity that the control asks for. Throws or rejects with LdapError authorizationDenied. */
export function proxiedRequester(
  parts: ServerParts,
  requester: Requester,
  authzId: string,
): Requester | Promise<Requester> {
  const found = requesterOf(parts, authzId);
  if (!(found instanceof Promise)) return permitted(parts, requester, found);
  return found.then((one) => permitted(parts, requester, one));
}

function permitted(parts: ServerParts, requester: Requester, wanted: Requester | undefined): Requester {
  // One answer for all: who may not act for others learns nothing about whom there is.
  if (!mayProxy(parts, requester, wanted)) {
    throw new LdapError(
      'authorizationDenied',
      'This identity may not act under the identity that the control asks for.',
    );
  }
  if (wanted === undefined)
    throw new LdapError('authorizationDenied', 'The control names an identity that does not exist.');
  return wanted;
}

/** Whether `requester` may act as `wanted`; undefined: as somebody who does not exist. */
export function mayProxy(parts: IdentityParts, requester: Requester, wanted: Requester | undefined): boolean {
  return judgeProxy(parts, requester, wanted).allowed;
}

/** The same with the rule that decides. */
export function judgeProxy(
  parts: IdentityParts,
  requester: Requester,
  wanted: Requester | undefined,
): Verdict {
  if (requester.kind === 'admin') return { allowed: true, rule: 'the administrator may act as anybody' };
  if (wanted !== undefined && isSame(requester, wanted))
    return { allowed: true, rule: 'everyone may act as themselves' };
  const listed =
    requester.kind === 'user' &&
    wanted?.kind !== 'admin' &&
    parts.settings.proxies.some((proxy) => {
      const one = requesterOfDn(parts, proxy);
      return one !== undefined && isSame(one, requester);
    });
  return listed
    ? { allowed: true, rule: 'the option access.proxies names this identity' }
    : {
        allowed: false,
        rule: 'only the administrator and those that the option access.proxies names may act as others',
      };
}

function isSame(a: Requester, b: Requester): boolean {
  if (a.kind === 'user' && b.kind === 'user') return a.uuid === b.uuid;
  return a.kind === b.kind;
}
