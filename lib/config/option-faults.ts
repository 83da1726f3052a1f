/** What is wrong with the value of an option, as a sentence; undefined: nothing. The checks that the option table names. */
import { utf8Encode } from '../base/bytes.js';
import { LdapError } from '../base/ldap-error.js';
import { parseDn } from '../dn/dn-text.js';
import { parseAddress } from '../topology/address.js';
import { parseWeekTimes } from '../topology/week-times.js';

/** Of a rule of uniqueness. */
export function uniquenessFault(value: string): string | undefined {
  return value.startsWith('ldap:///')
    ? undefined
    : `"${value}" is no rule of uniqueness; write ldap:///base?attributes?sub?filter`;
}

/** Of an address to connect to: host:port. */
export function addressFault(value: string): string | undefined {
  const address = parseAddress(value);
  return address === undefined || address.port === 0
    ? `"${value}" is not an address; write host:port`
    : undefined;
}

/** Of an IP address to dial from, or `any`: as far as its form tells. */
export function sourceFault(value: string): string | undefined {
  const isForm = value.length <= 45 && /^[0-9A-Fa-f.:]+$/.test(value) && /[.:]/.test(value);
  return value === 'any' || isForm ? undefined : `"${value}" is not an IP address; write one, or any`;
}

/** Of an address to listen at, or `none`. */
export function listenFault(value: string): string | undefined {
  return value === 'none' || parseAddress(value) !== undefined
    ? undefined
    : `"${value}" is not an address; write host:port, or none`;
}

/** Of the moments at which backups are taken, or `none`. */
export function backupTimesFault(value: string): string | undefined {
  return value === 'none' || parseWeekTimes(value) !== undefined
    ? undefined
    : `"${value}" is no list of times; write such as "daily 01:00" or "mon-fri 01:00, sat 12:30", or none`;
}

/** Octets of the path of a Unix-domain socket, as the systems' structures hold it. */
const SOCKET_PATH_BYTES = 103;

/** Of the path of a Unix-domain socket, or `none`. */
export function socketPathFault(value: string): string | undefined {
  if (value === 'none') return undefined;
  if (!value.startsWith('/')) return `"${value}" is no absolute path; write one, or none`;
  return utf8Encode(value).length > SOCKET_PATH_BYTES
    ? `the path of a socket may have ${SOCKET_PATH_BYTES} octets`
    : undefined;
}

/** Of an LDAP URL that names a server. */
export function ldapUrlFault(value: string): string | undefined {
  const lower = value.slice(0, 8).toLowerCase();
  const rest = lower.startsWith('ldaps://')
    ? value.slice(8)
    : lower.startsWith('ldap://')
      ? value.slice(7)
      : '';
  return rest === '' || rest.startsWith('/') || rest.includes(' ')
    ? `"${value}" is not an LDAP URL with a server; write ldap://host or ldaps://host:port`
    : undefined;
}

/** Of a DN that names an entry. */
export function dnFault(value: string): string | undefined {
  try {
    return parseDn(value).rdns.length === 0 ? 'the empty DN cannot stand here' : undefined;
  } catch (error) {
    if (error instanceof LdapError) return `"${value}" is not a DN: ${error.message}`;
    throw error;
  }
}

/** Of an item of `changelog.include`: a base DN or *, and names. */
export function includeFault(value: string): string | undefined {
  const colon = value.lastIndexOf(':');
  const base = value.slice(0, Math.max(0, colon)).trim();
  const names = value.slice(colon + 1).split(',');
  if (colon <= 0 || names.some((name) => name.trim() === ''))
    return `"${value}" is not of the form base DN:attribute,attribute (or *:attribute)`;
  return base === '*' ? undefined : dnFault(base);
}

/** Of the name of a server or site. */
export function nameFault(value: string): string | undefined {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(value)
    ? undefined
    : `"${value}" is not a name; use up to 63 letters, digits, dots, dashes and underscores`;
}

/** Of a password hash in RFC 2307 form; which schemes are understood is the hasher's business. */
export function hashFault(value: string): string | undefined {
  return /^\{[A-Za-z0-9._/-]{1,32}\}./.test(value)
    ? undefined
    : 'must be a password hash such as {ARGON2}..., never the password itself';
}
