/**
 * A network between simulated servers: ordered byte streams with delay, which stall, break and are cut as told.
 *
 * Behaves as TCP does: bytes arrive in order or not at all; a cut is silent (bytes wait, and arrive when it heals if the link still stands); a dead process's links
 * are reset where the network lets the reset through. What is sent in one call is delivered in pieces of random size, at random times.
 */
import type { Link, LinkNetwork } from '../../lib/port/link.js';
import type { SeededRandom } from './seeded-random.js';
import type { VirtualTime } from './virtual-time.js';

type Receivers = { bytes(bytes: Uint8Array): void; drain(): void; closed(reason: string): void };
type Item = { readonly bytes: Uint8Array } | { readonly end: string };

/** Queued octets at which send() asks to wait, and below which drain comes. */
const HIGH_WATER = 65_536;
/** Octets of one packet of a link with a bandwidth. */
const PACKET = 16_384;

export interface NetworkShape {
  minDelayMs: number;
  maxDelayMs: number;
  /** Octets a millisecond per direction; unlimited when 0. */
  bytesPerMs: number;
}

export class SimNetwork {
  readonly shape: NetworkShape = { minDelayMs: 1, maxDelayMs: 5, bytesPerMs: 0 };
  readonly #time: VirtualTime;
  readonly #random: SeededRandom;
  readonly #listeners = new Map<string, { readonly host: string; readonly accept: (link: Link) => void }>();
  /** `from>to` pairs that nothing passes. */
  readonly #cuts = new Set<string>();
  readonly links = new Set<SimLink>();
  /** Most octets that ever waited in one direction of one link. */
  maxQueued = 0;
  /** Told of every delivery, in order per link; for checkers. */
  observe: ((link: SimLink, bytes: Uint8Array) => void) | undefined;

  constructor(time: VirtualTime, random: SeededRandom) {
    this.#time = time;
    this.#random = random;
  }

  get time(): VirtualTime {
    return this.#time;
  }

  delayMs(): number {
    return this.shape.minDelayMs + this.#random.next() * (this.shape.maxDelayMs - this.shape.minDelayMs);
  }

  passes(from: string, to: string): boolean {
    return !this.#cuts.has(`${from}>${to}`);
  }

  /** Nothing passes from one host to the other (one way) until healed. */
  cut(from: string, to: string): void {
    this.#cuts.add(`${from}>${to}`);
  }

  heal(from: string, to: string): void {
    this.#cuts.delete(`${from}>${to}`);
    for (const link of [...this.links]) if (link.from === from && link.to === to) link.pump();
  }

  healAll(): void {
    this.#cuts.clear();
    for (const link of [...this.links]) link.pump();
  }

  /** Resets every link between two hosts. */
  breakLinks(a: string, b: string): void {
    for (const link of [...this.links]) {
      if ((link.from === a && link.to === b) || (link.from === b && link.to === a))
        link.reset('connection reset');
    }
  }

  /** The process on a host is gone: its listeners and its ends of links. */
  kill(host: string): void {
    for (const [address, listener] of [...this.#listeners])
      if (listener.host === host) this.#listeners.delete(address);
    for (const link of [...this.links]) if (link.from === host) link.die();
  }

  /** The network as one process of a host sees it. */
  host(host: string, alive: () => boolean): LinkNetwork {
    return {
      dial: (address) => this.#dial(host, address, alive),
      listen: async (address, accept) => {
        if (this.#listeners.has(address)) throw new Error(`address ${address} is in use`);
        this.#listeners.set(address, { host, accept });
        return {
          address,
          close: async () => {
            if (alive()) this.#listeners.delete(address);
          },
        };
      },
    };
  }

  #dial(host: string, address: string, alive: () => boolean): Promise<Link> {
    return new Promise((resolve, reject) => {
      this.#time.at(this.delayMs() * 2, () => {
        if (!alive()) return;
        const listener = this.#listeners.get(address);
        const target = listener?.host ?? address;
        if (!this.passes(host, target) || !this.passes(target, host)) {
          this.#time.at(500, () => {
            if (alive()) reject(new Error(`connecting to ${address} timed out`));
          });
        } else if (listener === undefined) {
          reject(new Error(`connection to ${address} refused`));
        } else {
          const here = new SimLink(this, host, listener.host, address);
          const there = new SimLink(this, listener.host, host, `${host}:0`);
          here.other = there;
          there.other = here;
          this.links.add(here);
          this.links.add(there);
          listener.accept(there);
          resolve(here);
        }
      });
    });
  }

  /** How much of a queue goes in one piece. */
  pieceBytes(available: number): number {
    return this.#random.chance(0.8) ? available : 1 + this.#random.below(available);
  }
}

