/**
 * The values of one attribute while rows are undone and redone. Keyed by the equality rule of the change at hand; where two changes carry
 * different rules (their origins' schemas differed), values that one rule tells apart may be equal under the other and share a key.
 */
import { equalBytes } from '../base/bytes.js';
import { eachOctetsInSteps, type Steps } from '../base/steps.js';
import { type ValueKey, valueKey } from '../entry/value-index.js';
import type { EqualityRule } from '../schema/matching-rule.js';

export class PresentValues {
  #rule: EqualityRule;
  #byKey = new Map<ValueKey, Uint8Array[]>();
  #count = 0;

  constructor(rule: EqualityRule, values: readonly Uint8Array[] = []) {
    this.#rule = rule;
    for (const value of values) this.put(value);
  }

  get count(): number {
    return this.#count;
  }

  /** The same values, to go on with apart from these. */
  copy(): Steps<PresentValues> {
    return PresentValues.of(this.#rule, this.values());
  }

  /** The values of an attribute, in steps. */
  static *of(rule: EqualityRule, values: readonly Uint8Array[] = []): Steps<PresentValues> {
    const present = new PresentValues(rule);
    yield* eachOctetsInSteps(values, (value) => present.put(value));
    return present;
  }

  /** From now on values compare by `rule`. */
  *compareBy(rule: EqualityRule): Steps<void> {
    if (rule.name === this.#rule.name) return;
    const values = this.takeAll();
    this.#rule = rule;
    yield* eachOctetsInSteps(values, (value) => this.put(value));
  }

  /** Whether an equal value is present. */
  has(value: Uint8Array): boolean {
    return this.#byKey.has(valueKey(value, this.#rule));
  }

  put(value: Uint8Array): void {
    const key = valueKey(value, this.#rule);
    const equal = this.#byKey.get(key);
    if (equal === undefined) this.#byKey.set(key, [value]);
    else equal.push(value);
    this.#count += 1;
  }

  /** Takes out and answers all values equal to `value`. */
  take(value: Uint8Array): readonly Uint8Array[] {
    const key = valueKey(value, this.#rule);
    const equal = this.#byKey.get(key) ?? [];
    this.#byKey.delete(key);
    this.#count -= equal.length;
    return equal;
  }

  /** Takes out the value with exactly these octets; false when there is none. */
  takeExactly(value: Uint8Array): boolean {
    const key = valueKey(value, this.#rule);
    const equal = this.#byKey.get(key);
    const at = equal?.findIndex((other) => equalBytes(other, value)) ?? -1;
    if (equal === undefined || at < 0) return false;
    if (equal.length === 1) this.#byKey.delete(key);
    else equal.splice(at, 1);
    this.#count -= 1;
    return true;
  }

  /** Takes out and answers everything. */
  takeAll(): Uint8Array[] {
    const all = this.values();
    this.#byKey.clear();
    this.#count = 0;
    return all;
  }

  values(): Uint8Array[] {
    const all: Uint8Array[] = [];
    for (const equal of this.#byKey.values()) for (const value of equal) all.push(value);
    return all;
  }
}
