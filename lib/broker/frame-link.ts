/**
 * A link that carries frames: cutting and decoding what comes, encoding what goes, and counting both.
 *
 * Owns no rule of the protocol. What a peer sends that is no frame is reported once as malformed; nothing is delivered after that, nor after the link was closed.
 */

import { LIMITS } from '../base/limits.js';
import type { Link } from '../port/link.js';
import { compressionStart, isCompressionStart } from '../sync/compression.js';
import { FrameAssembler } from '../sync/frame-assembler.js';
import { FrameError } from '../sync/frame-error.js';
import { decodeFrame, encodeFrame, HELLO_FRAME_BYTES } from '../sync/frame-octets.js';
import type { Frame } from '../sync/frames.js';
import type { Way } from './pacer.js';

export interface FrameReceiver {
  frame(frame: Frame): void;
  malformed(reason: string): void;
  drained(): void;
  closed(reason: string): void;
}

export interface LinkCounts {
  sentBytes: number;
  receivedBytes: number;
  sentChanges: number;
  receivedChanges: number;
}

const NOBODY: FrameReceiver = { frame() {}, malformed() {}, drained() {}, closed() {} };

export class FrameLink {
  readonly address: string;
  /** The name that the peer's certificate proves; undefined where links prove none. */
  readonly identity: string | undefined;
  readonly counts: LinkCounts = { sentBytes: 0, receivedBytes: 0, sentChanges: 0, receivedChanges: 0 };
  readonly #link: Link;
  readonly #assembler = new FrameAssembler(HELLO_FRAME_BYTES);
  #receiver: FrameReceiver = NOBODY;
  #over = false;
  #compresses = false;
  /** The peer may begin to compress. */
  #inflates = false;
  #way: Way | undefined;
  #charged = 0;

  /** Takes the link over. Nothing is delivered before receive() names a receiver. */
  constructor(link: Link) {
    this.#link = link;
    this.address = link.peer.address;
    this.identity = link.peer.identity;
    link.start({
      bytes: (bytes) => this.#take(bytes),
      drain: () => this.#receiver.drained(),
      closed: (reason) => {
        this.#over = true;
        this.#receiver.closed(reason);
      },
    });
  }

  /** Names who is told from now on; may change after the hello. */
  receive(receiver: FrameReceiver): void {
    this.#receiver = receiver;
  }

  /** Accepts long frames from now on: the peer is known. `maxBytes`: who publishes sends longer ones than who subscribes. */
  trust(maxBytes: number = LIMITS.frameBytes): void {
    this.#assembler.allow(maxBytes);
  }

  /** Compresses what is sent from now on, where the network can. */
  compress(): void {
    if (this.#over || this.#link.compressOutput === undefined) return;
    this.#link.send(compressionStart());
    this.#link.compressOutput();
    this.#compresses = true;
  }

  /** Lets the peer compress from now on. */
  acceptCompression(): void {
    this.#inflates = this.#link.inflateInput !== undefined;
  }

  /** Whether what is sent is compressed. */
  get compresses(): boolean {
    return this.#compresses;
  }

  /** Charges what is sent from now on to this way. */
  pace(way: Way | undefined): void {
    this.#charged = this.wireBytes;
    this.#way = way;
  }

  /** Charges what went out since. Answers whether all did: what is being compressed has no size yet. */
  settle(): boolean {
    const wireBytes = this.wireBytes;
    if (wireBytes > this.#charged) this.#way?.charge(wireBytes - this.#charged);
    this.#charged = wireBytes;
    return this.#link.queuedBytes === 0;
  }

  /** Octets given to the network, after compression. */
  get wireBytes(): number {
    return this.#link.wireBytes ?? this.counts.sentBytes;
  }

  /** Octets waiting for the network. */
  get queuedBytes(): number {
    return this.#link.queuedBytes;
  }

  /** False: wait for drained() before sending much more. */
  send(frame: Frame): boolean {
    if (this.#over) return true;
    const bytes = encodeFrame(frame);
    this.counts.sentBytes += bytes.length;
    if (frame.kind === 'changes') this.counts.sentChanges += frame.changes.length;
    const free = this.#link.send(bytes);
    if (this.#way !== undefined) this.settle();
    return free;
  }

  /** Sends what is queued, then closes; closed() is still told. */
  close(reason: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#link.close(reason);
  }

  #take(bytes: Uint8Array): void {
    if (this.#over) return;
    this.counts.receivedBytes += bytes.length;
    this.#assembler.push(bytes);
    try {
      for (let body = this.#assembler.next(); body !== undefined; body = this.#assembler.next()) {
        if (this.#inflates && isCompressionStart(body)) {
          this.#inflates = false;
          this.#link.inflateInput?.(this.#assembler.takeRest());
          return;
        }
        const frame = decodeFrame(body);
        if (frame === undefined) continue;
        if (frame.kind === 'changes') this.counts.receivedChanges += frame.changes.length;
        this.#receiver.frame(frame);
        if (this.#over) return;
      }
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      this.#receiver.malformed(error.message);
    }
  }
}
