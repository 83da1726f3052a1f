/**
 * Keeps a server's schema equal to the stored entry of its domain: what files define, and of what was added over LDAP everything that fits.
 *
 * Data changes that other servers made under a newer schema do not wait for it: a change carries how its values compare, so it is applied as it is, and
 * its values mean more when the definitions come. What follows from thousands of definitions is worked out in turns, so the schema may follow a moment later; what was worked out before, as
 * for a client's own change, takes effect at once.
 */
import type { StoredEntry } from '../../backend/backend.js';
import { EventLoopTurn } from '../../backend/event-loop-turn.js';
import type { Clock } from '../../port/clock.js';
import {
  type ExtendedSchema,
  extendedBefore,
  extendInSteps,
  type InactiveDefinition,
  type OwnDefinition,
} from '../../schema/own-definitions.js';
import type { Schema } from '../../schema/schema.js';
import { ownDefinitions } from './schema-store.js';

export interface LiveSchemaParts {
  /** What files define. */
  readonly base: Schema;
  /** The server's schema; it becomes another when definitions change. */
  readonly schema: Schema;
  readonly inactive: readonly InactiveDefinition[];
  readonly clock: Clock;
  /** The stored entry; undefined while it is being copied from a peer. */
  entry(): StoredEntry | undefined;
  /** Called in the turn in which the schema has become another. */
  changed(inactive: readonly InactiveDefinition[]): void;
}

export class LiveSchema {
  readonly #parts: LiveSchemaParts;
  #inactive: readonly InactiveDefinition[];
  #texts: string;
  /** While definitions are worked out. */
  #following: Promise<void> | undefined;

  constructor(parts: LiveSchemaParts) {
    this.#parts = parts;
    this.#inactive = parts.inactive;
    const entry = parts.entry();
    this.#texts = entry === undefined ? '' : textsOf(ownDefinitions(entry));
  }

  /** Definitions that take no effect, each with its reason. */
  get inactive(): readonly InactiveDefinition[] {
    return this.#inactive;
  }

  /** To be called when the stored entry may be another. */
  follow(): void {
    if (this.#following !== undefined) return;
    const own = this.#news();
    if (own === undefined) return;
    const known = extendedBefore(this.#parts.base, own);
    if (known !== undefined) this.#take(own, known);
    else this.#begin(own);
  }

  #begin(own: readonly OwnDefinition[]): void {
    this.#following = this.#follow(own).finally(() => {
      this.#following = undefined;
    });
  }

  /** Resolves when the schema is that of the entry as it stood at the call. */
  async followed(): Promise<void> {
    await this.#following;
  }

  /** Until the schema is that of the entry, which may change meanwhile. */
  async #follow(first: readonly OwnDefinition[]): Promise<void> {
    const { base, clock } = this.#parts;
    for (let own: typeof first | undefined = first; own !== undefined; own = this.#news())
      this.#take(own, await new EventLoopTurn(clock).run(extendInSteps(base, own)));
  }

  /** The definitions of the entry where they are others than the schema has. */
  #news(): readonly OwnDefinition[] | undefined {
    const entry = this.#parts.entry();
    if (entry === undefined) return undefined;
    const own = ownDefinitions(entry);
    return textsOf(own) === this.#texts ? undefined : own;
  }

  #take(own: readonly OwnDefinition[], next: ExtendedSchema): void {
    const { schema, changed } = this.#parts;
    this.#texts = textsOf(own);
    this.#inactive = next.inactive;
    schema.become(next.schema);
    changed(next.inactive);
  }
}

function textsOf(own: readonly OwnDefinition[]): string {
  return own.map(({ kind, text }) => `${kind} ${text}`).join('\n');
}
