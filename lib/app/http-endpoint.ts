/**
 * HTTP for machines: /metrics (Prometheus), /healthz (the process serves), /readyz (all domains can be read and written).
 *
 * The one home of prom-client. Owns no state: every answer is computed from the server's status when it is asked for. GET and HEAD only.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { listenFault } from '../io/ldap-listener.js';
import { formatAddress, parseAddress } from '../topology/address.js';
import type { LinkStatus, ServerStatus } from './server-status.js';

/** Milliseconds for a request to arrive. */
const REQUEST_MS = 10_000;
const MAX_CONNECTIONS = 200;

export interface HttpEndpoint {
  /** host:port really listened on. */
  readonly address: string;
  close(): Promise<void>;
}

/** Starts listening. Rejects with OperatorError PORT_IN_USE or PORT_FORBIDDEN. */
export async function listenHttp(address: string, status: () => ServerStatus): Promise<HttpEndpoint> {
  const { host, port } = parseAddress(address) ?? { host: '127.0.0.1', port: 0 };
  const registry = makeRegistry(status);
  const server = createServer((request, response) => {
    answer(request, response, status, registry).catch(() => response.destroy());
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.requestTimeout = REQUEST_MS;
  server.headersTimeout = REQUEST_MS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenFault(error, host, port)));
    server.listen({ host, port }, () => resolve());
  });
  const bound = server.address();
  return {
    address: formatAddress({ host, port: typeof bound === 'object' && bound !== null ? bound.port : port }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  status: () => ServerStatus,
  registry: Registry,
): Promise<void> {
  const send = (code: number, type: string, body: string) => {
    response.writeHead(code, {
      'content-type': type,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    response.end(request.method === 'HEAD' ? undefined : body);
  };
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return send(405, 'text/plain', 'GET and HEAD only\n');
  const path = (request.url ?? '').split('?')[0];
  if (path === '/metrics') return send(200, registry.contentType, await registry.metrics());
  if (path === '/healthz') return send(200, 'text/plain', 'ok\n');
  if (path === '/readyz') {
    const reasons = notReady(status());
    return reasons.length === 0
      ? send(200, 'text/plain', 'ok\n')
      : send(503, 'text/plain', `${reasons.join('\n')}\n`);
  }
  return send(404, 'text/plain', 'there are /metrics, /healthz and /readyz\n');
}

/** Why the server is not ready, one line a domain; none when it is. */
export function notReady(status: ServerStatus): string[] {
  return status.domains
    .filter((domain) => domain.phase !== 'ready' && domain.phase !== 'relay')
    .map((domain) => `${domain.baseDn}: ${domain.reason ?? domain.phase}`);
}

/** Metrics that read the status when they are collected. */
function makeRegistry(status: () => ServerStatus): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: 'polyarch_' });
  let now = status();
  const gauge: MakeGauge = (name, help, labelNames, collect) => {
    const made: Gauge = new Gauge({
      name: `polyarch_${name}`,
      help,
      labelNames,
      registers: [registry],
      collect() {
        now = status();
        made.reset();
        collect((labels, value) => made.set(labels, value), now);
      },
    });
  };
  gauge('connections', 'Open client connections', [], (set, at) => set({}, at.connections.current));
  gauge('connections_total', 'Client connections since the start', [], (set, at) =>
    set({}, at.connections.total),
  );
  gauge('operations_total', 'Operations completed since the start, by kind', ['kind'], (set, at) => {
    for (const [kind, count] of Object.entries(at.operations.byKind)) set({ kind }, count);
  });
  gauge('entries', 'Live entries', ['domain'], (set, at) => {
    for (const domain of at.domains) set({ domain: domain.baseDn }, domain.entries);
  });
  gauge('domain_ready', '1 when the domain can be read and written', ['domain'], (set, at) => {
    for (const domain of at.domains)
      set({ domain: domain.baseDn }, notReady({ ...at, domains: [domain] }).length === 0 ? 1 : 0);
  });
  gauge(
    'replication_lag_seconds',
    'How far the newest change known at peers is ahead of what is applied here',
    ['domain'],
    (set, at) => {
      for (const domain of at.domains)
        if (domain.lagMs !== undefined) set({ domain: domain.baseDn }, domain.lagMs / 1000);
    },
  );
  gauge('replication_peer_connected', '1 when changes flow from the peer', ['peer'], (set, at) => {
    for (const peer of at.peers) set({ peer: peer.name }, peer.connected ? 1 : 0);
  });
  replicationGauges(gauge);
  return registry;
}

/** One gauge for each figure of a session, and what comparisons found. */
function replicationGauges(gauge: MakeGauge): void {
  const labels = ['domain', 'peer', 'direction'];
  const perLink = (name: string, help: string, of: (link: LinkStatus) => number | undefined) =>
    gauge(`replication_${name}`, help, labels, (set, at) => {
      for (const link of at.links) {
        const value = of(link);
        const { domain, peer, direction } = link;
        if (value !== undefined) set({ domain, peer, direction }, value);
      }
    });
  perLink('missing_changes', 'Changes held here that the peer lacks', (link) => link.missing);
  perLink('peer_lag_seconds', 'How far the peer is behind what is held here', (link) => link.lagSeconds);
  perLink('silent_seconds', 'Since something was heard of the peer', (link) => link.silentSeconds);
  perLink('sent_changes', 'Changes sent in this session', (link) => link.sentChanges);
  perLink('received_changes', 'Changes received in this session', (link) => link.receivedChanges);
  perLink('sent_bytes', 'Octets sent in this session', (link) => link.sentBytes);
  perLink('sent_wire_bytes', 'Octets sent in this session, after compression', (link) => link.sentWireBytes);
  perLink('bandwidth_limit_bits', 'What may be sent to the peer, bits a second', (link) =>
    link.bandwidthKbit === undefined ? undefined : link.bandwidthKbit * 1000,
  );
  perLink('link_open', '1 in the hours in which changes may flow to the peer', (link) =>
    link.hours?.open === false ? 0 : 1,
  );
  perLink('received_bytes', 'Octets received in this session', (link) => link.receivedBytes);
  perLink('credit_bytes', 'Octets that the peer still takes', (link) => link.credit);
  perLink('queued_bytes', 'Octets that wait to be sent', (link) => link.queuedBytes);
  perLink('clock_ahead_seconds', "The peer's clock minus ours", (link) => link.clockAheadSeconds);
  gauge(
    'replication_differing_entries',
    'Entries that the last comparison found different from the peer',
    ['domain', 'peer'],
    (set, at) => {
      for (const { domain, peer, verdict, differing } of at.comparisons)
        if (verdict === 'equal' || verdict === 'different') set({ domain, peer }, differing);
    },
  );
}

type MakeGauge = (
  name: string,
  help: string,
  labelNames: string[],
  collect: (set: Setter, now: ServerStatus) => void,
) => void;

type Setter = (labels: Record<string, string>, value: number) => void;
