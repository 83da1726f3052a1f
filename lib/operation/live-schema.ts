/**
 * Keeps a server's schema equal to the stored entry of its domain: what files define, and of what was added over LDAP everything that fits.
 *
 * Data changes that other servers made under a newer schema do not wait for it: a change carries how its values compare, so it is applied as it is, and
 * its values mean more when the definitions come.
 */
import type { StoredEntry } from '../backend/backend.js';
import { extendSchema, type InactiveDefinition } from '../schema/own-definitions.js';
import type { Schema } from '../schema/schema.js';
import { ownDefinitions } from './schema-store.js';

export interface LiveSchemaParts {
  /** What files define. */
  readonly base: Schema;
  /** The server's schema; it becomes another when definitions change. */
  readonly schema: Schema;
  readonly inactive: readonly InactiveDefinition[];
  /** The stored entry; undefined while it is being copied from a peer. */
  entry(): StoredEntry | undefined;
  /** Called in the turn in which the schema has become another. */
  changed(inactive: readonly InactiveDefinition[]): void;
}

export class LiveSchema {
  readonly #parts: LiveSchemaParts;
  #inactive: readonly InactiveDefinition[];
  #texts: string;

  constructor(parts: LiveSchemaParts) {
    this.#parts = parts;
    this.#inactive = parts.inactive;
    this.#texts = textsOf(parts.entry());
  }

  /** Definitions that take no effect, each with its reason. */
  get inactive(): readonly InactiveDefinition[] {
    return this.#inactive;
  }

  /** To be called when the stored entry may be another. */
  follow(): void {
    const { base, schema, changed } = this.#parts;
    const entry = this.#parts.entry();
    if (entry === undefined) return;
    const texts = textsOf(entry);
    if (texts === this.#texts) return;
    this.#texts = texts;
    const next = extendSchema(base, ownDefinitions(entry));
    this.#inactive = next.inactive;
    schema.become(next.schema);
    changed(next.inactive);
  }
}

function textsOf(entry: StoredEntry | undefined): string {
  if (entry === undefined) return '';
  return ownDefinitions(entry)
    .map(({ kind, text }) => `${kind} ${text}`)
    .join('\n');
}
