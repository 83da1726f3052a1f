/**
 * `polyarch replication status` as one screen: for each domain its replicas (lag, missing changes, last contact, state) and the links between them (traffic, credit, what a comparison found).
 *
 * A function of what servers say and of the width: no line is longer. Replicas that were not asked are shown as those that were asked see them. A link that both ends tell of is one row, as its sender tells it.
 * Domains of the server itself (cn=schema) are one line while nothing is wrong with them.
 */
import { missingSeen } from '../app/monitor/missing-seen.js';
import { wayText } from '../app/monitor/replication-monitor.js';
import type {
  ComparisonStatus,
  DomainStatus,
  LinkStatus,
  ServerStatus,
} from '../app/monitor/server-status.js';
import { counted } from '../base/counted.js';
import { awaitedText } from './awaited-text.js';
import { type Column, columns, wrapped } from './columns.js';

/** A server that was asked and did not answer: its directory or URL, and why. */
export interface Unanswered {
  readonly name: string;
  readonly state: string;
}

interface Replica {
  readonly name: string;
  readonly id: number | undefined;
  readonly state: string;
  readonly lagSeconds: number | undefined;
  readonly missing: string;
  /** Seconds since it was heard; 0 for one that has just answered. */
  readonly heard: number | undefined;
  readonly notes: readonly string[];
}

interface Link {
  readonly from: string;
  readonly to: string;
  readonly link: LinkStatus;
  readonly compared: ComparisonStatus | undefined;
}

const OWN_DOMAIN = /^cn=(schema|topology)$/i;
/** From this width on there is room for what is good to know. */
const WIDE = 100;

/** The whole screen. `width`: characters of a line. */
export function statusScreen(
  servers: readonly ServerStatus[],
  unanswered: readonly Unanswered[],
  equal: boolean | undefined,
  width: number,
): string {
  const bases = [...new Set(servers.flatMap(({ domains }) => domains.map(({ baseDn }) => baseDn)))];
  const lines = bases.flatMap((base) => domainLines(servers, base, width));
  for (const { name, state } of unanswered) lines.push(...wrapped(`${name}: ${state}`, width, 0));
  if (equal !== undefined)
    lines.push(equal ? 'These servers are in sync.' : 'These servers are not in sync yet.');
  return lines.join('\n');
}

function domainLines(servers: readonly ServerStatus[], base: string, width: number): string[] {
  const replicas = replicasOf(servers, base);
  const links = linksOf(servers, base);
  const quiet = replicas.every(
    ({ state, missing, notes }) => GOOD.has(state) && missing === '0' && notes.length === 0,
  );
  if (OWN_DOMAIN.test(base) && quiet && links.every(({ link }) => isGood(link)))
    return [...wrapped(`${base}: nothing missing on ${counted(replicas.length, 'server')}`, width, 0), ''];
  return [
    ...wrapped(base, width, 0),
    ...replicaTable(replicas, width),
    ...replicas.flatMap(({ name, notes }) => notes.flatMap((note) => wrapped(`${name}: ${note}`, width, 4))),
    ...(links.length === 0 ? [] : linkTable(links, width)),
    ...relayedLines(servers, base).flatMap((line) => wrapped(line, width, 2)),
    ...unfollowedLines(servers, base).flatMap((line) => wrapped(line, width, 2)),
    '',
  ];
}

const GOOD: ReadonlySet<string> = new Set(['ready', 'relay', 'connected']);

function isGood({ state, lastError }: LinkStatus): boolean {
  return (state === 'following' || state === 'serving') && lastError === undefined;
}

function replicaTable(replicas: readonly Replica[], width: number): string[] {
  const head: Column[] = [
    { head: 'replica', shrinks: true },
    { head: 'id', align: 'right' },
    { head: 'state', shrinks: true },
    { head: 'lag', align: 'right' },
    { head: 'missing', align: 'right' },
    { head: 'last contact', align: 'right' },
  ];
  const rows = replicas.map(({ name, id, state, lagSeconds, missing, heard }) => [
    name,
    id === undefined ? '' : String(id),
    state,
    secondsText(lagSeconds),
    missing,
    heard === undefined ? '?' : heard === 0 ? 'now' : `${duration(heard)} ago`,
  ]);
  return columns(head, rows, width);
}

