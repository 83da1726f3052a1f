/**
 * Two histories of one replica, as this server's log and a peer's show them: that there are two, and when a broker gives its own up.
 *
 * A broker without entries whose disk was lost may have been filled first by a server that was restored and wrote on while nobody could be heard. It holds that history on the word of that server alone
 * (changelog/provisional.ts). When another server holds another one, and the replica itself is followed and has all that is held here, nothing is lost where the broker forgets it, and takes the other:
 * the replica is told then that its history is forked, as ever, takes a copy, and makes anew what it made. Invariants: a directory gives up nothing here; nor does a broker what another server was seen to
 * agree with, or what the replica does not hold at that moment.
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

  constructor(options: ForksOptions) {
    this.#options = options;
  }

  /** A newest change of `log`, a peer's, that should be held here, by our own state, and is not. */
  in(log: readonly Csn[]): Csn | undefined {
    const { changelog } = this.#options;
    return log.find((csn) => changelog.state.covers(csn) && !changelog.holds(csn));
  }

  /** `peer` follows this server, and found nothing that contradicts what it holds itself: whose changes it does not make itself, it agrees about. */
  agrees(replica: ReplicaId | undefined): void {
    const { changelog } = this.#options;
    changelog.provisional.confirm(changelog.state.replicas().filter((origin) => origin !== replica));
  }

  /** `peer`, another server than the replica `origin`, holds another history of that. */
  contested(origin: ReplicaId, peer: string): void {
    const { replica, changelog, source } = this.#options;
    const held = changelog.newest(origin);
    if (replica !== undefined || this.#givingWay || held === undefined || !changelog.provisional.has(origin))
      return;
    const from = source(origin);
    if (from?.name === undefined || from.name === peer || !from.log.covers(held)) return;
    this.#givingWay = true;
    void this.#giveWay(origin, held, from.name, peer).finally(() => {
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
