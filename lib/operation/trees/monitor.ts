/**
 * cn=monitor, in the shape of OpenLDAP's so that its exporters and dashboards work: connections, operations, statistics, time, version.
 *
 * Computed whenever it is read, for those who may monitor. Other folders plug trees below it into the directory.
 */
import { requesterDn } from '../../access/requester.js';
import { generalizedTime } from '../../backend/rows/computed-attributes.js';
import { parseDn } from '../../dn/dn-text.js';
import type { ConnectionRegistry, RegisteredConnection } from '../connection/connection-registry.js';
import { adviceText } from '../search/index-advice.js';
import type { ServerParts } from '../server-parts.js';
import { OPERATION_KINDS, type OperationKind } from '../statistics.js';
import { MONITOR_DN, SUBSCHEMA_DN } from './root-dse.js';
import {
  ListedTree,
  type NamedEntry,
  type VirtualTree,
  type VirtualValues,
  virtualEntry,
} from './virtual-tree.js';

/** Lines of advice about indexes. */
const MAX_ADVICE = 100;

/** Values that are double. */
const MAX_DOUBLES = 100;

/** Definitions that take no effect. */
const MAX_INACTIVE = 100;

/** Connections listed one by one. */
const MAX_LISTED = 1000;

const OPERATION_NAMES: Readonly<Record<OperationKind, string>> = {
  bind: 'Bind',
  unbind: 'Unbind',
  search: 'Search',
  compare: 'Compare',
  modify: 'Modify',
  modifyDn: 'Modrdn',
  add: 'Add',
  delete: 'Delete',
  abandon: 'Abandon',
  extended: 'Extended',
};

/** The tree; `parts` need not be complete before it is read. */
export function monitorTree(parts: ServerParts, registry: ConnectionRegistry): VirtualTree {
  const startMs = parts.clock.wallMs();
  return new ListedTree(parts.schema, parseDn(MONITOR_DN), true, () => [
    ...topEntries(parts, startMs),
    ...connectionEntries(parts, registry),
    ...operationEntries(parts),
    ...statisticsEntries(parts),
    ...databaseEntries(parts),
    ...indexEntries(parts),
    ...changeWaitEntries(parts),
    uniquenessEntry(parts),
    schemaEntry(parts),
  ]);
}

function entry(
  parts: ServerParts,
  name: string,
  classes: readonly string[],
  operational: Readonly<Record<string, VirtualValues>> = {},
): NamedEntry {
  const dn = name === '' ? MONITOR_DN : `${name},${MONITOR_DN}`;
  const first = dn.slice(3, dn.indexOf(','));
  return virtualEntry(
    parts.schema,
    dn,
    { objectClass: ['top', 'monitor', ...classes], cn: name === '' ? 'monitor' : first },
    { ...operational, entryDN: dn, subschemaSubentry: SUBSCHEMA_DN },
  );
}

function container(parts: ServerParts, name: string): NamedEntry {
  return entry(parts, name, ['monitorContainer']);
}

function counter(parts: ServerParts, name: string, value: number): NamedEntry {
  return entry(parts, name, ['monitorCounterObject'], { monitorCounter: String(value) });
}

function topEntries(parts: ServerParts, startMs: number): readonly NamedEntry[] {
  const nowMs = parts.clock.wallMs();
  return [
    entry(parts, '', ['monitorServer'], { monitoredInfo: parts.settings.vendorVersion }),
    container(parts, 'cn=Time'),
    entry(parts, 'cn=Start,cn=Time', ['monitoredObject'], { monitorTimestamp: generalizedTime(startMs) }),
    entry(parts, 'cn=Current,cn=Time', ['monitoredObject'], { monitorTimestamp: generalizedTime(nowMs) }),
    entry(parts, 'cn=Uptime,cn=Time', ['monitoredObject'], {
      monitoredInfo: String(Math.max(0, Math.floor((nowMs - startMs) / 1000))),
    }),
  ];
}

function connectionEntries(parts: ServerParts, registry: ConnectionRegistry): readonly NamedEntry[] {
  const entries = [
    container(parts, 'cn=Connections'),
    counter(parts, 'cn=Max File Descriptors,cn=Connections', parts.settings.maxConnections),
    counter(parts, 'cn=Total,cn=Connections', registry.total),
    counter(parts, 'cn=Current,cn=Connections', registry.current),
  ];
  for (const connection of registry.connections()) {
    if (entries.length >= MAX_LISTED) break;
    entries.push(connectionEntry(parts, connection));
  }
  return entries;
}

