/**
 * The one normal form of names: text that is equal for equal names (RFC 4517 section 4.2.15) on every replica.
 *
 * Form: `type=value` with canonical type and prepared value, the parts of an RDN sorted and joined with '+', RDNs leaf first and joined
 * with ','. In a value '\', ',' and '+' are written \5c \2c \2b, so a raw comma always separates: a name lies below another exactly when
 * its key ends with ',' and the other's key. A value that its rule cannot prepare, or that is not text, is '#' and the hex of its
 * octets. Invariants: total and injective over normal values; no schema is asked.
 */
import { isAscii, latin1, toHex, utf8Decode } from '../base/bytes.js';
import type { Dn, Rdn } from '../dn/dn.js';
import { namingAttribute, normalizeNaming } from './naming-attributes.js';

const SPACE = 0x20;
/** Octets of a value up to which a loop beats the general way. */
const SHORT = 64;
const PLAIN = plainCharacters();

/** Normal form of a name; the root's is ''. */
export type DnKey = string & { readonly __brand: 'DnKey' };

/** One part of an RDN, its rule known (change/change.ts NamedAva is one). */
export interface KeyedAva {
  /** Attribute key or any name of the type. */
  readonly key: string;
  readonly value: Uint8Array;
  /** Name of the equality rule by which the value compares in names. */
  readonly equality: string;
}

/** Key of an RDN whose rules are given. */
export function rdnKeyOfAvas(avas: readonly KeyedAva[]): string {
  const only = avas[0];
  if (avas.length === 1 && only !== undefined) return avaKey(only);
  return avas.map(avaKey).sort().join('+');
}

/** Key of an RDN by the built-in table alone. */
export function rdnKey(rdn: Rdn): string {
  return rdnKeyOfAvas(
    rdn.map((ava) => {
      const { key, equality } = namingAttribute(ava.type);
      return { key, equality, value: ava.value };
    }),
  );
}

/** Key of a name by the built-in table alone. */
export function dnKey(dn: Dn): DnKey {
  return dn.rdns.map(rdnKey).join(',') as DnKey;
}

/** Key of a child from its parts. */
export function childKey(parent: string, rdn: string): DnKey {
  return (parent === '' ? rdn : `${rdn},${parent}`) as DnKey;
}

/** Key of the name one level up; undefined for the root. */
export function parentKey(key: string): DnKey | undefined {
  if (key === '') return undefined;
  const comma = key.indexOf(',');
  return (comma < 0 ? '' : key.slice(comma + 1)) as DnKey;
}

/** Whether `key` names an entry at or below `base`. */
export function isAtOrBelow(key: string, base: string): boolean {
  if (base === '') return true;
  return (
    key.endsWith(base) && (key.length === base.length || key.charAt(key.length - base.length - 1) === ',')
  );
}

function avaKey(ava: KeyedAva): string {
  const type = namingAttribute(ava.key).key;
  const plain = plainText(ava);
  if (plain !== undefined) return `${type}=${plain}`;
  const normal = normalizeNaming(ava.equality, ava.value);
  const text = normal === undefined ? undefined : isAscii(normal) ? latin1(normal) : utf8Decode(normal);
  return text === undefined ? `${type}=#${toHex(ava.value)}` : `${type}=${escapeKey(text)}`;
}

/** The text of a short value that needs nothing but folding: what almost every name is made of. undefined: take the long way. */
function plainText({ equality, value }: KeyedAva): string | undefined {
  const fold = equality === 'caseIgnoreMatch';
  if (value.length > SHORT || value.length === 0 || (!fold && equality !== 'caseExactMatch'))
    return undefined;
  let text = '';
  for (let i = 0; i < value.length; i++) {
    const c = PLAIN[value[i] as number] as string;
    if (c === '') return undefined;
    // A space is plain between two other characters.
    if (c === ' ' && (i === 0 || i === value.length - 1 || value[i - 1] === SPACE)) return undefined;
    text += fold ? c : String.fromCharCode(value[i] as number);
  }
  return text;
}

/** By octet: its folded character, or '' where it has a meaning in keys or its own preparation. */
function plainCharacters(): readonly string[] {
  return Array.from({ length: 256 }, (_, octet) => {
    const special = octet < SPACE || octet >= 0x7f || ',+\\#'.includes(String.fromCharCode(octet));
    return special ? '' : String.fromCharCode(octet).toLowerCase();
  });
}

/** Escapes what separates, and the '#' that tells octets from text. */
function escapeKey(text: string): string {
  let out = '';
  let from = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c !== 0x2c && c !== 0x2b && c !== 0x5c && !(c === 0x23 && i === 0)) continue;
    out += `${text.slice(from, i)}\\${c.toString(16)}`;
    from = i + 1;
  }
  return from === 0 ? text : out + text.slice(from);
}
