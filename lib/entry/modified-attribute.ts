/**
 * One attribute on its way through a modify request: its values so far, and the net effect of the steps so far.
 *
 * Values are kept as they were before any increment ("base space"): what a client names after an increment is reduced by it first. So the net effect has
 * the order of a change record (clear, remove, add, increment), whatever the order of the steps. Invariant after every step: the values
 * before, with `clear`, `remove`, `add` and `increment` folded in, are the values now.
 */
import { latin1, utf8Encode } from '../base/bytes.js';
import { LdapError } from '../base/ldap-error.js';
import { LIMITS } from '../base/limits.js';
import { StepMeter, type Steps, whole } from '../base/steps.js';
import type { AttributeChange } from '../change/change.js';
import type { AttributeDescription } from '../schema/attribute-type.js';
import type { EqualityRule } from '../schema/matching-rule.js';
import { rememberKeys } from './change-keys.js';
import { EditedValues } from './edited-values.js';
import type { Attribute } from './entry.js';
import { changeValues, findValue, keyedValues, type ValueKey, valueCount, valueKey } from './value-index.js';

const INTEGER_SYNTAX = '1.3.6.1.4.1.1466.115.121.1.27';
/** Below this, the values are normalized once for the request; above, the kept set answers. */
const SMALL_VALUES = 64;

/** From so many values that differ on, the image is told by what differs, and the keys go with the change. */
const MANY_CHANGES = 512;

type Keyed = Map<ValueKey, Uint8Array>;

export class ModifiedAttribute {
  readonly #description: AttributeDescription;
  readonly #before: Attribute | undefined;
  readonly #rule: EqualityRule;
  readonly #permissive: boolean;
  #beforeKeys: Keyed | undefined;
  #clear = false;
  #increment = 0n;
  /** Values from before that are gone; empty once cleared. */
  readonly #gone: Keyed = new Map();
  /** Values that were not there before, or came back with their new octets. */
  readonly #come: Keyed = new Map();
  /** The intent: what the steps asked to be absent or present, whether it was or not. */
  readonly #remove: Keyed = new Map();
  readonly #add: Keyed = new Map();

  constructor(
    description: AttributeDescription,
    before: Attribute | undefined,
    rule: EqualityRule,
    permissive: boolean,
  ) {
    this.#description = description;
    this.#before = before;
    this.#rule = rule;
    this.#permissive = permissive;
  }

  /** RFC 4511 section 4.6: values that are there already, or twice in the list, are refused. */
  add(values: readonly Uint8Array[]): void {
    whole(this.addInSteps(values));
  }

