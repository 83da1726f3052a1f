/**
 * AnswerOutput: what leaves one connection, encoded, counted and held back where the client does not read.
 *
 * Invariant: nothing is sent once shut. Whoever produces many answers sends until send() is false and then waits for ready().
 */
import { BerWriter } from '../../ber/ber-writer.js';
import { encodeResponse } from '../../ldap/encode-response.js';
import type { LdapTransport } from '../../port/ldap-transport.js';
import type { Answer, AnswerStream } from '../operation.js';
import type { Statistics } from '../statistics.js';

const writer = new BerWriter(65_536);

export class AnswerOutput implements AnswerStream {
  /** The transport asked for a pause. */
  full = false;
  /** Nothing more reaches the client. */
  closed = false;
  readonly #transport: LdapTransport;
  readonly #statistics: Statistics;
  readonly #onFull: () => void;
  #waiting: (() => void)[] = [];
  readonly #listeners = new Set<() => void>();

  constructor(transport: LdapTransport, statistics: Statistics, onFull: () => void) {
    this.#transport = transport;
    this.#statistics = statistics;
    this.#onFull = onFull;
  }

  send(bytes: Uint8Array): boolean {
    if (this.closed) return false;
    this.#statistics.bytesSent += bytes.length;
    this.#statistics.pdusSent += 1;
    if (this.#transport.send(bytes)) return true;
    this.full = true;
    this.#onFull();
    return false;
  }

  /** The final answer to request `id`; 0: an unsolicited notification. */
  answer(id: number, given: Answer): void {
    if (this.closed) return;
    writer.reset();
    encodeResponse(writer, { id, response: given.response, controls: given.controls });
    this.send(writer.bytes());
  }

  ready(): Promise<void> {
    if (!this.full || this.closed) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  onWake(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The client has read. */
  drained(): void {
    this.full = false;
    this.wake();
  }

  /** Nothing more is sent; those who wait go on and see that. */
  shut(): void {
    this.closed = true;
    this.wake();
  }

  /** Lets those who wait look again: something was stopped. */
  wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
    for (const listener of [...this.#listeners]) listener();
  }
}
