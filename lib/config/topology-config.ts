/**
 * The topology file: its shape, and the topology that it writes.
 *
 * Owns defaults and the shape; topology/check-topology.ts judges the whole. All faults come at once with their lines.
 */
import { type Static, Type } from '@sinclair/typebox';
import { must } from '../base/assert.js';
import { LdapError } from '../base/ldap-error.js';
import { OperatorError } from '../base/operator-error.js';
import { MAX_REPLICA_ID, toReplicaId } from '../csn/csn.js';
import { parseDn } from '../dn/dn-text.js';
import { checkTopology } from '../topology/check-topology.js';
import type { ServerRole, ServerRuns, Topology } from '../topology/topology.js';
import { MAX_BANDWIDTH_KBIT, MIN_BANDWIDTH_KBIT } from '../topology/ways.js';
import { checkShape } from './check-shape.js';
import { type ConfigDocument, type ConfigFault, formatFaults } from './document.js';
import { count } from './server-config.js';

const name = () => Type.String({ minLength: 1, maxLength: 63, pattern: '^[A-Za-z0-9][A-Za-z0-9._-]*$' });
const address = () => Type.String({ minLength: 1, maxLength: 300 });

function words<const T extends readonly string[]>(all: T) {
  return Type.Unsafe<T[number]>({ type: 'string', enum: [...all] });
}

const closed = { additionalProperties: false } as const;

/** Shape of the topology document. */
const TOPOLOGY_SCHEMA = Type.Object(
  {
    domains: Type.Array(Type.String({ minLength: 1, maxLength: 4096 }), { minItems: 1, maxItems: 1000 }),
    sites: Type.Array(Type.Object({ name: name() }, closed), { minItems: 1, maxItems: 1000 }),
    links: Type.Optional(
      Type.Array(
        Type.Object(
          {
            between: Type.Array(name(), { minItems: 2, maxItems: 2 }),
            cost: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 })),
            schedule: Type.Optional(Type.String({ minLength: 1, maxLength: 4096 })),
            bandwidthKbit: Type.Optional(
              Type.Integer({ minimum: MIN_BANDWIDTH_KBIT, maximum: MAX_BANDWIDTH_KBIT }),
            ),
          },
          closed,
        ),
        { maxItems: 10_000 },
      ),
    ),
    servers: Type.Array(
      Type.Object(
        {
          name: name(),
          id: Type.Integer({ minimum: 1, maximum: MAX_REPLICA_ID }),
          site: name(),
          ldap: Type.Optional(address()),
          ldaps: Type.Optional(address()),
          replication: address(),
          http: Type.Optional(address()),
          runs: Type.Optional(words(['directory', 'broker', 'both'] satisfies ServerRuns[])),
          role: Type.Optional(words(['primary-master', 'repli-master', 'replica'] satisfies ServerRole[])),
          peers: Type.Optional(Type.Array(name(), { maxItems: 1000 })),
        },
        closed,
      ),
      { minItems: 1, maxItems: 1000 },
    ),
  },
  closed,
);

type TopologyDocument = Static<typeof TOPOLOGY_SCHEMA>;

/** The topology of a file; throws OperatorError CONFIG_INVALID with every fault. */
export function readTopology(document: ConfigDocument): Topology {
  const shape = checkShape(TOPOLOGY_SCHEMA, document.value);
  if (shape.length > 0) throw refuse(document, shape);
  const topology = withDefaults(document.value as TopologyDocument);
  const faults: ConfigFault[] = [...domainFaults(topology), ...checkTopology(topology)];
  if (faults.length > 0) throw refuse(document, faults);
  return topology;
}

function withDefaults(document: TopologyDocument): Topology {
  return {
    domains: document.domains,
    sites: document.sites,
    links: (document.links ?? []).map((link) => ({
      between: [must(link.between[0], 'two sites'), must(link.between[1], 'two sites')] as const,
      cost: link.cost ?? 100,
      schedule: link.schedule ?? 'always',
      bandwidthKbit: link.bandwidthKbit,
    })),
    servers: document.servers.map((server) => ({
      name: server.name,
      id: must(toReplicaId(server.id), 'bounds were checked'),
      site: server.site,
      ldap: server.ldap,
      ldaps: server.ldaps,
      replication: server.replication,
      http: server.http,
      runs: server.runs ?? 'both',
      role: server.role ?? 'repli-master',
      peers: server.peers,
    })),
  };
}

function domainFaults(topology: Topology): ConfigFault[] {
  const faults: ConfigFault[] = [];
  topology.domains.forEach((domain, index) => {
    try {
      if (parseDn(domain).rdns.length === 0)
        faults.push({ path: ['domains', index], message: 'the empty DN is no base DN' });
    } catch (error) {
      if (!(error instanceof LdapError)) throw error;
      faults.push({ path: ['domains', index], message: `"${domain}" is not a DN: ${error.message}` });
    }
  });
  return faults;
}

function refuse(document: ConfigDocument, faults: readonly ConfigFault[]): OperatorError {
  return new OperatorError(
    'CONFIG_INVALID',
    `${document.name} has ${count(faults.length)}`,
    formatFaults(document, faults),
  );
}
