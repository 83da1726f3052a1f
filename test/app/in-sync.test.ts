/** In sync means: the same changes of the same data in every domain. */
import t from 'tap';
import { inSync } from '../../lib/app/monitor/in-sync.js';
import { missingSeen } from '../../lib/app/monitor/missing-seen.js';
import type { DomainStatus, ServerStatus } from '../../lib/app/monitor/server-status.js';
import { csn } from '../conflict/story.js';

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
const server = (...domains: DomainStatus[]) => ({ domains, peers: [], links: [] }) as unknown as ServerStatus;
const replica = (...domains: DomainStatus[]) =>
  ({ domains, peers: [{}], links: [] }) as unknown as ServerStatus;

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

/** One of two that send to each other and counted `missing` of the other at some time. */
const linked = (name: string, peer: string, missing: number | undefined, over: Partial<DomainStatus> = {}) =>
  ({
    name,
    domains: [domain(over)],
    peers: [{ name: peer }],
    links: [{ domain: 'dc=x', peer, direction: 'to', missing }],
  }) as unknown as ServerStatus;

t.test('what one of them counts as missing on another is not in sync', (t) => {
  const later = csn(20, 1);
  const states = { applied: csn(10, 1), received: csn(10, 1) };
  const ahead = linked('a', 'b', 88, { ...states, received: later });
  t.notOk(inSync([ahead, linked('b', 'a', 0, states)]));
  t.equal(missingSeen([ahead], linked('b', 'a', 0, states), 'dc=x'), 88);
  const broker = linked('broker', 'b', 1, { ...states, received: later, phase: 'relay' });
  t.notOk(inSync([broker, linked('b', 'a', 0, states)]), 'nor what a broker does');
  t.end();
});

t.test('a count is of the past where the server says that it has applied all that the other holds', (t) => {
  const states = { applied: csn(20, 1), received: csn(20, 1) };
  const [counted, late] = [linked('a', 'b', 88, states), linked('b', 'a', undefined, states)];
  t.equal(missingSeen([counted, late], late, 'dc=x'), 0);
  t.ok(inSync([counted, late]));
  t.equal(missingSeen([counted, late], counted, 'dc=x'), undefined, 'nobody has counted');
  t.end();
});
