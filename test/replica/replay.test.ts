/**
 * Replay: nothing is skipped, nothing counts as done unless applied, and one origin's trouble is its own (replication-model.md section 6).
 */
import t from 'tap';
import type { ReplayResult } from '../../lib/backend/backend.js';
import { MemoryStore } from '../../lib/backend/memory/memory-store.js';
import type { Change } from '../../lib/change/change.js';
import { Changelog } from '../../lib/changelog/changelog.js';
import { type Csn, csnReplica } from '../../lib/csn/csn.js';
import { ServerState } from '../../lib/csn/server-state.js';
import { StoreError } from '../../lib/port/ordered-store.js';
import { Replay } from '../../lib/replica/replay.js';
import { MachineClock, VirtualTime } from '../sim/virtual-time.js';
import { changes, csn, replica } from '../sync/session-fixtures.js';

/** A backend that applies what `judge` allows. */
class Target {
  state = ServerState.EMPTY;
  readonly order: Csn[] = [];
  calls = 0;
  judge: (change: Change) => ReplayResult | Error = () => ({ kind: 'applied' });

  async replay(list: readonly Change[]): Promise<readonly ReplayResult[]> {
    this.calls += 1;
    const stopped = new Map<number, ReplayResult>();
    return list.map((change) => {
      const origin = csnReplica(change.csn);
      const result = stopped.get(origin) ?? this.judge(change);
      if (result instanceof Error) throw result;
      if (result.kind !== 'applied') {
        stopped.set(origin, result);
        return result;
      }
      this.order.push(change.csn);
      this.state = this.state.with(change.csn);
      return result;
    });
  }
}

async function stage() {
  const time = new VirtualTime();
  const log = await Changelog.open(new MemoryStore(), {
    ownReplica: replica(9),
    prefix: new Uint8Array([1]),
  });
  const target = new Target();
  const alerts: string[] = [];
  const replay = new Replay({
    changelog: log,
    backend: target,
    clock: new MachineClock(time, { wallMs: 0 }, () => true),
    wanted: (origin) => origin !== 9,
    alert: (alert) => alerts.push(`${alert.kind} ${alert.message}`),
    progressed() {},
  });
  const receive = async (first: number, last: number, id: number): Promise<void> => {
    const outcome = log.append(changes(first, last, id));
    if (outcome.kind === 'taken') await outcome.durable;
  };
  return { time, log, target, alerts, replay, receive };
}

t.test(
  'what the log holds and the backend lacks is applied, old changes in CSN order, new ones in the turn they arrive',
  async (t) => {
    const { time, target, replay, receive } = await stage();
    await receive(1, 50, 1);
    await receive(1, 50, 2);
    replay.start();
    await time.run(10);
    t.same(target.order, [...target.order].sort());
    t.equal(target.order.length, 100);
    await receive(51, 51, 1);
    t.equal(target.order.length, 101, 'without a timer');
    await receive(1, 5, 9);
    await time.run(10);
    t.equal(target.order.length, 101, 'our own changes are not replayed');
  },
);

t.test('what one round reads and does not apply is left to the next: no change is read twice', async (t) => {
  const { time, log, target, replay, receive } = await stage();
  for (const id of [1, 2]) await receive(1, 1200, id);
  const read = log.read.bind(log);
  let given = 0;
  log.read = (...place) => {
    const slice = read(...place);
    if (!(slice instanceof Promise) && slice.kind === 'changes') given += slice.changes.length;
    return slice;
  };
  replay.start();
  await time.run(10);
  t.equal(target.order.length, 2400);
  t.equal(given, 2400);
});

