/**
 * Referral objects (RFC 3296; RFC 4511 sections 4.1.10 and 4.5.3): entries of class referral whose `ref` says where the rest of the tree lives.
 *
 * Owns the rewriting of `ref` URLs into what clients follow. With the ManageDsaIT control they are ordinary entries and nothing here is called.
 */

import type { ReadView, StoredEntry } from '../backend/backend.js';
import { isAscii, latin1, utf8Decode, utf8Encode } from '../base/bytes.js';
import { LdapError } from '../base/ldap-error.js';
import type { Dn } from '../dn/dn.js';
import { formatDn, parseDn } from '../dn/dn-text.js';
import type { EntryView } from '../entry/entry.js';
import { parseLdapUrl } from '../ldap/ldap-url.js';
import type { SearchScope } from '../ldap/message.js';
import type { AttributeKey } from '../schema/attribute-type.js';

const OBJECT_CLASS = 'objectclass' as AttributeKey;
/** Key of the attribute that says where the rest of the tree lives. */
export const REF = 'ref' as AttributeKey;
const MAX_URLS = 32;
const NO_DN: Dn = { rdns: [] };

/** Whether one of the entry's object classes has this lower-case name. */
export function hasClass(entry: EntryView, name: string): boolean {
  const values = entry.attribute(OBJECT_CLASS)?.values ?? [];
  for (const value of values) {
    if (value.length === name.length && isAscii(value) && latin1(value).toLowerCase() === name) return true;
  }
  return false;
}

/** Whether the entry is a referral object. */
export function isReferral(entry: EntryView): boolean {
  return hasClass(entry, 'referral');
}

/**
 * Checks values that `ref` is to get: a URI and perhaps a label (RFC 3296 section 2.2), which for an LDAP server must be an LDAP URL with a DN in it, or none.
 * Throws LdapError invalidAttributeSyntax.
 */
export function checkReferences(values: readonly Uint8Array[]): void {
  for (const value of values) {
    const text = utf8Decode(value) ?? '';
    if (!leadsSomewhere(uriOf(text)))
      throw new LdapError(
        'invalidAttributeSyntax',
        `A value of ref is no URL: ${text.slice(0, 200)}; it is like ldap://host:389/ou=people,dc=example,dc=com`,
      );
  }
}

function leadsSomewhere(uri: string): boolean {
  if (!LDAP.test(uri)) return OTHER_URI.test(uri);
  const url = parseLdapUrl(uri);
  if (url === undefined) return false;
  try {
    parseDn(url.dn);
    return true;
  } catch (error) {
    if (error instanceof LdapError) return false;
    throw error;
  }
}

const LDAP = /^ldaps?:/i;
/** Another scheme (RFC 3986), with something behind it. */
const OTHER_URI = /^[a-z][a-z0-9+.-]*:[^\s<>"]+$/i;

/** The URI of a value, without the label that may follow it after a space (RFC 3296 section 2.2). */
function uriOf(value: string): string {
  const space = value.indexOf(' ');
  return space < 0 ? value : value.slice(0, space);
}

/** Throws result referral when `from` or an entry above it is a referral object: the target `dn` lives elsewhere. */
export function checkReferral(
  view: ReadView,
  from: StoredEntry | undefined,
  dn: Dn,
  scope?: SearchScope,
): void {
  for (let entry = from; entry !== undefined; entry = view.parent(entry)) {
    if (!isReferral(entry)) continue;
    const urls = referralUrls(entry, dn, scope);
    if (urls.length === 0) return;
    throw new LdapError('referral', 'The entry is held by another server.', entry.dnText, urls);
  }
}

/** Whether the entry, or one above it, is a referral object: what lies there is another server's. */
export function isReferred(view: ReadView, from: StoredEntry): boolean {
  for (let entry: StoredEntry | undefined = from; entry !== undefined; entry = view.parent(entry)) {
    if (isReferral(entry)) return true;
  }
  return false;
}

/**
 * The result referral to servers that hold all of the tree, or may write it: `urls` without a DN of their own get the target's (RFC 4511
 * section 4.1.10). For names that no naming context holds, and for databases that do not take an operation themselves.
 */
export function referTo(urls: readonly string[], target: Dn, scope?: SearchScope): LdapError {
  const out: string[] = [];
  for (const url of urls.slice(0, MAX_URLS)) {
    const referred = rewrite(utf8Encode(url), NO_DN, target, scope);
    if (referred !== undefined) out.push(referred);
  }
  return new LdapError('referral', 'Another server answers for this part of the tree.', '', out);
}

/**
 * LDAP URLs of a referral object for a request about `target`, at or below it: the referral's own name in the URL is replaced by the
 * target's (RFC 3296 section 5.2).
 */
export function referralUrls(entry: EntryView, target: Dn, scope?: SearchScope): string[] {
  const urls: string[] = [];
  for (const value of (entry.attribute(REF)?.values ?? []).slice(0, MAX_URLS)) {
    const url = rewrite(value, entry.dn, target, scope);
    if (url !== undefined) urls.push(url);
  }
  return urls;
}

function rewrite(
  value: Uint8Array,
  base: Dn,
  target: Dn,
  scope: SearchScope | undefined,
): string | undefined {
  const text = utf8Decode(value);
  if (text === undefined) return undefined;
  const uri = uriOf(text);
  const lower = uri.slice(0, 8).toLowerCase();
  if (!lower.startsWith('ldap://') && !lower.startsWith('ldaps://')) return uri;
  const hostStart = uri.indexOf('//') + 2;
  const slash = uri.indexOf('/', hostStart);
  const server = slash < 0 ? uri : uri.slice(0, slash);
  const query = slash < 0 ? '' : uri.slice(slash + 1);
  const question = query.indexOf('?');
  const written = question < 0 ? query : query.slice(0, question);
  const below = target.rdns.slice(0, target.rdns.length - base.rdns.length);
  const prefix = below.length === 0 ? '' : percentEncode(formatDn({ rdns: below }));
  const own = written === '' ? percentEncode(formatDn(base)) : written;
  const name = prefix === '' ? own : own === '' ? prefix : `${prefix},${own}`;
  return `${server}/${name}${scope === undefined ? '' : `??${URL_SCOPES[scope]}`}`;
}

const URL_SCOPES: Readonly<Record<SearchScope, string>> = {
  base: 'base',
  one: 'one',
  sub: 'sub',
  subordinates: 'subordinates',
};

/** Characters that a DN in a URL may not hold as they are (RFC 4516 section 2.1). */
function percentEncode(text: string): string {
  return encodeURIComponent(text).replaceAll('%3D', '=').replaceAll('%2C', ',').replaceAll('%2B', '+');
}
