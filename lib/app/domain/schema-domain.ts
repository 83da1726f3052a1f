/**
 * The domain cn=schema of a running server: what was added to the schema over LDAP. It replicates like any other, and before all others.
 */
import type { StoredEntry } from '../../backend/backend.js';
import { systemClock } from '../../io/system-clock.js';
import { LiveSchema } from '../../operation/schema/live-schema.js';
import { makeSchemaDomain } from '../../operation/schema/schema-genesis.js';
import { SCHEMA_ENTRY_UUID, type SchemaStore } from '../../operation/schema/schema-store.js';
import type { Log } from '../../port/log.js';
import type { InactiveDefinition } from '../../schema/own-definitions.js';
import type { Schema } from '../../schema/schema.js';
import { SCHEMA_BASE, type ServerSchema } from '../config/read-schema.js';
import { type DomainParts, RunningDomain } from './domain.js';

const CACHE_BYTES = 1 << 20;

/** The domain, opened, and what keeps the server's schema equal to it. */
export class SchemaDomain implements SchemaStore {
  readonly domain: RunningDomain;
  readonly base: Schema;
  readonly #live: LiveSchema;
  readonly #log: Log;
  #onChange: () => void = () => {};

  private constructor(domain: RunningDomain, whole: ServerSchema, log: Log) {
    this.domain = domain;
    this.base = whole.base;
    this.#log = log;
    this.#live = new LiveSchema({
      ...whole,
      entry: () => this.entry(),
      clock: systemClock,
      changed: (inactive) => {
        this.#log.info({ inactive: inactive.length }, 'the schema changed');
        this.#tell(inactive);
        this.#onChange();
      },
    });
    this.#tell(whole.inactive);
  }

  /** Opens the domain; it is made when it is missing. Rejects with an OperatorError or a StoreError. */
  static async open(parts: Omit<DomainParts, 'base' | 'schema'>, whole: ServerSchema): Promise<SchemaDomain> {
    await makeSchemaDomain(parts.store, whole.base, systemClock);
    let opened: SchemaDomain | undefined;
    const domain = await RunningDomain.open({
      ...parts,
      base: SCHEMA_BASE,
      schema: whole.schema,
      indexes: {},
      cacheBytes: CACHE_BYTES,
      onApplied: () => opened?.follow(),
    });
    opened = new SchemaDomain(domain, whole, parts.log);
    return opened;
  }

  get backend() {
    return this.domain.guarded;
  }

  entry(): StoredEntry | undefined {
    return this.domain.backend.importing ? undefined : this.domain.backend.byUuid(SCHEMA_ENTRY_UUID);
  }

  inactive(): readonly InactiveDefinition[] {
    return this.#live.inactive;
  }

  followed(): Promise<void> {
    return this.#live.followed();
  }

  /** `run` is called after each change of the server's schema, in the same turn. */
  onChange(run: () => void): void {
    this.#onChange = run;
  }

  /** The stored entry may be another. */
  follow(): void {
    this.#live.follow();
  }

  #tell(inactive: readonly InactiveDefinition[]): void {
    for (const { kind, text, reason } of inactive)
      this.#log.warn({ kind, text: text.slice(0, 200), reason }, 'a definition of cn=schema takes no effect');
  }
}
