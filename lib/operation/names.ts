/** Finding entries by the names that clients write, and the errors that say why there is none (RFC 4511 section 4.1.9, matchedDN). */
import type { Reader } from '../access/access-policy.js';
import type { ReadView, StoredEntry } from '../backend/backend.js';
import { LdapError } from '../base/ldap-error.js';
import type { Dn } from '../dn/dn.js';
import { formatDn, parseDn } from '../dn/dn-text.js';
import type { SearchScope } from '../ldap/message.js';
import type { Directory, Domain } from './directory.js';
import { checkReferral, referTo } from './referrals.js';

const SHOWN_LENGTH = 256;

/** A DN as diagnostics show it: cut when very long. */
export function shown(dn: Dn | string): string {
  const text = typeof dn === 'string' ? dn : formatDn(dn);
  return text.length <= SHOWN_LENGTH ? `"${text}"` : `"${text.slice(0, SHOWN_LENGTH)}..."`;
}

/** noSuchObject, with the deepest entry on the way that the reader may know of. */
export function noSuchObject(view: ReadView | undefined, dn: Dn, reader: Reader): LdapError {
  let nearest = view?.nearest(dn);
  while (view !== undefined && nearest !== undefined && !reader.seesEntry(nearest))
    nearest = view.parent(nearest);
  return new LdapError('noSuchObject', `There is no entry ${shown(dn)}.`, nearest?.dnText ?? '');
}

/** The domain that holds the name of a write. Throws LdapError for names that are not stored entries. `manageDsaIt`: no referrals. */
export function domainOf(
  directory: Directory,
  text: string,
  manageDsaIt: boolean,
): { readonly domain: Domain; readonly dn: Dn } {
  const route = directory.route(text);
  switch (route.kind) {
    case 'domain':
      return { domain: route.domain, dn: route.dn };
    case 'root':
      throw new LdapError(
        'unwillingToPerform',
        'The root DSE describes the server and cannot be written to.',
      );
    case 'virtual':
      throw new LdapError(
        'unwillingToPerform',
        `${shown(route.tree.baseDn)} is computed by the server and cannot be written to.`,
      );
    case 'none':
      throw notHeld(directory, route.dn, manageDsaIt);
  }
}

/** domainOf() for a name that an entry should bear: one that is known by its text is not parsed. */
export function domainOfEntry(directory: Directory, text: string, manageDsaIt: boolean): Domain {
  return directory.entryOf(text)?.domain ?? domainOf(directory, text, manageDsaIt).domain;
}

/** targetEntry() by the text of the name. */
export function namedEntry(view: ReadView, text: string, reader: Reader, manageDsaIt: boolean): StoredEntry {
  const entry = view.byDnText(text);
  if (entry !== undefined && reader.seesEntry(entry) && (manageDsaIt || !view.hasReferrals)) return entry;
  return targetEntry(view, parseDn(text), reader, manageDsaIt);
}

/**
 * The error for a name under none of the naming contexts: a referral to the servers above this one where there are any (RFC 4511 section 4.1.10),
 * unless the client asked to manage what is here.
 */
export function notHeld(directory: Directory, dn: Dn, manageDsaIt: boolean, scope?: SearchScope): LdapError {
  const superiors = directory.superiors();
  if (superiors.length > 0 && !manageDsaIt) return referTo(superiors, dn, scope);
  const contexts = directory.domains.map((domain) => domain.baseText).join('; ');
  return new LdapError(
    'noSuchObject',
    contexts === ''
      ? `This server holds no data yet, so there is no ${shown(dn)}.`
      : `${shown(dn)} lies under none of this server's naming contexts: ${contexts}.`,
  );
}

/**
 * The entry to write to or compare with. Throws noSuchObject, or referral when the way leads elsewhere and the client did not ask to manage
 * referral objects themselves (RFC 3296 section 5).
 */
export function targetEntry(view: ReadView, dn: Dn, reader: Reader, manageDsaIt: boolean): StoredEntry {
  const entry = view.byDn(dn);
  if (view.hasReferrals && !manageDsaIt) checkReferral(view, entry ?? view.nearest(dn), dn);
  if (entry === undefined || !reader.seesEntry(entry)) throw noSuchObject(view, dn, reader);
  return entry;
}