/** One end of a link: receives what the other end sends. `from` is the host of this end. */
export class SimLink implements Link {
  readonly peer: { readonly address: string; readonly identity: string | undefined };
  readonly from: string;
  readonly to: string;
  other: SimLink | undefined;
  readonly #network: SimNetwork;
  #receivers: Receivers | undefined;
  #queue: Item[] = [];
  /** Items whose arrival is due at some time. */
  #onTheWay = 0;
  #lastArrivalMs = 0;
  #closed = false;
  #dead = false;
  #paused = false;
  #wantsDrain = false;
  queuedBytes = 0;

  constructor(network: SimNetwork, from: string, to: string, address: string) {
    this.#network = network;
    this.from = from;
    this.to = to;
    this.peer = { address, identity: to };
  }

  start(receivers: Receivers): void {
    this.#receivers = receivers;
  }

  send(bytes: Uint8Array): boolean {
    if (this.#closed || this.#dead) return true;
    // A slow link delivers a long frame packet by packet.
    const packet = this.#network.shape.bytesPerMs === 0 ? bytes.length : PACKET;
    for (let at = 0; at < bytes.length; at += packet)
      this.#queue.push({ bytes: bytes.slice(at, at + packet) });
    this.queuedBytes += bytes.length;
    this.#network.maxQueued = Math.max(this.#network.maxQueued, this.queuedBytes);
    this.pump();
    if (this.queuedBytes <= HIGH_WATER) return true;
    this.#wantsDrain = true;
    return false;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.other?.pump();
  }

  close(reason: string): void {
    if (this.#closed || this.#dead) return;
    this.#closed = true;
    this.#queue.push({ end: reason });
    this.pump();
    this.#network.time.at(0, () => this.#receive({ end: reason }, true));
  }

  /** The network breaks the link: both ends learn of it, bytes on their way are lost. */
  reset(reason: string): void {
    for (const end of [this, this.other]) {
      if (end === undefined) continue;
      end.#queue = [];
      end.queuedBytes = 0;
      end.#closed = true;
      end.#network.time.at(0, () => end.#receive({ end: reason }, true));
    }
  }

  /** The process of this end is gone: it hears nothing more; the other end is reset where the network lets it through. */
  die(): void {
    this.#dead = true;
    this.#queue = [{ end: 'connection reset by peer' }];
    this.queuedBytes = 0;
    this.pump();
  }

  /** Puts what waits on its way: every item has its own delay, none overtakes another. */
  pump(): void {
    const { other } = this;
    if (other === undefined || !this.#network.passes(this.from, this.to) || other.#paused) return;
    const { time, shape } = this.#network;
    while (this.#onTheWay < this.#queue.length) {
      const item = this.#queue[this.#onTheWay];
      const length = item !== undefined && 'bytes' in item ? item.bytes.length : 0;
      const sendMs = shape.bytesPerMs === 0 ? 0 : length / shape.bytesPerMs;
      this.#lastArrivalMs = Math.max(
        this.#lastArrivalMs + sendMs,
        time.nowMs + this.#network.delayMs() + sendMs,
      );
      this.#onTheWay += 1;
      time.at(this.#lastArrivalMs - time.nowMs, () => this.#arrive(other));
    }
  }

  #arrive(other: SimLink): void {
    this.#onTheWay -= 1;
    if (!this.#network.passes(this.from, this.to) || other.#paused) return;
    const item = this.#queue.shift();
    if (item === undefined) return;
    if ('end' in item) {
      other.#closed = true;
      other.#receive(item, false);
      return;
    }
    const bytes = this.#piece(item.bytes);
    this.queuedBytes -= bytes.length;
    this.pump();
    if (!other.#dead && !other.#closed) {
      this.#network.observe?.(this, bytes);
      other.#receivers?.bytes(bytes);
    }
    if (this.#wantsDrain && this.queuedBytes <= HIGH_WATER / 2) {
      this.#wantsDrain = false;
      if (!this.#dead && !this.#closed) this.#receivers?.drain();
    }
  }

  /** What a socket reads at once: a part of what was sent, all of it, or more that waits behind. */
  #piece(first: Uint8Array): Uint8Array {
    if (this.#network.shape.bytesPerMs > 0) return first;
    const size = this.#network.pieceBytes(first.length);
    if (size < first.length) {
      this.#queue.unshift({ bytes: first.subarray(size) });
      return first.slice(0, size);
    }
    const next = this.#queue[0];
    if (next === undefined || !('bytes' in next)) return first;
    this.#queue.shift();
    return new Uint8Array(Buffer.concat([first, next.bytes]));
  }

  #receive(item: { readonly end: string }, own: boolean): void {
    if (this.#dead || this.#receivers === undefined) return;
    const receivers = this.#receivers;
    this.#receivers = undefined;
    this.#network.links.delete(this);
    receivers.closed(item.end);
    // The other end of a link that we closed hears of it through the queue; one that we heard closed has nothing to say.
    if (!own) this.#queue = [];
  }
}
