/**
 * The tests that a laid-out filter is made of: one attribute, one rule, one or more alternative assertions.
 *
 * A value that the rule cannot normalize matches nothing (FALSE); an attribute that is absent is FALSE. Scans are linear in the octets of the
 * values; each test counts what it looks at, and a large attribute is asked through its kept set (entry/value-index.ts).
 */
import { unreachable } from '../base/assert.js';
import { compareBytes, equalBytes, latin1 } from '../base/bytes.js';
import { LdapError } from '../base/ldap-error.js';
import { LIMITS } from '../base/limits.js';
import type { Attribute, Attributes, EntryView } from '../entry/entry.js';
import { hasOptions, isOptionSubtype } from '../entry/option-subtype.js';
import { findValue, type ValueKey, valueCount } from '../entry/value-index.js';
import { isVirtualKey } from '../entry/virtual-attributes.js';
import type { AttributeKey } from '../schema/attribute-type.js';
import type { EqualityRule } from '../schema/matching-rule.js';
import { matchSubstrings } from '../schema/substring-match.js';
import type { CompiledFilter } from './compiled-filter.js';
import type { TruthValue } from './filter.js';
import { LongLooks } from './long-look.js';

/** One step of a laid-out filter. */
export type ClauseTest = (sight: Sight) => TruthValue;

type Clause<K extends CompiledFilter['kind']> = Extract<CompiledFilter, { readonly kind: K }>;

/** What a visit to a value costs beside its octets. */
const VISIT_BYTES = 32;
/** From so many values on, an equality test asks the kept set instead of looking at each. */
const SET_VALUES = 512;

const NO_ATTRIBUTES: Attributes = new Map();

/** The entry in sight of an evaluation, and how much of it was looked at. */
export class Sight {
  #entry: EntryView | undefined;
  #work = 0;
  #optioned: readonly AttributeKey[] | undefined;
  /** Looks at many values may be put off (long-look.ts). */
  readonly interruptible: boolean;
  /** How many entries had their answer before: one that is put off is asked about again under the same number. */
  asking = 0;

  constructor(interruptible = false) {
    this.interruptible = interruptible;
  }

  /** The entry in sight has its answer. */
  answered(value: TruthValue): TruthValue {
    this.asking += 1;
    return value;
  }

  /** Turns to another entry. */
  look(entry: EntryView): void {
    this.#entry = entry;
    this.#work = 0;
    this.#optioned = undefined;
  }

  get entry(): EntryView {
    return this.#entry as EntryView;
  }

  /** Throws LdapError adminLimitExceeded when the evaluation has looked at too much. */
  spend(bytes: number): void {
    this.#work += bytes;
    if (this.#work <= LIMITS.filterWorkBytes) return;
    throw new LdapError(
      'adminLimitExceeded',
      `the filter looks at more than ${LIMITS.filterWorkBytes} octets of one entry (limit filterWorkBytes)`,
    );
  }

  /** Keys of the entry that have options: most entries have none. */
  optioned(): readonly AttributeKey[] {
    if (this.#optioned === undefined) {
      const keys: AttributeKey[] = [];
      for (const key of this.entry.stored.keys()) if (hasOptions(key)) keys.push(key);
      for (const key of this.entry.collective?.()?.keys() ?? []) if (hasOptions(key)) keys.push(key);
      this.#optioned = keys;
    }
    return this.#optioned;
  }
}

/** The tests of an or: alternatives with the same attribute and rule are one. `rest`: the clauses that are sets themselves. */
export function mergeAlternatives(clauses: readonly CompiledFilter[]): {
  readonly tests: readonly ClauseTest[];
  readonly rest: readonly CompiledFilter[];
} {
  const tests: ClauseTest[] = [];
  const rest: CompiledFilter[] = [];
  const equalities = new Map<string, Clause<'equality'>[]>();
  const substrings = new Map<string, Clause<'substrings'>[]>();
  for (const clause of clauses) {
    switch (clause.kind) {
      case 'and':
      case 'or':
      case 'not':
        rest.push(clause);
        break;
      case 'equality':
        group(equalities, clause);
        break;
      case 'substrings':
        group(substrings, clause);
        break;
      case 'constant':
        tests.push(() => clause.value);
        break;
      case 'present':
        tests.push((sight) => someAttribute(sight, clause.keys, isThere));
        break;
      case 'ordering':
        tests.push(orderingTest(clause));
        break;
      case 'extensible':
        tests.push(extensibleTest(clause));
        break;
      default:
        unreachable(clause);
    }
  }
  const merged = [
    ...[...equalities.values()].map(equalityTest),
    ...[...substrings.values()].map(substringTest),
  ];
  return { tests: [...merged, ...tests], rest };
}

function group<T extends Clause<'equality' | 'substrings'>>(groups: Map<string, T[]>, clause: T): void {
  const name = `${clause.rule.name} ${clause.keys.join(' ')}`;
  const known = groups.get(name);
  if (known === undefined) groups.set(name, [clause]);
  else known.push(clause);
}

/** Whether an attribute under one of the keys passes: the keys themselves first, then their option subtypes. */
function someAttribute(
  sight: Sight,
  keys: readonly AttributeKey[],
  passes: (attribute: Attribute, sight: Sight) => boolean,
): boolean {
  const { entry } = sight;
  for (let i = 0; i < keys.length; i++) {
    const attribute = entry.attribute(keys[i] as AttributeKey);
    if (attribute !== undefined && passes(attribute, sight)) return true;
  }
  for (const optioned of sight.optioned()) {
    if (!keys.some((key) => key !== optioned && isOptionSubtype(optioned, key))) continue;
    const attribute = entry.attribute(optioned);
    if (attribute !== undefined && passes(attribute, sight)) return true;
  }
  return false;
}

const isThere = (): boolean => true;

function equalityTest(alternatives: readonly Clause<'equality'>[]): ClauseTest {
  const [first] = alternatives;
  if (first === undefined) return () => false;
  const { keys, rule, normal } = first;
  const wanted = new Set(alternatives.map((clause) => latin1(clause.normal) as ValueKey));
  const looks = new LongLooks(visitCost);
  const passes =
    wanted.size === 1
      ? (attribute: Attribute, sight: Sight) => holdsOne(attribute, normal, wanted, rule, sight, looks)
      : (attribute: Attribute, sight: Sight) => holdsAny(attribute, wanted, rule, sight, looks);
  if (!keys.some(isVirtualKey)) return (sight) => someAttribute(sight, keys, passes);
  return (sight) => {
    const known = alternatives.map((clause) => heldVirtually(sight.entry, clause));
    return known.includes(undefined) ? someAttribute(sight, keys, passes) : known.includes(true);
  };
}

/** Whether the entry knows without its values that it holds the clause's; undefined: it does not know. */
function heldVirtually(entry: EntryView, { keys, normal }: Clause<'equality'>): boolean | undefined {
  const known = keys.map((key) => entry.holds?.(key, normal));
  return known.includes(true) ? true : known.includes(undefined) ? undefined : false;
}

function holdsOne(
  attribute: Attribute,
  normal: Uint8Array,
  wanted: ReadonlySet<ValueKey>,
  rule: EqualityRule,
  sight: Sight,
  looks: LongLooks,
): boolean {
  if (valueCount(attribute) >= SET_VALUES) return holdsAny(attribute, wanted, rule, sight, looks);
  const { values } = attribute;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as Uint8Array;
    sight.spend(value.length + VISIT_BYTES);
    const stored = rule.normalize(value);
    if (stored !== undefined && equalBytes(stored, normal)) return true;
  }
  return false;
}

