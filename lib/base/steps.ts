/**
 * Long work in steps: a generator that yields after each, so that whoever runs it may let others have their turn between two of them.
 *
 * Owns the form alone. Rules yield and know no clock; an engine runs steps with turns for others (backend/event-loop-turn.ts), anybody else at once.
 * Invariant of all that takes this form: run at once or in turns, the result is the same, as nothing that it reads changes meanwhile.
 */

/** Work that yields after each step of at most a millisecond or two and answers at the end. */
export type Steps<T> = Generator<undefined, T, undefined>;

/** Values that one step goes through, where each costs microseconds. */
export const STEP_VALUES = 256;
/** Values that one step looks up in the store. */
export const STEP_LOOKS = 64;
/** Octets that a value costs whatever its length; octets of values that one step goes through. */
const VALUE_OCTETS = 256;
const STEP_OCTETS = STEP_VALUES * VALUE_OCTETS;
/** Values from which on work with them goes in steps, and octets of values or of one. */
export const LONG_VALUES = 512;
export const LONG_OCTETS = 4 * STEP_OCTETS;

/** Whether these lists of values are so many values, or so many octets, that work with them goes in steps. */
export function areLong(lists: readonly (readonly Uint8Array[])[], most = LONG_VALUES): boolean {
  let values = 0;
  let octets = 0;
  for (const list of lists) {
    values += list.length;
    if (values >= most) return true;
    for (let i = 0; i < list.length; i++) octets += (list[i] as Uint8Array).length;
  }
  return octets >= LONG_OCTETS;
}

/** Counts what a step has gone through, by octets: sixty-four thousand of one value, or some two hundred short ones. */
export class StepMeter {
  #octets = 0;

  /** Whether to yield before a value of so many octets; counts it. */
  isFull(octets: number): boolean {
    this.#octets += VALUE_OCTETS + octets;
    if (this.#octets < STEP_OCTETS) return false;
    this.#octets = 0;
    return true;
  }
}

/** Does all steps at once. */
export function whole<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** Calls `visit` for each value with its place, in steps of so many octets. */
export function* eachOctetsInSteps(
  values: Iterable<Uint8Array>,
  visit: (value: Uint8Array, at: number) => void,
): Steps<void> {
  const meter = new StepMeter();
  let at = 0;
  for (const value of values) {
    if (meter.isFull(value.length)) yield;
    visit(value, at);
    at += 1;
  }
}

/** Calls `visit` for each value with its place, a step for so many. */
export function* eachInSteps<V>(
  values: Iterable<V>,
  visit: (value: V, at: number) => void,
  most = STEP_VALUES,
): Steps<void> {
  let at = 0;
  for (const value of values) {
    visit(value, at);
    at += 1;
    if (at % most === 0) yield;
  }
}
