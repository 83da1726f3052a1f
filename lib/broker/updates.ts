/**
 * Total updates that this server takes from others: into its own directory, or, on a broker without entries, on behalf of a server that asks it for one.
 *
 * Owns their sessions; whom to ask, and what is done with what comes, is decided by others.
 */
import { reasonOf } from '../base/thrown.js';
import type { Link } from '../port/link.js';
import type { Behalf, RefusalCode, ServerStates } from '../sync/frames.js';
import type { BrokerPeer, SessionStatus, SnapshotReader, UpdateTarget } from './broker-seams.js';
import { FrameLink } from './frame-link.js';
import { relaySnapshot } from './relayed-snapshot.js';
import { SubscriberDriver } from './subscriber-driver.js';
import type { UpstreamsContext } from './upstreams.js';

export class Updates {
  readonly #context: UpstreamsContext;
  readonly #dial: (peer: BrokerPeer) => Promise<Link>;
  readonly #nextId: () => number;
  readonly #sessions = new Set<SubscriberDriver>();

  constructor(context: UpstreamsContext, dial: (peer: BrokerPeer) => Promise<Link>, nextId: () => number) {
    this.#context = context;
    this.#dial = dial;
    this.#nextId = nextId;
  }

  /** A total update from `peer`; rejects with an Error that says why when it ends before it is complete. `begun` is given what ends it. */
  async run(
    peer: BrokerPeer,
    target: UpdateTarget,
    behalf?: Behalf,
    begun?: (stop: (reason: string) => void) => void,
  ): Promise<void> {
    const link = new FrameLink(await this.#dial(peer));
    await new Promise<void>((resolve, reject) => {
      const session = this.#open(link, peer.name, target, (reason, initialized) => {
        if (initialized) resolve();
        else reject(new Error(reason));
      });
      begun?.((reason) => session.stop('closing', reason));
      session.start({ ...this.#context.hello('initialize'), resume: target.resume?.(), behalf });
    });
  }

  /** A copy for another server from the first of these peers that gives one. Rejects with an Error that says why none does. */
  async passOn(peers: readonly BrokerPeer[], behalf: Behalf): Promise<SnapshotReader> {
    const { server } = this.#context;
    const sent = { ...behalf, hops: behalf.hops + 1 };
    let failure = new Error(`${server} holds no entries, and follows no other server that does`);
    for (const peer of peers) {
      try {
        return await relaySnapshot((target, begun) => this.run(peer, target, sent, begun));
      } catch (error) {
        const reason = reasonOf(error);
        failure = new Error(`${server} asked ${peer.name}: ${reason}`);
      }
    }
    throw failure;
  }

  stop(code: RefusalCode, reason: string): void {
    for (const session of [...this.#sessions]) session.stop(code, reason);
  }

  tick(states: ServerStates): void {
    for (const session of [...this.#sessions]) session.tick(states);
  }

  status(): SessionStatus[] {
    return [...this.#sessions].map((session) => session.status());
  }

  #open(
    link: FrameLink,
    peer: string,
    target: UpdateTarget,
    over: (reason: string, initialized: boolean) => void,
  ): SubscriberDriver {
    const { changelog, clock } = this.#context;
    let leave = () => {};
    const session = new SubscriberDriver(this.#nextId(), link, peer, changelog, target, clock, {
      members: undefined,
      notice: () => {},
      facts: (hello) => this.#context.facts(hello, link, peer),
      greeted: (hello) => {
        link.pace(this.#context.way(hello.server));
        leave = this.#context.enter(hello, link.address, (reason) => session.stop('closing', reason));
      },
      upstreamChanged: () => {},
      unavailable: () => {},
      hole: () => false,
      refused: () => {},
      over: (reason, initialized) => {
        leave();
        this.#sessions.delete(session);
        over(reason, initialized);
      },
    });
    this.#sessions.add(session);
    return session;
  }
}
