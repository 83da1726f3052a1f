/**
 * cn=purging,cn=monitor: what each domain keeps, until where it has forgotten, and each of its servers as this one knows it.
 */
import { generalizedTime } from '../../backend/rows/computed-attributes.js';
import { csnTimeMs } from '../../csn/csn.js';
import { parseDn } from '../../dn/dn-text.js';
import { MONITOR_DN } from '../../operation/trees/root-dse.js';
import {
  ListedTree,
  type NamedEntry,
  type VirtualTree,
  virtualEntry,
} from '../../operation/trees/virtual-tree.js';
import type { Schema } from '../../schema/schema.js';
import type { Upkeep } from '../domain/upkeep.js';

const PURGING_DN = `cn=purging,${MONITOR_DN}`;

/** A domain with entries. */
interface Kept {
  readonly baseText: string;
  readonly upkeep: Upkeep;
}

/** The tree, computed whenever it is read. */
export function purgingTree(schema: Schema, domains: readonly Kept[]): VirtualTree {
  const top = (): NamedEntry =>
    virtualEntry(
      schema,
      PURGING_DN,
      { objectClass: ['top', 'monitor', 'monitorContainer'], cn: 'purging' },
      { entryDN: PURGING_DN },
    );
  return new ListedTree(schema, parseDn(PURGING_DN), true, () => [
    top(),
    ...domains.flatMap((domain, at) => domainEntries(schema, domain, at + 1)),
  ]);
}

function domainEntries(schema: Schema, { baseText, upkeep }: Kept, number: number): NamedEntry[] {
  const dn = `cn=domain ${number},${PURGING_DN}`;
  const { stable, before, heldBackBy, logBytes, logChanges, historyLeft, purged } =
    upkeep.housekeeping.status();
  const oldest = upkeep.housekeeping.oldestChange;
  const domain = virtualEntry(
    schema,
    dn,
    {
      objectClass: ['top', 'ds-monitor-entry'],
      cn: `domain ${number}`,
      'domain-name': baseText,
      'stable-csn': stable?.csns() ?? [],
      'settled-until': before === undefined ? [] : [generalizedTime(csnTimeMs(before))],
      'held-back-by': heldBackBy.map(({ name, reason }) => `${name} ${reason}`),
      'history-rows': historyLeft === undefined ? [] : [String(historyLeft)],
      'history-rows-purged': String(purged.historyRows),
      'changelog-bytes': String(logBytes),
      'changelog-changes': String(logChanges),
      'changelog-oldest-csn': oldest === undefined ? [] : [oldest],
    },
    { entryDN: dn },
  );
  const members = upkeep.members.rows().map(({ name, kind, replica, standing, report }) => {
    const memberDn = `cn=${name},${dn}`;
    return virtualEntry(
      schema,
      memberDn,
      {
        objectClass: ['top', 'ds-monitor-entry'],
        cn: name,
        'server-id': replica === undefined ? [] : [String(replica)],
        'server-kind': kind,
        'server-standing': standing,
        'applied-csn': report?.state.csns() ?? [],
        'last-report': report === undefined ? [] : [generalizedTime(report.atMs)],
        'silent-seconds': String(Math.round(upkeep.members.silentMs(name) / 1000)),
      },
      { entryDN: memberDn },
    );
  });
  return [domain, ...members];
}
