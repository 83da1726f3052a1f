/** Port: password hashing, off the event loop. */

export interface PasswordHasher {
  /** A stored value `{SCHEME}...` for a new password. */
  hash(password: Uint8Array): Promise<Uint8Array>;
  /**
   * Whether `password` matches `stored`. False for an unknown scheme, a malformed hash or one whose cost is above our bound;
   * never rejects for bad input. Takes about as long when `stored` is undefined (no such user) as when it is wrong.
   */
  verify(password: Uint8Array, stored: Uint8Array | undefined): Promise<boolean>;
  /** Whether `stored` is already a hash of a scheme that verify() understands, with an acceptable cost. */
  isHashed(stored: Uint8Array): boolean;
}
