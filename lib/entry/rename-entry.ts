/**
 * What a new RDN does to an entry's own attributes (RFC 4511 section 4.9): its values come, the old one's go when the client says so.
 *
 * Owns nothing of the tree. The effect has the form of a change record; a value that the old and the new RDN share (equal by its rule) stays, with the octets of
 * the new RDN when the old is to go. Invariant: folding `changes` permissively onto the attributes before gives those afterwards.
 */
import { equalBytes } from '../base/bytes.js';
import type { AttributeChange, NamedAva, NamedRdn } from '../change/change.js';
import type { AttributeKey } from '../schema/attribute-type.js';
import type { EqualityRule } from '../schema/matching-rule.js';
import type { Schema } from '../schema/schema.js';
import type { ModifyResult } from './apply-modifications.js';
import type { Attribute, Attributes } from './entry.js';
import { ruleOfAva } from './resolve-attribute.js';
import { changeValues, findValue, type ValueKey, valueKey } from './value-index.js';

interface Effect {
  readonly name: string;
  readonly single: boolean;
  readonly rule: EqualityRule;
  readonly remove: Map<ValueKey, Uint8Array>;
  readonly add: Map<ValueKey, Uint8Array>;
}

/**
 * The effect of renaming from `oldRdn` to `newRdn`. `folded`: the attributes without what is shown for the name's sake alone; such a value of the old
 * RDN that stays is added, or it would go with the name. Throws LdapError namingViolation when an RDN's attribute type is malformed. The result
 * goes through checkModifiedEntry with the new RDN.
 */
export function renameEntry(
  before: Attributes,
  oldRdn: NamedRdn,
  newRdn: NamedRdn,
  deleteOldRdn: boolean,
  schema: Schema,
  folded: Attributes = before,
): ModifyResult {
  const effects = new Map<AttributeKey, Effect>();
  if (deleteOldRdn) {
    for (const ava of oldRdn.avas) {
      const { rule, remove } = effectOn(effects, ava, schema);
      remove.set(valueKey(ava.value, rule), ava.value);
    }
  } else if (folded !== before) {
    for (const ava of oldRdn.avas) {
      const { rule, add } = effectOn(effects, ava, schema);
      const key = valueKey(ava.value, rule);
      if (findValue(folded.get(ava.key), key, rule) === undefined) add.set(key, ava.value);
    }
  }
  for (const ava of newRdn.avas) {
    const { rule, remove, add } = effectOn(effects, ava, schema);
    const key = valueKey(ava.value, rule);
    // Equal octets: nothing is to go. Other spelling: the new one takes its place.
    const leaving = remove.get(key);
    if (leaving !== undefined && equalBytes(leaving, ava.value)) remove.delete(key);
    add.set(key, ava.value);
  }
  const after = new Map(before);
  const changes: AttributeChange[] = [];
  for (const [key, effect] of effects) {
    const image = fold(before.get(key), effect);
    if (image === undefined) after.delete(key);
    else after.set(key, image);
    changes.push({
      key,
      name: before.get(key)?.name ?? effect.name,
      equality: effect.rule.name,
      single: effect.single,
      clear: false,
      remove: [...effect.remove.values()],
      add: [...effect.add.values()],
      increment: 0n,
    });
  }
  return { after, changes };
}

function effectOn(effects: Map<AttributeKey, Effect>, ava: NamedAva, schema: Schema): Effect {
  const known = effects.get(ava.key);
  if (known !== undefined) return known;
  const rule = ruleOfAva(ava, schema);
  const single = schema.describe(ava.key)?.type?.singleValue ?? false;
  const effect: Effect = { name: ava.name, single, rule, remove: new Map(), add: new Map() };
  effects.set(ava.key, effect);
  return effect;
}

function fold(before: Attribute | undefined, effect: Effect): Attribute | undefined {
  const gone = new Map<ValueKey, Uint8Array>();
  for (const key of effect.remove.keys()) {
    const stored = findValue(before, key, effect.rule);
    if (stored !== undefined) gone.set(key, stored);
  }
  const come = new Map<ValueKey, Uint8Array>();
  for (const [key, value] of effect.add) {
    if (gone.has(key) || findValue(before, key, effect.rule) === undefined) come.set(key, value);
  }
  return changeValues(before, effect.name, gone, come, effect.rule);
}
