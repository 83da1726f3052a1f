/**
 * A hole is never accepted: it is refused, the changes are fetched from another server, and the operator hears of it (replication-model.md section 2: previous CSN).
 */
import t from 'tap';
import type { EncodedChange } from '../../lib/change/change.js';
import type { Csn } from '../../lib/csn/csn.js';
import { ServerState } from '../../lib/csn/server-state.js';
import { FrameAssembler } from '../../lib/sync/frame-assembler.js';
import { decodeFrame, encodeFrame } from '../../lib/sync/frame-octets.js';
import type { SimServerOptions } from '../sim/sim-server.js';
import { directoryServer, World } from '../sim/world.js';
import { changes, csn, hello, replica, states } from '../sync/session-fixtures.js';

function broker(name: string, peers: readonly string[]): SimServerOptions {
  return { name, replica: undefined, peers, autoInitialize: false, hasData: false };
}

/** A publisher at `name` that claims all of `held` behind `trimmed` and sends `sends` for it. Counts its subscriptions. */
async function publisher(
  world: World,
  name: string,
  held: readonly EncodedChange[],
  sends: readonly EncodedChange[],
  trimmed: readonly Csn[] = [],
) {
  const seen = { sessions: 0, subscriptions: 0 };
  const last = held.at(-1)?.csn;
  const claimed = { ...states(last === undefined ? [] : [last]), trimmed: ServerState.of(trimmed) };
  const own = hello(name, undefined, { states: claimed });
  await world.network
    .host(name, () => true)
    .listen(name, (link) => {
      const assembler = new FrameAssembler(2 ** 30);
      seen.sessions += 1;
      const beat = (): void => {
        link.send(encodeFrame({ kind: 'state', states: own.states }));
        world.time.at(1000, beat);
      };
      link.start({
        bytes: (bytes) => {
          assembler.push(bytes);
          for (let body = assembler.next(); body !== undefined; body = assembler.next()) {
            const frame = decodeFrame(body);
            if (frame?.kind === 'hello') {
              link.send(encodeFrame({ kind: 'hello', hello: own }));
              beat();
            }
            if (frame?.kind !== 'subscribe') continue;
            seen.subscriptions += 1;
            const wanted = sends.filter((change) => frame.after === undefined || change.csn > frame.after);
            if (wanted.length > 0)
              for (const change of wanted)
                link.send(encodeFrame({ kind: 'changes', origin: replica(1), changes: [change] }));
          }
        },
        drain() {},
        closed() {},
      });
    });
  return seen;
}

const ALL = changes(1, 20);
/** Without the tenth. */
const HOLED = ALL.filter(({ csn: at }) => at !== csn(10));

t.test(
  'the same hole twice: the origin is taken from another server, and the session with the first goes on',
  async (t) => {
    const world = new World([broker('x', ['liar', 'honest'])]);
    const liar = await publisher(world, 'liar', ALL, HOLED);
    const x = world.server('x');
    void x.start();
    await world.run(3000);
    t.same(x.changelog?.state.csns(), [csn(9)], 'nothing after the hole is held');
    t.equal(x.alerts.filter((alert) => alert.startsWith('hole')).length, 1);
    t.match(x.alerts.join('\n'), /hole: liar lacks changes of replica 1 after/);
    const asked = liar.subscriptions;
    t.ok(asked <= 3, `asked ${asked} times`);
    await publisher(world, 'honest', ALL, ALL);
    await world.run(4000);
    t.same(x.changelog?.state.csns(), [csn(20)]);
    await x.check();
    t.equal(liar.subscriptions, asked, 'it is not asked again meanwhile');
    const session = x.broker?.status().find(({ peer }) => peer === 'liar');
    t.equal(session?.state, 'following');
  },
);

t.test('a hole that is mended is filled when it is asked for again, without a hand', async (t) => {
  const world = new World([broker('x', ['liar'])]);
  const sends: EncodedChange[] = [...HOLED];
  await publisher(world, 'liar', ALL, sends);
  const x = world.server('x');
  void x.start();
  await world.run(3000);
  t.same(x.changelog?.state.csns(), [csn(9)]);
  sends.splice(0, sends.length, ...ALL);
  await world.run(40_000);
  t.same(x.changelog?.state.csns(), [csn(20)]);
  await x.check();
});

t.test(
  'a log whose beginning is on its way to the disk takes nothing: who has it from the first is asked afterwards, and not taken for one with holes',
  async (t) => {
    const world = new World([broker('x', ['trimmed', 'whole'])]);
    const x = world.server('x');
    void x.start();
    await world.run(500);
    x.disk.faults.delay = () => world.time.sleep(3000);
    const trimmed = await publisher(world, 'trimmed', ALL, ALL, [csn(10)]);
    await world.run(5000, () => trimmed.sessions > 0);
    await world.run(100);
    const whole = await publisher(world, 'whole', ALL, ALL);
    await world.run(12_000);
    x.disk.faults.delay = undefined;
    await world.run(4000);
    t.ok(whole.sessions > 0);
    t.notMatch(x.alerts.join('\n'), /^hole|does not follow/m);
    t.same(x.changelog?.state.csns(), [csn(20)]);
    await x.check();
  },
);

t.test('a log that lacks a row says so, and costs its reader that origin alone', async (t) => {
  const world = new World([broker('a', []), broker('x', ['a', 'honest'])]);
  void world.server('a').start();
  await world.run(100);
  const log = world.server('a').changelog;
  if (log === undefined) throw new Error('not started');
  await world.wait(log.setGeneration('g1'));
  log.append(ALL);
  await world.run(100);
  for await (const rows of world
    .server('a')
    .disk.scan({ gte: new Uint8Array([0]), lt: new Uint8Array([255]) }))
    for (const row of rows)
      if (Buffer.from(row.value).equals(ALL[9]?.bytes ?? new Uint8Array()))
        await world.wait(world.server('a').disk.batch([{ type: 'del', key: row.key }], { sync: true }));
  world.server('a').crash();
  void world.server('a').start();
  void world.server('x').start();
  await world.run(3000);
  t.match(world.server('x').alerts.join('\n'), /hole: a lacks changes of replica 1/);
  await publisher(world, 'honest', ALL, ALL);
  await world.run(4000);
  t.same(world.server('x').changelog?.state.csns(), [csn(20)]);
});

t.test(
  'changes that our disk refused are asked for again, also of a session that began while they were on their way to it',
  async () => {
    const world = await World.started([directoryServer(1, [2]), directoryServer(2, [1])]);
    await world.writes('s1', 1);
    await world.settle();
    const { faults } = world.server('s2').disk;
    faults.delay = () => world.time.sleep(2000);
    await world.writes('s1', 1);
    await world.run(20);
    world.network.breakLinks('s1', 's2');
    await world.run(1000, () => world.server('s2').broker?.following().includes('s1') === true);
    await world.run(20);
    faults.refuse = 'full';
    await world.run(2500);
    Object.assign(faults, { refuse: undefined, delay: undefined });
    await world.settle();
  },
);
