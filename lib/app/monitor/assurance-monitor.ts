/** cn=assurance,cn=monitor: of each domain what assured writes brought, with OpenDJ's names where the meaning is theirs, and which servers are left out. */
import type { Assurance } from '../../broker/assurance.js';
import { parseDn } from '../../dn/dn-text.js';
import { MONITOR_DN } from '../../operation/trees/root-dse.js';
import {
  ListedTree,
  type NamedEntry,
  type VirtualTree,
  virtualEntry,
} from '../../operation/trees/virtual-tree.js';
import type { Schema } from '../../schema/schema.js';

const ASSURANCE_DN = `cn=assurance,${MONITOR_DN}`;

interface AssuredDomain {
  readonly baseText: string;
  readonly assurance: Assurance;
}

/** The tree, computed whenever it is read. */
export function assuranceTree(schema: Schema, domains: readonly AssuredDomain[]): VirtualTree {
  return new ListedTree(schema, parseDn(ASSURANCE_DN), true, () => [
    virtualEntry(
      schema,
      ASSURANCE_DN,
      { objectClass: ['top', 'monitor', 'monitorContainer'], cn: 'assurance' },
      { entryDN: ASSURANCE_DN },
    ),
    ...domains.map((domain, at) => domainEntry(schema, domain, at + 1)),
  ]);
}

function domainEntry(schema: Schema, { baseText, assurance }: AssuredDomain, number: number): NamedEntry {
  const dn = `cn=domain ${number},${ASSURANCE_DN}`;
  const data = assurance.counts['safe-data'];
  const read = assurance.counts['safe-read'];
  return virtualEntry(
    schema,
    dn,
    {
      objectClass: ['top', 'ds-monitor-entry'],
      cn: `domain ${number}`,
      'domain-name': baseText,
      'assured-sd-sent-updates': String(data.sent),
      'assured-sd-acknowledged-updates': String(data.acknowledged),
      'assured-sd-reduced-updates': String(data.reduced),
      'assured-sd-timeout-updates': String(data.timeout),
      'assured-sr-sent-updates': String(read.sent),
      'assured-sr-acknowledged-updates': String(read.acknowledged),
      'assured-sr-reduced-updates': String(read.reduced),
      'assured-sr-timeout-updates': String(read.timeout),
      'assured-waiting-updates': String(assurance.waiting),
      'assured-server-not-acknowledged-updates': [...assurance.missed].map(
        ([name, times]) => `${name}:${times}`,
      ),
      'assured-left-out': [...assurance.leftOut],
    },
    { entryDN: dn },
  );
}