function linkTable(links: readonly Link[], width: number): string[] {
  const wide = width >= WIDE;
  const head: Column[] = [
    { head: 'from', shrinks: true },
    { head: 'to', shrinks: true },
    { head: 'state', shrinks: true },
    ...(wide ? ([{ head: 'lacks', align: 'right' }] as const) : []),
    { head: 'changes', align: 'right' },
    { head: 'MiB', align: 'right' },
    { head: 'credit', align: 'right' },
    { head: 'heard', align: 'right' },
    { head: 'entries', shrinks: true },
  ];
  const rows = links.map(({ from, to, link, compared }) => {
    const sends = link.direction === 'to';
    return [
      from,
      to,
      link.hours?.open === false ? 'closed' : link.state,
      ...(wide ? [sends ? missingText(link) : ''] : []),
      String(sends ? link.sentChanges : link.receivedChanges),
      ((sends ? link.sentBytes : link.receivedBytes) / MIB).toFixed(1),
      link.credit === undefined ? '' : creditText(link.credit),
      secondsText(link.silentSeconds),
      comparedText(compared),
    ];
  });
  const table = columns(head, rows, width);
  const [title = '', ...body] = table;
  return [
    title,
    ...body.flatMap((row, i) => [row, ...noteOf(links[i]).flatMap((note) => wrapped(note, width, 4))]),
  ];
}

const MIB = 1_048_576;

/** What holds a link up, or did. */
function noteOf(of: Link | undefined): string[] {
  if (of === undefined) return [];
  const { link, compared } = of;
  const differing = compared?.verdict === 'refused' ? compared.reason : undefined;
  return [link.lastError, wayText(link), differing].flatMap((note) => note ?? []);
}

function comparedText(compared: ComparisonStatus | undefined): string {
  if (compared === undefined) return '';
  return compared.verdict === 'different' ? `${compared.differing} differ` : compared.verdict;
}

function creditText(bytes: number): string {
  if (bytes < 10_240) return `${bytes} B`;
  return bytes < MIB ? `${Math.round(bytes / 1024)} KiB` : `${(bytes / MIB).toFixed(1)} MiB`;
}

function missingText({ missing }: LinkStatus): string {
  return missing === undefined ? '?' : missing >= MAX_COUNTED ? `${missing} or more` : String(missing);
}

/** As app/monitor/link-status.ts counts. */
const MAX_COUNTED = 10_000;

function secondsText(seconds: number | undefined): string {
  return seconds === undefined ? '?' : duration(seconds);
}

