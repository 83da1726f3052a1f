/**
 * What a write decides in its turn: at once as a rule, in steps where it goes through many values.
 *
 * Owns the form. Between steps others read and no other write is decided, so what the decision looks at stays as it is.
 */
import type { Steps } from '../base/steps.js';
import type { Intent } from './backend.js';

/** What a write does: known at once, or at the end of steps. */
export type Decision = readonly Intent[] | Steps<readonly Intent[]>;

/** Whether there are no steps to be done. */
export function isDecided(decision: Decision): decision is readonly Intent[] {
  return Array.isArray(decision);
}

/** The decision with what `next` makes of it, in the same turn. */
export function decidedThen(decision: Decision, next: (intents: readonly Intent[]) => Decision): Decision {
  return isDecided(decision) ? next(decision) : nextInSteps(decision, next);
}

function* nextInSteps(
  steps: Steps<readonly Intent[]>,
  next: (intents: readonly Intent[]) => Decision,
): Steps<readonly Intent[]> {
  const decision = next(yield* steps);
  return isDecided(decision) ? decision : yield* decision;
}
