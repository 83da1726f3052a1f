/**
 * Aliases met while a search runs (derefAliases searching or always; RFC 4511 section 4.5.1.3): their targets become further parts.
 *
 * Aliases are found by their class, not by the client's filter, before the results are given. Only called where the domain has any.
 */

import type { Reader } from '../../access/access-policy.js';
import type { ReadView, StoredEntry } from '../../backend/backend.js';
import { utf8Encode } from '../../base/bytes.js';
import { LdapError } from '../../base/ldap-error.js';
import { LIMITS } from '../../base/limits.js';
import type { EntryUuid } from '../../change/change.js';
import { compileFilter } from '../../filter/compile-filter.js';
import type { Filter } from '../../filter/filter.js';
import { prepareMatch } from '../../filter/filter-match.js';
import type { SearchScope } from '../../ldap/message.js';
import { checkStopped, type Operation } from '../operation.js';
import type { ServerParts } from '../server-parts.js';
import { aliasEnd, aliasSight } from './aliases.js';
import { domainPart, type SearchPart } from './search-parts.js';

const ALIASES: Filter = { kind: 'equality', attribute: 'objectClass', value: utf8Encode('alias') };

/** The parts with those that aliases add. Entries met twice are the caller's to drop. */
export async function withAliasTargets(
  parts: ServerParts,
  operation: Operation,
  reader: Reader,
  searchParts: readonly SearchPart[],
): Promise<readonly SearchPart[]> {
  const all = [...searchParts];
  const targets = new Set<string>();
  const whole = new Set<EntryUuid>();
  for (const { scope, base } of all) if (scope === 'sub' && base !== undefined) whole.add(base.uuid);
  const sight = aliasSight(reader);
  for (let i = 0; i < all.length; i++) {
    const part = all[i] as SearchPart;
    if (part.scope === 'base') continue;
    await eachAlias(parts, operation, part, (alias) => {
      // The base itself is followed by finding, not by searching.
      if (alias.uuid === part.base?.uuid) return;
      const end = aliasEnd(parts.directory, alias, sight);
      if (end === undefined) return;
      const scope = targetScope(part.scope);
      const key = `${end.entry.uuid} ${scope}`;
      if (targets.has(key) || isWithin(end.domain.backend, end.entry, whole)) return;
      targets.add(key);
      if (scope === 'sub') whole.add(end.entry.uuid);
      if (targets.size > LIMITS.aliasesPerSearch) {
        throw new LdapError(
          'adminLimitExceeded',
          `A search may follow ${LIMITS.aliasesPerSearch} aliases (aliasesPerSearch).`,
        );
      }
      all.push(domainPart(end.domain, end.entry, scope));
    });
  }
  return all;
}

/** Whether the entry lies in a subtree that is searched anyway. */
function isWithin(view: ReadView, from: StoredEntry, whole: ReadonlySet<EntryUuid>): boolean {
  for (let entry: StoredEntry | undefined = from; entry !== undefined; entry = view.parent(entry)) {
    if (whole.has(entry.uuid)) return true;
  }
  return false;
}

/** One level below the base an alias stands for its target alone; in a subtree for the target's subtree. */
function targetScope(scope: SearchScope): SearchScope {
  return scope === 'one' ? 'base' : 'sub';
}

async function eachAlias(
  parts: ServerParts,
  operation: Operation,
  part: SearchPart,
  use: (alias: StoredEntry) => void,
): Promise<void> {
  if (part.domain === undefined || !part.domain.backend.hasAliases) return;
  const filter = compileFilter(ALIASES, parts.schema);
  const isAliasEntry = prepareMatch(filter);
  const candidates = part.open(filter, undefined);
  try {
    for (;;) {
      const slice = await candidates.next();
      if (slice === undefined) return;
      checkStopped(operation);
      for (const entry of slice) if (isAliasEntry(entry) === true) use(entry as StoredEntry);
    }
  } finally {
    candidates.close();
  }
}
