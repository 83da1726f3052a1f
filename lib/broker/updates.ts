/**
 * Total updates that this server takes from others: into its own directory, or, on a broker without entries, on behalf of a server that asks it for one.
 *
 * Owns their sessions; whom to ask, and what is done with what comes, is decided by others.
 */
import { reasonOf } from '../base/thrown.js';
import type { Link } from '../port/link.js';
import { OLDEST_FORMATS } from '../sync/formats.js';
import type { Behalf, Hello, RefusalCode, ServerStates } from '../sync/frames.js';
import type { BrokerPeer, SessionStatus, SnapshotReader, UpdateTarget } from './broker-seams.js';
import { FrameLink } from './frame-link.js';
import { relaySnapshot } from './relayed-snapshot.js';
import { SubscriberDriver } from './subscriber-driver.js';
import type { UpstreamsContext } from './upstreams.js';

/** Of sources that gave nothing, those whose reasons are passed on. */
const TOLD_FAILURES = 2;

/** What a copy for another server must be: its fraction, and what it reads. */
type OnBehalf = Pick<Hello, 'behalf' | 'fraction' | 'formats'>;

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
    onBehalf: OnBehalf = {},
    begun?: (stop: (reason: string) => void) => void,
  ): Promise<void> {
    const link = new FrameLink(await this.#dial(peer));
    await new Promise<void>((resolve, reject) => {
      const session = this.#open(link, peer.name, target, (reason, initialized) => {
        if (initialized) resolve();
        else reject(new Error(reason));
      });
      begun?.((reason) => session.stop('closing', reason));
      session.start({ ...this.#context.hello('initialize'), resume: target.resume?.(), ...onBehalf });
    });
  }

  /** A copy for another server from the first of these peers that gives one; `short`: why this server makes none, as a clause. Rejects with an Error that says why none does. */
  async passOn(
    peers: readonly BrokerPeer[],
    { behalf, fraction, formats = OLDEST_FORMATS }: OnBehalf & { readonly behalf: Behalf },
    short = 'holds no entries, and follows no other server that does',
  ): Promise<SnapshotReader> {
    const { server } = this.#context;
    const sent = { behalf: { ...behalf, hops: behalf.hops + 1 }, fraction, formats };
    const failures: string[] = [];
    for (const peer of peers) {
      try {
        return await relaySnapshot((target, begun) => this.run(peer, target, sent, begun));
      } catch (error) {
        failures.push(`${server} asked ${peer.name}: ${reasonOf(error)}`);
      }
    }
    // The best sources were asked first: what they say counts.
    throw new Error(failures.slice(0, TOLD_FAILURES).join('; ') || `${server} ${short}`);
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
        leave = this.#context.enter(hello, link.address, (reason) => session.stop('closing', reason), true);
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
