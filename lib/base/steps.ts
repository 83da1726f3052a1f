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

/** Does all steps at once. */
export function whole<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
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
