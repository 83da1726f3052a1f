/**
 * Fractions as text: how an administrator writes one (`class:attribute,attribute`, as in OpenDJ's fractional-exclude and fractional-include), and the one form in
 * which servers keep and send it (`exclude *:jpegphoto,userpassword;person:seealso`, sorted, keys; nothing: everything is held).
 *
 * What an administrator writes is checked against the schema, all faults at once; what another server sent is bounded, and names that our schema lacks stand for themselves.
 */
import { LIMITS } from '../base/limits.js';
import type { AttributeKey } from '../schema/attribute-type.js';
import type { ObjectClass } from '../schema/object-class.js';
import type { Schema } from '../schema/schema.js';
import { OBJECT_CLASS_KEY } from './class-profile.js';
import { EVERY_CLASS, Fraction } from './fraction.js';

/** What an administrator wrote: items `class:attribute,attribute`; `*` for every class. */
export interface FractionOptions {
  readonly exclude: readonly string[];
  readonly include: readonly string[];
}

const NAME = /^[a-z0-9][a-z0-9.-]*$/;

/** The form in which servers keep and send it; empty for everything. */
export function formatFraction({ mode, lists }: Fraction): string {
  if (mode === 'all') return '';
  const items = [...lists].map(([name, keys]) => `${name}:${[...keys].sort().join(',')}`);
  return `${mode} ${items.sort().join(';')}`;
}

/** For people: the same, or `all attributes`. */
export function describeFraction(text: string): string {
  return text === '' ? 'all attributes' : text;
}

/** The fraction of a text that formatFraction() wrote; undefined for anything else. */
export function readFraction(text: string, schema: Schema): Fraction | undefined {
  if (text === '') return Fraction.ALL;
  if (text.length > LIMITS.fractionBytes) return undefined;
  const space = text.indexOf(' ');
  const mode = text.slice(0, space);
  if (mode !== 'exclude' && mode !== 'include') return undefined;
  const lists = new Map<string, ReadonlySet<AttributeKey>>();
  for (const item of text.slice(space + 1).split(';')) {
    const colon = item.indexOf(':');
    const name = item.slice(0, colon);
    const keys = item.slice(colon + 1).split(',');
    if (colon < 1 || lists.has(name) || !isName(name) || !keys.every(isName)) return undefined;
    lists.set(name, new Set(keys as AttributeKey[]));
  }
  return new Fraction(mode, lists, schema);
}

function isName(text: string): boolean {
  return text === EVERY_CLASS || (text.length <= LIMITS.attributeDescriptionBytes && NAME.test(text));
}

/** The fraction that an administrator asks for, or every fault, a clause each. */
export function configuredFraction(
  { exclude, include }: FractionOptions,
  schema: Schema,
): Fraction | readonly string[] {
  if (exclude.length === 0 && include.length === 0) return Fraction.ALL;
  if (exclude.length > 0 && include.length > 0)
    return ['fraction.exclude and fraction.include are both given; only one of them can be'];
  const mode = exclude.length > 0 ? 'exclude' : 'include';
  const faults: string[] = [];
  const lists = new Map<string, Set<AttributeKey>>();
  for (const item of exclude.length > 0 ? exclude : include) {
    const fault = takeItem(item, mode, schema, lists);
    if (fault !== undefined) faults.push(`fraction.${mode}: "${item}" ${fault}`);
  }
  if (faults.length > 0) return faults;
  const fraction = new Fraction(mode, lists, schema);
  return formatFraction(fraction).length <= LIMITS.fractionBytes
    ? fraction
    : [`fraction.${mode}: longer than ${LIMITS.fractionBytes} octets`];
}

/** Adds an item to the lists, or says what is wrong with it. */
function takeItem(
  item: string,
  mode: 'exclude' | 'include',
  schema: Schema,
  lists: Map<string, Set<AttributeKey>>,
): string | undefined {
  const colon = item.indexOf(':');
  if (colon < 1) return 'is not of the form class:attribute,attribute (or *:attribute)';
  const name = item.slice(0, colon).trim();
  const of = name === EVERY_CLASS ? undefined : schema.objectClass(name);
  if (name !== EVERY_CLASS && of === undefined) return `names the class ${name}, which is not in the schema`;
  if (of?.kind === 'auxiliary')
    return `names the auxiliary class ${of.name}: entries gain and lose such a class; write *:... instead`;
  const keys = new Set<AttributeKey>();
  for (const written of item.slice(colon + 1).split(',')) {
    const fault = takeAttribute(written.trim(), mode, of, schema, keys);
    if (fault !== undefined) return fault;
  }
  const listed = of === undefined ? EVERY_CLASS : of.name.toLowerCase();
  lists.set(listed, new Set([...(lists.get(listed) ?? []), ...keys]));
  return undefined;
}

function takeAttribute(
  name: string,
  mode: 'exclude' | 'include',
  of: ObjectClass | undefined,
  schema: Schema,
  keys: Set<AttributeKey>,
): string | undefined {
  const type = schema.attributeType(name);
  if (type === undefined) return `names the attribute ${name || '(nothing)'}, which is not in the schema`;
  if (type.key === OBJECT_CLASS_KEY) return 'names objectClass, which is always held';
  if (type.operational) return `names ${type.name}, which is operational and always held`;
  const by = of === undefined ? undefined : [...schema.superclasses(of)].find((one) => one.must.has(type));
  if (mode === 'exclude' && by !== undefined)
    return `excludes ${type.name}, which the class ${by.name} requires`;
  keys.add(type.key);
  return undefined;
}
