/**
 * Opens everything that a server replicates: the schema's domain first, then the data, or on a broker of its own the change logs alone.
 *
 * What was opened is closed by `undo`, in reverse order. When the schema becomes another, the domains follow.
 */
import type { Schema } from '../schema/schema.js';
import { type DomainParts, RunningDomain } from './domain.js';
import { schemaFollower } from './follow-schema.js';
import { readWholeSchema, SCHEMA_BASE } from './read-schema.js';
import { Relay } from './relay.js';
import { SchemaDomain } from './schema-domain.js';
import type { Undo } from './undo.js';

export interface OpenedDomains {
  readonly schema: Schema;
  /** undefined on a broker of its own. */
  readonly schemaDomain: SchemaDomain | undefined;
  /** The naming contexts. */
  readonly domains: readonly RunningDomain[];
  /** All that replicates, in the order in which it starts: the schema first. */
  readonly replicated: readonly (RunningDomain | Relay)[];
  /** The same as status shows it: the schema last. */
  readonly listed: readonly (RunningDomain | Relay)[];
}

/** Opens the domains of the configuration. Rejects with an OperatorError or a StoreError. */
export async function openDomains(
  common: Omit<DomainParts, 'base' | 'schema'>,
  undo: Undo,
): Promise<OpenedDomains> {
  const { config, store, log } = common;
  const bases = config.settings.domains;
  const whole = await readWholeSchema(config.files, store);
  const { schema } = whole;
  if (config.settings['server.runs'] === 'broker') {
    const relays: Relay[] = [];
    for (const base of [SCHEMA_BASE, ...bases]) relays.push(await Relay.open({ ...common, base, schema }));
    return { schema, schemaDomain: undefined, domains: [], replicated: relays, listed: schemaLast(relays) };
  }
  const schemaDomain = await SchemaDomain.open(common, whole);
  undo.add(() => schemaDomain.domain.close());
  const domains: RunningDomain[] = [];
  for (const base of bases) {
    const domain = await RunningDomain.open({ ...common, base, schema });
    undo.add(() => domain.close());
    domains.push(domain);
  }
  schemaDomain.onChange(await schemaFollower(config, schema, domains, log));
  const replicated = [schemaDomain.domain, ...domains];
  return { schema, schemaDomain, domains, replicated, listed: schemaLast(replicated) };
}

function schemaLast<T>(replicated: readonly T[]): readonly T[] {
  return [...replicated.slice(1), ...replicated.slice(0, 1)];
}
