/**
 * Alias dereferencing (RFC 4512 section 2.6, RFC 4511 section 4.5.1.3), bounded in depth and free in domains without aliases.
 *
 * Loops end by a set of the aliases visited and by LIMITS.aliasDepth (reliability class 36). An alias that leads nowhere is aliasProblem when it is
 * the search's base or lies on the way to it, and is passed over when it is met during the search.
 */

import type { Reader } from '../../access/access-policy.js';
import type { StoredEntry } from '../../backend/backend.js';
import { utf8Decode } from '../../base/bytes.js';
import { LdapError } from '../../base/ldap-error.js';
import { LIMITS } from '../../base/limits.js';
import type { EntryUuid } from '../../change/change.js';
import type { Dn } from '../../dn/dn.js';
import { formatDn, parseDn } from '../../dn/dn-text.js';
import type { EntryView } from '../../entry/entry.js';
import type { AttributeKey } from '../../schema/attribute-type.js';
import type { Directory, Domain, Route } from '../directory.js';
import { shown } from '../names.js';
import { hasClass, isReferred } from '../referrals.js';

const ALIASED = 'aliasedobjectname' as AttributeKey;

const PROBLEMS: ReadonlySet<string> = new Set(['aliasProblem', 'aliasDereferencingProblem']);

/** Whether the requester may know an alias and where it leads. */
export type AliasSight = (alias: EntryView) => boolean;

/** What a reader may know of aliases. */
export function aliasSight(reader: Reader): AliasSight {
  return (alias) => reader.seesEntry(alias) && reader.sees(alias, ALIASED);
}

/** Whether the entry is an alias. */
export function isAlias(entry: EntryView): boolean {
  return hasClass(entry, 'alias');
}

/** Where a search starts after dereferencing. */
export type Resolved =
  | { readonly kind: 'entry'; readonly domain: Domain; readonly entry: StoredEntry; readonly dn: Dn }
  | { readonly kind: 'missing'; readonly route: Route };

/**
 * The entry that `route` names when every alias on the way, itself included, is followed. Throws aliasProblem for loops and for aliases without a
 * usable target, aliasDereferencingProblem for aliases whose target the requester may not know.
 */
export function followAliases(directory: Directory, route: Route, sight: AliasSight): Resolved {
  const visited = new Set<EntryUuid>();
  let current = route;
  for (;;) {
    if (current.kind !== 'domain') return { kind: 'missing', route: current };
    const { backend } = current.domain;
    const found = backend.byDn(current.dn);
    if (!backend.hasAliases) return resolved(current, found);
    const stop = found ?? backend.nearest(current.dn);
    if (stop === undefined || !isAlias(stop)) return resolved(current, found);
    if (!sight(stop)) {
      throw new LdapError(
        'aliasDereferencingProblem',
        `The alias on the way of ${shown(route.dn)} may not be followed by this requester.`,
      );
    }
    if (visited.has(stop.uuid) || visited.size >= LIMITS.aliasDepth) {
      throw aliasProblem(stop, `The aliases from ${shown(route.dn)} lead in a circle or are too many.`);
    }
    visited.add(stop.uuid);
    const target = aliasTarget(stop);
    if (target === undefined) throw aliasProblem(stop, `The alias ${shown(stop.dn)} names no target.`);
    if (!leadsOn(directory.routeDn(target)))
      throw aliasProblem(stop, `The alias ${shown(stop.dn)} leads to no entry.`);
    const below = current.dn.rdns.slice(0, current.dn.rdns.length - stop.dn.rdns.length);
    current = directory.routeDn({ rdns: [...below, ...target.rdns] });
  }
}

/** matchedDN is the last entry that was used on the way (RFC 4511 section 4.1.9). */
function aliasProblem(last: StoredEntry, diagnostic: string): LdapError {
  return new LdapError('aliasProblem', diagnostic, formatDn(last.dn));
}

/** Whether an alias's target is an entry, or a name on whose way there is another alias or a referral. */
function leadsOn(route: Route): boolean {
  if (route.kind !== 'domain') return false;
  const { backend } = route.domain;
  if (backend.byDn(route.dn) !== undefined) return true;
  const nearest = backend.nearest(route.dn);
  return nearest !== undefined && (isAlias(nearest) || isReferred(backend, nearest));
}

function resolved(route: Route & { kind: 'domain' }, entry: StoredEntry | undefined): Resolved {
  return entry === undefined
    ? { kind: 'missing', route }
    : { kind: 'entry', domain: route.domain, entry, dn: route.dn };
}

function aliasTarget(entry: EntryView): Dn | undefined {
  const value = entry.attribute(ALIASED)?.values[0];
  const text = value === undefined ? undefined : utf8Decode(value);
  if (text === undefined) return undefined;
  try {
    return parseDn(text);
  } catch (error) {
    if (error instanceof LdapError) return undefined;
    throw error;
  }
}

/** The entry at the end of an alias met during a search; undefined when it leads nowhere or in a circle. */
export function aliasEnd(
  directory: Directory,
  alias: StoredEntry,
  sight: AliasSight,
): { domain: Domain; entry: StoredEntry } | undefined {
  const target = sight(alias) ? aliasTarget(alias) : undefined;
  if (target === undefined) return undefined;
  try {
    const end = followAliases(directory, directory.routeDn(target), sight);
    return end.kind === 'entry' ? { domain: end.domain, entry: end.entry } : undefined;
  } catch (error) {
    if (error instanceof LdapError && PROBLEMS.has(error.result)) return undefined;
    throw error;
  }
}
