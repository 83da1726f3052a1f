/**
 * The connections of one broker to those that it follows: configured peers, which it dials, and servers that nobody can dial, on the links that they dialed (offers.ts).
 *
 * Owns which there are, and how each is reached; what flows on them is decided in upstreams.ts.
 */
import type { Clock } from '../port/clock.js';
import type { Link, LinkNetwork } from '../port/link.js';
import type { Random } from '../port/random.js';
import type { RefusalCode } from '../sync/frames.js';
import type { BrokerPeer, SessionStatus } from './broker-seams.js';
import { type Offer, Offers } from './offers.js';
import { PeerConnection } from './peer-connection.js';
import type { SubscriberDriver } from './subscriber-driver.js';

/** How long a server that must dial us for a total update has for that, ms. */
const OFFER_WAIT_MS = 15_000;

export interface ConnectionsWorld {
  readonly network: LinkNetwork;
  readonly clock: Clock;
  readonly random: Random;
  /** Makes and starts a session on the link. */
  open(link: Link, connection: PeerConnection): SubscriberDriver;
  lost(peer: string, reason: string): void;
}

export class Connections {
  readonly #world: ConnectionsWorld;
  readonly #offers: Offers;
  #configured: ReadonlySet<string>;
  #connections: readonly PeerConnection[];
  /** Connections to peers that are none any more, until nothing is left of them. */
  readonly #leaving = new Set<PeerConnection>();
  #running = false;
  /** Names of those that answered, or that we could not reach. */
  readonly #tried = new Set<string>();
  #waits: { readonly untried: Set<string>; readonly resolve: () => void }[] = [];

  constructor(peers: readonly BrokerPeer[], world: ConnectionsWorld) {
    this.#world = world;
    this.#offers = new Offers(world.clock);
    this.#configured = new Set(peers.map(({ name }) => name));
    this.#connections = peers.map((peer) => this.#connectionTo(peer));
  }

  /** All of them, connected or not. */
  get all(): readonly PeerConnection[] {
    return this.#connections;
  }

  sessions(): SubscriberDriver[] {
    return this.#connections.flatMap((connection) => connection.session ?? []);
  }

  peer(name: string): BrokerPeer | undefined {
    return this.#connections.find((connection) => connection.peer.name === name)?.peer;
  }

  /** What a peer says that refuses us for our replica id, while no peer's answer is another: somebody else is taken for us. */
  get rival(): string | undefined {
    let word: string | undefined;
    for (const { rival, session } of this.#connections) {
      if (rival === undefined && session !== undefined) return undefined;
      word ??= rival;
    }
    return word;
  }

  status(): SessionStatus[] {
    return this.#connections.map((connection) => connection.status());
  }

  /** Other configured peers from now on; sessions with those that stay go on. */
  setPeers(peers: readonly BrokerPeer[]): void {
    this.#configured = new Set(peers.map(({ name }) => name));
    const stays = (name: string): boolean =>
      this.#configured.has(name) || this.#offers.of(name) !== undefined;
    for (const connection of this.#connections) if (!stays(connection.peer.name)) this.#leave(connection);
    const kept = this.#connections.filter(({ peer }) => stays(peer.name));
    const known = new Set(kept.map(({ peer }) => peer.name));
    const added = peers.filter(({ name }) => !known.has(name)).map((peer) => this.#connectionTo(peer));
    this.#connections = [...kept, ...added];
    if (this.#running) for (const connection of added) connection.start();
  }

  /** A server that nobody can dial holds a session with us. The returned function says that the session is over. */
  offered(offer: Offer): () => void {
    const leave = this.#offers.add(offer);
    const known = this.#connections.find(({ peer }) => peer.name === offer.name);
    if (known !== undefined) known.hurry();
    else {
      const connection = this.#connectionTo({ name: offer.name, addresses: () => [] });
      this.#connections = [...this.#connections, connection];
      if (this.#running) connection.start();
    }
    return () => {
      leave();
      this.#release(offer.name);
    };
  }

  /** A link to a peer: dialed, or, where nobody can dial it, a lane on the one that it dials, for which it has some time. */
  async dial(peer: BrokerPeer): Promise<Link> {
    const address = this.#offers.of(peer.name) === undefined ? peer.addresses()[0] : undefined;
    if (address !== undefined) return await this.#world.network.dial(address);
    await this.#offers.wait(peer.name, OFFER_WAIT_MS);
    return await this.#offers.dial(peer.name);
  }

  start(): void {
    this.#running = true;
    for (const connection of this.#connections) connection.start();
  }

  /** Ends all sessions; resolves when none is left. */
  async stop(code: RefusalCode, reason: string): Promise<void> {
    this.#running = false;
    const all = [...this.#connections, ...this.#leaving];
    await Promise.all(all.map((connection) => connection.stop(code, reason)));
  }

  /** Resolves when every configured peer answered or failed once, and each of `callers`, who dial us, was heard: what they know of us is known. */
  tried(callers: readonly string[]): Promise<void> {
    const untried = new Set([...this.#configured, ...callers].filter((name) => !this.#tried.has(name)));
    if (untried.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waits.push({ untried, resolve }));
  }

  /** A server that dials us and offers nothing is there: we shall not hear more of it. */
  called(name: string): void {
    if (!this.#configured.has(name)) this.#heard(name);
  }

  #connectionTo(peer: BrokerPeer): PeerConnection {
    const { network, clock, random, open, lost } = this.#world;
    const { name } = peer;
    const reached: BrokerPeer = {
      name,
      addresses: () => {
        const offer = this.#offers.of(name);
        return offer === undefined ? peer.addresses() : [offer.address];
      },
    };
    const dial = (address: string): Promise<Link> =>
      this.#offers.of(name) === undefined ? network.dial(address) : this.#offers.dial(name);
    return new PeerConnection(reached, { dial }, clock, random, {
      open,
      lost,
      tried: (answered) => {
        // Who dials us comes again.
        if (!answered && !this.#configured.has(name)) return;
        this.#tried.add(name);
        this.#heard(name);
      },
    });
  }

  /** A peer that was there by its offer alone is none any more. */
  #release(name: string): void {
    if (this.#configured.has(name) || this.#offers.of(name) !== undefined) return;
    const gone = this.#connections.find(({ peer }) => peer.name === name);
    if (gone === undefined) return;
    this.#connections = this.#connections.filter((connection) => connection !== gone);
    this.#leave(gone);
  }

  #leave(connection: PeerConnection): void {
    this.#leaving.add(connection);
    void connection
      .stop('closing', `${connection.peer.name} is no peer any more`)
      .then(() => this.#leaving.delete(connection));
  }

  #heard(name: string): void {
    for (const { untried, resolve } of this.#waits) {
      untried.delete(name);
      if (untried.size === 0) resolve();
    }
    this.#waits = this.#waits.filter(({ untried }) => untried.size > 0);
  }
}
