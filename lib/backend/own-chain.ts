/**
 * What the next change of this server follows: the change that it names as the one before, and what of other servers it has seen.
 *
 * Owns the rule that our own changes are one chain: a new one follows the newest that the entries hold, and none is made while the change log holds a newer one of ours (it
 * came back from another server after a restore or a copy, and is not applied yet): a new CSN would cover that for ever. Writes nothing.
 */
import { LdapError } from '../base/ldap-error.js';
import type { Change, ChangeBody, EntryUuid } from '../change/change.js';
import { csnReplica, type ReplicaId } from '../csn/csn.js';
import type { CsnGenerator } from '../csn/csn-generator.js';
import { ServerState } from '../csn/server-state.js';
import type { Clock } from '../port/clock.js';
import type { ChangeSink } from './change-sink.js';

export interface OwnChainWorld {
  /** `state`: of everything decided. */
  readonly commit: { readonly state: ServerState };
  readonly clock: Pick<Clock, 'wallMs'>;
  readonly generator: Pick<CsnGenerator, 'next'>;
  readonly replica: ReplicaId;
  readonly sink: Pick<ChangeSink, 'lastOwn'>;
}

export class OwnChain {
  readonly #world: OwnChainWorld;
  /** The state of other origins, and the whole state that it is of. */
  #seen = ServerState.EMPTY;
  #seenOf = ServerState.EMPTY;

  constructor(world: OwnChainWorld) {
    this.#world = world;
  }

  /** Why no change of ours can be made now; undefined when one can. */
  get overtaken(): LdapError | undefined {
    const { commit, replica, sink } = this.#world;
    const logged = sink.lastOwn();
    const applied = commit.state.get(replica);
    if (logged === undefined || (applied !== undefined && logged <= applied)) return undefined;
    return new LdapError('unavailable', 'this server is getting changes of its own back; try again');
  }

  /** The next change of ours. */
  stamp(initiator: string, entry: EntryUuid, body: ChangeBody): Change {
    const { commit, generator, clock, replica } = this.#world;
    const { state } = commit;
    if (this.#seenOf !== state) {
      this.#seenOf = state;
      const seen = ServerState.of(state.csns().filter((csn) => csnReplica(csn) !== replica));
      if (!seen.equals(this.#seen)) this.#seen = seen;
    }
    const csn = generator.next(clock.wallMs());
    return { csn, previous: state.get(replica), seen: this.#seen, entry, initiator, body };
  }

  /** A change of ours led to `state`: of others it says what was known. */
  went(state: ServerState): void {
    this.#seenOf = state;
  }
}
