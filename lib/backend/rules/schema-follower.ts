/**
 * Has a domain follow a change of the schema until it has: while its disk is full, or too many writes wait, it is tried again.
 *
 * Between two tries the domain takes writes and changes of others, judged by the new schema; what was kept before follows when there is space.
 */
import { LdapError } from '../../base/ldap-error.js';
import type { Clock } from '../../port/clock.js';
import { StoreError } from '../../port/ordered-store.js';

const RETRY_MS = 1000;

/** What follows: StoreBackend.schemaChanged(). */
export interface SchemaBound {
  schemaChanged(): Promise<void>;
}

/** Resolves when it has followed. `refused`: called with the first refusal. Rejects with what another try does not mend. */
export async function followSchemaChange(
  bound: SchemaBound,
  clock: Pick<Clock, 'after'>,
  refused: (error: unknown) => void,
): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      return await bound.schemaChanged();
    } catch (error) {
      if (!passes(error)) throw error;
      if (tries === 0) refused(error);
    }
    await new Promise<void>((resolve) => void clock.after(RETRY_MS, resolve));
  }
}

function passes(error: unknown): boolean {
  return error instanceof StoreError
    ? error.failure === 'full'
    : error instanceof LdapError && error.result === 'busy';
}
