/** What sessions say of a domain: how far it is behind, and whether it stands alone (docs/assurance.md, replication.whenIsolated; OpenDJ's isolation policy). */
import t from 'tap';
import type { ServerConfig } from '../../lib/app/config/read-config.js';
import type { Guard } from '../../lib/app/domain/guarded-backend.js';
import { refusingAlone, replicationLag } from '../../lib/app/monitor/replication-lag.js';
import type { SessionStatus } from '../../lib/broker/broker-seams.js';
import { type ReplicaId, ZERO_CSN } from '../../lib/csn/csn.js';
import { ServerState } from '../../lib/csn/server-state.js';
import type { MemberReport, MemberRow, Shunned } from '../../lib/sync/member-row.js';
import { csn } from '../conflict/story.js';

const session = (over: Partial<SessionStatus>) => over as unknown as SessionStatus;

function guardOf(
  policy: 'accept' | 'refuse',
  sessions: readonly SessionStatus[],
  more: {
    readonly peers?: Map<string, string>;
    readonly readOnly?: boolean;
    readonly guard?: string;
    readonly rival?: string;
  } = {},
): Guard {
  const { peers = new Map([['s2', 'host:1']]), readOnly = false, guard, rival } = more;
  const own: Guard = { readsHeld: () => undefined, writesHeld: () => guard };
  const settings = { 'server.name': 's1', 'replication.whenIsolated': policy, readOnly };
  return refusingAlone(own, { settings, peers } as unknown as ServerConfig, () => ({
    status: () => [...sessions],
    rival,
  }));
}

const held = (...of: Parameters<typeof guardOf>) => guardOf(...of).writesHeld();

t.test('a server that nobody is connected to takes writes, or refuses them where it shall', (t) => {
  const alone = [session({ state: 'connecting' }), session({ state: 'closed' })] as const;
  t.equal(held('accept', alone), undefined);
  t.match(held('refuse', alone), /^s1 is connected to no other server/);
  t.match(held('refuse', []), /replication\.whenIsolated/);
  for (const state of ['following', 'serving'] as const)
    t.equal(held('refuse', [...alone, session({ state })]), undefined, state);
  t.equal(held('refuse', [], { peers: new Map() }), undefined, 'a server that has no others is not isolated');
  t.end();
});

t.test('a server that others refuse, since they take another live one for it, takes no writes', (t) => {
  t.equal(
    held('accept', [], { rival: 'replica id 1 is used by two live servers' }),
    'replica id 1 is used by two live servers',
  );
  t.end();
});

t.test('peers are asked for at each write; what the replica itself holds back is told first', (t) => {
  const peers = new Map<string, string>();
  const guard = guardOf('refuse', [], { peers });
  t.equal(guard.writesHeld(), undefined);
  peers.set('s2', 'host:1');
  t.not(guard.writesHeld(), undefined, 'one joined meanwhile');
  t.equal(held('refuse', [], { guard: 'a copy runs' }), 'a copy runs');
  t.equal(held('accept', [], { readOnly: true, guard: 'a copy runs' }), 's1 is read-only');
  t.end();
});

t.test('the lag is that of the newest change that a connected peer has and we lack', (t) => {
  const here = ServerState.of([csn(1000, 1), csn(2000, 2)]);
  const from = (...newest: Parameters<typeof csn>[]) => {
    const log = ServerState.of(newest.map((one) => csn(...one)));
    return session({ direction: 'from', states: { log } as SessionStatus['states'] });
  };
  const lag = (...sessions: SessionStatus[]) => replicationLag(sessions, here, [], () => true);
  t.same(lag(), { behind: undefined, lagMs: undefined }, 'nobody there: not known');
  t.same(lag(from([1000, 1])), { behind: false, lagMs: 0 });
  t.same(lag(from([1000, 1]), from([1500, 1], [2700, 2])), { behind: true, lagMs: 700 });
  t.same(lag(from([9000, 3])), { behind: true, lagMs: 0 }, 'an origin that is new to us');
  const to = { ...from([1000, 1], [2700, 2]), direction: 'to', state: 'serving' } as const;
  t.same(lag(from([1000, 1]), to), { behind: true, lagMs: 700 }, 'one that takes from here, and has more');
  t.same(lag({ ...to, state: 'copying' }), lag(), 'one that takes a copy has other data');
  t.end();
});

const row = (name: string, standing: string, ...newest: Parameters<typeof csn>[]) =>
  ({
    ...{ name, standing },
    report: { state: ServerState.of(newest.map((one) => csn(...one))), shunned: [] },
  }) as unknown as MemberRow;

t.test('what a server that cannot be heard has reported to hold is waited for, and named', (t) => {
  const here = ServerState.of([csn(1000, 1)]);
  const rows = [
    row('s2', 'member', [1000, 1]),
    row('s3', 'member', [1000, 1], [500, 3]),
    row('s4', 'evicted', [1000, 1], [500, 4]),
    { name: 's5', standing: 'member', report: undefined } as MemberRow,
  ];
  t.same(
    replicationLag([], here, rows, () => true),
    { behind: undefined, lagMs: undefined, awaits: ['s3'] },
  );
  t.end();
});

t.test(
  'a reported change that newer ones of another history of its server cover by their CSNs is lacking (seeds mixed 20001849, resolve 20002107)',
  (t) => {
    const here = ServerState.of([csn(1000, 1), csn(2000, 2)]);
    const rows = [row('s2', 'member', [1000, 1], [1500, 2]), row('s3', 'member', [900, 1], [2000, 2])];
    const held = new Set([csn(900, 1), csn(1000, 1), csn(1500, 2), csn(2000, 2)]);
    const awaits = () => replicationLag([], here, rows, (one) => held.has(one)).awaits;
    t.equal(awaits(), undefined);
    held.delete(csn(1500, 2));
    t.same(awaits(), ['s2']);
    t.end();
  },
);

t.test(
  'of a server that belongs no more, a report counts with what its author holds now, not with what it once promised and gave up (seed mixed 51000040)',
  (t) => {
    const gone = 5 as ReplicaId;
    const s2 = row('s2', 'member', [1000, 1], [500, gone]);
    const awaits = (...shunned: Shunned[]) =>
      replicationLag(
        [],
        ServerState.of([csn(1000, 1)]),
        [{ ...s2, report: { ...s2.report, shunned } as MemberReport }],
        () => true,
      ).awaits;
    t.same(awaits(), ['s2']);
    t.equal(awaits({ replica: gone, through: ZERO_CSN }), undefined);
    t.same(awaits({ replica: gone, through: csn(400, gone) }), ['s2']);
    t.end();
  },
);
