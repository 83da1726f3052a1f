/**
 * The schema of a running server: installation, schema files, and what was added over LDAP in the domain cn=schema, which replicates before all others.
 *
 * Owns the domain's first entry, the same on every server, so that servers need no copy of each other to begin; and the moment when the server's schema
 * takes another content: in the turn in which the stored entry has it. Data changes that other servers made under a newer schema do not wait for it: a
 * change carries how its values compare, so they are applied as they are, and mean more when the definitions come.
 */

import type { StoredEntry } from '../backend/backend.js';
import { beginLoad } from '../backend/bulk-load.js';
import { domainNumber, readFacts } from '../backend/domain-facts.js';
import { KeySpace } from '../backend/key-space.js';
import { must } from '../base/assert.js';
import { utf8Encode } from '../base/bytes.js';
import { toReplicaId, ZERO_CSN } from '../csn/csn.js';
import { parseDn } from '../dn/dn-text.js';
import { systemClock } from '../io/system-clock.js';
import { ownDefinitions, SCHEMA_ENTRY_UUID, type SchemaStore } from '../operation/schema-store.js';
import type { Log } from '../port/log.js';
import type { OrderedStore } from '../port/ordered-store.js';
import type { AttributeKey } from '../schema/attribute-type.js';
import type { InactiveDefinition } from '../schema/own-definitions.js';
import type { Schema } from '../schema/schema.js';
import { type DomainParts, RunningDomain } from './domain.js';
import { extended, SCHEMA_BASE, type ServerSchema } from './read-schema.js';

/** All servers begin with the same data set. */
const GENERATION = 'cn=schema';
const CACHE_BYTES = 1 << 20;

/** The domain, opened, and what keeps the server's schema equal to it. */
export class SchemaDomain implements SchemaStore {
  readonly domain: RunningDomain;
  readonly base: Schema;
  readonly #schema: Schema;
  readonly #log: Log;
  #texts: string;
  #inactive: readonly InactiveDefinition[];
  #onChange: () => void = () => {};

  private constructor(domain: RunningDomain, whole: ServerSchema, log: Log) {
    this.domain = domain;
    this.base = whole.base;
    this.#schema = whole.schema;
    this.#log = log;
    this.#inactive = whole.inactive;
    this.#texts = this.#textsNow();
    this.#tell();
  }

  /** Opens the domain; it is made when it is missing. Rejects with an OperatorError or a StoreError. */
  static async open(parts: Omit<DomainParts, 'base' | 'schema'>, whole: ServerSchema): Promise<SchemaDomain> {
    await makeGenesis(parts.store, whole.base);
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
    return this.#inactive;
  }

  /** `run` is called after each change of the server's schema, in the same turn. */
  onChange(run: () => void): void {
    this.#onChange = run;
  }

  /** Makes the server's schema that of the stored entry. */
  follow(): void {
    const entry = this.entry();
    if (entry === undefined) return;
    const texts = this.#textsNow();
    if (texts === this.#texts) return;
    this.#texts = texts;
    const next = extended(this.base, ownDefinitions(entry));
    this.#inactive = next.inactive;
    this.#schema.become(next.schema);
    this.#log.info({ inactive: next.inactive.length }, 'the schema changed');
    this.#tell();
    this.#onChange();
  }

  #textsNow(): string {
    const entry = this.entry();
    if (entry === undefined) return '';
    return ownDefinitions(entry)
      .map(({ kind, text }) => `${kind} ${text}`)
      .join('\n');
  }

  #tell(): void {
    for (const { kind, text, reason } of this.#inactive)
      this.#log.warn({ kind, text: text.slice(0, 200), reason }, 'a definition of cn=schema takes no effect');
  }
}

/** The first and only entry, made when it is missing, with a CSN before all others: no server made it, and it stands in no server state. */
export async function makeGenesis(store: OrderedStore, schema: Schema): Promise<void> {
  const baseDn = parseDn(SCHEMA_BASE);
  const baseKey = must(schema.dnKey(baseDn), 'a well-formed DN');
  const facts = readFacts(store, new KeySpace(await domainNumber(store, baseKey)));
  const begun = facts.loading !== undefined && facts.loading !== 'an import';
  if (facts.generationId !== undefined || begun) return;
  const load = await beginLoad({
    store,
    baseDn,
    schema,
    replica: must(toReplicaId(1), 'a replica id'),
    clock: systemClock,
    generationId: GENERATION,
    initiator: '',
    indexes: {},
    genesis: ZERO_CSN,
  });
  const texts: readonly (readonly [string, readonly string[]])[] = [
    ['objectClass', ['top', 'subentry', 'subschema']],
    ['cn', ['schema']],
    ['subtreeSpecification', ['{}']],
  ];
  load.add({
    dn: baseDn,
    rdn: must(schema.namedRdn(must(baseDn.rdns[0], 'one RDN')), 'a well-formed RDN'),
    uuid: SCHEMA_ENTRY_UUID,
    attributes: new Map(
      texts.map(([name, values]) => [
        name.toLowerCase() as AttributeKey,
        { name, values: values.map(utf8Encode) },
      ]),
    ),
  });
  await load.finish();
}
