/**
 * Attribute uniqueness: no two entries of a subtree (that match a filter) share a value of a set of attributes.
 *
 * Checked in the turn of a local write, on everything that was decided before it, from the equality indexes; so of two local writes one loses.
 * Writes on two servers at once can make a value double: neither is undone, for replicas stay equal; such values are found and listed
 * (unique-doubles.ts). Rules are LDAP URLs: `ldap:///base?attributes?sub?filter`.
 */
import { latin1, utf8Encode } from '../../base/bytes.js';
import { LdapError } from '../../base/ldap-error.js';
import { OperatorError } from '../../base/operator-error.js';
import { eachInSteps, STEP_LOOKS, type Steps } from '../../base/steps.js';
import type { AttributeChange } from '../../change/change.js';
import { parseDn } from '../../dn/dn-text.js';
import type { Attribute, Attributes, EntryView } from '../../entry/entry.js';
import { baseKey as withoutOptions } from '../../entry/option-subtype.js';
import { changeValues, keyedValues } from '../../entry/value-index.js';
import { compileFilter } from '../../filter/compile-filter.js';
import { matchFilter } from '../../filter/filter-match.js';
import { parseFilter } from '../../filter/filter-text.js';
import { parseLdapUrl } from '../../ldap/ldap-url.js';
import type { AttributeKey, AttributeType } from '../../schema/attribute-type.js';
import { dnKey, isAtOrBelow } from '../../schema/dn-key.js';
import { equalityRule } from '../../schema/equality-rules.js';
import type { EqualityRule } from '../../schema/matching-rule.js';
import type { Schema } from '../../schema/schema.js';
import type { ReadView, StoredEntry } from '../backend.js';

/** Rules that one domain may have. */
const MAX_RULES = 100;

export interface UniqueAttribute {
  readonly key: AttributeKey;
  readonly name: string;
  readonly rule: EqualityRule;
}

export interface UniqueRule {
  /** As configured. */
  readonly text: string;
  /** A value of any of them may be in one entry only. */
  readonly attributes: readonly UniqueAttribute[];
  /** Key of the DN at or below which the rule holds. */
  readonly baseKey: string;
  /** Whether the rule is about this entry, wherever it stands. */
  concerns(entry: EntryView): boolean;
  readonly filtered: boolean;
}

/** A write would make a value double. */
export class NotUnique extends LdapError {
  /** The entry that has the value. */
  readonly holder: StoredEntry;
  readonly key: AttributeKey;

  constructor(attribute: UniqueAttribute, holder: StoredEntry) {
    super(
      'constraintViolation',
      `A value of attribute '${attribute.name}' is in use by another entry, and must be unique.`,
    );
    this.holder = holder;
    this.key = attribute.key;
  }
}

/**
 * The rules of one domain out of those configured: none for a rule about another domain.
 * Throws OperatorError CONFIG_INVALID that names every rule that cannot be understood.
 */
export function uniqueRulesOf(
  urls: readonly string[],
  domainKey: string,
  schema: Schema,
): readonly UniqueRule[] {
  const faults: string[] = [];
  const rules: UniqueRule[] = [];
  if (urls.length > MAX_RULES) faults.push(`uniqueness: there may be ${MAX_RULES} rules`);
  for (const url of urls.slice(0, MAX_RULES)) {
    const rule = ruleOf(url, domainKey, schema);
    if (typeof rule === 'string') faults.push(`uniqueness: ${url}: ${rule}`);
    else if (rule !== undefined) rules.push(rule);
  }
  if (faults.length > 0) {
    throw new OperatorError('CONFIG_INVALID', 'the uniqueness rules of polyarch.yaml cannot be kept', faults);
  }
  return rules;
}

/** Attributes that must be indexed for equality so that rules can be kept. */
export function uniqueAttributeNames(urls: readonly string[]): readonly string[] {
  return urls.flatMap((url) => parseLdapUrl(url)?.attributes ?? []);
}

function ruleOf(text: string, domainKey: string, schema: Schema): UniqueRule | string | undefined {
  const url = parseLdapUrl(text);
  if (url === undefined) return 'this is not an LDAP URL; write ldap:///base?attributes?sub?filter';
  if (url.host !== '') return 'a rule is about the entries of this server; leave the host out';
  if (url.scope !== undefined && url.scope !== 'sub')
    return 'a rule is about a subtree; write sub as its scope';
  if (url.attributes.length === 0) return 'it names no attribute';
  const attributes: UniqueAttribute[] = [];
  for (const name of url.attributes) {
    const type = schema.attributeType(name);
    if (type === undefined) return `the schema has no attribute type '${name}'`;
    const attribute = uniqueAttribute(type);
    if (attribute === undefined) return `attribute '${name}' has no equality matching rule`;
    attributes.push(attribute);
  }
  try {
    const base = dnKey(parseDn(url.dn));
    const matches = filterOf(url.filter, schema);
    const baseKey = isAtOrBelow(base, domainKey)
      ? base
      : isAtOrBelow(domainKey, base)
        ? domainKey
        : undefined;
    return baseKey === undefined
      ? undefined
      : { text, attributes, baseKey, concerns: matches ?? (() => true), filtered: matches !== undefined };
  } catch (error) {
    if (error instanceof LdapError) return error.message;
    throw error;
  }
}

