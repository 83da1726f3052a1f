/** How many searches go on until they are ended: bounded for the server and for each connection, so that nobody takes all places. */
import { LdapError } from '../../base/ldap-error.js';
import { LIMITS } from '../../base/limits.js';

export class LiveSearches {
  #count = 0;
  readonly #byConnection = new Map<object, number>();

  get count(): number {
    return this.#count;
  }

  /** Takes a place until the returned function is called. `connection`: any object that stands for it. Throws LdapError adminLimitExceeded. */
  enter(connection: object, most: number): () => void {
    const held = this.#byConnection.get(connection) ?? 0;
    if (held >= LIMITS.persistentSearchesPerConnection) {
      throw new LdapError(
        'adminLimitExceeded',
        `A connection may have ${LIMITS.persistentSearchesPerConnection} persistent searches (persistentSearchesPerConnection).`,
      );
    }
    if (this.#count >= most) {
      throw new LdapError(
        'adminLimitExceeded',
        `The server takes ${most} persistent searches at once (limits.persistentSearches); try again later.`,
      );
    }
    this.#count += 1;
    this.#byConnection.set(connection, held + 1);
    return () => {
      this.#count -= 1;
      const left = (this.#byConnection.get(connection) ?? 1) - 1;
      if (left > 0) this.#byConnection.set(connection, left);
      else this.#byConnection.delete(connection);
    };
  }
}
