/**
 * A network between real processes, made in this process: every link passes through a relay, which can be slow, narrow, lossy, silent or cut.
 *
 * The relays carry TCP, so octets are never lost or reordered: a lost packet costs its connection one more round trip, and what is behind waits (as after a fast retransmit; that
 * TCP sends less afterwards is not imitated). Bandwidth is shared by all connections of one direction between two servers. A silent direction takes octets and delivers
 * none until it is heard again.
 */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { SeededRandom } from '../sim/seeded-random.js';

export interface Weather {
  /** One way, ms. */
  readonly delayMs: number;
  /** Kilobits a second in each direction; 0: no limit. */
  readonly kbit: number;
  /** Share of packets that are lost, 0 to 1. */
  readonly loss: number;
}

export const CALM: Weather = { delayMs: 0, kbit: 0, loss: 0 };

const PACKET_BYTES = 1448;
/** Octets that one direction of a connection takes before its sender must wait, as buffers of hosts on the way do. */
const BUFFER_BYTES = 262_144;

/** What all relays share. Ways are named `from>to` by the numbers of servers. */
export class Network {
  weather: Weather = CALM;
  /** Octets taken so far, by way. */
  readonly octets = new Map<string, number>();
  readonly #freeMs = new Map<string, number>();
  readonly #silent = new Set<string>();
  readonly #streams = new Set<Stream>();
  readonly #random = new SeededRandom(1);

  /** Nothing arrives that way until it is heard. */
  silence(from: number, to: number): void {
    this.#silent.add(`${from}>${to}`);
  }

  hear(): void {
    this.#silent.clear();
    for (const stream of this.#streams) stream.deliver();
  }

  /** Octets taken both ways between two servers. */
  between(a: number, b: number): number {
    return (this.octets.get(`${a}>${b}`) ?? 0) + (this.octets.get(`${b}>${a}`) ?? 0);
  }

  isSilent(way: string): boolean {
    return this.#silent.has(way);
  }

  enter(stream: Stream): () => void {
    this.#streams.add(stream);
    return () => this.#streams.delete(stream);
  }

  /** When octets that are sent now arrive. */
  arrivalMs(way: string, bytes: number): number {
    const { delayMs, kbit, loss } = this.weather;
    this.octets.set(way, (this.octets.get(way) ?? 0) + bytes);
    const nowMs = performance.now();
    const leftMs = Math.max(nowMs, this.#freeMs.get(way) ?? 0) + (kbit === 0 ? 0 : (bytes * 8) / kbit);
    this.#freeMs.set(way, leftMs);
    let lost = 0;
    for (let at = 0; at < bytes; at += PACKET_BYTES) if (this.#random.chance(loss)) lost = 1;
    return leftMs + delayMs + lost * 2 * delayMs;
  }
}

interface Item {
  /** undefined: the end. */
  readonly bytes: Buffer | undefined;
  readonly atMs: number;
}

/** One direction of one connection. */
class Stream {
  readonly #network: Network;
  readonly #way: string;
  readonly #source: Socket;
  readonly #sink: Socket;
  #items: Item[] = [];
  #queued = 0;
  #lastMs = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(network: Network, way: string, source: Socket, sink: Socket) {
    this.#network = network;
    this.#way = way;
    this.#source = source;
    this.#sink = sink;
    const leave = network.enter(this);
    source.on('data', (bytes: Buffer) => this.#take(bytes));
    source.on('close', () => this.#take(undefined));
    sink.on('drain', () => this.#flow());
    sink.on('close', () => {
      leave();
      clearTimeout(this.#timer);
      source.destroy();
    });
  }

  /** Gives on what has arrived. */
  deliver(): void {
    clearTimeout(this.#timer);
    const nowMs = performance.now();
    while (!this.#network.isSilent(this.#way)) {
      const [first] = this.#items;
      if (first === undefined) return;
      if (first.atMs > nowMs) {
        this.#timer = setTimeout(() => this.deliver(), first.atMs - nowMs);
        return;
      }
      this.#items.shift();
      if (first.bytes === undefined) this.#sink.destroySoon();
      else {
        this.#queued -= first.bytes.length;
        this.#sink.write(first.bytes);
      }
      this.#flow();
    }
  }

  #take(bytes: Buffer | undefined): void {
    this.#queued += bytes?.length ?? 0;
    this.#lastMs = Math.max(this.#lastMs, this.#network.arrivalMs(this.#way, bytes?.length ?? 0));
    this.#items.push({ bytes, atMs: this.#lastMs });
    this.#flow();
    if (this.#items.length === 1 || this.#lastMs <= performance.now()) this.deliver();
  }

  #flow(): void {
    if (this.#queued + this.#sink.writableLength > BUFFER_BYTES) this.#source.pause();
    else this.#source.resume();
  }
}

/** One direction of dialling: `from` dials `to` through it. */
export class Relay {
  readonly from: number;
  readonly to: number;
  readonly #target: number;
  readonly #network: Network;
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((socket) => this.#accept(socket));
  #up = true;

  /** `target`: the port of `to`. */
  constructor(network: Network, from: number, to: number, target: number) {
    this.#network = network;
    this.from = from;
    this.to = to;
    this.#target = target;
  }

  listen(): Promise<number> {
    return new Promise((done) => {
      this.#server.listen(0, '127.0.0.1', () => done((this.#server.address() as AddressInfo).port));
    });
  }

  /** Closes what is open and refuses what comes, or lets it through again. */
  set(up: boolean): void {
    this.#up = up;
    if (!up) for (const socket of this.#sockets) socket.destroy();
  }

  close(): void {
    this.set(false);
    this.#server.close();
  }

  #accept(socket: Socket): void {
    socket.on('error', () => {});
    if (!this.#up) {
      socket.destroy();
      return;
    }
    const far = connect(this.#target, '127.0.0.1');
    far.on('error', () => {});
    for (const one of [socket, far]) {
      one.setNoDelay(true);
      this.#sockets.add(one);
      one.on('close', () => this.#sockets.delete(one));
    }
    new Stream(this.#network, `${this.from}>${this.to}`, socket, far);
    new Stream(this.#network, `${this.to}>${this.from}`, far, socket);
  }
}
