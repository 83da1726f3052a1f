/**
 * Work of the server itself that is refused for now, because the disk is full or too many writes wait: it is tried again until it is done.
 *
 * Owns which refusals pass by themselves, and the wait between two tries. Between two tries the domain goes on as it is.
 */
import { LdapError } from '../base/ldap-error.js';
import type { Clock } from '../port/clock.js';
import { StoreError } from '../port/ordered-store.js';

/** Until what was refused is tried again. */
export const RETRY_MS = 1000;

/** Resolves when the work is done. `refused`: called with the first refusal. Rejects with what another try does not mend. */
export async function untilTaken<T>(
  work: () => Promise<T>,
  clock: Pick<Clock, 'after'>,
  refused: (error: unknown) => void,
): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await work();
    } catch (error) {
      if (!isForNow(error)) throw error;
      if (tries === 0) refused(error);
    }
    await new Promise<void>((resolve) => void clock.after(RETRY_MS, resolve));
  }
}

/** Whether this refusal passes by itself. */
export function isForNow(error: unknown): boolean {
  return error instanceof StoreError
    ? error.failure === 'full'
    : error instanceof LdapError && error.result === 'busy';
}
