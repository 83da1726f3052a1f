/**
 * Searches that tell of changes: which kind a request asks for, and whether it may run.
 *
 * Owns the choice only. Such a search is detached: requests behind it do not wait for it.
 */
import { LdapError } from '../../base/ldap-error.js';
import type { SearchRequest } from '../../ldap/message.js';
import type { Domain } from '../directory.js';
import { shown } from '../names.js';
import type { Answer, Operation } from '../operation.js';
import { searchParts } from '../search/search-base.js';
import type { ServerParts } from '../server-parts.js';
import { changelogPersistentSearch } from './changelog-search.js';
import { persistentSearch } from './persistent-search.js';
import { syncSearch } from './sync-search.js';

/** Whether the request asks for changes. */
export function isLive({ controls }: Operation): boolean {
  return controls.persistentSearch !== undefined || controls.sync !== undefined;
}

/** Runs it. Throws or rejects with LdapError. */
export function liveSearch(parts: ServerParts, operation: Operation): Promise<Answer> {
  const { persistentSearch: wanted, sync, paged } = operation.controls;
  const request = operation.message.request as SearchRequest;
  if (wanted !== undefined && sync !== undefined) throw refused('a persistent search', 'a synchronization');
  const what = wanted === undefined ? 'a synchronization' : 'a persistent search';
  if (paged !== undefined) throw refused(what, 'paged results');
  if (operation.controls.showDeleted) throw refused(what, 'the show deleted control');
  // The base must be there and visible, as for every search.
  searchParts(parts, operation, request, parts.policy.reader(operation.requester));
  const { changelog } = parts;
  if (changelog !== undefined && wanted !== undefined && isChangelog(parts, request)) {
    const leave = parts.liveSearches.enter(operation.stream, parts.settings.persistentSearches);
    operation.detach();
    return changelogPersistentSearch(parts, operation, wanted, changelog).finally(leave);
  }
  const domains = domainsOf(parts, request);
  if (sync?.mode === 'refreshOnly') return syncSearch(parts, operation, sync, domains);
  const leave = parts.liveSearches.enter(operation.stream, parts.settings.persistentSearches);
  operation.detach();
  const run =
    sync === undefined
      ? persistentSearch(parts, operation, wanted as NonNullable<typeof wanted>, domains)
      : syncSearch(parts, operation, sync, domains);
  return run.finally(leave);
}

function isChangelog(parts: ServerParts, request: SearchRequest): boolean {
  const route = parts.directory.route(request.base);
  return route.kind === 'virtual' && route.tree === parts.changelog;
}

/** The domains that the search reaches. */
function domainsOf(parts: ServerParts, request: SearchRequest): readonly Domain[] {
  const route = parts.directory.route(request.base);
  const below = request.scope === 'base' ? [] : parts.directory.domainsBelow(route.dn);
  const domains = route.kind === 'domain' ? [route.domain, ...below] : route.kind === 'root' ? below : [];
  if (domains.length > 0) return domains;
  throw new LdapError(
    'unwillingToPerform',
    `Changes are told of entries in naming contexts; ${shown(route.dn)} is none of them.`,
  );
}

function refused(what: string, other: string): LdapError {
  return new LdapError('unwillingToPerform', `${what} and ${other} do not go together.`);
}
