/**
 * Options as LDAP attributes: which entry of cn=config shows an option, under what name, and how its value is written there.
 *
 * Names follow from keys by rule, so that the table stays the one source: option `limits.idleSeconds` is `polyarch-cfg-limits-idle-seconds` of `cn=limits,cn=config`. Both directions
 * are here. Owns no definition (scripts/config-schema.ts writes them from these names) and no entry (operation/trees/config-tree.ts).
 */
import { type Option, type OptionForm, optionFlag } from './option.js';
import { dnFault } from './option-faults.js';
import { OPTION_KEYS, type OptionKey } from './option-table.js';
import { splitKey } from './server-config.js';

/** Name of the top entry. */
export const CONFIG_BASE = 'cn=config';

/** Operational attribute: where each value comes from, as `attribute=source`. */
export const SOURCE_ATTRIBUTE = 'polyarch-config-source';
/** Operational attribute: attributes that may be changed while the server runs. */
export const LIVE_ATTRIBUTE = 'polyarch-config-live';
/** Operational attribute: attributes of which the file holds another value, which counts from the next start. */
export const PENDING_ATTRIBUTE = 'polyarch-config-pending';

/** An entry of cn=config. */
export interface OptionSection {
  /** First part of its options' keys; undefined: the top entry, with the keys of one part. */
  readonly name: string | undefined;
  /** Structural object class of the entry; it allows all of its attributes. */
  readonly objectClass: string;
  readonly dn: string;
  readonly keys: readonly OptionKey[];
}

/** What an attribute's values are. */
export type OptionSyntax = 'text' | 'name' | 'integer' | 'boolean';

/** Attribute that shows an option. */
export function optionAttribute(key: OptionKey): string {
  return `polyarch-cfg-${optionFlag(key)}`;
}

/** The entries, the top one first, in the order of the table. */
export const OPTION_SECTIONS: readonly OptionSection[] = makeSections();

function makeSections(): readonly OptionSection[] {
  const keys = new Map<string | undefined, OptionKey[]>([[undefined, []]]);
  for (const key of OPTION_KEYS) {
    const [first, second] = splitKey(key);
    const name = second === undefined ? undefined : first;
    const list = keys.get(name) ?? [];
    list.push(key);
    keys.set(name, list);
  }
  return [...keys].map(([name, own]) => ({
    name,
    objectClass: name === undefined ? 'polyarch-config' : `polyarch-config-${optionFlag(name)}`,
    dn: name === undefined ? CONFIG_BASE : `cn=${name},${CONFIG_BASE}`,
    keys: own,
  }));
}

const BY_ATTRIBUTE: ReadonlyMap<string, OptionKey> = new Map(
  OPTION_KEYS.map((key) => [optionAttribute(key), key]),
);

/** The option that an attribute shows; its name in lower case. */
export function optionOfAttribute(attribute: string): OptionKey | undefined {
  return BY_ATTRIBUTE.get(attribute);
}

/** Whether an attribute may have more than one value. */
export function isMultiValued(form: OptionForm): boolean {
  return form === 'list' || form === 'map' || form === 'lists';
}

/** Syntax of an option's attribute. */
export function optionSyntax({ form, check }: Option): OptionSyntax {
  if (form === 'integer' || form === 'boolean') return form;
  return check === dnFault ? 'name' : 'text';
}

/** An option's value as the values of its attribute: `name=value` for maps, `name=word,word` for lists of words. */
export function optionValues(value: unknown): readonly string[] {
  if (value === undefined) return [];
  if (typeof value === 'boolean') return [value ? 'TRUE' : 'FALSE'];
  if (Array.isArray(value)) return value.map(String);
  if (typeof value !== 'object' || value === null) return [String(value)];
  return Object.entries(value).map(([name, item]) => `${name}=${String(item)}`);
}

/** The inverse; undefined where the values cannot be read. Bounds are not checked here; no values at all are the caller's. */
export function optionFromValues(form: OptionForm, values: readonly string[]): unknown {
  if (form === 'list') return values;
  if (form === 'map' || form === 'lists') return mapFromValues(form, values);
  const [value, ...more] = values;
  if (value === undefined || more.length > 0) return undefined;
  switch (form) {
    case 'integer':
      return /^-?\d{1,15}$/.test(value) ? Number(value) : undefined;
    case 'boolean':
      return value === 'TRUE' ? true : value === 'FALSE' ? false : undefined;
    case 'text':
    case 'choice':
      return value;
  }
}

function mapFromValues(form: 'map' | 'lists', values: readonly string[]): unknown {
  const read = new Map<string, string | string[]>();
  for (const value of values) {
    const at = value.indexOf('=');
    const name = value.slice(0, at);
    if (at <= 0 || read.has(name)) return undefined;
    const text = value.slice(at + 1);
    read.set(name, form === 'map' ? text : text === '' ? [] : text.split(','));
  }
  return Object.fromEntries(read);
}