function holdsAny(
  attribute: Attribute,
  wanted: ReadonlySet<ValueKey>,
  rule: EqualityRule,
  sight: Sight,
  looks: LongLooks,
): boolean {
  const count = valueCount(attribute);
  const asked = attribute.many === undefined || attribute.many.rule === rule.name;
  if (count >= SET_VALUES && wanted.size <= count && asked) {
    for (const key of wanted) {
      sight.spend(key.length + VISIT_BYTES);
      if (findValue(attribute, key, rule) !== undefined) return true;
    }
    return false;
  }
  const judge = (value: Uint8Array): boolean => {
    const stored = rule.normalize(value);
    return stored !== undefined && wanted.has(latin1(stored) as ValueKey);
  };
  return looks.someValue(attribute, sight, judge) === true;
}

function visitCost(value: Uint8Array): number {
  return value.length + VISIT_BYTES;
}

function substringTest(alternatives: readonly Clause<'substrings'>[]): ClauseTest {
  const [first] = alternatives;
  if (first === undefined) return () => false;
  const { keys, rule } = first;
  const partCount = alternatives.reduce((sum, clause) => sum + clause.any.length + 2, 0);
  const looks = new LongLooks((value) => value.length * (1 + alternatives.length) + partCount * VISIT_BYTES);
  const judge = (value: Uint8Array): boolean => {
    const normal = rule.normalize(value);
    if (normal === undefined) return false;
    for (const clause of alternatives) if (matchSubstrings(normal, clause)) return true;
    return false;
  };
  const passes = (attribute: Attribute, sight: Sight) => looks.someValue(attribute, sight, judge) === true;
  return (sight) => someAttribute(sight, keys, passes);
}

function orderingTest(clause: Clause<'ordering'>): ClauseTest {
  const { keys, rule, normal: bound } = clause;
  const sign = clause.direction === 'greaterOrEqual' ? 1 : -1;
  const looks = new LongLooks(visitCost);
  const judge = (value: Uint8Array): boolean => {
    const normal = rule.normalize(value);
    return normal !== undefined && compareBytes(normal, bound) * sign >= 0;
  };
  const passes = (attribute: Attribute, sight: Sight) => looks.someValue(attribute, sight, judge) === true;
  return (sight) => someAttribute(sight, keys, passes);
}

/** Extensible matches judge each value as TRUE, FALSE or Undefined; one TRUE decides. */
function extensibleTest(clause: Clause<'extensible'>): ClauseTest {
  const { keys } = clause;
  const looks = new LongLooks(visitCost);
  return (sight) => {
    let unsure = false;
    const passes = (attribute: Attribute): boolean => {
      const one = looks.someValue(attribute, sight, clause.matches);
      unsure ||= one === undefined;
      return one === true;
    };
    const found =
      keys === undefined ? someApplies(sight, clause.applies, passes) : someAttribute(sight, keys, passes);
    if (found) return true;
    if (clause.dnAttributes) {
      const named = clause.matchesDn(sight.entry.dn);
      if (named === true) return true;
      unsure ||= named === undefined;
    }
    return unsure ? undefined : false;
  };
}

function someApplies(
  sight: Sight,
  applies: (key: AttributeKey) => boolean,
  passes: (attribute: Attribute) => boolean,
): boolean {
  const { entry } = sight;
  for (const attributes of [entry.stored, entry.collective?.() ?? NO_ATTRIBUTES, entry.computed()]) {
    for (const [key, attribute] of attributes) if (applies(key) && passes(attribute)) return true;
  }
  return false;
}
