/**
 * A replica whose rows hold another part of the entries than its configuration asks for (a fraction that was changed): it takes no writes, and a new copy by itself where it may.
 *
 * Its rows go on replicating as they are until then, equal to what others hold of that part. Owns the moment of the copy; the copy is replica.ts.
 */
import type { Clock } from '../port/clock.js';
import type { Hello, LinkPurpose } from '../sync/frames.js';
import type { HeldPart } from './snapshot-source.js';

/** After a peer introduced itself, and between attempts. */
const WAIT_MS = 3000;

export interface PartRenewalOptions {
  readonly server: string;
  /** undefined: everything is held. */
  readonly part: Omit<HeldPart, 'shortOf'> | undefined;
  readonly clock: Pick<Clock, 'after'>;
  /** Whether a copy may be taken from this server now, unasked. */
  mayCopy(peer: string): boolean;
  initialize(peer: string): void;
}

export class PartRenewal {
  readonly #options: PartRenewalOptions;
  #cancel: (() => void) | undefined;
  #stopped = false;

  constructor(options: PartRenewalOptions) {
    this.#options = options;
  }

  /** Why writes must wait, as a sentence; undefined when they need not. */
  get reason(): string | undefined {
    const { server, part } = this.#options;
    return part?.outdated === undefined
      ? undefined
      : `${server} must be initialized (polyarch replication initialize): ${part.outdated}`;
  }

  /** What a link with this purpose is told (Hello.fraction). */
  told(purpose: LinkPurpose): string | undefined {
    const { part } = this.#options;
    const text = purpose === 'initialize' ? part?.wantedText : part?.text;
    return text === '' ? undefined : text;
  }

  /** A peer introduced itself: a copy may be taken from it after a while. */
  greeted({ server }: Pick<Hello, 'server'>): void {
    if (this.reason === undefined || this.#stopped || this.#cancel !== undefined) return;
    if (!this.#options.mayCopy(server)) return;
    this.#cancel = this.#options.clock.after(WAIT_MS, () => {
      this.#cancel = undefined;
      if (this.reason !== undefined) this.#options.initialize(server);
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
  }
}
