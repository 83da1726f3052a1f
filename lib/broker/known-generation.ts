/**
 * Of which data set a broker's domain is: what its directory holds, or, without entries, what the first server said that knew one.
 *
 * Who was told before that it is unknown hears of it in a new session: brokers behind this one, and servers that wait for a copy.
 */
import type { Changelog } from '../changelog/changelog.js';
import type { Hello } from '../sync/frames.js';
import type { BrokerDirectory } from './broker-seams.js';

export class KnownGeneration {
  readonly #server: string;
  readonly #directory: Pick<BrokerDirectory, 'generation'> | undefined;
  readonly #changelog: Pick<Changelog, 'recordedGeneration' | 'setGeneration'>;
  /** Ends of sessions in which neither end knew. */
  readonly #untold = new Set<(reason: string) => void>();

  constructor(
    server: string,
    directory: Pick<BrokerDirectory, 'generation'> | undefined,
    changelog: Pick<Changelog, 'recordedGeneration' | 'setGeneration'>,
  ) {
    this.#server = server;
    this.#directory = directory;
    this.#changelog = changelog;
  }

  /** undefined: not known yet. */
  get generation(): string | undefined {
    return this.#directory === undefined ? this.#changelog.recordedGeneration : this.#directory.generation();
  }

  /** A peer was let in. `end`: ends its session. The returned function says that it is over. */
  entered({ generation }: Pick<Hello, 'generation'>, end: (reason: string) => void): () => void {
    if (this.#directory !== undefined || this.generation !== undefined) return () => {};
    if (generation === undefined) {
      this.#untold.add(end);
      return () => this.#untold.delete(end);
    }
    this.#changelog.setGeneration(generation).then(
      () => this.#tell(),
      // A store that fails says so on every other way.
      () => {},
    );
    return () => {};
  }

  #tell(): void {
    for (const end of [...this.#untold]) end(`${this.#server} knows its data set now`);
  }
}
