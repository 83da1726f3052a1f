/**
 * What was thrown: JavaScript may throw anything, so a catch has `unknown` in hand.
 *
 * Owns the two ways to go on with it: its words for a sentence of ours, and an Error to pass on. What a failure means is known where it is caught.
 */

/** What an error says, for a sentence of ours. Its causes are not followed. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The error itself; what is none is wrapped in one. */
export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
