/**
 * A server that takes no writes from clients: it refers them to servers that do (RFC 4511 section 4.1.10).
 *
 * With the ManageDsaIT control the client wants this very server, and no referral (RFC 3296): the write is refused, and the diagnostic names the others. Its own
 * configuration (cn=config) it takes all the same: the others have theirs.
 */
import { LdapError } from '../../base/ldap-error.js';
import { parseDn } from '../../dn/dn-text.js';
import type { LdapRequest } from '../../ldap/message.js';
import type { Operation } from '../operation.js';
import { referTo } from '../referrals.js';
import type { ServerParts } from '../server-parts.js';

/** Throws referral or unwillingToPerform where this server takes no writes. Before anything else of a write. */
export function checkTakesWrites(parts: ServerParts, operation: Operation): void {
  const { writers } = parts.settings;
  if (writers === undefined) return;
  const { request } = operation.message;
  const name = writtenName(request);
  if (request.kind === 'modify' && isOwn(parts, name)) return;
  const urls = writers();
  if (urls.length > 0 && !operation.controls.manageDsaIt) throw referTo(urls, parseDn(name));
  throw new LdapError(
    'unwillingToPerform',
    urls.length === 0
      ? 'This server is read-only, and knows no server that takes writes.'
      : `This server is read-only; write to ${urls.join(' or ')}.`,
  );
}

/** Whether the name lies in a tree of this server's own. Throws LdapError invalidDNSyntax. */
function isOwn({ directory }: ServerParts, name: string): boolean {
  const route = directory.route(name);
  return route.kind === 'virtual' && route.tree.ownServer === true;
}

/** The target of a write as the client wrote it; of a password modify nothing, for its user may be another text than a DN. */
function writtenName(request: LdapRequest): string {
  switch (request.kind) {
    case 'add':
    case 'modify':
    case 'delete':
    case 'modifyDn':
      return request.dn;
    default:
      return '';
  }
}