function connectionEntry(parts: ServerParts, connection: RegisteredConnection): NamedEntry {
  const { id, peerText, localText, openedMs } = connection.facts;
  return entry(parts, `cn=Connection ${id},cn=Connections`, ['monitorConnection'], {
    monitorConnectionNumber: String(id),
    monitorConnectionProtocol: '3',
    monitorConnectionAuthzDN: requesterDn(connection.requester),
    monitorConnectionPeerAddress: `IP=${peerText}`,
    monitorConnectionLocalAddress: `IP=${localText}`,
    monitorConnectionListener: connection.tls ? 'ldaps:///' : 'ldap:///',
    monitorConnectionStartTime: generalizedTime(openedMs),
    monitorConnectionOpsReceived: String(connection.operationsStarted + connection.requests.waiting),
    monitorConnectionOpsExecuting: String(connection.requests.runningCount),
    monitorConnectionOpsPending: String(connection.requests.waiting),
    monitorConnectionOpsCompleted: String(connection.operationsStarted - connection.requests.runningCount),
  });
}

function operationEntries(parts: ServerParts): readonly NamedEntry[] {
  const { operations } = parts.statistics;
  let initiated = 0;
  let completed = 0;
  const each = OPERATION_KINDS.map((kind) => {
    const count = operations[kind];
    initiated += count.initiated;
    completed += count.completed;
    return operationEntry(
      parts,
      `cn=${OPERATION_NAMES[kind]},cn=Operations`,
      count.initiated,
      count.completed,
    );
  });
  return [operationEntry(parts, 'cn=Operations', initiated, completed), ...each];
}

function operationEntry(parts: ServerParts, name: string, initiated: number, completed: number): NamedEntry {
  return entry(parts, name, ['monitorOperation'], {
    monitorOpInitiated: String(initiated),
    monitorOpCompleted: String(completed),
  });
}

function statisticsEntries(parts: ServerParts): readonly NamedEntry[] {
  const { statistics } = parts;
  return [
    container(parts, 'cn=Statistics'),
    counter(parts, 'cn=Bytes,cn=Statistics', statistics.bytesSent),
    counter(parts, 'cn=PDU,cn=Statistics', statistics.pdusSent),
    counter(parts, 'cn=Entries,cn=Statistics', statistics.entriesSent),
    counter(parts, 'cn=Referrals,cn=Statistics', statistics.referencesSent),
    counter(parts, 'cn=Unindexed Searches,cn=Statistics', statistics.unindexedSearches),
  ];
}

function databaseEntries(parts: ServerParts): readonly NamedEntry[] {
  const { domains } = parts.directory;
  return [
    entry(parts, 'cn=Databases', ['monitorContainer'], {
      namingContexts: domains.map((domain) => domain.baseText),
    }),
    ...domains.map((domain, index) =>
      entry(parts, `cn=Database ${index + 1},cn=Databases`, ['monitoredObject'], {
        namingContexts: domain.baseText,
        numSubordinates: String(domain.backend.entryCount),
      }),
    ),
  ];
}

/** Searches without an index now, and which indexes would have helped (index-advice.ts). */
/** Values that must be unique and that replication made double. */
function uniquenessEntry(parts: ServerParts): NamedEntry {
  const lines: string[] = [];
  for (const { backend } of parts.directory.domains) {
    for (const { attribute, value, entries } of backend.doubles().slice(0, MAX_DOUBLES))
      lines.push(`${attribute} "${value}": ${entries.map((dn) => `"${dn}"`).join(', ')}`);
  }
  return entry(parts, 'cn=Uniqueness', ['monitoredObject'], { monitoredInfo: lines });
}

/** Definitions of cn=schema that take no effect, each with its reason. */
function schemaEntry(parts: ServerParts): NamedEntry {
  const inactive = (parts.schemaStore?.inactive() ?? []).slice(0, MAX_INACTIVE);
  return entry(parts, 'cn=Schema', ['monitoredObject'], {
    monitoredInfo: inactive.map(({ kind, text, reason }) => `${kind}: ${text}: ${reason}`),
  });
}

/** Operations that wait, or waited, for changes of other servers. */
function changeWaitEntries(parts: ServerParts): readonly NamedEntry[] {
  const { changeWaits } = parts;
  return [
    container(parts, 'cn=Change Waits'),
    counter(parts, 'cn=Waiting,cn=Change Waits', changeWaits.waiting),
    counter(parts, 'cn=Fulfilled,cn=Change Waits', changeWaits.fulfilled),
    counter(parts, 'cn=Expired,cn=Change Waits', changeWaits.expired),
  ];
}

function indexEntries(parts: ServerParts): readonly NamedEntry[] {
  const rows = parts.advice.rows().slice(0, MAX_ADVICE);
  return [
    entry(parts, 'cn=Index Advice', ['monitoredObject'], {
      monitoredInfo: rows.map(adviceText),
    }),
    counter(parts, 'cn=Running,cn=Index Advice', parts.scans.inside),
    counter(parts, 'cn=Waiting,cn=Index Advice', parts.scans.waiting),
  ];
}