  *addInSteps(values: readonly Uint8Array[]): Steps<void> {
    if (values.length === 0) throw this.#refuse('protocolError', 'add without a value');
    const named = new Set<ValueKey>();
    const meter = new StepMeter();
    for (let index = 0; index < values.length; index++) {
      const given = values[index] as Uint8Array;
      if (meter.isFull(given.length)) yield;
      const value = this.#toBase(given);
      const key = valueKey(value, this.#rule);
      if (this.#isTwice(named, key, index)) continue;
      if (!this.#has(key)) this.#come.set(key, value);
      else if (!this.#permissive) {
        throw this.#refuse('attributeOrValueExists', `value ${index + 1} to add is already there`);
      }
      if (!this.#add.has(key)) this.#add.set(key, value);
    }
  }

  /** Deletes the values listed; each must be there. */
  delete(values: readonly Uint8Array[]): void {
    whole(this.deleteInSteps(values));
  }

  *deleteInSteps(values: readonly Uint8Array[]): Steps<void> {
    const meter = new StepMeter();
    for (let index = 0; index < values.length; index++) {
      const given = values[index] as Uint8Array;
      if (meter.isFull(given.length)) yield;
      const value = this.#toBase(given);
      const key = valueKey(value, this.#rule);
      if (!this.#has(key) && !this.#permissive) {
        throw this.#refuse('noSuchAttribute', `value ${index + 1} to delete is not there`);
      }
      this.#take(key, value);
    }
  }

  /** Deletes the attribute; it must be there. */
  deleteAll(): void {
    if (this.#size() === 0 && !this.#permissive) {
      throw this.#refuse('noSuchAttribute', 'the attribute to delete is not there');
    }
    this.#clearAll();
  }

  /** Exactly these values from now on; none: no attribute, whether it was there or not. */
  replace(values: readonly Uint8Array[]): void {
    whole(this.replaceInSteps(values));
  }

  *replaceInSteps(values: readonly Uint8Array[]): Steps<void> {
    this.#clearAll();
    const named = new Set<ValueKey>();
    const meter = new StepMeter();
    for (let index = 0; index < values.length; index++) {
      const value = values[index] as Uint8Array;
      if (meter.isFull(value.length)) yield;
      const key = valueKey(value, this.#rule);
      if (this.#isTwice(named, key, index)) continue;
      this.#come.set(key, value);
      this.#add.set(key, value);
    }
  }

  /** RFC 4525: every value plus one integer. */
  increment(values: readonly Uint8Array[]): void {
    const [by] = values;
    if (by === undefined || values.length !== 1) {
      throw this.#refuse('protocolError', 'increment takes exactly one value');
    }
    if (this.#size() === 0) throw this.#refuse('noSuchAttribute', 'there is no value to increment');
    if (this.#description.type?.syntax.oid !== INTEGER_SYNTAX) {
      throw this.#refuse('constraintViolation', 'only attributes of INTEGER syntax can be incremented');
    }
    const amount = this.#integer(by, 'invalidAttributeSyntax', 'the increment');
    for (const value of this.#baseValues()) this.#integer(value, 'constraintViolation', 'a stored value');
    this.#increment += amount;
  }

  /** Adds a value that follows from others, unless it is there or was deleted by name. */
  imply(value: Uint8Array): void {
    const key = valueKey(value, this.#rule);
    if (this.#has(key) || this.#remove.has(key)) return;
    this.#come.set(key, value);
    this.#add.set(key, value);
  }

  /** The attribute now; undefined: it has no values. */
  image(): Attribute | undefined {
    const name = this.#description.text;
    if (this.#increment === 0n) {
      const before = this.#clear ? undefined : this.#before;
      const edit = { gone: this.#gone, come: this.#come };
      return edit.gone.size + edit.come.size < MANY_CHANGES
        ? changeValues(before, name, edit.gone, edit.come, this.#rule)
        : EditedValues.after(before, name, edit, this.#rule);
    }
    const values = this.#baseValues().map((value) => this.#shift(value, this.#increment));
    return values.length === 0 ? undefined : { name: this.#before?.name ?? name, values };
  }

  /** What goes into the change record; undefined when the steps ask for nothing. */
  netEffect(): AttributeChange | undefined {
    const { key, text, type } = this.#description;
    const shift = this.#clear ? this.#increment : 0n;
    const add = [...this.#add.values()];
    const increment = this.#clear ? 0n : this.#increment;
    if (!this.#clear && this.#remove.size === 0 && add.length === 0 && increment === 0n) return undefined;
    const change: AttributeChange = {
      key,
      name: this.#before?.name ?? text,
      equality: this.#rule.name,
      single: type?.singleValue ?? false,
      clear: this.#clear,
      remove: [...this.#remove.values()],
      add: shift === 0n ? add : add.map((value) => this.#shift(value, shift)),
      increment,
    };
    if (shift === 0n && this.#remove.size + add.length >= MANY_CHANGES)
      rememberKeys(change, [...this.#remove.keys(), ...this.#add.keys()]);
    return change;
  }

  /** A value listed twice in one modification: refused, or passed over. */
  #isTwice(named: Set<ValueKey>, key: ValueKey, index: number): boolean {
    if (!named.has(key)) {
      named.add(key);
      return false;
    }
    if (this.#permissive) return true;
    throw this.#refuse('attributeOrValueExists', `value ${index + 1} is given twice`);
  }

  #has(key: ValueKey): boolean {
    if (this.#come.has(key)) return true;
    return !this.#clear && !this.#gone.has(key) && this.#stored(key) !== undefined;
  }

  #stored(key: ValueKey): Uint8Array | undefined {
    if (this.#before === undefined) return undefined;
    if (valueCount(this.#before) >= SMALL_VALUES) return findValue(this.#before, key, this.#rule);
    this.#beforeKeys ??= keyedValues(this.#before, this.#rule);
    return this.#beforeKeys.get(key);
  }

  #size(): number {
    const kept = this.#clear ? 0 : valueCount(this.#before) - this.#gone.size;
    return kept + this.#come.size;
  }

  #take(key: ValueKey, value: Uint8Array): void {
    this.#come.delete(key);
    this.#add.delete(key);
    if (this.#clear) return;
    const stored = this.#stored(key);
    if (stored !== undefined) this.#gone.set(key, stored);
    this.#remove.set(key, stored ?? value);
  }

  #clearAll(): void {
    this.#clear = true;
    this.#increment = 0n;
    for (const map of [this.#gone, this.#come, this.#remove, this.#add]) if (map.size > 0) map.clear();
  }

  #baseValues(): Uint8Array[] {
    const kept = this.#clear ? [] : (this.#before?.values ?? []);
    const gone = new Set(this.#gone.values());
    return [...kept.filter((value) => !gone.has(value)), ...this.#come.values()];
  }

  /** The value as it would have been before the increments so far. */
  #toBase(value: Uint8Array): Uint8Array {
    return this.#increment === 0n ? value : this.#shift(value, -this.#increment);
  }

  #shift(value: Uint8Array, by: bigint): Uint8Array {
    return utf8Encode(String(this.#integer(value, 'invalidAttributeSyntax', 'a value') + by));
  }

  /** BigInt of a long text costs the square of its length, so the length is bounded. */
  #integer(
    value: Uint8Array,
    result: 'invalidAttributeSyntax' | 'constraintViolation',
    what: string,
  ): bigint {
    if (value.length > LIMITS.incrementDigits) {
      throw this.#refuse(result, `${what} has more than ${LIMITS.incrementDigits} digits (incrementDigits)`);
    }
    if (this.#description.type?.syntax.isValid(value) !== true) {
      throw this.#refuse(result, `${what} is not an integer`);
    }
    return BigInt(latin1(value));
  }

  #refuse(result: ConstructorParameters<typeof LdapError>[0], reason: string): LdapError {
    return new LdapError(result, `attribute '${this.#description.text}': ${reason}`);
  }
}