t.test(
  'a change that waits stops its origin and no other, and goes on in the turn in which others advanced',
  async (t) => {
    const { time, target, replay, receive } = await stage();
    target.judge = (change) =>
      change.csn === csn(3, 1) && !target.state.covers(csn(5, 2))
        ? { kind: 'waiting', waitsFor: change.entry }
        : { kind: 'applied' };
    replay.start();
    await receive(1, 5, 1);
    await time.run(10);
    t.equal(target.state.get(replica(1)), csn(2, 1));
    t.match(replay.blocked(), [{ origin: 1, csn: csn(3, 1), kind: 'waiting' }]);
    const calls = target.calls;
    await time.run(1000);
    t.equal(target.calls, calls, 'no busy waiting');
    await receive(1, 5, 2);
    await time.run(time.nowMs);
    t.equal(target.state.get(replica(1)), csn(5, 1));
    t.same(replay.blocked(), []);
  },
);

t.test('who waits for long is told of once', async (t) => {
  const { time, target, alerts, replay, receive } = await stage();
  target.judge = (change) => ({ kind: 'waiting', waitsFor: change.entry });
  replay.start();
  await receive(1, 2, 1);
  await time.run(9000);
  t.same(alerts, []);
  await time.run(60_000);
  t.equal(alerts.length, 1);
  t.match(alerts[0], /^replay-waiting change \w+ of replica 1 waits for entry/);
});

t.test(
  'a change that makes the backend fail stops its origin alone, is told of, and is retried until it applies',
  async (t) => {
    const { time, target, alerts, replay, receive } = await stage();
    let broken = true;
    target.judge = (change) =>
      broken && change.csn === csn(3, 1) ? new Error('impossible') : { kind: 'applied' };
    await receive(1, 5, 1);
    await receive(1, 5, 2);
    replay.start();
    await time.run(5000);
    t.equal(target.state.get(replica(1)), csn(2, 1));
    t.equal(target.state.get(replica(2)), csn(5, 2));
    t.equal(alerts.length, 1);
    t.match(alerts[0], /replay-failing change \w+ of replica 1 cannot be applied \(impossible\)/);
    broken = false;
    await time.run(20_000);
    t.equal(target.state.get(replica(1)), csn(5, 1));
    t.equal(new Set(target.order).size, target.order.length, 'none twice');
  },
);

t.test('while the store refuses all waits, with one alert; it goes on by itself', async (t) => {
  const { time, target, alerts, replay, receive } = await stage();
  let full = true;
  target.judge = () => (full ? new StoreError('full', 'no space') : { kind: 'applied' });
  replay.start();
  await receive(1, 5, 1);
  await time.run(30_000);
  t.equal(target.state.size, 0);
  t.equal(alerts.length, 1);
  t.ok(target.calls < 30, `${target.calls} tries in 30 s`);
  full = false;
  await time.run(40_000);
  t.equal(target.state.get(replica(1)), csn(5, 1));
});

t.test('a replica whose clock is far ahead is named once, and its changes are applied', async (t) => {
  const { time, log, target, alerts, replay } = await stage();
  // This clock is at 2026; the changes are of 2033.
  const first = 300_000_000_000;
  await log.beginAfter(csn(first - 1, 4));
  target.state = target.state.with(csn(first - 1, 4));
  replay.start();
  log.append(changes(first, first + 2, 4));
  await time.run(1000);
  t.equal(target.order.length, 3);
  t.equal(alerts.length, 1);
  t.match(alerts[0], /clock-skew the clock of replica 4 is \d+ s ahead/);
});

t.test('a trimmed or forked log is told of as a case for initialization', async (t) => {
  const { time, log, alerts, replay, receive } = await stage();
  await receive(1, 20, 1);
  await log.purge(csn(10, 1), log.state);
  replay.start();
  await time.run(2000);
  t.match(alerts.join('\n'), /must be initialized/);
});

t.test('after stop nothing reaches the backend', async (t) => {
  const { time, target, replay, receive } = await stage();
  replay.start();
  await receive(1, 3, 1);
  await replay.stop();
  await receive(4, 9, 1);
  await time.run(10_000);
  t.equal(target.state.get(replica(1)), csn(3, 1));
});
