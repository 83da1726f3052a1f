/**
 * The servers that nobody can dial and that hold a session with us: whoever follows them opens a lane on that session's link instead of dialing (lanes.ts).
 *
 * Of several sessions of one server the newest counts; an older one may be half-dead. Owns no link.
 */
import type { Clock } from '../port/clock.js';
import type { Link } from '../port/link.js';

export interface Offer {
  readonly name: string;
  /** Where its link came from, for people. */
  readonly address: string;
  /** A new lane to it; undefined when its link takes no more. */
  open(): Link | undefined;
}

export class Offers {
  readonly #clock: Clock;
  /** By server, the newest last. */
  readonly #offers = new Map<string, Offer[]>();
  readonly #waiting = new Map<string, Set<() => void>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A server's session began; the returned function says that it is over. */
  add(offer: Offer): () => void {
    const { name } = offer;
    this.#offers.set(name, [...(this.#offers.get(name) ?? []), offer]);
    for (const come of this.#waiting.get(name) ?? []) come();
    return () => {
      const left = (this.#offers.get(name) ?? []).filter((one) => one !== offer);
      if (left.length > 0) this.#offers.set(name, left);
      else this.#offers.delete(name);
    };
  }

  /** The newest offer of a server. */
  of(name: string): Offer | undefined {
    return this.#offers.get(name)?.at(-1);
  }

  /** A lane to a server. Rejects with an Error when its link takes no more, or ended. */
  async dial(name: string): Promise<Link> {
    const lane = this.of(name)?.open();
    if (lane === undefined) throw new Error(`${name} cannot be dialed, and holds no link to this server`);
    return lane;
  }

  /** Resolves when the server offers; rejects with an Error after `timeoutMs`. */
  wait(name: string, timeoutMs: number): Promise<void> {
    if (this.of(name) !== undefined) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const waiting = this.#waiting.get(name) ?? new Set();
      this.#waiting.set(name, waiting);
      const end = (): void => {
        cancel();
        waiting.delete(come);
        if (waiting.size === 0) this.#waiting.delete(name);
      };
      const come = (): void => {
        end();
        resolve();
      };
      const cancel = this.#clock.after(timeoutMs, () => {
        end();
        reject(
          new Error(`${name} cannot be dialed, and did not dial this server within ${timeoutMs / 1000} s`),
        );
      });
      waiting.add(come);
    });
  }
}
