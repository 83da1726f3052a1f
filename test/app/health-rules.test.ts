/** Rules of `polyarch health`: each fires for its fault alone, and says what to do. */
import t from 'tap';
import { examine, type HealthFacts } from '../../lib/app/monitor/health-rules.js';
import type { ServerStatus } from '../../lib/app/monitor/server-status.js';

const NOW = Date.parse('2026-01-01T00:00:00Z');
const domain = { baseDn: 'dc=x', phase: 'ready', reason: undefined, blocked: [] };
const link = { domain: 'dc=x', peer: 's2', lagSeconds: 0, missing: 0, clockAheadSeconds: 0 };
const status = (more: object = {}): ServerStatus =>
  ({ domains: [domain], peers: [], links: [], comparisons: [], ...more }) as unknown as ServerStatus;
const facts = (more: Partial<HealthFacts> = {}): HealthFacts => ({
  dir: '/d',
  configFault: undefined,
  status: status(),
  upkeep: [],
  openConflicts: { orphan: 0 },
  freeBytes: 1000,
  minFreeBytes: 10,
  certificates: [{ file: 'a', endsMs: NOW + 40 * 86_400_000 }],
  nowMs: NOW,
  ...more,
});
const codes = (given: HealthFacts) => examine(given).map(({ code, severity }) => `${code} ${severity}`);

t.test('a sound server has no findings', (t) => {
  t.same(codes(facts()), []);
  t.end();
});

t.test('each fault has its rule', (t) => {
  const upkeep = [
    {
      baseDn: 'dc=x',
      heldBackBy: [{ name: 's3', reason: 'is silent' }],
      members: [{ name: 's3', kind: 'expected' }],
    },
  ] as unknown as HealthFacts['upkeep'];
  const cases: [string, HealthFacts][] = [
    ['H001 error', facts({ configFault: 'no such option' })],
    ['H002 warning', facts({ status: undefined })],
    ['H003 error', facts({ freeBytes: 9 })],
    ['H004 warning', facts({ certificates: [{ file: 'a', endsMs: NOW + 1 }] })],
    ['H004 error', facts({ certificates: [{ file: 'a', endsMs: NOW - 1 }] })],
    ['H010 error', facts({ status: status({ domains: [{ ...domain, phase: 'failed' }] }) })],
    ['H011 error', facts({ status: status({ domains: [{ ...domain, phase: 'full' }] }) })],
    ['H012 warning', facts({ status: status({ domains: [{ ...domain, phase: 'held' }] }) })],
    ['H013 warning', facts({ status: status({ domains: [{ ...domain, waiting: ['waits'] }] }) })],
    ['H024 warning', facts({ status: status({ domains: [{ ...domain, stampsAheadSeconds: 61 }] }) })],
    ['H013 error', facts({ status: status({ domains: [{ ...domain, blocked: ['waits'] }] }) })],
    ['H020 warning', facts({ status: status({ peers: [{ name: 's2', connected: false }] }) })],
    ['H021 warning', facts({ status: status({ links: [{ ...link, direction: 'to', lagSeconds: 61 }] }) })],
    [
      'H022 warning',
      facts({ status: status({ links: [{ ...link, direction: 'from', clockAheadSeconds: -70 }] }) }),
    ],
    [
      'H023 error',
      facts({
        status: status({ comparisons: [{ domain: 'dc=x', peer: 's2', verdict: 'different', differing: 3 }] }),
      }),
    ],
    ['H030 warning', facts({ upkeep })],
    ['H031 warning', facts({ openConflicts: { orphan: 2 } })],
    [
      'H032 warning',
      facts({ rareKeys: [{ domain: 'dc=x', attribute: 'mail', kind: 'substring', common: 9, rare: 3 }] }),
    ],
  ];
  for (const [code, given] of cases) t.same(codes(given), [code], code);
  t.end();
});

t.test('a server that has just started is not told to start itself', (t) => {
  const heldBackBy = [{ name: 's1', reason: 'has not said yet what it has applied' }];
  const upkeep = [{ baseDn: 'dc=x', heldBackBy, members: [] }] as unknown as HealthFacts['upkeep'];
  t.same(codes(facts({ status: status({ name: 's1' }), upkeep })), []);
  t.end();
});

t.test('only a server that is known can be evicted', (t) => {
  const mend = (members: readonly object[]) => {
    const upkeep = [{ baseDn: 'dc=x', heldBackBy: [{ name: 's3', reason: 'is silent' }], members }];
    return examine(facts({ upkeep: upkeep as unknown as HealthFacts['upkeep'] }))[0]?.mend;
  };
  t.match(mend([{ name: 's3', kind: 'expected' }]), /evict --dir \/d --server s3$/);
  t.notMatch(mend([]), /evict|start/);
  t.end();
});

t.test('a server that nobody follows says so, unless that is told of its peers or nobody is there', (t) => {
  const member = (name: string, more: object = {}) => ({
    name,
    kind: 'directory',
    standing: 'member',
    ...more,
  });
  const [own, other] = [member('s1'), member('s2')];
  const connected = [{ name: 's2', connected: true }];
  const serving = { ...link, direction: 'to', state: 'serving' };
  const found = (members: readonly object[], more: object = {}) =>
    codes(
      facts({
        status: status({ name: 's1', peers: connected, ...more }),
        upkeep: [{ baseDn: 'dc=x', heldBackBy: [], members }] as unknown as HealthFacts['upkeep'],
      }),
    );
  t.same(found([own, other]), ['H025 warning']);
  t.same(found([own, other], { peers: [] }), ['H025 warning'], 'it follows nobody itself');
  t.same(found([own, other], { links: [{ ...serving, direction: 'from' }] }), ['H025 warning']);
  t.same(found([own, other], { links: [{ ...serving, domain: 'dc=y' }] }), ['H025 warning']);
  t.same(found([own, other], { links: [{ ...serving, state: 'closed' }] }), ['H025 warning']);
  t.same(found([own, other], { links: [serving] }), []);
  t.same(found([own, member('s2', { standing: 'evicted' }), member('s3', { kind: 'expected' })]), []);
  t.same(found([own, other], { domains: [{ ...domain, phase: 'relay' }] }), []);
  t.same(found([own, other], { peers: [{ name: 's2', connected: false }] }), ['H020 warning']);
  const many = Array.from({ length: 9 }, (_, i) => member(`m${i}`));
  const [finding] = examine(
    facts({
      status: status({ name: 's1' }),
      upkeep: [{ baseDn: 'dc=x', heldBackBy: [], members: many }] as never,
    }),
  );
  t.match(finding?.what, /9 others belong: m0, m1, m2, m3, m4 and more$/);
  t.end();
});

t.test('a closed link owes nothing, and one that opened has a minute', (t) => {
  const late = { ...link, direction: 'to', lagSeconds: 5000 };
  const since = (seconds: number) => new Date(NOW - seconds * 1000).toISOString();
  const until = new Date(NOW + 3_600_000).toISOString();
  const found = (open: boolean, seconds: number) =>
    codes(facts({ status: status({ links: [{ ...late, hours: { open, since: since(seconds), until } }] }) }));
  t.same(found(false, 4000), []);
  t.same(found(true, 59), []);
  t.same(found(true, 61), ['H021 warning']);
  t.end();
});

t.test('errors come first', (t) => {
  t.same(codes(facts({ status: undefined, freeBytes: 1 })), ['H003 error', 'H002 warning']);
  t.end();
});
