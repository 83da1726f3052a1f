/**
 * The schema of one simulated process: its domain cn=schema on the product's backend, and what keeps the schema by which the data are judged equal to it, as a running server does
 * (app/domain/schema-domain.ts).
 *
 * Does not own the process, nor who changes what (schema-act.ts).
 */
import type { StoredEntry } from '../../lib/backend/backend.js';
import { domainNumber, readFacts } from '../../lib/backend/domain-facts.js';
import { EventLoopTurn } from '../../lib/backend/event-loop-turn.js';
import { untilTaken } from '../../lib/backend/refused-for-now.js';
import { KeySpace } from '../../lib/backend/rows/key-space.js';
import { LdapError } from '../../lib/base/ldap-error.js';
import type { Csn } from '../../lib/csn/csn.js';
import { LiveSchema } from '../../lib/operation/schema/live-schema.js';
import {
  decideSchemaChange,
  planSchemaChange,
  refuseUsed,
} from '../../lib/operation/schema/schema-change.js';
import { awaitCopy, makeSchemaDomain } from '../../lib/operation/schema/schema-genesis.js';
import { ownDefinitions, SCHEMA_ENTRY_UUID } from '../../lib/operation/schema/schema-store.js';
import type { Clock } from '../../lib/port/clock.js';
import type { OrderedStore } from '../../lib/port/ordered-store.js';
import type { SchemaModification } from '../../lib/schema/edit-definitions.js';
import { extendSchema, type InactiveDefinition } from '../../lib/schema/own-definitions.js';
import type { Schema } from '../../lib/schema/schema.js';
import { BackendDirectory } from './backend-directory.js';
import { openDomain, type SimDomain } from './sim-domain.js';
import type { ProcessParts } from './sim-server.js';

const BASE_DN = 'cn=schema';
const ROWS = { log: 0x73, members: 0x74 };

/** The domain of a broker: its log alone. */
export function openSchemaLog(parts: ProcessParts): Promise<SimDomain> {
  return openDomain({
    ...parts,
    base: BASE_DN,
    rows: ROWS,
    begins: undefined,
    open: () => Promise.reject(new Error('a broker keeps no entries')),
  });
}

async function isThere(store: OrderedStore): Promise<boolean> {
  return readFacts(store, new KeySpace(await domainNumber(store, BASE_DN))).generationId !== undefined;
}

export class SchemaCopy {
  readonly domain: SimDomain;
  /** What files define; its own, as each process has. */
  readonly base: Schema;
  readonly schema: Schema;
  readonly #directory: BackendDirectory;
  readonly #live: LiveSchema;
  readonly #clock: Clock;
  #data: BackendDirectory | undefined;
  /** Work that follows from a change and goes on. */
  #following = 0;
  /** Why the data could not follow. */
  failure: unknown;

  private constructor(
    domain: SimDomain,
    directory: BackendDirectory,
    base: Schema,
    schema: Schema,
    clock: Clock,
  ) {
    this.domain = domain;
    this.base = base;
    this.schema = schema;
    this.#directory = directory;
    this.#clock = clock;
    const entry = this.entry();
    const known = extendSchema(base, entry === undefined ? [] : ownDefinitions(entry));
    schema.become(known.schema);
    this.#live = new LiveSchema({
      base,
      schema,
      inactive: known.inactive,
      clock,
      entry: () => this.entry(),
      changed: () => {
        const backend = this.#data?.backend;
        if (backend !== undefined)
          this.#count(
            untilTaken(
              () => backend.schemaChanged(),
              clock,
              () => undefined,
            ),
          );
      },
    });
  }

  /** Opens the domain, which is made when it is missing. Rejects with a StoreError. */
  static async open(parts: ProcessParts, files: Schema): Promise<SchemaCopy> {
    const base = files.copy();
    const schema = files.copy();
    // One that joins copies it, whatever others began with (app/topology/join-server.ts).
    if (!parts.options.hasData && !(await isThere(parts.store))) await awaitCopy(parts.store, base, BASE_DN);
    await makeSchemaDomain(parts.store, base, parts.clock);
    let copy: SchemaCopy | undefined;
    let directory: BackendDirectory | undefined;
    const domain = await openDomain({
      ...parts,
      base: BASE_DN,
      rows: ROWS,
      begins: undefined,
      open: async (store, changelog, replica, clock, random, salt) => {
        const options = { base: BASE_DN, onApplied: () => copy?.follow() };
        directory = await BackendDirectory.openPart(
          options,
          ...[store, changelog, replica, clock, random, salt, schema],
        );
        return directory;
      },
    });
    if (directory === undefined) throw new Error('a server that is no broker');
    copy = new SchemaCopy(domain, directory, base, schema, parts.clock);
    return copy;
  }

  /** The data that are judged by this schema. */
  serve(data: BackendDirectory): void {
    this.#data = data;
  }

  /** Whether schema and data are those of the stored entry. */
  get settled(): boolean {
    return this.#following === 0;
  }

  get inactive(): readonly InactiveDefinition[] {
    return this.#live.inactive;
  }

  entry(): StoredEntry | undefined {
    const { backend } = this.#directory;
    return backend.importing ? undefined : backend.byUuid(SCHEMA_ENTRY_UUID);
  }

  /** A modify of cn=schema by the administrator; undefined: refused, or nothing changed. */
  async modify(edits: readonly SchemaModification[]): Promise<Csn | undefined> {
    const data = this.#data;
    if (data === undefined || data.importing || this.domain.replica?.writesHeld() !== undefined)
      return undefined;
    const store = { base: this.base, entry: () => this.entry(), inactive: () => this.inactive };
    const turn = new EventLoopTurn(this.#clock);
    try {
      const planned = await turn.run(planSchemaChange(store, edits));
      await refuseUsed([data], this.schema, planned, turn, () => {});
      const { csn } = await this.#directory.backend.submit('cn=admin', (view) =>
        decideSchemaChange(store, view, planned),
      );
      return csn;
    } catch (error) {
      if (error instanceof LdapError) return undefined;
      throw error;
    }
  }

  /** The stored entry may be another. */
  follow(): void {
    this.#live.follow();
    this.#count(this.#live.followed());
  }

  #count(work: Promise<unknown>): void {
    this.#following += 1;
    work.then(
      () => {
        this.#following -= 1;
      },
      (error: unknown) => {
        this.#following -= 1;
        this.failure = error;
      },
    );
  }
}
