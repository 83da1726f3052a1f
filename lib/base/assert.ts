/**
 * Assertions: our own bugs, caught where they happen and on in production.
 *
 * Owns the one way to say "this cannot be". Bad input from a client, a peer or an operator is never asserted:
 * that is an LdapError or an OperatorError.
 */

/** A broken invariant of ours. Never caught to go on; the process reports it and stops the unit of work. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError';
}

/** Throws AssertionError unless `condition` holds. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** Returns `value`, asserting that it is neither null nor undefined. */
export function must<T>(value: T | null | undefined, message: string): T {
  if (value === null || value === undefined) throw new AssertionError(message);
  return value;
}

/** For the default arm of a switch over a closed union. */
export function unreachable(value: never): never {
  throw new AssertionError(`unreachable: ${String(value)}`);
}
