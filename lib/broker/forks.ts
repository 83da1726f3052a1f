/**
 * Two histories of one replica, as this server's log and a peer's show them: that there are two, and when a broker gives its own up.
 *
 * A broker without entries whose disk was lost may have been filled first by a server that was restored and wrote on while nobody could be heard. It holds that history on the word of that server alone
 * (changelog/provisional.ts). When another server holds another one, and the replica itself is followed and has all that is held here, nothing is lost where the broker forgets it, and takes the other:
 * the replica is told then that its history is forked, as ever, takes a copy, and makes anew what it made. Invariants: a directory gives up nothing here; nor does a broker what another server was seen to
 * agree with, or what the replica does not hold at that moment.
 *
 * Such a broker has forgotten who was evicted, too, and may have been filled by one that was. What that one made since, nobody takes any more: others may have forgotten the history that it needs. It goes as
 * soon as the eviction is heard of, before anybody is served, whether its maker is there or not: that holds it, and makes it anew when it returns.
 */
import type { Changelog } from '../changelog/changelog.js';
import type { Csn, ReplicaId } from '../csn/csn.js';
import type { Upstream } from '../sync/source-selection.js';
import type { BrokerListener } from './broker-seams.js';

export interface ForksOptions {
  readonly server: string;
  /** undefined: a broker alone. */
  readonly replica: ReplicaId | undefined;
  readonly changelog: Changelog;
  readonly listener: Pick<BrokerListener, 'alert'>;
  /** The session in which the server with this replica is followed. */
  source(replica: ReplicaId): Pick<Upstream, 'name' | 'log'> | undefined;
  /** Ends every session, performs `work` on a log at rest, and begins anew; other peers are asked for that origin before this one. */
  anew(peer: string, origin: ReplicaId, reason: string, work: () => Promise<void>): Promise<void>;
}

export class Forks {
  readonly #options: ForksOptions;
  #givingWay = false;
  /** Origins that are evicted and go yet, with their servers. */
  readonly #evicted = new Map<ReplicaId, string>();

  constructor(options: ForksOptions) {
    this.#options = options;
  }

  /** A newest change of `log`, a peer's, that should be held here, by our own state, and is not. */
  in(log: readonly Csn[]): Csn | undefined {
    const { changelog } = this.#options;
    return log.find((csn) => changelog.state.covers(csn) && !changelog.holds(csn));
  }

  /** Name of the server with that replica, where it is followed and has all that is held here of it: what is held is its history. */
  maker(origin: ReplicaId): string | undefined {
    const { changelog, source } = this.#options;
    const held = changelog.newest(origin);
    const from = source(origin);
    return held !== undefined && from?.log.covers(held) === true ? from.name : undefined;
  }

  /** `peer` follows this server, and found nothing that contradicts what it holds itself: whose changes it does not make itself, it agrees about. */
  agrees(replica: ReplicaId | undefined): void {
    const { changelog } = this.#options;
    const held = changelog.state.replicas();
    changelog.provisional.confirm(held.filter((origin) => origin !== replica && !this.#evicted.has(origin)));
  }

  /** The server `name` with the replica `origin` is evicted, as was just heard. */
  evicted(origin: ReplicaId, name: string): void {
    const { replica, changelog } = this.#options;
    if (replica !== undefined || changelog.newest(origin) === undefined || !changelog.provisional.has(origin))
      return;
    this.#evicted.set(origin, name);
    this.tick();
  }

  /** Time passed: what could not go yet is tried again. */
  tick(): void {
    const [next] = this.#evicted;
    if (next === undefined || this.#givingWay) return;
    this.#givingWay = true;
    void this.#forgetEvicted(...next).finally(() => {
      this.#givingWay = false;
    });
  }

  async #forgetEvicted(origin: ReplicaId, name: string): Promise<void> {
    const { server, changelog, listener, anew } = this.#options;
    try {
      await anew(
        name,
        origin,
        `${server} takes what the members hold of ${name}, which is evicted`,
        async () => {
          const held = changelog.newest(origin);
          const went = await changelog.forget(origin);
          this.#evicted.delete(origin);
          if (went === 0) return;
          listener.alert({
            kind: 'forked',
            key: `evicted ${origin}`,
            message: `${name} is evicted: ${went} changes of it up to ${held}, which ${server} holds on no other server's word since its disk was begun, are forgotten here, and those taken that the members hold; what only ${name} holds it makes anew when it returns`,
          });
        },
      );
    } catch {
      // The store refused, which says so elsewhere: the next tick tries again.
    }
  }

  /** `peer`, another server than the replica `origin`, holds another history of that. */
  contested(origin: ReplicaId, peer: string): void {
    const { replica, changelog } = this.#options;
    const held = changelog.newest(origin);
    if (replica !== undefined || this.#givingWay || held === undefined || !changelog.provisional.has(origin))
      return;
    const maker = this.maker(origin);
    if (maker === undefined || maker === peer) return;
    this.#givingWay = true;
    void this.#giveWay(origin, held, maker, peer).finally(() => {
      this.#givingWay = false;
    });
  }

  async #giveWay(origin: ReplicaId, held: Csn, source: string, peer: string): Promise<void> {
    const { server, changelog, listener, anew } = this.#options;
    const tell = (message: string): void =>
      listener.alert({ kind: 'forked', key: `gave way ${origin}`, message });
    const reason = `${server} takes what ${peer} holds of replica ${origin} for what ${source} gave it`;
    try {
      await anew(source, origin, reason, async () => {
        const went = await changelog.forget(origin);
        tell(
          `${peer} holds another history of replica ${origin} than ${source}, which alone gave ${server} its own since its disk was begun: ${went} changes up to ${held} are forgotten here and taken from ${peer}; ${source} holds them, and makes them anew after a copy of all data`,
        );
      });
    } catch {
      // The store refused: what is left is a shorter log of it, and the next hello begins this anew.
    }
  }
}
