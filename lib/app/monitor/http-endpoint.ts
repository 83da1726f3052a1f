/**
 * HTTP for machines: /metrics (Prometheus), /healthz (the process serves), /readyz (all domains can be read and written).
 *
 * Owns no state: every answer is computed from the server's status when it is asked for. GET and HEAD only. What /metrics shows is metrics.ts, loaded by
 * the first who asks: many servers are never asked, and the library is a tenth of what a start loads.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Registry } from 'prom-client';
import { listenFault } from '../../io/ldap-listener.js';
import { formatAddress, parseAddress } from '../../topology/address.js';
import { notReady } from './readiness.js';
import type { ServerStatus } from './server-status.js';

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
  const metrics = metricsOf(status);
  const server = createServer((request, response) => {
    answer(request, response, status, metrics).catch(() => response.destroy());
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

type Metrics = () => Promise<{ readonly contentType: string; readonly text: string }>;

/** The text of the metrics; the registry is made when it is first asked for. */
function metricsOf(status: () => ServerStatus): Metrics {
  let made: Promise<Registry> | undefined;
  return async () => {
    made ??= import('./metrics.js').then(({ makeRegistry }) => makeRegistry(status));
    const registry = await made;
    return { contentType: registry.contentType, text: await registry.metrics() };
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  status: () => ServerStatus,
  metrics: Metrics,
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
  if (path === '/metrics') {
    const { contentType, text } = await metrics();
    return send(200, contentType, text);
  }
  if (path === '/healthz') return send(200, 'text/plain', 'ok\n');
  if (path === '/readyz') {
    const reasons = notReady(status());
    return reasons.length === 0
      ? send(200, 'text/plain', 'ok\n')
      : send(503, 'text/plain', `${reasons.join('\n')}\n`);
  }
  return send(404, 'text/plain', 'there are /metrics, /healthz and /readyz\n');
}
