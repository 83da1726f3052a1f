/**
 * Short numbers for texts that entry records repeat: attribute keys with their names, names of equality rules.
 *
 * Numbers start at 1, are given once and never reused; 0 in a record means that the text follows. Rows are written with the first batch that
 * uses a new number. Bounded: a client that invents attribute options cannot grow it beyond MAX_NUMBERS; then texts stand in the records.
 */
import { must } from '../../base/assert.js';
import { utf8Decode, utf8Encode } from '../../base/bytes.js';
import type { OrderedStore, StoreOp, StoreSnapshot } from '../../port/ordered-store.js';
import { StoreError } from '../../port/ordered-store.js';
import type { AttributeKey } from '../../schema/attribute-type.js';
import { type DomainNumber, KeySpace, TAG } from './key-space.js';
import { ValueRows } from './value-rows.js';

const MAX_NUMBERS = 65_535;

/** An attribute as records name it. */
export interface AttributeLabel {
  readonly key: AttributeKey;
  readonly name: string;
}

export class Dictionary {
  readonly #keys: KeySpace;
  #texts: string[] = [''];
  #numbers = new Map<string, number>();
  #labels: (AttributeLabel | undefined)[] = [undefined];
  /** The name last asked for of each key, and its number: no text is put together for it. */
  #byKey = new Map<AttributeKey, { readonly name: string; readonly number: number }>();
  /** Keys without options of attributes that were ever stored, and of those that were stored with options. */
  readonly #held = new Set<string>();
  readonly #optioned = new Set<string>();
  /** Numbers below this have their rows in a batch or in the store. */
  #emitted = 1;
  /** Gives no numbers. */
  #inline = false;
  /** Which data its numbers are of: another number from the moment on at which these begin to go. */
  dataSet = 0;
  /** Where the values of attributes stand that records only name; undefined for records that hold all. */
  readonly values: ValueRows | undefined;

  private constructor(keys: KeySpace, values: ValueRows | undefined) {
    this.#keys = keys;
    this.values = values;
  }

  /** Reads the rows. `snapshot`: records of that snapshot are decoded with it, and no others. */
  static async load(store: OrderedStore, keys: KeySpace, snapshot?: StoreSnapshot): Promise<Dictionary> {
    const dictionary = new Dictionary(keys, new ValueRows(store, keys, snapshot));
    await dictionary.reload(store);
    return dictionary;
  }

  /** One that gives no numbers: records made with it hold their texts and all values, and mean the same everywhere. */
  static inline(): Dictionary {
    const dictionary = new Dictionary(new KeySpace(0 as DomainNumber), undefined);
    dictionary.#inline = true;
    return dictionary;
  }

  /** The data are about to be replaced: what was read of them is of none that are here. */
  retire(): void {
    this.dataSet += 1;
  }

  /** Starts anew: the domain was wiped. */
  forget(): void {
    this.retire();
    this.#texts = [''];
    this.#numbers = new Map();
    this.#labels = [undefined];
    this.#byKey = new Map();
    this.#held.clear();
    this.#optioned.clear();
    this.#emitted = 1;
    this.values?.forget();
  }

  /** Reads the rows again: after batches were refused. Numbers known and not stored stay ours and are written with the next batch. */
  async reload(store: OrderedStore): Promise<void> {
    let stored = 1;
    for await (const rows of store.scan(this.#keys.tagRange(TAG.dictionary))) {
      for (const { value } of rows) {
        const text = utf8Decode(value);
        if (text === undefined) throw new StoreError('damaged', 'a dictionary row is not text');
        if (stored >= this.#texts.length) this.#append(text);
        else if (this.#texts[stored] !== text) throw new StoreError('damaged', 'a dictionary row changed');
        stored += 1;
      }
    }
    this.#emitted = stored;
  }

  /** The number of a text; 0 when the dictionary is full. */
  numberOf(text: string): number {
    if (this.#inline) return 0;
    return this.#numbers.get(text) ?? (this.#texts.length > MAX_NUMBERS ? 0 : this.#append(text));
  }

  /** The number of an attribute's key and name; 0 when the dictionary is full. */
  numberOfAttribute(key: AttributeKey, name: string): number {
    const known = this.#byKey.get(key);
    if (known !== undefined && known.name === name) return known.number;
    const number = this.numberOf(`${key}\0${name}`);
    if (number > 0) this.#byKey.set(key, { name, number });
    return number;
  }

  /** Throws StoreError damaged for a number never given. */
  text(number: number): string {
    const text = this.#texts[number];
    if (text === undefined) throw new StoreError('damaged', `no dictionary row ${number}`);
    return text;
  }

  /** Throws StoreError damaged for a number never given. */
  attribute(number: number): AttributeLabel {
    const known = this.#labels[number];
    if (known !== undefined) return known;
    const label = splitLabel(this.text(number));
    this.#labels[number] = label;
    return label;
  }

  /** Rows for the numbers given since the last call. */
  takeOps(): StoreOp[] {
    const ops: StoreOp[] = [];
    for (; this.#emitted < this.#texts.length; this.#emitted++) {
      const text = must(this.#texts[this.#emitted], 'dictionary text');
      ops.push({ type: 'put', key: this.#keys.dictionary(this.#emitted), value: utf8Encode(text) });
    }
    return ops;
  }

  #append(text: string): number {
    const number = this.#texts.length;
    this.#texts.push(text);
    this.#labels.push(undefined);
    this.#numbers.set(text, number);
    const nul = text.indexOf('\0');
    if (nul < 0) return number;
    const semicolon = text.indexOf(';');
    const optioned = semicolon > 0 && semicolon < nul;
    this.#held.add(text.slice(0, optioned ? semicolon : nul));
    if (optioned) this.#optioned.add(text.slice(0, semicolon));
    return number;
  }

  /** Whether an entry may hold the attribute of this key (which has no options), with or without options. */
  mayHold(key: AttributeKey): boolean {
    return this.#held.has(key) || this.#texts.length > MAX_NUMBERS;
  }

  /** Whether an entry may hold the attribute of this key (which has no options) under a description with options. */
  mayHaveOptions(key: AttributeKey): boolean {
    return this.#optioned.has(key) || this.#texts.length > MAX_NUMBERS;
  }
}

/** Key and name of an attribute from `key NUL name`. */
export function splitLabel(text: string): AttributeLabel {
  const nul = text.indexOf('\0');
  if (nul < 0) throw new StoreError('damaged', 'a dictionary row is no attribute');
  return { key: text.slice(0, nul) as AttributeKey, name: text.slice(nul + 1) };
}
