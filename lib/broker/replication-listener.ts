/**
 * The replication port of a server: takes links, reads the first hello of each, and hands it to the broker of the domain that it names.
 *
 * A peer that has not introduced itself costs one link of a bounded number, and little memory, for a bounded time.
 */
import { LIMITS } from '../base/limits.js';
import type { Clock } from '../port/clock.js';
import type { Link, LinkNetwork } from '../port/link.js';
import type { Log } from '../port/log.js';
import type { Frame, RefusalCode } from '../sync/frames.js';
import { HELLO_TIMEOUT_MS } from '../sync/session-timing.js';
import type { Broker } from './broker.js';
import { FrameLink } from './frame-link.js';

export class ReplicationListener {
  readonly #brokers = new Map<string, Broker>();
  readonly #clock: Clock;
  readonly #log: Log;
  #strangers = 0;
  #listening: { readonly address: string; close(): Promise<void> } | undefined;

  constructor(brokers: readonly Broker[], clock: Clock, log: Log) {
    for (const broker of brokers) this.#brokers.set(broker.domain, broker);
    this.#clock = clock;
    this.#log = log;
  }

  /** Rejects as LinkNetwork.listen() does. */
  async open(network: LinkNetwork, address: string): Promise<void> {
    this.#listening = await network.listen(address, (link) => this.#accept(link));
  }

  /** Where it listens; undefined before open(). */
  get address(): string | undefined {
    return this.#listening?.address;
  }

  /** Takes no more links; sessions that brokers hold go on. */
  async close(): Promise<void> {
    await this.#listening?.close();
  }

  #accept(link: Link): void {
    const frames = new FrameLink(link);
    if (this.#strangers >= LIMITS.strangerLinks) {
      this.#refuse(frames, 'busy', 'too many links that have not introduced themselves');
      return;
    }
    this.#strangers += 1;
    let waiting = true;
    const known = (): void => {
      if (waiting) this.#strangers -= 1;
      waiting = false;
      cancel();
    };
    const cancel = this.#clock.after(HELLO_TIMEOUT_MS, () => {
      known();
      this.#refuse(frames, 'protocol', 'no hello in time');
    });
    frames.receive({
      frame: (frame) => {
        known();
        this.#introduce(frames, frame);
      },
      malformed: (reason) => {
        known();
        this.#refuse(frames, 'protocol', reason);
      },
      drained: () => {},
      closed: known,
    });
  }

  #introduce(frames: FrameLink, frame: Frame): void {
    if (frame.kind !== 'hello') {
      this.#refuse(frames, 'protocol', `a ${frame.kind} frame before the hello`);
      return;
    }
    const broker = this.#brokers.get(frame.hello.domain);
    if (broker === undefined) {
      this.#refuse(frames, 'domain', `domain ${frame.hello.domain} is not replicated here`);
      return;
    }
    broker.accept(frames, frame.hello);
  }

  #refuse(frames: FrameLink, code: RefusalCode, sentence: string): void {
    this.#log.warn(
      { peer: frames.address, identity: frames.identity, code },
      `replication link refused: ${sentence}`,
    );
    frames.receive({ frame() {}, malformed() {}, drained() {}, closed() {} });
    frames.send({ kind: 'refuse', code, sentence });
    frames.close(sentence);
  }
}
