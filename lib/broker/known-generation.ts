/**
 * Of which data set a broker's domain is: what its directory holds, or, without entries, what the first server said that knew one.
 *
 * Who was told before that it is unknown hears of it in a new session: brokers behind this one, servers that wait for a copy, and those that told it themselves. What these have said of the domain's servers
 * meanwhile was of a data set that was not known yet, and they say it once a session.
 */
import type { Changelog } from '../changelog/changelog.js';
import type { Hello } from '../sync/frames.js';
import type { BrokerDirectory } from './broker-seams.js';

export class KnownGeneration {
  readonly #server: string;
  readonly #directory: Pick<BrokerDirectory, 'generation'> | undefined;
  readonly #changelog: Pick<Changelog, 'recordedGeneration' | 'setGeneration'>;
  /** Ends of sessions that began before this end knew. */
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
    this.#untold.add(end);
    if (generation !== undefined)
      this.#changelog.setGeneration(generation).then(
        () => this.#tell(),
        // A store that fails says so on every other way.
        () => {},
      );
    return () => this.#untold.delete(end);
  }

  #tell(): void {
    for (const end of [...this.#untold]) end(`${this.#server} knows its data set now`);
  }
}
