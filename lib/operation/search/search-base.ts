/** Where a search starts: its base found, aliases and referrals on the way considered (RFC 4511 sections 4.5.1.1, 4.5.1.3, 4.5.3). */
import type { Reader } from '../../access/access-policy.js';
import type { StoredEntry } from '../../backend/backend.js';
import { LdapError } from '../../base/ldap-error.js';
import { formatDn } from '../../dn/dn-text.js';
import type { SearchRequest } from '../../ldap/message.js';
import type { Domain, Route } from '../directory.js';
import { noSuchObject, notHeld, shown } from '../names.js';
import type { Operation } from '../operation.js';
import { checkReferral } from '../referrals.js';
import type { ServerParts } from '../server-parts.js';
import { deletedTree, withDeleted } from '../trees/deleted-tree.js';
import { rootDse } from '../trees/root-dse.js';
import { aliasSight, followAliases } from './aliases.js';
import {
  contextsBelow,
  domainPart,
  entryPart,
  type SearchPart,
  treesBelow,
  virtualPart,
} from './search-parts.js';

/** The search's parts. Throws LdapError noSuchObject, referral, aliasProblem, insufficientAccessRights or invalidDNSyntax. */
export function searchParts(
  parts: ServerParts,
  operation: Operation,
  request: SearchRequest,
  reader: Reader,
): readonly SearchPart[] {
  const { schema } = parts;
  const found = liveParts(parts, operation, request, reader);
  return operation.controls.showDeleted
    ? withDeleted(schema, operation, request.scope, request.filter, found)
    : found;
}

function liveParts(
  parts: ServerParts,
  operation: Operation,
  request: SearchRequest,
  reader: Reader,
): readonly SearchPart[] {
  const { directory } = parts;
  const known = directory.entryOf(request.base);
  if (known !== undefined && isOrdinary(known.domain, operation, request) && reader.seesEntry(known.entry)) {
    return [domainPart(known.domain, known.entry, request.scope)];
  }
  const route = directory.route(request.base);
  switch (route.kind) {
    case 'domain':
      return (
        deletedParts(parts, operation, request, route) ??
        domainParts(parts, operation, request, reader, route)
      );
    case 'root':
      return request.scope === 'base'
        ? [entryPart(rootDse(parts, operation.transport))]
        : contextsBelow(directory, route.dn, request.scope);
    case 'virtual': {
      const monitor = parts.policy.mayMonitor(operation.requester);
      if (route.tree.monitorOnly && !monitor) {
        throw new LdapError('insufficientAccessRights', `${shown(route.tree.baseDn)} is for administrators.`);
      }
      if (!route.tree.holds(route.dn)) {
        throw new LdapError(
          'noSuchObject',
          `There is no entry ${shown(route.dn)}.`,
          formatDn(route.tree.baseDn),
        );
      }
      return [
        route.tree.part?.(operation, route.dn, request.scope) ??
          virtualPart(route.tree, route.dn, request.scope),
        ...treesBelow(directory, route.dn, request.scope, monitor),
      ];
    }
    case 'none':
      throw notHeld(directory, route.dn, operation.controls.manageDsaIt, request.scope);
  }
}

/** Whether no alias and no referral can have a say. */
function isOrdinary({ backend }: Domain, { controls }: Operation, { deref }: SearchRequest): boolean {
  const aliases = backend.hasAliases && (deref === 'finding' || deref === 'always');
  return !aliases && (!backend.hasReferrals || controls.manageDsaIt);
}

/** Parts of a search from a name that only deleted entries have; undefined: it is no such name. */
function deletedParts(
  { schema }: ServerParts,
  operation: Operation,
  { scope }: SearchRequest,
  { domain, dn }: Route & { kind: 'domain' },
): readonly SearchPart[] | undefined {
  const tree = deletedTree(schema, operation, domain);
  if (tree === undefined || !tree.covers(dn)) return undefined;
  if (!tree.holds(dn))
    throw new LdapError('noSuchObject', `There is no entry ${shown(dn)}.`, formatDn(tree.baseDn));
  return [virtualPart(tree, dn, scope)];
}

function domainParts(
  parts: ServerParts,
  operation: Operation,
  request: SearchRequest,
  reader: Reader,
  route: Route & { kind: 'domain' },
): readonly SearchPart[] {
  const { directory } = parts;
  const { deref, scope } = request;
  let domain: Domain = route.domain;
  let dn = route.dn;
  let entry: StoredEntry | undefined;
  if (domain.backend.hasAliases && (deref === 'finding' || deref === 'always')) {
    const found = followAliases(directory, route, aliasSight(reader));
    if (found.kind === 'entry') {
      ({ domain, entry } = found);
      dn = entry.dn;
    } else {
      dn = found.route.dn;
      if (found.route.kind === 'domain') domain = found.route.domain;
    }
  } else {
    entry = domain.backend.byDnText(request.base);
  }
  const { backend } = domain;
  if (backend.hasReferrals && !operation.controls.manageDsaIt) {
    checkReferral(backend, entry ?? backend.nearest(dn), dn, scope);
  }
  if (entry === undefined || !reader.seesEntry(entry)) throw noSuchObject(backend, dn, reader);
  if (scope === 'base' || directory.domains.length === 1) return [domainPart(domain, entry, scope)];
  return [domainPart(domain, entry, scope), ...contextsBelow(directory, dn, scope)];
}
