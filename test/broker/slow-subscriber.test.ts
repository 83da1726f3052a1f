/**
 * Subscribers that are slow, stopped or hostile cost the others nothing and hold bounded memory (replication-model.md section 7; reliability.md F70-F73).
 */
import t from 'tap';
import { LIMITS } from '../../lib/base/limits.js';
import type { EncodedChange } from '../../lib/change/change.js';
import type { Link } from '../../lib/port/link.js';
import { encodeFrame } from '../../lib/sync/frame-octets.js';
import type { SimServerOptions } from '../sim/sim-server.js';
import { World } from '../sim/world.js';
import { change, hello, replica, states } from '../sync/session-fixtures.js';

const TOTAL = 100_000;
const BATCH = 1000;

function broker(name: string, peers: readonly string[]): SimServerOptions {
  return { name, replica: undefined, peers, autoInitialize: false, hasData: false };
}

/** A subscriber of `b` that grants what it may, and reads nothing after that. */
async function stopped(world: World, name: string, credit: number): Promise<Link> {
  const link = await world.wait(world.network.host(name, () => true).dial('b'));
  link.start({ bytes() {}, drain() {}, closed() {} });
  link.send(encodeFrame({ kind: 'hello', hello: hello(name, undefined) }));
  link.send(encodeFrame({ kind: 'subscribe', origin: replica(1), after: undefined }));
  link.send(encodeFrame({ kind: 'credit', bytes: credit }));
  await world.run(50);
  link.pause();
  return link;
}

t.test(
  '100,000 changes pass two stopped subscribers: the third has them at once, nothing piles up',
  async (t) => {
    const world = new World([broker('b', []), broker('f', ['b'])]);
    for (const server of world.servers.values()) void server.start();
    await world.run(500);
    const log = world.server('b').changelog;
    const fast = world.server('f').changelog;
    if (log === undefined || fast === undefined) throw new Error('not started');
    await world.wait(log.setGeneration('g1'));
    const mute = await stopped(world, 'mute', LIMITS.subscriptionWindowBytes);
    await stopped(world, 'greedy', 0xffff_ffff);
    let worst = 0;
    let recent = 0;
    for (let first = 1; first <= TOTAL; first += BATCH) {
      const batch: EncodedChange[] = [];
      for (let n = first; n < first + BATCH; n++) batch.push(change(n));
      const outcome = log.append(batch);
      if (outcome.kind !== 'taken') throw new Error('a gap');
      const began = world.time.nowMs;
      const last = batch.at(-1)?.csn;
      await world.run(2000, () => last !== undefined && fast.state.covers(last));
      worst = Math.max(worst, world.time.nowMs - began);
      recent = Math.max(recent, log.recentBytes);
      // Both go on saying that they live.
      mute.send(encodeFrame({ kind: 'state', states: states() }));
    }
    t.equal(fast.state.get(replica(1)), log.state.get(replica(1)));
    t.equal(fast.size.rows, TOTAL);
    t.ok(worst < 100, `a batch took ${Math.round(worst)} ms to the one that reads`);
    const queues =
      world
        .server('b')
        .broker?.status()
        .map(({ queuedBytes }) => queuedBytes) ?? [];
    t.ok(
      world.network.maxQueued < 2 * LIMITS.logReadBytes,
      `${world.network.maxQueued} octets queued at most`,
    );
    t.ok(
      queues.every((bytes) => bytes < 2 * LIMITS.logReadBytes),
      queues.join(' '),
    );
    t.ok(recent <= 20_000 + 1000, `${recent} octets of changes in memory`);
  },
);

t.test('one server cannot hold more than a few sessions; the newest live, others go on', async (t) => {
  const world = new World([broker('b', []), broker('f', ['b'])]);
  for (const server of world.servers.values()) void server.start();
  await world.run(500);
  let closed = 0;
  for (let i = 0; i < 50; i++) {
    const link = await world.wait(world.network.host('flood', () => true).dial('b'));
    link.start({ bytes() {}, drain() {}, closed: () => closed++ });
    link.send(encodeFrame({ kind: 'hello', hello: hello('flood', undefined) }));
    await world.run(20);
  }
  const held =
    world
      .server('b')
      .broker?.status()
      .filter(({ direction }) => direction === 'to') ?? [];
  t.equal(held.filter(({ peer }) => peer === 'flood').length, LIMITS.sessionsPerPeer);
  t.equal(closed, 50 - LIMITS.sessionsPerPeer);
  t.ok(held.some(({ peer }) => peer === 'f'));
});
