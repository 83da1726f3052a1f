/**
 * What this server says of itself as a link begins, and what is looked up of a peer before it is let in or refused.
 *
 * Owns no session and no rule: sync/hello-check.ts judges both hellos by these facts.
 */
import type { Changelog } from '../changelog/changelog.js';
import { csnReplica, type ReplicaId } from '../csn/csn.js';
import { OWN_FORMATS } from '../sync/formats.js';
import {
  type Hello,
  type LinkPurpose,
  PROTOCOL_MAX,
  PROTOCOL_MIN,
  type ServerStates,
} from '../sync/frames.js';
import { checkHello, forkedSentence, type PeerFacts } from '../sync/hello-check.js';
import { HEARTBEAT_MS } from '../sync/session-timing.js';
import type { BrokerDirectory, BrokerIdentity, BrokerListener, BrokerMembers } from './broker-seams.js';
import type { Forks } from './forks.js';
import type { FrameLink } from './frame-link.js';
import { KnownGeneration } from './known-generation.js';
import { LiveReplicas } from './live-replicas.js';

/** Of the options of a broker (broker.ts), where each is told. */
export interface IntroductionOptions {
  readonly identity: BrokerIdentity;
  readonly allowed: ReadonlySet<string> | undefined;
  readonly directory: BrokerDirectory | undefined;
  readonly changelog: Changelog;
  readonly members?: BrokerMembers | undefined;
  readonly listener: BrokerListener;
  readonly heartbeatMs?: number;
  readonly offers?: boolean;
}

export class Introduction {
  readonly #options: IntroductionOptions;
  readonly #forks: Forks;
  readonly #states: () => ServerStates;
  readonly #known: KnownGeneration;
  readonly #live = new LiveReplicas();

  constructor(options: IntroductionOptions, forks: Forks, states: () => ServerStates) {
    this.#options = options;
    this.#forks = forks;
    this.#states = states;
    this.#known = new KnownGeneration(options.identity.server, options.directory, options.changelog);
  }

  hello(purpose: LinkPurpose): Hello {
    const { identity, heartbeatMs, directory, members, offers } = this.#options;
    return {
      protocolMin: PROTOCOL_MIN,
      protocolMax: PROTOCOL_MAX,
      purpose,
      server: identity.server,
      replica: identity.replica,
      incarnation: identity.incarnation(),
      boot: identity.boot,
      domain: identity.domain,
      generation: this.#known.generation,
      heartbeatMs: heartbeatMs ?? HEARTBEAT_MS,
      states: this.#states(),
      fraction: directory?.fraction?.(purpose),
      formats: OWN_FORMATS,
      promised: members?.promised,
      vouched: members?.vouched,
      ...(offers === true && purpose === 'follow' ? { offers: true } : {}),
    };
  }

  /** `wants`: nothing but a copy of the peer's data is wanted. */
  facts(peer: Hello, link: FrameLink, expected: string | undefined, wants = false): PeerFacts {
    const compares = peer.purpose === 'follow' && peer.wants !== true && !wants;
    const facts: PeerFacts = {
      address: link.address,
      identity: link.identity,
      expected,
      allowed: this.#options.allowed,
      rival: this.#live.rival(peer),
      forked: undefined,
      barred: this.#options.members?.bar(peer),
    };
    if (!compares) return facts;
    const forked = this.#forkedOrigin(peer, facts);
    return { ...facts, forked, maker: forked === undefined ? undefined : this.#forks.maker(forked) };
  }

  /**
   * A peer was let in. `end` ends its session. The returned function says that it is over. `wants`: nothing but a copy of its data, by which it is not let in among the domain's servers: nobody has
   * asked what it lacks (hello-check.ts).
   */
  enter(peer: Hello, address: string, end: (reason: string) => void, wants = false): () => void {
    const known = this.#known.entered(peer, end);
    if (peer.purpose === 'follow' && !wants) this.#options.members?.heard(peer);
    const leave = this.#live.enter(peer, address, end);
    return () => {
      known();
      leave();
    };
  }

  /** Of whom the peer holds another history. Only the word of one that would be let in otherwise makes this server do something about it. */
  #forkedOrigin(peer: Hello, facts: PeerFacts): ReplicaId | undefined {
    const { identity, listener } = this.#options;
    const fork = this.#forks.in(peer.states.log.csns());
    if (fork === undefined) return undefined;
    const origin = csnReplica(fork);
    if (peer.generation === undefined) return origin;
    const own = this.hello('follow');
    if (checkHello(own, peer, facts) !== undefined) return origin;
    if (origin === identity.replica)
      listener.barred?.('forked', forkedSentence(own, peer, origin), peer.server);
    else if (origin !== peer.replica) this.#forks.contested(origin, peer.server);
    return origin;
  }
}
