/**
 * Whatever comes to the replication port: the session ends with a reason, memory stays bounded, other sessions go on (reliability.md F70-F73).
 */
import t from 'tap';
import { concatBytes } from '../../lib/base/bytes.js';
import { LIMITS } from '../../lib/base/limits.js';
import type { Link } from '../../lib/port/link.js';
import { FrameAssembler } from '../../lib/sync/frame-assembler.js';
import { decodeFrame, encodeFrame } from '../../lib/sync/frame-octets.js';
import type { Frame } from '../../lib/sync/frames.js';
import { MESH_3 } from '../sim/shapes.js';
import { World } from '../sim/world.js';
import { changes, hello, replica, states } from '../sync/session-fixtures.js';

interface Intruder {
  readonly link: Link;
  readonly frames: Frame[];
  closed: string | undefined;
}

/** A stranger's link to s1. `name`: what its certificate says. */
async function intrude(world: World, name = 'stranger'): Promise<Intruder> {
  const link = await world.wait(world.network.host(name, () => true).dial('s1'));
  const intruder: Intruder = { link, frames: [], closed: undefined };
  const assembler = new FrameAssembler(2 ** 30);
  link.start({
    bytes: (bytes) => {
      assembler.push(bytes);
      for (let body = assembler.next(); body !== undefined; body = assembler.next()) {
        const frame = decodeFrame(body);
        if (frame !== undefined) intruder.frames.push(frame);
      }
    },
    drain() {},
    closed: (reason) => {
      intruder.closed = reason;
    },
  });
  return intruder;
}

const GREETING = hello('stranger', 99, { states: states() });

t.test('octets that are no frames end the link with one sentence; the others go on', async (t) => {
  const world = await World.started(MESH_3);
  const nonsense = [
    concatBytes([new Uint8Array([0, 0, 0, 40]), world.random.bytes(60)]),
    new Uint8Array([0xff, 0xff, 0xff, 0xff]),
    new Uint8Array(8),
    encodeFrame({ kind: 'credit', bytes: 1 }),
    encodeFrame({ kind: 'hello', hello: hello('stranger', 99, { domain: 'dc=elsewhere' }) }),
    encodeFrame({ kind: 'hello', hello: hello('s2', 2) }),
    new TextEncoder().encode('GET / HTTP/1.1\r\nHost: directory\r\n\r\n'),
  ];
  for (const bytes of nonsense) {
    const intruder = await intrude(world);
    intruder.link.send(bytes);
    await world.run(100);
    t.match(intruder.frames, [{ kind: 'refuse' }]);
    t.ok(intruder.closed);
  }
  await world.writes('s1', 5);
  await world.settle();
});

t.test('a name that the certificate does not prove is refused by a sentence', async (t) => {
  const world = await World.started(MESH_3);
  const intruder = await intrude(world);
  intruder.link.send(encodeFrame({ kind: 'hello', hello: hello('s2', 2) }));
  await world.run(100);
  t.match(intruder.frames, [
    { kind: 'refuse', code: 'identity', sentence: /calls itself s2, its certificate says stranger/ },
  ]);
});

t.test('who says nothing is sent away, and costs one of a bounded number of links', async (t) => {
  const world = await World.started(MESH_3);
  const intruders: Intruder[] = [];
  for (let i = 0; i < LIMITS.strangerLinks + 5; i++) intruders.push(await intrude(world));
  await world.run(100);
  t.equal(intruders.filter((one) => one.closed !== undefined).length, 5);
  await world.run(6000);
  t.ok(intruders.every((one) => one.closed !== undefined));
  await world.writes('s1', 5);
  await world.settle();
});

t.test(
  'a subscriber that sends what only a publisher may, or grants endless credit and reads nothing, harms itself only',
  async (t) => {
    const world = await World.started(MESH_3);
    const forbidden: Frame[] = [
      { kind: 'changes', origin: replica(1), changes: changes(1, 3) },
      { kind: 'summary', generation: 'g', state: states().log, entryCount: 1 },
      { kind: 'hello', hello: GREETING },
    ];
    for (const frame of forbidden) {
      const intruder = await intrude(world);
      intruder.link.send(encodeFrame({ kind: 'hello', hello: GREETING }));
      await world.run(50);
      t.match(intruder.frames[0], { kind: 'hello' });
      intruder.link.send(encodeFrame(frame));
      await world.run(50);
      t.match(intruder.frames.at(-1), { kind: 'refuse', code: 'protocol' });
      await world.run(5000);
    }
    const greedy = await intrude(world);
    greedy.link.send(encodeFrame({ kind: 'hello', hello: GREETING }));
    greedy.link.send(encodeFrame({ kind: 'subscribe', origin: replica(1), after: undefined }));
    for (let i = 0; i < 10; i++) greedy.link.send(encodeFrame({ kind: 'credit', bytes: 0xffff_ffff }));
    greedy.link.pause();
    await world.writes('s1', 300);
    t.ok(world.network.maxQueued < 1_000_000, `${world.network.maxQueued} octets queued`);
    await world.settle();
  },
);

t.test('a publisher that forges changes is left, and nothing of them is held', async (t) => {
  const world = await World.started(MESH_3);
  const forged: Frame[] = [
    { kind: 'changes', origin: replica(77), changes: changes(1, 2, 77) },
    { kind: 'changes', origin: replica(2), changes: changes(5, 6, 2) },
  ];
  const listening = await world.network
    .host('s4', () => true)
    .listen('s4', (link) => {
      const assembler = new FrameAssembler(2 ** 30);
      link.start({
        bytes: (bytes) => {
          assembler.push(bytes);
          for (let body = assembler.next(); body !== undefined; body = assembler.next()) {
            const frame = decodeFrame(body);
            if (frame?.kind === 'hello') link.send(encodeFrame({ kind: 'hello', hello: hello('s4', 4) }));
            if (frame?.kind === 'subscribe') for (const forgery of forged) link.send(encodeFrame(forgery));
          }
        },
        drain() {},
        closed() {},
      });
    });
  t.equal(listening.address, 's4');
  const victim = world.add({
    ...(MESH_3.servers[2] ?? never()),
    name: 's5',
    replica: replica(5),
    peers: ['s4', 's1'],
  });
  void victim.start();
  await world.run(3000);
  await world.writes('s1', 3);
  await world.run(3000);
  t.match(victim.alerts.join('\n'), /not asked for|does not follow/);
  t.same(victim.changelog?.state.replicas(), [1]);
});

function never(): never {
  throw new Error('no such server');
}
