/**
 * LDAP URLs: text to parts (RFC 4516; `ldaps` by custom).
 *
 * DN, attributes, filter and extensions are text here, percent-decoded; their own grammars are not checked. The scanner is linear.
 */
import { hexDigit, isHexDigit } from '../base/ascii.js';
import { utf8Decode, utf8Encode } from '../base/bytes.js';
import type { SearchScope } from './message.js';

export interface LdapUrl {
  readonly scheme: 'ldap' | 'ldaps';
  /** Host name, IPv4 address, or IPv6 address without brackets; '' when the URL has none. */
  readonly host: string;
  /** The scheme's default (389, 636) when the URL has none. */
  readonly port: number;
  readonly dn: string;
  readonly attributes: readonly string[];
  /** undefined: not given (base by default, RFC 4516 section 2). */
  readonly scope: SearchScope | undefined;
  readonly filter: string | undefined;
  readonly extensions: readonly string[];
}

const MAX_URL = 65_536;
const SCOPES = new Map<string, SearchScope>([
  ['base', 'base'],
  ['one', 'one'],
  ['sub', 'sub'],
  ['subordinates', 'subordinates'],
]);
const DEFAULT_PORTS = { ldap: 389, ldaps: 636 } as const;

/** The URL that `text` writes, or undefined. */
export function parseLdapUrl(text: string): LdapUrl | undefined {
  if (text.length > MAX_URL) return undefined;
  const colon = text.indexOf('://');
  const scheme = text.slice(0, Math.max(colon, 0)).toLowerCase();
  if (scheme !== 'ldap' && scheme !== 'ldaps') return undefined;
  const rest = text.slice(colon + 3);
  const slash = rest.indexOf('/');
  const query = rest.indexOf('?');
  if (query !== -1 && (slash === -1 || query < slash)) return undefined;
  const authority = parseAuthority(slash === -1 ? rest : rest.slice(0, slash), DEFAULT_PORTS[scheme]);
  if (authority === undefined) return undefined;
  const fields = slash === -1 ? [''] : rest.slice(slash + 1).split('?');
  if (fields.length > 5) return undefined;
  const [dn, attributes, scope, filter, extensions] = fields;
  const dnText = percentDecode(dn ?? '');
  const filterText = percentDecode(filter ?? '');
  const names = listOf(attributes);
  const extras = listOf(extensions);
  if (dnText === undefined || filterText === undefined || names === undefined || extras === undefined)
    return undefined;
  const scopeName = scope === undefined || scope === '' ? undefined : SCOPES.get(scope.toLowerCase());
  if (scopeName === undefined && scope !== undefined && scope !== '') return undefined;
  return {
    scheme,
    ...authority,
    dn: dnText,
    attributes: names,
    scope: scopeName,
    filter: filterText === '' ? undefined : filterText,
    extensions: extras,
  };
}

function parseAuthority(text: string, defaultPort: number): { host: string; port: number } | undefined {
  let host = text;
  let portText: string | undefined;
  if (text.startsWith('[')) {
    const close = text.indexOf(']');
    if (close === -1) return undefined;
    host = text.slice(1, close);
    const behind = text.slice(close + 1);
    if (behind !== '' && !behind.startsWith(':')) return undefined;
    portText = behind === '' ? undefined : behind.slice(1);
    if (host === '' || ![...host].every((c) => c === ':' || c === '.' || isHexDigit(c.charCodeAt(0))))
      return undefined;
  } else {
    const colon = text.indexOf(':');
    if (colon !== -1) {
      host = text.slice(0, colon);
      portText = text.slice(colon + 1);
    }
    const decoded = percentDecode(host);
    if (decoded === undefined || decoded.includes('@') || decoded.includes('/')) return undefined;
    host = decoded;
  }
  if (portText === undefined || portText === '') return { host, port: defaultPort };
  if (portText.length > 5 || ![...portText].every((c) => c >= '0' && c <= '9')) return undefined;
  const port = Number(portText);
  return port >= 1 && port <= 65_535 ? { host, port } : undefined;
}

function listOf(field: string | undefined): string[] | undefined {
  if (field === undefined || field === '') return [];
  const items: string[] = [];
  for (const item of field.split(',')) {
    const decoded = percentDecode(item);
    if (decoded === undefined) return undefined;
    items.push(decoded);
  }
  return items;
}

function percentDecode(text: string): string | undefined {
  if (!text.includes('%')) return text;
  const source = utf8Encode(text);
  const octets = new Uint8Array(source.length);
  let length = 0;
  for (let i = 0; i < source.length; i++) {
    let octet = source[i] as number;
    if (octet === 0x25) {
      const high = hexDigit(source[i + 1] ?? -1);
      const low = hexDigit(source[i + 2] ?? -1);
      if (high < 0 || low < 0) return undefined;
      octet = high * 16 + low;
      i += 2;
    }
    octets[length++] = octet;
  }
  return utf8Decode(octets.subarray(0, length));
}
