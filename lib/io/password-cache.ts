/**
 * PasswordCache: passwords that were right a moment ago need not be hashed again; a slow hash done for the same question by many at once is done once.
 *
 * What is kept is an HMAC-SHA256 of stored hash and password under a key of this process, never a password. Only right answers are kept, for a fixed time from
 * their verification. A changed password has another stored hash, so the old one is wrong at once. The trade: who can read the memory of the process can, for that
 * time, try passwords against a fast hash instead of a slow one; 0 seconds turns the cache off.
 */
import { createHmac, randomBytes } from 'node:crypto';
import type { Clock } from '../port/clock.js';
import type { PasswordHasher } from '../port/password-hasher.js';

/** Verifications that are remembered. */
const MAX_KEPT = 10_000;

export class PasswordCache implements PasswordHasher {
  readonly #hasher: PasswordHasher;
  readonly #clock: Clock;
  readonly #keepMs: number;
  readonly #key = randomBytes(32);
  /** Tag -> monotonic ms of its end, oldest first. */
  readonly #right = new Map<string, number>();
  readonly #inFlight = new Map<string, Promise<boolean>>();

  /** `keepMs`: how long a right password is remembered; 0: not at all. */
  constructor(hasher: PasswordHasher, clock: Clock, keepMs: number) {
    this.#hasher = hasher;
    this.#clock = clock;
    this.#keepMs = keepMs;
  }

  hash(password: Uint8Array): Promise<Uint8Array> {
    return this.#hasher.hash(password);
  }

  isHashed(stored: Uint8Array): boolean {
    return this.#hasher.isHashed(stored);
  }

  async verify(password: Uint8Array, stored: Uint8Array | undefined): Promise<boolean> {
    if (this.#keepMs === 0 || stored === undefined) return this.#hasher.verify(password, stored);
    const tag = this.#tag(password, stored);
    const end = this.#right.get(tag);
    if (end !== undefined) {
      if (this.#clock.monotonicMs() < end) return true;
      this.#right.delete(tag);
    }
    const running = this.#inFlight.get(tag);
    if (running !== undefined) return running;
    const verified = this.#hasher.verify(password, stored);
    this.#inFlight.set(tag, verified);
    try {
      const matches = await verified;
      if (matches) this.#keep(tag);
      return matches;
    } finally {
      this.#inFlight.delete(tag);
    }
  }

  #keep(tag: string): void {
    for (const oldest of this.#right.keys()) {
      if (this.#right.size < MAX_KEPT) break;
      this.#right.delete(oldest);
    }
    this.#right.set(tag, this.#clock.monotonicMs() + this.#keepMs);
  }

  /** The length of the first part keeps the border between the two. */
  #tag(password: Uint8Array, stored: Uint8Array): string {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(stored.length);
    return createHmac('sha256', this.#key).update(length).update(stored).update(password).digest('base64');
  }
}
