/**
 * Option subtypes (RFC 4512 section 2.5.3) on attribute keys: `cn;lang-en;x-own` is a subtype of `cn;lang-en`, of `cn;x-own` and of `cn`.
 *
 * Works on keys alone (lower case, options sorted). A wanted option that ends in '-' is a language range (RFC 3866 section 3.2): `lang-en-`
 * stands for lang-en and every lang-en-..., `lang-` for every language.
 */
import type { AttributeKey } from '../schema/attribute-type.js';

/** The key without its options. */
export function baseKey(key: AttributeKey): AttributeKey {
  const semicolon = key.indexOf(';');
  return semicolon < 0 ? key : (key.slice(0, semicolon) as AttributeKey);
}

/** Whether the key has options. */
export function hasOptions(key: AttributeKey): boolean {
  return key.indexOf(';') >= 0;
}

/** The options of a key, in its order. */
export function optionsOf(key: AttributeKey): readonly string[] {
  const semicolon = key.indexOf(';');
  return semicolon < 0 ? [] : key.slice(semicolon + 1).split(';');
}

/** Whether `key` is `wanted` or an option subtype of it. Type subtypes are not looked at. */
export function isOptionSubtype(key: AttributeKey, wanted: AttributeKey): boolean {
  if (key === wanted) return true;
  if (!hasOptions(wanted)) {
    return key.length > wanted.length && key.charCodeAt(wanted.length) === 0x3b && key.startsWith(wanted);
  }
  return baseKey(key) === baseKey(wanted) && hasAllOptions(optionsOf(key), optionsOf(wanted));
}

/** Whether `options` hold every wanted option, ranges included. */
export function hasAllOptions(options: readonly string[], wanted: readonly string[]): boolean {
  return wanted.every((want) => options.some((option) => covers(want, option)));
}

function covers(want: string, option: string): boolean {
  if (option === want) return true;
  if (!want.endsWith('-')) return false;
  return option.startsWith(want) || option === want.slice(0, -1);
}
