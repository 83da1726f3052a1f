/**
 * Limits of bandwidth and closed hours on the way between sites: what waits, and what never does.
 */
import t from 'tap';
import type { ReplicaId } from '../../lib/csn/csn.js';
import type { SiteLink, Topology } from '../../lib/topology/topology.js';
import { EPOCH_MS } from '../sim/virtual-time.js';
import { directoryServer, World } from '../sim/world.js';

/** Servers s1, s2, ... in sites S1, S2, ..., one each, all connected. */
function sites(count: number, links: readonly SiteLink[], empty: readonly number[] = []): World {
  const ids = Array.from({ length: count }, (_, i) => i + 1);
  const topology: Topology = {
    domains: [],
    sites: ids.map((id) => ({ name: `S${id}` })),
    links,
    servers: ids.map((id) => ({
      ...{ name: `s${id}`, id: id as ReplicaId, site: `S${id}`, replication: `s${id}` },
      ...{ ldap: undefined, ldaps: undefined, http: undefined, peers: undefined },
      ...{ runs: 'both', role: 'repli-master' },
    })),
  };
  return new World(
    ids.map((id) => {
      const others = ids.filter((other) => other !== id);
      return directoryServer(id, others, { topology, hasData: !empty.includes(id) });
    }),
  );
}

function link(a: number, b: number, more: Partial<SiteLink> = {}): SiteLink {
  return { between: [`S${a}`, `S${b}`], cost: 10, schedule: 'always', ...more };
}

async function start(world: World): Promise<void> {
  for (const server of world.servers.values()) void server.start();
  await world.run(1000);
}

const KBIT = 64;
const RATE = (KBIT * 1000) / 8;
/** A burst, one portion more than allowed, and the hello of each side. */
const SLACK = 3 * 4096;

/** Octets that went from s1 to s2, with their times. */
function watch(world: World): { readonly atMs: number; readonly bytes: number }[] {
  const sent: { readonly atMs: number; readonly bytes: number }[] = [];
  world.network.observe = ({ from, to }, bytes) => {
    if (from === 's1' && to === 's2') sent.push({ atMs: world.time.nowMs, bytes: bytes.length });
  };
  return sent;
}

/** By how much the worst stretch of time exceeds the rate, octets. */
function excess(sent: readonly { readonly atMs: number; readonly bytes: number }[]): number {
  let worst = 0;
  let over = 0;
  let beforeMs = 0;
  for (const { atMs, bytes } of sent) {
    over = Math.max(0, over - ((atMs - beforeMs) * RATE) / 1000) + bytes;
    beforeMs = atMs;
    worst = Math.max(worst, over);
  }
  return worst;
}

t.test(
  'a backlog goes at the rate of the link, in both sessions together; nobody counts as silent',
  async (t) => {
    const world = sites(2, [link(1, 2, { bandwidthKbit: KBIT })]);
    await start(world);
    const sent = watch(world);
    await world.writes('s1', 1500);
    const beganMs = world.time.nowMs;
    await world.settle(120_000);
    const total = sent.reduce((sum, { bytes }) => sum + bytes, 0);
    t.ok(total > 4 * SLACK, `${total} octets`);
    t.ok(excess(sent) <= SLACK, `${Math.round(excess(sent))} octets above the rate at worst`);
    t.ok(world.time.nowMs - beganMs < (total / RATE) * 1500, 'and not much slower');
    const status = world.server('s1').broker?.status() ?? [];
    t.same(
      status.map(({ state }) => state),
      ['following', 'serving'],
    );
    t.equal(status[1]?.way?.bandwidthKbit, KBIT);
    t.notOk(world.server('s2').alerts.some((alert) => alert.includes('nothing heard')));
  },
);

t.test('one change goes at once over a link that rests; acknowledgements never wait', async (t) => {
  const world = sites(2, [link(1, 2, { bandwidthKbit: KBIT })]);
  await start(world);
  await world.run(3000);
  const csn = await world.write('s1');
  const beganMs = world.time.nowMs;
  await world.run(1000, () => csn !== undefined && world.server('s2').directory?.state.covers(csn) === true);
  t.ok(world.time.nowMs - beganMs < 50, `${world.time.nowMs - beganMs} ms`);
});

t.test('a total update keeps the rate too', async (t) => {
  const world = sites(2, [link(1, 2, { bandwidthKbit: KBIT })], [2]);
  void world.server('s1').start();
  await world.run(1000);
  await world.writes('s1', 800);
  const sent = watch(world);
  void world.server('s2').start();
  await world.settle(120_000);
  t.ok(sent.reduce((sum, { bytes }) => sum + bytes, 0) > 2 * SLACK);
  t.ok(excess(sent) <= SLACK, `${Math.round(excess(sent))} octets above the rate at worst`);
});

t.test('over a closed link no change goes, the session lives, and all is there when it opens', async (t) => {
  const world = sites(2, [link(1, 2, { schedule: 'daily 12:00-13:00' })]);
  for (const { clockOffset } of world.servers.values()) setTime(world, clockOffset, '11:59:00');
  await start(world);
  await world.writes('s1', 5);
  await world.run(30_000);
  t.notOk(world.equal());
  t.same(
    world
      .server('s1')
      .broker?.status()
      .map(({ state, way }) => `${state} ${way?.hours.open ?? ''}`.trim()),
    ['following', 'serving false'],
  );
  await world.run(28_000);
  t.ok(await world.settle(4000));
  setTime(world, world.server('s1').clockOffset, '13:00:00');
  await world.writes('s1', 1);
  await world.run(10_000);
  t.notOk(world.equal(), 'closed again by the clock of the sender');
  t.same(world.server('s2').alerts, []);
});

t.test('where the near link is closed, changes come by an open way round', async (t) => {
  const closed = { schedule: 'mon 00:00-00:01' };
  const world = sites(3, [link(1, 2, closed), link(1, 3, { cost: 100 }), link(3, 2, { cost: 100 })]);
  for (const { clockOffset } of world.servers.values()) setTime(world, clockOffset, '11:00:00');
  world.countCrossings();
  await start(world);
  await world.writes('s1', 5);
  await world.settle(2000);
  t.notOk([...world.crossings.keys()].some((key) => key.startsWith('s1>s2') || key.startsWith('s2>s1')));
});

/** Sets a clock to a time of a Friday. */
function setTime(world: World, offset: { wallMs: number }, time: string): void {
  offset.wallMs = Date.parse(`2026-11-20T${time}Z`) - EPOCH_MS - world.time.nowMs;
}
