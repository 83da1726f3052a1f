/**
 * NeighbourNames: parses names one after another, of which neighbours mostly have the same parent, as in an LDIF file: its RDNs are parsed once.
 *
 * What it answers is what parseDn() answers. One name is remembered.
 */
import type { Dn, Rdn } from './dn.js';
import { parseDn, parseRdn } from './dn-text.js';

const COMMA = 0x2c;
/** Characters of a name that is far below LIMITS.dnBytes. */
const USUAL = 1024;
const PLAIN = new Uint8Array(128);
for (const character of 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .-_=@') {
  PLAIN[character.charCodeAt(0)] = 1;
}

/** See the file header. */
export class NeighbourNames {
  /** What stands behind the first comma of the last name, and its RDNs. */
  #above = '';
  #rdns: readonly Rdn[] = [];

  /** The name that `text` says. Throws as parseDn() does. */
  parse(text: string): Dn {
    const comma = text.length > USUAL ? -1 : plainRdnEnd(text);
    if (comma < 0) return parseDn(text);
    const above = this.#above;
    if (above.length > 0 && text.length - comma - 1 === above.length && text.endsWith(above)) {
      const rdn = soundRdn(text.slice(0, comma));
      if (rdn !== undefined) return { rdns: [rdn, ...this.#rdns] };
    }
    const dn = parseDn(text);
    this.#above = text.slice(comma + 1);
    this.#rdns = dn.rdns.slice(1);
    return dn;
  }
}

/** undefined: it is none; what is wrong is to be told of the whole name. */
function soundRdn(text: string): Rdn | undefined {
  try {
    return parseRdn(text);
  } catch {
    return undefined;
  }
}

/** Where the first RDN ends if nothing in it has a meaning of its own and something follows; else -1. */
function plainRdnEnd(text: string): number {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === COMMA) return i;
    if (PLAIN[code] !== 1) return -1;
  }
  return -1;
}
