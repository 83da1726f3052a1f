/**
 * LongLooks: answers of one test about attributes of so many values that looking at each takes longer than a turn of the event loop may.
 *
 * A matcher that may be interrupted throws LongLook in place of an answer: whoever can wait does its steps with turns for others between and asks again, and then the
 * answer is known. Owns the going through and what is remembered of it; what a value is tested by is match-tests.ts. The work is counted at each asking.
 */
import { LIMITS } from '../base/limits.js';
import { STEP_VALUES, type Steps } from '../base/steps.js';
import type { Attribute, ManyValues } from '../entry/entry.js';
import type { TruthValue } from './filter.js';

/** Values from which on a look takes steps. */
const LONG_VALUES = 2048;

/** In place of an answer: it is known when the steps are done. Not for clients. */
export class LongLook extends Error {
  readonly steps: Steps<void>;

  constructor(steps: Steps<void>) {
    super('an attribute of many values has to be looked through first');
    this.steps = steps;
  }
}

/** What `ask` answers: each time it throws a LongLook its steps are done, and it is asked again. */
export function* askedInSteps<T>(ask: () => T): Steps<T> {
  for (;;) {
    try {
      return ask();
    } catch (error) {
      if (!(error instanceof LongLook)) throw error;
      yield* error.steps;
    }
  }
}

/** What a look counts, and whether it may be put off. */
export interface LookBounds {
  readonly interruptible: boolean;
  /** Another number for another entry, or after an answer about all of one: until then what was found out of it is remembered, or the asking would not end. */
  readonly asking: number;
  /** Throws LdapError adminLimitExceeded. */
  spend(bytes: number): void;
}

interface Known {
  readonly value: TruthValue;
  readonly work: number;
}

/** See the file header. */
export class LongLooks {
  readonly #cost: (value: Uint8Array) => number;
  /** Each holds its attribute. */
  readonly #known = new Map<Attribute, Known>();
  #asking = 0;

  /** `cost`: what looking at a value counts, in octets. */
  constructor(cost: (value: Uint8Array) => number) {
    this.#cost = cost;
  }

  /** TRUE where `judge` is for a value, else Undefined where it is for one, else FALSE. Throws LongLook, LdapError adminLimitExceeded. */
  someValue(attribute: Attribute, bounds: LookBounds, judge: (value: Uint8Array) => TruthValue): TruthValue {
    const { many } = attribute;
    if (bounds.interruptible && many !== undefined && many.count >= LONG_VALUES) {
      if (bounds.asking !== this.#asking) this.#known.clear();
      this.#asking = bounds.asking;
      const known = this.#known.get(attribute);
      if (known === undefined) throw new LongLook(this.#look(attribute, many, judge));
      bounds.spend(known.work);
      return known.value;
    }
    let unsure = false;
    for (const value of attribute.values) {
      bounds.spend(this.#cost(value));
      const one = judge(value);
      if (one === true) return true;
      unsure ||= one === undefined;
    }
    return unsure ? undefined : false;
  }

  *#look(attribute: Attribute, many: ManyValues, judge: (value: Uint8Array) => TruthValue): Steps<void> {
    const values = yield* many.valuesInSteps();
    let work = 0;
    let value: TruthValue = false;
    for (let i = 0; i < values.length && value !== true && work <= LIMITS.filterWorkBytes; i++) {
      if (i % STEP_VALUES === STEP_VALUES - 1) yield;
      const one = values[i] as Uint8Array;
      work += this.#cost(one);
      const judged = judge(one);
      if (judged !== false) value = judged;
    }
    this.#known.set(attribute, { value, work });
  }
}
