/** HTTP for machines over a real socket: metrics that follow the status, health, readiness, and what is refused. */
import t from 'tap';
import { listenHttp } from '../../lib/app/monitor/http-endpoint.js';
import type { DomainStatus, LinkStatus, ServerStatus } from '../../lib/app/monitor/server-status.js';

const DOMAIN: DomainStatus = {
  baseDn: 'dc=example,dc=com',
  phase: 'ready',
  reason: undefined,
  entries: 7,
  generationId: 'g',
  applied: '',
  received: '',
  behind: true,
  lagMs: 1500,
  blocked: [],
};

const LINK: LinkStatus = {
  domain: 'dc=example,dc=com',
  peer: 'server-2',
  direction: 'to',
  address: '127.0.0.1:8989',
  state: 'streaming',
  lastError: undefined,
  silentSeconds: 1,
  peerHolds: undefined,
  missing: undefined,
  lagSeconds: 2,
  sentChanges: 3,
  receivedChanges: 4,
  sentBytes: 5,
  receivedBytes: 6,
  sentWireBytes: 5,
  bandwidthKbit: 64,
  hours: { open: false, since: '', until: '' },
  credit: 8,
  queuedBytes: 9,
  clockAheadSeconds: 0,
};

function statusWith(domain: Partial<DomainStatus>): ServerStatus {
  return {
    ...({ name: 'server-1', id: 1, site: 'default' } as ServerStatus),
    connections: { current: 2, total: 20 },
    operations: { byKind: { search: 11, modify: 3 } } as unknown as ServerStatus['operations'],
    domains: [{ ...DOMAIN, ...domain }],
    peers: [{ name: 'server-2', address: '127.0.0.1:8989', connected: true, reason: undefined }],
    links: [LINK],
    comparisons: [],
  };
}

t.test('HTTP for machines', async (t) => {
  let status = statusWith({});
  const http = await listenHttp('127.0.0.1:0', () => status);
  t.teardown(() => http.close());
  const get = async (path: string, method = 'GET') => {
    const response = await fetch(`http://${http.address}${path}`, { method });
    return { code: response.status, type: response.headers.get('content-type'), text: await response.text() };
  };

  await t.test('/metrics has the figures of the status in the text form of Prometheus', async (t) => {
    const { code, type, text } = await get('/metrics');
    t.equal(code, 200);
    t.match(type, /^text\/plain; version=0\.0\.4/);
    for (const line of [
      'polyarch_connections 2',
      'polyarch_operations_total{kind="search"} 11',
      'polyarch_entries{domain="dc=example,dc=com"} 7',
      'polyarch_domain_ready{domain="dc=example,dc=com"} 1',
      'polyarch_replication_lag_seconds{domain="dc=example,dc=com"} 1.5',
      'polyarch_replication_peer_connected{peer="server-2"} 1',
      'polyarch_replication_bandwidth_limit_bits{domain="dc=example,dc=com",peer="server-2",direction="to"} 64000',
      'polyarch_replication_link_open{domain="dc=example,dc=com",peer="server-2",direction="to"} 0',
    ])
      t.ok(text.split('\n').includes(line), line);
    t.match(text, /^polyarch_process_cpu_seconds_total /m, "the process's own figures");
    t.notMatch(text, /replication_missing_changes\{/, 'what is not known has no figure');
  });

  await t.test('metrics follow the status', async (t) => {
    status = statusWith({ entries: 8, phase: 'full', reason: 'the disk is full' });
    const { text } = await get('/metrics?x=1');
    t.match(text, 'polyarch_entries{domain="dc=example,dc=com"} 8\n');
    t.match(text, 'polyarch_domain_ready{domain="dc=example,dc=com"} 0\n');
    status = { ...status, domains: [] };
    t.notMatch((await get('/metrics')).text, /polyarch_entries\{/, 'a domain that is gone has no figure');
  });

  await t.test('/healthz and /readyz tell a server that serves from one that can be written', async (t) => {
    status = statusWith({});
    t.match(await get('/healthz'), { code: 200, text: 'ok\n' });
    t.match(await get('/readyz'), { code: 200, text: 'ok\n' });
    status = statusWith({ phase: 'full', reason: 'the disk is full' });
    t.match(await get('/healthz'), { code: 200 });
    t.match(await get('/readyz'), { code: 503, text: 'dc=example,dc=com: the disk is full\n' });
    status = statusWith({ phase: 'relay' });
    t.match(await get('/readyz'), { code: 200 }, "a broker's domain has nothing to be read");
  });

  await t.test('other paths and methods are refused', async (t) => {
    t.match(await get('/'), { code: 404 });
    t.match(await get('/metrics', 'POST'), { code: 405 });
    t.match(await get('/healthz', 'HEAD'), { code: 200, text: '' });
  });
});