/** Seconds as people read them: 0.4 s, 95 s, 12 min, 3.5 h, 4 d. */
export function duration(seconds: number): string {
  if (seconds < 10) return `${Math.round(seconds * 10) / 10} s`;
  if (seconds < 600) return `${Math.round(seconds)} s`;
  if (seconds < 36_000) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${(seconds / 3600).toFixed(1)} h` : `${Math.round(seconds / 86_400)} d`;
}

function replicasOf(servers: readonly ServerStatus[], base: string): Replica[] {
  const asked = servers.flatMap((server) => {
    const domain = server.domains.find(({ baseDn }) => baseDn === base);
    return domain === undefined ? [] : [askedReplica(servers, server, domain)];
  });
  const names = new Set(asked.map(({ name }) => name));
  const others = new Set(
    servers.flatMap(({ links, peers }) => [
      ...links.filter(({ domain }) => domain === base).map(({ peer }) => peer),
      ...peers.map(({ name }) => name),
    ]),
  );
  const seen = [...others].filter((name) => !names.has(name)).map((name) => seenReplica(servers, base, name));
  return [...asked, ...seen];
}

/** Links of the servers that were asked to this one. */
function sightings(servers: readonly ServerStatus[], base: string, name: string): LinkStatus[] {
  return servers.flatMap(({ links }) => links.filter(({ domain, peer }) => domain === base && peer === name));
}

function askedReplica(servers: readonly ServerStatus[], server: ServerStatus, domain: DomainStatus): Replica {
  const { phase, reason, fraction, blocked, waiting = [], behind, lagMs, copying, awaits } = domain;
  const alone = server.peers.length === 0;
  const most = missingSeen(servers, server, domain.baseDn);
  const missing =
    (behind === false && awaits === undefined) || alone
      ? '0'
      : most === undefined || most === 0
        ? '?'
        : String(most);
  const copied =
    copying === undefined
      ? []
      : [
          `copies from ${copying.from}: ${counted(copying.rows, 'row')}${copying.trouble === undefined ? '' : `, ${copying.trouble}`}`,
        ];
  return {
    name: server.name,
    id: server.id,
    state: phase,
    lagSeconds: alone ? 0 : lagMs === undefined ? undefined : lagMs / 1000,
    missing,
    heard: 0,
    notes: [
      ...(phase === 'ready' || phase === 'relay' || reason === undefined ? [] : [reason]),
      ...(fraction === undefined ? [] : [`holds a part: ${fraction}`]),
      ...copied,
      ...(awaits === undefined ? [] : [awaitedText(awaits)]),
      ...blocked,
      ...waiting,
    ],
  };
}

/** One that was not asked, as those see it that were: the freshest of them counts. */
function seenReplica(servers: readonly ServerStatus[], base: string, name: string): Replica {
  const seen = sightings(servers, base, name);
  const silent = ({ silentSeconds }: LinkStatus): number => silentSeconds ?? Number.POSITIVE_INFINITY;
  const freshest = seen.reduce<LinkStatus | undefined>(
    (best, link) => (best === undefined || silent(link) < silent(best) ? link : best),
    undefined,
  );
  const lost = servers.flatMap(
    ({ peers }) => peers.find((peer) => peer.name === name && !peer.connected) ?? [],
  );
  const connected = seen.some(({ state }) => state === 'following' || state === 'serving');
  return {
    name,
    id: undefined,
    state: connected ? 'connected' : 'not connected',
    lagSeconds: freshest?.lagSeconds,
    missing: freshest === undefined ? '?' : missingText(freshest),
    heard: freshest?.silentSeconds,
    notes: connected ? [] : lost.slice(0, 1).flatMap(({ reason }) => reason ?? []),
  };
}

function linksOf(servers: readonly ServerStatus[], base: string): Link[] {
  const links = new Map<string, Link>();
  for (const { name, links: all, comparisons } of servers)
    for (const link of all) {
      if (link.domain !== base) continue;
      const sends = link.direction === 'to';
      const [from, to] = sends ? [name, link.peer] : [link.peer, name];
      const key = `${from}\n${to}`;
      const known = links.get(key);
      const own = comparisons.find(({ domain, peer }) => domain === base && peer === link.peer);
      const compared = own ?? known?.compared;
      links.set(key, { from, to, link: sends || known === undefined ? link : known.link, compared });
    }
  return [...links.values()].sort((a, b) => (`${a.from}\n${a.to}` < `${b.from}\n${b.to}` ? -1 : 1));
}

/** Comparisons with servers that brokers lead to: no session has a row for them. */
function relayedLines(servers: readonly ServerStatus[], base: string): string[] {
  return servers.flatMap(({ name, links, comparisons }) =>
    comparisons
      .filter(
        ({ domain, peer }) =>
          domain === base && !links.some((link) => link.domain === domain && link.peer === peer),
      )
      .map(
        (compared) =>
          `entries of ${name} and ${compared.peer}, compared through brokers: ${comparedText(compared)}`,
      ),
  );
}

/** Servers that follow others while nobody follows them: the way back is missing. */
function unfollowedLines(servers: readonly ServerStatus[], base: string): string[] {
  const sources = new Set(linksOf(servers, base).map(({ from }) => from));
  return servers.flatMap(({ name, addresses, domains, links }) => {
    if (sources.has(name) || !domains.some(({ baseDn, phase }) => baseDn === base && phase === 'ready'))
      return [];
    const followed = links.filter(({ domain, state }) => domain === base && state === 'following');
    if (followed.length === 0) return [];
    const peers = followed.map(({ peer }) => peer).join(' or ');
    const port = addresses.replication?.split(':').at(-1) ?? 'PORT';
    return [
      `no server follows ${name}: what is written there reaches no other one. Name it among the peers of ${peers}: polyarch config set --dir DIR 'peers=...;${name}=HOST:${port}', from the next start there`,
    ];
  });
}
