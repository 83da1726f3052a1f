/**
 * Network addresses as people write them: `host:port`, IPv6 hosts in brackets.
 *
 * Owns the text form only; resolving and connecting is the shell's. A host is not looked up and not judged beyond its characters.
 */

export interface Address {
  /** Name or IP address, without brackets. */
  readonly host: string;
  /** 0 (any free port; listening only) to 65535. */
  readonly port: number;
}

/** Longest host name: 253 octets (RFC 1035 section 2.3.4). */
const MAX_HOST = 253;

/** The address that `text` writes, or undefined. */
export function parseAddress(text: string): Address | undefined {
  const colon = text.lastIndexOf(':');
  if (colon <= 0) return undefined;
  const port = parsePort(text.slice(colon + 1));
  let host = text.slice(0, colon);
  const bracketed = host.startsWith('[') && host.endsWith(']');
  if (bracketed) host = host.slice(1, -1);
  if (port === undefined || host === '' || host.length > MAX_HOST) return undefined;
  if (host.includes(':') !== bracketed) return undefined;
  for (let i = 0; i < host.length; i++) if (!isHostCharacter(host.charCodeAt(i))) return undefined;
  return { host, port };
}

/** The inverse of parseAddress(). */
export function formatAddress(address: Address): string {
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

function parsePort(text: string): number | undefined {
  if (text.length === 0 || text.length > 5) return undefined;
  let port = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    port = port * 10 + digit;
  }
  return port <= 65_535 ? port : undefined;
}

/** Letters, digits, `-`, `.`, `_`, and `:` and `%` (IPv6 with a zone). */
function isHostCharacter(code: number): boolean {
  const lower = code | 0x20;
  return (
    (lower >= 0x61 && lower <= 0x7a) ||
    (code >= 0x30 && code <= 0x3a) ||
    code === 0x2d ||
    code === 0x2e ||
    code === 0x5f ||
    code === 0x25
  );
}
