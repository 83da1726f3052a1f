/**
 * EditedValues: an attribute after an edit of many values, as the attribute before and what differs. Making one costs nothing a value.
 *
 * A check of a modify of 100,000 values asks how many there are and whether some are among them; the store makes rows of what differs. Only who asks for
 * `values` has them merged. Immutable, as all attributes. Owns no threshold: who makes an edit knows its size.
 */
import { latin1 } from '../base/bytes.js';
import { type Steps, whole } from '../base/steps.js';
import type { EqualityRule } from '../schema/matching-rule.js';
import type { Attribute, ManyValues, ValueEdit, ValueSum } from './entry.js';
import { changeValues, findValue, type ValueKey, valueCount } from './value-index.js';
import { addToSum } from './value-sum.js';

/** See the file header. */
export class EditedValues implements Attribute, ManyValues {
  readonly name: string;
  readonly of: EqualityRule;
  /** The attribute before; undefined: there was none. */
  readonly from: Attribute | undefined;
  readonly edit: ValueEdit;
  /** Every value by its key, where nothing of `from` is left but what stands here; undefined: `from` and the edit tell. */
  readonly all: ReadonlyMap<ValueKey, Uint8Array> | undefined;
  #values: readonly Uint8Array[] | undefined;
  #sum: ValueSum | undefined;

  private constructor(
    name: string,
    of: EqualityRule,
    from: Attribute | undefined,
    edit: ValueEdit,
    all: ReadonlyMap<ValueKey, Uint8Array> | undefined,
  ) {
    this.name = name;
    this.of = of;
    this.from = from;
    this.edit = edit;
    this.all = all;
  }

  /**
   * `from` without `edit.gone` and with `edit.come`, all keyed under `rule`; undefined when no value is left. What is gone is in `from`, what comes is not but for
   * values that are gone under the same key.
   */
  static after(
    from: Attribute | undefined,
    name: string,
    edit: ValueEdit,
    rule: EqualityRule,
  ): EditedValues | undefined {
    const all = from === undefined ? edit.come : undefined;
    const made = new EditedValues(from?.name ?? name, rule, from, edit, all);
    return made.count === 0 ? undefined : made;
  }

  /** All values of `from` gave way to `all`, of which some may be the same; undefined when there are none. `edit`: what differs. */
  static replaced(
    from: Attribute | undefined,
    name: string,
    edit: ValueEdit,
    all: ReadonlyMap<ValueKey, Uint8Array>,
    rule: EqualityRule,
  ): EditedValues | undefined {
    return all.size === 0 ? undefined : new EditedValues(name, rule, from, edit, all);
  }

  get many(): ManyValues {
    return this;
  }

  get rule(): string {
    return this.of.name;
  }

  get count(): number {
    const { from, edit, all } = this;
    return all?.size ?? valueCount(from) - edit.gone.size + edit.come.size;
  }

  get values(): readonly Uint8Array[] {
    return whole(this.valuesInSteps());
  }

  *valuesInSteps(): Steps<readonly Uint8Array[]> {
    if (this.#values === undefined)
      this.#values = this.all === undefined ? yield* this.#merged() : [...this.all.values()];
    return this.#values;
  }

  *#merged(): Steps<readonly Uint8Array[]> {
    const { from, edit } = this;
    const before = from?.many === undefined ? (from?.values ?? []) : yield* from.many.valuesInSteps();
    if (edit.gone.size === 0) return before.concat([...edit.come.values()]);
    // Values are distinct, so their octets are.
    const gone = new Set<string>();
    for (const value of edit.gone.values()) gone.add(latin1(value));
    yield;
    return before.filter((value) => !gone.has(latin1(value))).concat([...edit.come.values()]);
  }

  get sum(): ValueSum {
    if (this.#sum !== undefined) return this.#sum;
    const { from, edit } = this;
    const known = this.all === undefined ? from?.many?.sum : undefined;
    this.#sum =
      known === undefined
        ? addToSum({ high: 0, low: 0 }, this.values, 1)
        : addToSum(addToSum(known, edit.gone.values(), -1), edit.come.values(), 1);
    return this.#sum;
  }

  find(key: ValueKey): Uint8Array | undefined {
    if (this.all !== undefined) return this.all.get(key);
    const { from, edit } = this;
    return edit.come.get(key) ?? (edit.gone.has(key) ? undefined : findValue(from, key, this.of));
  }

  changed({ gone, come }: ValueEdit): Attribute | undefined {
    const { name } = this;
    const values = [...this.values];
    const stored = new Map<ValueKey, Uint8Array>();
    for (const key of gone.keys()) {
      const value = this.find(key);
      if (value !== undefined) stored.set(key, value);
    }
    const octets = new Set([...stored.values()].map(latin1));
    const left = values.filter((value) => !octets.has(latin1(value)));
    return changeValues({ name, values: left }, name, new Map(), come, this.of);
  }

  madeOf(from: Attribute | undefined): ValueEdit | undefined {
    return from !== undefined && from === this.from ? this.edit : undefined;
  }
}