function uniqueAttribute({ key, name, equality }: AttributeType): UniqueAttribute | undefined {
  return equality === undefined ? undefined : { key, name, rule: equality };
}

function filterOf(text: string | undefined, schema: Schema): ((entry: EntryView) => boolean) | undefined {
  if (text === undefined) return undefined;
  const filter = compileFilter(parseFilter(text), schema);
  return (entry) => matchFilter(filter, entry) === true;
}

/** An entry as a write would leave it. */
export interface EntryImage {
  /** undefined: it is new. */
  readonly before: StoredEntry | undefined;
  readonly after: EntryView;
  /** undefined: any attribute may have changed. */
  readonly changes: readonly AttributeChange[] | undefined;
  /** It has entries below it that come with it. */
  readonly children: boolean;
}

/** Throws NotUnique, or LdapError where it cannot be told. May throw RowsAway. */
export function* checkUniqueInSteps(
  rules: readonly UniqueRule[],
  view: ReadView,
  image: EntryImage,
): Steps<void> {
  const key = dnKey(image.after.dn);
  for (const rule of rules) {
    if (!isAtOrBelow(key, rule.baseKey)) continue;
    const { before } = image;
    const wasInside = before !== undefined && isAtOrBelow(dnKey(before.dn), rule.baseKey);
    if (image.children && !wasInside) {
      throw new LdapError(
        'unwillingToPerform',
        'Entries below this one would come under a rule of uniqueness by the move; move them one by one.',
      );
    }
    if (!rule.concerns(image.after)) continue;
    const whole = before === undefined || !wasInside || (rule.filtered && !rule.concerns(before));
    yield* checkRule(rule, view, image, whole);
  }
}

function* checkRule(rule: UniqueRule, view: ReadView, image: EntryImage, whole: boolean): Steps<void> {
  for (const attribute of rule.attributes)
    for (const values of newValues(attribute, image, whole))
      yield* eachInSteps(values, (value) => checkValue(rule, attribute, view, image, value), STEP_LOOKS);
}

function checkValue(
  rule: UniqueRule,
  attribute: UniqueAttribute,
  view: ReadView,
  { before }: EntryImage,
  value: Uint8Array,
): void {
  const normal = attribute.rule.normalize(value);
  if (normal === undefined) return;
  for (const other of rule.attributes) {
    for (const holder of view.holders(other.key, normal)) {
      if (holder.uuid === before?.uuid || !isAtOrBelow(dnKey(holder.dn), rule.baseKey)) continue;
      if (rule.concerns(holder)) throw new NotUnique(attribute, holder);
    }
  }
}

/** Values that the write brings, of the attribute and its option subtypes. */
function newValues(
  { key }: UniqueAttribute,
  { after, changes }: EntryImage,
  whole: boolean,
): readonly (readonly Uint8Array[])[] {
  const lists: (readonly Uint8Array[])[] = [];
  if (whole || changes === undefined || changes.some((one) => one.key === key && one.increment !== 0n)) {
    for (const [other, { values }] of after.stored) if (withoutOptions(other) === key) lists.push(values);
    return lists;
  }
  for (const change of changes) if (withoutOptions(change.key) === key) lists.push(change.add);
  return lists;
}

/** Attributes with changes carried out. */
export function changedAttributes(before: Attributes, changes: readonly AttributeChange[]): Attributes {
  const after = new Map(before);
  for (const change of changes) {
    const rule = equalityRule(change.equality);
    if (rule === undefined) continue;
    const was = change.clear ? undefined : after.get(change.key);
    const is = incremented(folded(was, change, rule), change.increment);
    if (is === undefined) after.delete(change.key);
    else after.set(change.key, is);
  }
  return after;
}

function folded(
  was: Attribute | undefined,
  change: AttributeChange,
  rule: EqualityRule,
): Attribute | undefined {
  const { name } = change;
  const held = keyedValues(was, rule);
  const asked = keyedValues({ name, values: change.remove }, rule);
  const gone = new Map([...held].filter(([key]) => asked.has(key)));
  const come = keyedValues({ name, values: change.add }, rule);
  for (const key of [...come.keys()]) if (held.has(key) && !gone.has(key)) come.delete(key);
  return changeValues(was, name, gone, come, rule);
}

function incremented(attribute: Attribute | undefined, by: bigint): Attribute | undefined {
  if (attribute === undefined || by === 0n) return attribute;
  const values = attribute.values.map((value) => {
    const text = latin1(value).trim();
    return /^-?\d{1,100}$/.test(text) ? utf8Encode(String(BigInt(text) + by)) : value;
  });
  return { name: attribute.name, values };
}
