/** In sync means: the same changes of the same data in every domain. */
import t from 'tap';
import { inSync } from '../../lib/app/in-sync.js';
import type { DomainStatus, ServerStatus } from '../../lib/app/server-status.js';

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
const server = (...domains: DomainStatus[]) => ({ domains }) as unknown as ServerStatus;

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
