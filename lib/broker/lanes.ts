/**
 * Links within a link: the server that was dialed opens lanes to the one that dialed it, and follows it there, because nobody can dial that one.
 *
 * A lane is a Link as any other, so the sessions on it are the same as on a link that was dialed. Owns the cutting of its octets into frames of the carrying link, and their
 * order; what waits is bounded by the credit of the sessions on it, and by the carrier, which says when to wait. All lanes end with their carrier.
 */
import { utf8Decode, utf8Encode } from '../base/bytes.js';
import { LIMITS } from '../base/limits.js';
import type { Link, LinkPeer } from '../port/link.js';
import type { Frame, Hello } from '../sync/frames.js';
import { FrameLink } from './frame-link.js';

type LaneFrame = Extract<Frame, { kind: 'lane' }>;
type Receivers = Parameters<Link['start']>[0];

/** The link that carries lanes. */
export type Carrier = Pick<FrameLink, 'address' | 'identity' | 'send' | 'queuedBytes'>;

/** Reads the hello of who opened a lane to this server, and hands both on. What begins otherwise is closed. */
export function greetLane(
  link: Link,
  domain: string,
  accept: (frames: FrameLink, hello: Hello) => void,
): void {
  const frames = new FrameLink(link);
  const refuse = (): void => frames.close(`a link within a link begins with a hello for ${domain}`);
  frames.receive({
    frame: (frame) => {
      if (frame.kind === 'hello' && frame.hello.domain === domain) accept(frames, frame.hello);
      else refuse();
    },
    malformed: refuse,
    drained() {},
    closed() {},
  });
}

export class Lanes {
  readonly #carrier: Carrier;
  readonly #accept: ((link: Link) => void) | undefined;
  readonly #open = new Map<number, Lane>();
  #next = 1;
  #ended = false;

  /** `accept`: takes lanes that the other end opens; undefined: this end opens them. */
  constructor(carrier: Carrier, accept: ((link: Link) => void) | undefined) {
    this.#carrier = carrier;
    this.#accept = accept;
  }

  /** A new lane; undefined when there are too many, or the carrier is gone. */
  open(): Link | undefined {
    if (this.#ended || this.#open.size >= LIMITS.lanes) return undefined;
    const number = this.#next++;
    const lane = this.#lane(number);
    this.#carrier.send({ kind: 'lane', number, part: 'open', bytes: new Uint8Array() });
    return lane;
  }

  /** Takes a frame of a lane. One that is closed here may still get some: they are dropped. */
  take({ number, part, bytes }: LaneFrame): void {
    if (this.#ended) return;
    if (part === 'open') {
      if (this.#accept !== undefined && !this.#open.has(number)) this.#opened(number, this.#accept);
      return;
    }
    const lane = this.#open.get(number);
    if (part === 'octets') lane?.deliver(bytes);
    else lane?.end(utf8Decode(bytes) ?? 'closed');
  }

  /** The carrier takes more. */
  drained(): void {
    for (const lane of [...this.#open.values()]) lane.drained();
  }

  /** The carrier is gone. */
  end(reason: string): void {
    this.#ended = true;
    for (const lane of [...this.#open.values()]) lane.end(reason);
  }

  #opened(number: number, accept: (link: Link) => void): void {
    if (this.#open.size >= LIMITS.lanes) {
      const bytes = utf8Encode('too many links within one');
      this.#carrier.send({ kind: 'lane', number, part: 'close', bytes });
      return;
    }
    accept(this.#lane(number));
  }

  #lane(number: number): Lane {
    const lane = new Lane(this.#carrier, number, () => this.#open.delete(number));
    this.#open.set(number, lane);
    return lane;
  }
}

class Lane implements Link {
  readonly peer: LinkPeer;
  readonly #carrier: Carrier;
  readonly #number: number;
  readonly #gone: () => void;
  #receivers: Receivers | undefined;
  #waiting: Uint8Array[] = [];
  #paused = false;
  #wantsDrain = false;
  #over = false;

  constructor(carrier: Carrier, number: number, gone: () => void) {
    this.#carrier = carrier;
    this.#number = number;
    this.#gone = gone;
    this.peer = { address: carrier.address, identity: carrier.identity };
  }

  get queuedBytes(): number {
    return this.#carrier.queuedBytes;
  }

  /** What goes to the network is counted, and charged to its limits, where the carrier sends it. */
  get wireBytes(): number {
    return 0;
  }

  start(on: Receivers): void {
    this.#receivers = on;
  }

  send(bytes: Uint8Array): boolean {
    if (this.#over) return true;
    let free = true;
    for (let at = 0; at < bytes.length; at += LIMITS.laneOctets)
      free = this.#say('octets', bytes.subarray(at, at + LIMITS.laneOctets));
    this.#wantsDrain = !free;
    return free;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    for (const bytes of this.#waiting.splice(0)) this.deliver(bytes);
  }

  close(reason: string): void {
    if (this.#over) return;
    this.#say('close', utf8Encode(reason).subarray(0, LIMITS.laneOctets));
    this.#over = true;
    this.#gone();
    // Never from inside the caller's own call.
    void Promise.resolve().then(() => this.#closed(reason));
  }

  deliver(bytes: Uint8Array): void {
    if (this.#over) return;
    if (this.#paused) this.#waiting.push(bytes);
    else this.#receivers?.bytes(bytes);
  }

  drained(): void {
    if (!this.#wantsDrain) return;
    this.#wantsDrain = false;
    this.#receivers?.drain();
  }

  /** The other end closed it, or the carrier is gone. */
  end(reason: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#gone();
    this.#closed(reason);
  }

  #say(part: LaneFrame['part'], bytes: Uint8Array): boolean {
    return this.#carrier.send({ kind: 'lane', number: this.#number, part, bytes });
  }

  #closed(reason: string): void {
    const receivers = this.#receivers;
    this.#receivers = undefined;
    receivers?.closed(reason);
  }
}
