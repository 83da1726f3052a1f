/**
 * cn=replication,cn=monitor: each domain of this server and each of its sessions, under the attribute names that OpenDJ uses, so that dashboards made for it read them.
 *
 * They are user attributes, as there: a search that asks for none by name shows them. Computed from the server's status whenever it is read. The last comparison with a peer stands in the domain's entry as `description`.
 */
import { generalizedTime } from '../../backend/rows/computed-attributes.js';
import { counted } from '../../base/counted.js';
import { parseDn } from '../../dn/dn-text.js';
import { MONITOR_DN } from '../../operation/trees/root-dse.js';
import {
  ListedTree,
  type NamedEntry,
  type VirtualTree,
  type VirtualValues,
  virtualEntry,
} from '../../operation/trees/virtual-tree.js';
import type { Schema } from '../../schema/schema.js';
import type { ComparisonStatus, DomainStatus, LinkStatus, ServerStatus } from './server-status.js';

const REPLICATION_DN = `cn=replication,${MONITOR_DN}`;

/** The tree. `status`: asked at every read. */
export function replicationTree(schema: Schema, status: () => ServerStatus): VirtualTree {
  return new ListedTree(schema, parseDn(REPLICATION_DN), true, () => {
    const server = status();
    return [
      virtualEntry(
        schema,
        REPLICATION_DN,
        { objectClass: ['top', 'monitor', 'monitorContainer'], cn: 'replication' },
        { entryDN: REPLICATION_DN },
      ),
      ...server.domains.flatMap((domain, at) => domainEntries(schema, server, domain, at + 1)),
    ];
  });
}

function domainEntries(
  schema: Schema,
  server: ServerStatus,
  domain: DomainStatus,
  number: number,
): NamedEntry[] {
  const links = server.links.filter((link) => link.domain === domain.baseDn);
  const of = (direction: LinkStatus['direction']) => links.filter((link) => link.direction === direction);
  const comparisons = server.comparisons.filter((one) => one.domain === domain.baseDn);
  const entry = make(schema, `cn=domain ${number},${REPLICATION_DN}`, `domain ${number}`, {
    'domain-name': domain.baseDn,
    'server-id': String(server.id),
    status: domain.phase,
    'generation-id': domain.generationId ?? [],
    ...fractionValues(domain.fraction),
    'server-state': stateValues(domain.applied),
    'connected-to': of('from')
      .filter((link) => link.state === 'following')
      .map((link) => link.peer),
    'received-updates': String(sum(of('from'), (link) => link.receivedChanges)),
    'sent-updates': String(sum(of('to'), (link) => link.sentChanges)),
    'approximate-delay': domain.lagMs === undefined ? [] : String(Math.round(domain.lagMs / 1000)),
    description: comparisons.map(comparisonText),
  });
  return [entry, ...links.map((link, at) => linkEntry(schema, entry.dnText, link, at + 1))];
}

function linkEntry(schema: Schema, above: string, link: LinkStatus, number: number): NamedEntry {
  const cn = `session ${number} ${link.direction}`;
  return make(schema, `cn=${cn},${above}`, cn, {
    'domain-name': link.domain,
    'connected-to': link.peer,
    status: link.state,
    'server-state': link.peerHolds === undefined ? [] : stateValues(link.peerHolds),
    'missing-changes': link.missing === undefined ? [] : String(link.missing),
    'approximate-delay': link.lagSeconds === undefined ? [] : String(Math.round(link.lagSeconds)),
    'sent-updates': String(link.sentChanges),
    'received-updates': String(link.receivedChanges),
    'current-send-window': link.credit === undefined ? [] : String(link.credit),
    description: [link.lastError ?? [], wayText(link) ?? []].flat(),
  });
}

/** A fraction under the names of OpenDJ's settings. */
function fractionValues(text: string | undefined): Readonly<Record<string, VirtualValues>> {
  if (text === undefined) return {};
  const [mode, items] = text.split(' ');
  return { [`ds-sync-fractional-${mode}`]: (items ?? '').split(';') };
}

/** CSNs of a server state's text. */
function stateValues(text: string): string[] {
  return text.split(' ').filter((csn) => csn !== '');
}

/** What holds changes up on the way to a peer, in one line; undefined: nothing. */
export function wayText({ bandwidthKbit, hours }: LinkStatus): string | undefined {
  const closed = hours?.open === false ? `closed until ${hours.until.slice(0, 16)}Z` : undefined;
  const limit = bandwidthKbit === undefined ? undefined : `at most ${bandwidthKbit} kbit/s`;
  return closed !== undefined && limit !== undefined ? `${closed}, ${limit}` : (closed ?? limit);
}

/** A comparison in one line. */
function comparisonText({ peer, at, verdict, reason, differing, more }: ComparisonStatus): string {
  const when = generalizedTime(Date.parse(at));
  if (verdict === 'equal') return `${when} equal to ${peer}`;
  if (verdict === 'different')
    return `${when} ${more ? 'more than ' : ''}${counted(differing, 'entry differs', 'entries differ')} from ${peer}`;
  return `${when} not compared with ${peer}: ${reason ?? verdict}`;
}

function sum(links: readonly LinkStatus[], of: (link: LinkStatus) => number): number {
  return links.reduce((total, link) => total + of(link), 0);
}

function make(
  schema: Schema,
  dn: string,
  cn: string,
  facts: Readonly<Record<string, VirtualValues>>,
): NamedEntry {
  return virtualEntry(
    schema,
    dn,
    { objectClass: ['top', 'ds-monitor-entry'], cn, ...facts },
    { entryDN: dn },
  );
}
