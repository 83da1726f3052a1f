/**
 * The parts of a search: each naming context or virtual tree that lies within its scope, in a fixed order, as candidates to look at.
 *
 * Base and one-level and subtree searches that reach across contexts (the root's children, a domain below another) are several parts;
 * a page's position names the part and the place within it. Alias targets met during a search become parts of their own.
 */
import type { EntryId, SearchPlanRequest, StoredEntry } from '../../backend/backend.js';
import type { Dn } from '../../dn/dn.js';
import type { CompiledFilter } from '../../filter/compiled-filter.js';
import type { SearchScope } from '../../ldap/message.js';
import type { Directory, Domain } from '../directory.js';
import { isUnder, type NamedEntry, rdnKeys, type VirtualTree } from '../trees/virtual-tree.js';

/** Entries to look at, in slices, at once where they are in memory. */
export interface PartCandidates {
  next(): readonly NamedEntry[] | undefined | Promise<readonly NamedEntry[] | undefined>;
  close(): void;
  readonly unindexed: boolean;
  readonly plan: string;
  /** Entries to look at, at most, as far as that is known. */
  readonly most: number;
  /** What next() gave last matches the filter: it need not be evaluated. */
  readonly sure: boolean;
}

/** What a search will take of its candidates. */
export type Wanted = Pick<SearchPlanRequest, 'few' | 'anyOrder'>;

export interface SearchPart {
  /** undefined: a virtual tree or the root DSE. */
  readonly domain: Domain | undefined;
  readonly scope: SearchScope;
  /** Base within the domain. */
  readonly base: StoredEntry | undefined;
  /** The base, where it is known without a search: a domain's, the root DSE. */
  readonly entry: NamedEntry | undefined;
  /** `after`: entry id in a domain, count of entries elsewhere; undefined from the start. */
  open(filter: CompiledFilter, after: number | undefined, wanted?: Wanted): PartCandidates;
}

/** A part below an entry of a domain. */
export function domainPart(domain: Domain, base: StoredEntry, scope: SearchScope): SearchPart {
  const { backend } = domain;
  return {
    domain,
    scope,
    base,
    entry: base,
    open: (filter, after, wanted) =>
      scope === 'base'
        ? single(base, after !== undefined)
        : backend.search({
            base,
            scope,
            filter,
            ...(after === undefined ? {} : { afterId: after as EntryId }),
            ...wanted,
          }),
  };
}

/** A part of a virtual tree. */
export function virtualPart(tree: VirtualTree, base: Dn, scope: SearchScope): SearchPart {
  return {
    domain: undefined,
    scope,
    base: undefined,
    entry: undefined,
    open: (_filter, after) => {
      const found = tree.search(base, scope);
      let skip = after ?? 0;
      const drop = (slice: readonly NamedEntry[] | undefined): readonly NamedEntry[] | undefined => {
        if (slice === undefined || skip === 0) return slice;
        const left = slice.slice(skip);
        skip = Math.max(0, skip - slice.length);
        return left;
      };
      return {
        next: () => {
          const slice = found.next();
          return slice instanceof Promise ? slice.then(drop) : drop(slice);
        },
        close: () => found.close(),
        unindexed: false,
        plan: 'virtual',
        most: 0,
        sure: false,
      };
    },
  };
}

/** A part of one known entry. */
export function entryPart(entry: NamedEntry): SearchPart {
  return {
    domain: undefined,
    scope: 'base',
    base: undefined,
    entry,
    open: (_filter, after) => single(entry, after !== undefined),
  };
}

function single(entry: NamedEntry, done: boolean): PartCandidates {
  let given = done;
  return {
    next: () => {
      if (given) return undefined;
      given = true;
      return [entry];
    },
    close: () => undefined,
    unindexed: false,
    plan: 'base',
    most: 1,
    sure: false,
  };
}

/** Parts for the naming contexts below `dn`, as seen by a search of this scope from there. */
export function contextsBelow(directory: Directory, dn: Dn, scope: SearchScope): readonly SearchPart[] {
  if (scope === 'base' || directory.domains.length === 0) return [];
  const depth = dn.rdns.length;
  const parts: SearchPart[] = [];
  for (const domain of directory.domainsBelow(dn)) {
    const base = domain.backend.byDn(domain.baseDn);
    if (base === undefined) continue;
    if (scope !== 'one') parts.push(domainPart(domain, base, 'sub'));
    // The root's children are the naming contexts, however deep their names are (RFC 4512 section 2.4).
    else if (depth === 0 || domain.baseDn.rdns.length === depth + 1)
      parts.push(domainPart(domain, base, 'base'));
  }
  return parts;
}

/** Parts for the virtual trees plugged in below a virtual tree's entry. */
export function treesBelow(
  directory: Directory,
  dn: Dn,
  scope: SearchScope,
  monitor: boolean,
): readonly SearchPart[] {
  const keys = rdnKeys(directory.schema, dn);
  if (scope === 'base' || keys === undefined) return [];
  const parts: SearchPart[] = [];
  for (const tree of directory.trees) {
    const below = tree.baseDn.rdns.length - keys.length;
    if (below <= 0 || (tree.monitorOnly && !monitor) || !isUnder(directory.schema, tree.baseDn, keys))
      continue;
    if (scope !== 'one') parts.push(virtualPart(tree, tree.baseDn, 'sub'));
    else if (below === 1) parts.push(virtualPart(tree, tree.baseDn, 'base'));
  }
  return parts;
}
