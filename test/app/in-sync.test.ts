/** In sync means: the same changes of the same data in every domain. */
import t from 'tap';
import { inSync } from '../../lib/app/monitor/in-sync.js';
import type { DomainStatus, ServerStatus } from '../../lib/app/monitor/server-status.js';

const domain = (over: Partial<DomainStatus> = {}): DomainStatus => ({
  baseDn: 'dc=x',
  phase: 'ready',
  reason: undefined,
  entries: 3,
  generationId: 'g',
  applied: 'a',
  received: 'a',
  behind: false,
  blocked: [],
  lagMs: 0,
  ...over,
});
const server = (...domains: DomainStatus[]) => ({ domains, peers: [] }) as unknown as ServerStatus;
const replica = (...domains: DomainStatus[]) => ({ domains, peers: [{}] }) as unknown as ServerStatus;

t.test('equal servers are in sync', (t) => {
  t.ok(inSync([server(domain()), server(domain({ received: 'later' }))]));
  t.end();
});

t.test('another state, count, data set, phase or a missing domain is not', (t) => {
  for (const over of [
    { applied: 'b' },
    { entries: 4 },
    { generationId: 'h' },
    { phase: 'initializing' as const },
  ])
    t.notOk(inSync([server(domain()), server(domain(over))]), JSON.stringify(over));
  t.notOk(inSync([server(domain()), server()]));
  t.notOk(inSync([]));
  t.notOk(
    inSync([server(domain({ generationId: undefined }))]),
    'an empty server is not in sync with itself',
  );
  t.end();
});

t.test('a broker without entries does not count', (t) => {
  const relay = server(domain({ phase: 'relay', entries: 0 }));
  t.ok(inSync([relay, server(domain()), server(domain())]));
  t.notOk(inSync([relay]));
  t.end();
});

t.test(
  'who lacks what a connected peer holds is not in sync, and one server alone needs a peer that says so',
  (t) => {
    t.notOk(inSync([replica(domain({ behind: true, lagMs: 12_654 }))]));
    t.notOk(
      inSync([replica(domain({ awaits: ['server-3'] }))]),
      'one that cannot be heard has reported more',
    );
    t.notOk(inSync([replica(domain()), replica(domain({ behind: true }))]));
    t.notOk(inSync([replica(domain({ behind: undefined, lagMs: undefined }))]), 'no peer is connected');
    t.ok(inSync([replica(domain())]));
    t.ok(inSync([server(domain({ behind: undefined }))]), 'a server without peers');
    t.ok(
      inSync([replica(domain({ behind: undefined })), replica(domain({ behind: undefined }))]),
      'two that are cut from each other are compared here',
    );
    t.end();
  },
);
