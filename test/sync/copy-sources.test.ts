/** Claims about whom a broker asks for a copy on another server's behalf (replication-model.md section 8). */
import t from 'tap';
import type { ReplicaId } from '../../lib/csn/csn.js';
import { ServerState } from '../../lib/csn/server-state.js';
import { COPY_HOPS, copySources } from '../../lib/sync/copy-sources.js';
import type { Upstream } from '../../lib/sync/source-selection.js';
import { csn } from './session-fixtures.js';

function upstream(name: string, replica: number | undefined, newest: number): Upstream {
  const log = ServerState.EMPTY.with(csn(newest, 7));
  const held = { log, trimmed: ServerState.EMPTY, unavailable: new Set<ReplicaId>() };
  return { id: newest, name, replica: replica as ReplicaId | undefined, ...held };
}

const ALL = [
  upstream('b1', undefined, 90),
  upstream('b2', undefined, 80),
  upstream('d1', 1, 10),
  upstream('d2', 2, 30),
  upstream('d3', 3, 30),
];
const behalf = (server: string, hops = 0) => ({ server, replica: undefined, hops });

t.test('servers with entries come first, the newest of them before all, then brokers', (t) => {
  t.same(copySources(ALL, behalf('new'), 'new'), ['d2', 'd3', 'd1', 'b1', 'b2']);
  t.end();
});

t.test('neither the server that the copy is for nor the one that asks is asked', (t) => {
  t.same(copySources(ALL, behalf('d2', 1), 'b1'), ['d3', 'd1', 'b2']);
  t.end();
});

t.test('after so many brokers no other one is asked, so that no question runs for ever', (t) => {
  t.same(copySources(ALL, behalf('new', COPY_HOPS - 1), 'b1'), ['d2', 'd3', 'd1']);
  t.same(copySources(ALL, behalf('new', 255), 'b1'), ['d2', 'd3', 'd1'], 'whatever a peer says');
  t.end();
});
