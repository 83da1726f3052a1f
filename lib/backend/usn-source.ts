/**
 * Update sequence numbers (USN): one rising number for each change that this server applied, shared by all its domains.
 *
 * Local to the server and never replicated: every replica counts on its own (389-ds's entryUSN, Active Directory's uSNChanged). Owns the count and
 * what of it is settled; applied-log.ts stores it. Invariant: a number is given once; after a crash only numbers that nobody saw are given again.
 */

/** One domain's part. */
export interface UsnUser {
  /** Newest USN whose change is readable. */
  readonly durable: number;
  /** Newest USN given to this domain. */
  readonly given: number;
}

export class UsnSource {
  #last = 0;
  readonly #users = new Set<UsnUser>();

  /** A domain takes part from now on. */
  join(user: UsnUser): void {
    this.#users.add(user);
    if (user.given > this.#last) this.#last = user.given;
  }

  /** The next number. */
  next(): number {
    this.#last += 1;
    return this.#last;
  }

  /** A number such that whoever asks later for what is above it misses nothing: lastUSN of the root DSE. */
  get settled(): number {
    let settled = this.#last;
    for (const { durable, given } of this.#users) if (given > durable) settled = Math.min(settled, durable);
    return settled;
  }
}
