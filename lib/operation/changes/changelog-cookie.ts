/**
 * Positions in the external change log that every server understands: `base:csn csn ...;base:csn ...;` (OpenDJ's form, our CSNs).
 */
import { LdapError } from '../../base/ldap-error.js';
import { ServerState } from '../../csn/server-state.js';
import type { ChangelogDomain } from './changelog-tree.js';

/** What was read of each domain, by number in the store. */
export type ChangelogPosition = ReadonlyMap<number, ServerState>;

export function formatChangelogCookie(
  domains: readonly ChangelogDomain[],
  position: ChangelogPosition,
): string {
  return domains
    .map(({ number, domain }) => `${domain.baseText}:${position.get(number) ?? ServerState.EMPTY};`)
    .join('');
}

/**
 * The position of a cookie; domains that it does not name are read from their beginning. Throws LdapError unwillingToPerform (OpenDJ behaviour) when it names an
 * unknown domain or what follows it was purged: the client must read all entries again.
 */
export function parseChangelogCookie(domains: readonly ChangelogDomain[], text: string): ChangelogPosition {
  const position = new Map<number, ServerState>();
  for (const part of text.split(';')) {
    if (part.trim() === '') continue;
    const colon = part.lastIndexOf(':');
    const base = part.slice(0, Math.max(0, colon)).trim().toLowerCase();
    const state = colon < 0 ? undefined : ServerState.parse(part.slice(colon + 1));
    const domain = domains.find((one) => one.domain.baseText.toLowerCase() === base);
    if (domain === undefined || state === undefined)
      throw resync('The cookie names a domain that is not in the change log of this server, or is malformed');
    for (const oldest of domain.changelog.trimmed.csns())
      if (state.size > 0 && !state.covers(oldest)) throw resync('Changes that follow the cookie were purged');
    position.set(domain.number, state);
  }
  return position;
}

function resync(why: string): LdapError {
  return new LdapError('unwillingToPerform', `${why}: a full resynchronization is required.`);
}
