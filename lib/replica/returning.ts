/**
 * Servers that were evicted and may return: what each of them has to hold before this server lets it in (replication-model.md section 4).
 *
 * From the moment that we know of a return nobody forgets any more by a later word of ours (stability.ts), so what covered then all that anyone had forgotten (member-facts.ts) stays enough, however long
 * the copy of the one that returns took. Kept of this run alone: after a restart it is as much as covers all then, which is more.
 */
import type { ReplicaId } from '../csn/csn.js';
import { ServerState } from '../csn/server-state.js';
import type { Hello } from '../sync/frames.js';
import type { MemberRow } from '../sync/member-row.js';
import { type Witness, withoutLost } from './lost-changes.js';
import { coversForgotten } from './member-facts.js';

export interface ReturningWorld {
  readonly server: string;
  /** What we know of the others. */
  witness(): Witness;
  /** What our entries hold; undefined: a broker alone. */
  held(): ServerState | undefined;
  /** What our change log holds. */
  log(): ServerState;
}

export class Returning {
  readonly #world: ReturningWorld;
  readonly #needed = new Map<string, ServerState>();
  /** We have reported since we belong. */
  #reported = false;
  /** Whose copy took the place of our data: it holds what we took from it, whatever we had told before. */
  #given: { readonly source: string; readonly state: ServerState } | undefined;

  constructor(world: ReturningWorld) {
    this.#world = world;
  }

  /** A row of the table is new; `before`: as it was. */
  note(row: MemberRow, before: MemberRow | undefined): void {
    const { name, standing } = row;
    if (standing === before?.standing) return;
    if (name === this.#world.server) this.#reported = false;
    else if (standing === 'member') this.#needed.delete(name);
    else if (standing === 'returning') this.needed(name, row);
    else this.#evicted(name);
  }

  /** What was reported by the one that is evicted now counts no more. */
  #evicted(name: string): void {
    this.#needed.clear();
    if (this.#given?.source === name) this.#given = undefined;
  }

  /** A report of ours is on disk. */
  reported(): void {
    this.#reported = true;
  }

  /** Our data give way to a copy of what `source` holds. */
  copied(source: string, state: ServerState): void {
    this.#needed.clear();
    this.#given = { source, state };
  }

  /** What a server that is no member has to hold; `row`: what is known of it. undefined: nothing was forgotten. */
  needed(name: string, row: MemberRow | undefined): ServerState | undefined {
    const { server, witness, held } = this.#world;
    const known = this.#needed.get(name);
    if (known !== undefined) return known;
    const { source, state } = this.#given ?? {};
    const { rows } = witness();
    const told = source === name ? state : coversForgotten(server, rows, held(), this.#reported);
    const needed = withoutOwn(told, row?.replica, held());
    if (needed !== undefined && row?.standing === 'returning') this.#needed.set(name, needed);
    return needed;
  }

  /** The same as it introduces itself: without what nobody has any more, which no copy brings. */
  neededOf(
    { server: name, states }: Pick<Hello, 'server' | 'states'>,
    row: MemberRow | undefined,
  ): ServerState | undefined {
    const needed = this.needed(name, row);
    if (needed === undefined) return undefined;
    const witness = this.#world.witness();
    const others = witness.connected.filter((other) => other.name !== name);
    return withoutLost(needed, this.#world.log(), {
      ...witness,
      connected: [...others, { name, log: states.log }],
    });
  }
}

/** What it made itself and we have given up since we told of it, no copy of ours brings: it has that, and makes it anew, or it comes back from others. */
function withoutOwn(
  told: ServerState | undefined,
  replica: ReplicaId | undefined,
  held: ServerState | undefined,
): ServerState | undefined {
  const own = replica === undefined ? undefined : told?.get(replica);
  if (told === undefined || own === undefined || held?.covers(own) !== false) return told;
  return ServerState.of(told.csns().filter((csn) => csn !== own));
}
