/**
 * cn=topology over LDAP: the servers of the topology, one entry each, for those who may monitor. Read only: servers come and go by tokens, leave and forget.
 */
import { generalizedTime } from '../../backend/rows/computed-attributes.js';
import { parseDn } from '../../dn/dn-text.js';
import { SUBSCHEMA_DN } from '../../operation/trees/root-dse.js';
import {
  ListedTree,
  type NamedEntry,
  type VirtualTree,
  virtualEntry,
} from '../../operation/trees/virtual-tree.js';
import type { Schema } from '../../schema/schema.js';
import type { TopologyMember } from '../../topology/member-list.js';
import { TOPOLOGY_BASE } from './topology-domain.js';

/** The tree, computed whenever it is read. */
export function topologyTree(schema: Schema, members: () => readonly TopologyMember[]): VirtualTree {
  const top = virtualEntry(
    schema,
    TOPOLOGY_BASE,
    { objectClass: ['top', 'ds-topology'], cn: 'topology' },
    { entryDN: TOPOLOGY_BASE, subschemaSubentry: SUBSCHEMA_DN },
  );
  return new ListedTree(schema, parseDn(TOPOLOGY_BASE), true, () => [
    top,
    ...members().map((member) => memberEntry(schema, member)),
  ]);
}

function memberEntry(schema: Schema, member: TopologyMember): NamedEntry {
  const dn = `cn=${member.name},${TOPOLOGY_BASE}`;
  return virtualEntry(
    schema,
    dn,
    {
      objectClass: ['top', 'ds-monitor-entry'],
      cn: member.name,
      'server-id': String(member.id),
      'server-site': member.site,
      'server-runs': member.runs,
      'server-standing': member.standing,
      'server-joined': member.joined ? 'TRUE' : 'FALSE',
      'replication-address': member.replication ?? [],
      'ldap-address': member.ldap ?? [],
      'ldaps-address': member.ldaps ?? [],
      'http-address': member.http ?? [],
    },
    {
      createTimestamp: generalizedTime(member.sinceMs),
      modifyTimestamp: generalizedTime(member.atMs),
      entryDN: dn,
      subschemaSubentry: SUBSCHEMA_DN,
    },
  );
}
