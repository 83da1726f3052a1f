/**
 * Aliases met while a search runs (derefAliases searching or always; RFC 4511 section 4.5.1.3): their targets become further parts.
 *
 * Aliases are found by their class, not by the client's filter, before the results are given. Only called where the domain has any.
 */

import type { StoredEntry } from '../backend/backend.js';
import { utf8Encode } from '../base/bytes.js';
import { LdapError } from '../base/ldap-error.js';
import { LIMITS } from '../base/limits.js';
import type { EntryUuid } from '../change/change.js';
import { compileFilter } from '../filter/compile-filter.js';
import type { Filter } from '../filter/filter.js';
import { prepareMatch } from '../filter/filter-match.js';
import type { SearchScope } from '../ldap/message.js';
import { aliasEnd } from './aliases.js';
import { checkStopped, type Operation } from './operation.js';
import { domainPart, type SearchPart } from './search-parts.js';
import type { ServerParts } from './server-parts.js';

const ALIASES: Filter = { kind: 'equality', attribute: 'objectClass', value: utf8Encode('alias') };

/** The parts with those that aliases add. A part within another one of the same kind is left out; entries met twice are the caller's to drop. */
export async function withAliasTargets(
  parts: ServerParts,
  operation: Operation,
  searchParts: readonly SearchPart[],
): Promise<readonly SearchPart[]> {
  const all = [...searchParts];
  const targets = new Set<EntryUuid>();
  for (let i = 0; i < all.length; i++) {
    const part = all[i] as SearchPart;
    if (part.scope === 'base') continue;
    for (const alias of await aliasesIn(parts, operation, part)) {
      const end = aliasEnd(parts.directory, alias);
      if (end === undefined || targets.has(end.entry.uuid)) continue;
      targets.add(end.entry.uuid);
      if (targets.size > LIMITS.aliasesPerSearch) {
        throw new LdapError(
          'adminLimitExceeded',
          `A search may follow ${LIMITS.aliasesPerSearch} aliases (aliasesPerSearch).`,
        );
      }
      all.push(domainPart(end.domain, end.entry, targetScope(part.scope)));
    }
  }
  return all;
}

/** One level below the base an alias stands for its target alone; in a subtree for the target's subtree. */
function targetScope(scope: SearchScope): SearchScope {
  return scope === 'one' ? 'base' : 'sub';
}

async function aliasesIn(parts: ServerParts, operation: Operation, part: SearchPart): Promise<StoredEntry[]> {
  if (part.domain === undefined || !part.domain.backend.hasAliases) return [];
  const filter = compileFilter(ALIASES, parts.schema);
  const isAliasEntry = prepareMatch(filter);
  const candidates = part.open(filter, undefined);
  const found: StoredEntry[] = [];
  try {
    for (;;) {
      const slice = await candidates.next();
      if (slice === undefined) return found;
      checkStopped(operation);
      for (const entry of slice) if (isAliasEntry(entry) === true) found.push(entry as StoredEntry);
    }
  } finally {
    candidates.close();
  }
}
