/**
 * Opens everything that a server replicates: the schema's domain first, then the data, or on a broker of its own the change logs alone.
 *
 * What was opened is closed by `undo`, in reverse order. When the schema becomes another, the domains follow.
 */
import { OperatorError } from '../../base/operator-error.js';
import { passedOverInSchemaFolder } from '../../io/schema-files.js';
import type { Log } from '../../port/log.js';
import { otherOidLine } from '../../schema/known-definitions.js';
import type { PassedOver } from '../../schema/load-schema.js';
import type { Schema } from '../../schema/schema.js';
import type { TopologyMember } from '../../topology/member-list.js';
import type { ServerConfig } from '../config/read-config.js';
import { readWholeSchema, SCHEMA_BASE } from '../config/read-schema.js';
import { storedMembers, TopologyDomain } from '../topology/topology-domain.js';
import { followMembers } from '../topology/topology-follower.js';
import type { Undo } from '../undo.js';
import { type DomainParts, RunningDomain } from './domain.js';
import { schemaFollower } from './follow-schema.js';
import { Relay } from './relay.js';
import { SchemaDomain } from './schema-domain.js';

/** Of one file that are told one by one. */
const TOLD_DEFINITIONS = 20;

export interface OpenedDomains {
  readonly schema: Schema;
  /** undefined on a broker of its own. */
  readonly schemaDomain: SchemaDomain | undefined;
  /** Who belongs to the topology; on every server. */
  readonly topology: TopologyDomain;
  /** The naming contexts. */
  readonly domains: readonly RunningDomain[];
  /** All that replicates, in the order in which it starts: the topology, the schema, the data. */
  readonly replicated: readonly (RunningDomain | Relay)[];
  /** The same as status shows it: the schema last. */
  readonly listed: readonly (RunningDomain | Relay)[];
}

/**
 * Opens the domains of the configuration. `peers`: the map that the configuration shows, filled with whom this server follows. Rejects with an
 * OperatorError (TOPOLOGY_LEFT: it belongs to no topology any more) or a StoreError.
 */
export async function openDomains(
  common: Omit<DomainParts, 'base' | 'schema'>,
  listed: ReadonlyMap<string, string>,
  peers: Map<string, string>,
  undo: Undo,
): Promise<OpenedDomains> {
  const { config, store, log } = common;
  const bases = config.settings.domains;
  const whole = await readWholeSchema(config.files, store);
  const { schema } = whole;
  for (const file of await passedOverInSchemaFolder(config.files.schema))
    log.warn({ file }, 'a file in the schema folder is not read: schema files end with .ldif or .schema');
  tellPassedOver(whole.passedOver, log);
  const members = await storedMembers(store, schema);
  refuseLeft(config, members);
  followMembers(config.settings, listed, peers, members);
  const topology = await TopologyDomain.open({ ...common, schema });
  undo.add(() => topology.domain.close());
  if (config.settings['server.runs'] === 'broker') {
    const relays: Relay[] = [];
    for (const base of [SCHEMA_BASE, ...bases]) relays.push(await Relay.open({ ...common, base, schema }));
    return {
      schema,
      schemaDomain: undefined,
      topology,
      domains: [],
      replicated: [topology.domain, ...relays],
      listed: schemaLast(relays),
    };
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
  const shown = [schemaDomain.domain, ...domains];
  const replicated = [topology.domain, ...shown];
  return { schema, schemaDomain, topology, domains, replicated, listed: schemaLast(shown) };
}

/** What of the schema folder's files takes no effect, since a file before defines it. */
function tellPassedOver(passedOver: readonly PassedOver[], log: Log): void {
  for (const { file, known, otherOids } of passedOver) {
    for (const one of otherOids.slice(0, TOLD_DEFINITIONS)) log.warn({ file }, otherOidLine(one));
    const untold = Math.max(0, otherOids.length - TOLD_DEFINITIONS);
    log.info({ file, known, untold }, 'definitions that the schema has already are passed over');
  }
}

/** Throws OperatorError TOPOLOGY_LEFT. */
function refuseLeft({ files, settings }: ServerConfig, members: readonly TopologyMember[]): void {
  const own = members.find(({ name }) => name === settings['server.name']);
  if (own?.standing !== 'left') return;
  throw new OperatorError(
    'TOPOLOGY_LEFT',
    `${own.name} left its topology at ${new Date(own.atMs).toISOString()}, and the others have forgotten it; its data can be read with: polyarch export-ldif --dir ${files.dir}`,
  );
}

function schemaLast<T>(replicated: readonly T[]): readonly T[] {
  return [...replicated.slice(1), ...replicated.slice(0, 1)];
}
