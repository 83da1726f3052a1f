/**
 * Where the lives of a replica began: what is held on to, what a peer's reports make of it, and that a server restored while it was cut off loses nothing of what it acknowledged, in
 * random stories of crashes and clocks (replication-model.md section 2).
 */
import t from 'tap';
import { MemoryStore } from '../../lib/backend/memory/memory-store.js';
import type { EntryUuid } from '../../lib/change/change.js';
import { toEncodedChange } from '../../lib/change/change-codec.js';
import { Changelog } from '../../lib/changelog/changelog.js';
import { type Csn, makeCsn, type ReplicaId, ZERO_CSN } from '../../lib/csn/csn.js';
import { ServerState } from '../../lib/csn/server-state.js';
import { LifeStarts } from '../../lib/replica/life-starts.js';
import { expectedMember, type MemberRow } from '../../lib/sync/member-row.js';
import { SeededRandom } from '../sim/seeded-random.js';
import { directoryServer, World } from '../sim/world.js';

const OWN = 1 as ReplicaId;
const KEY = new Uint8Array([2, 4]);
const csn = (at: number): Csn => makeCsn(at * 10, 0, OWN);

/** A directory that has reported our changes up to that one. */
function having(name: string, newest: Csn | undefined): MemberRow {
  const state = newest === undefined ? ServerState.EMPTY : ServerState.of([newest]);
  const report = { atMs: 1, state, clock: ZERO_CSN, undeleteFromMs: 0, shunned: [] };
  return { ...expectedMember(name), kind: 'directory', replica: 2 as ReplicaId, report };
}

async function own() {
  const store = new MemoryStore();
  const changelog = await Changelog.open(store, { ownReplica: OWN, prefix: new Uint8Array([1]) });
  let made = 0;
  const waiting: (() => void)[] = [];
  const after = (_ms: number, run: () => void): (() => void) => {
    waiting.push(run);
    return () => {};
  };
  return {
    store,
    async make(count: number): Promise<void> {
      for (let i = 0; i < count; i++) {
        const previous = made === 0 ? undefined : csn(made);
        const entry = '00000000-0000-4000-8000-000000000001' as EntryUuid;
        const change = {
          ...{ csn: csn(++made), previous, seen: ServerState.EMPTY, entry, initiator: '' },
          body: { kind: 'delete' },
        } as const;
        const outcome = changelog.append([toEncodedChange(change)]);
        if (outcome.kind === 'taken') await outcome.durable;
      }
    },
    async start(...members: MemberRow[]): Promise<LifeStarts> {
      const lives = LifeStarts.open({ replica: OWN, store, key: KEY, changelog, clock: { after }, members });
      lives.start();
      await store.batch([], { sync: true }).catch(() => {});
      return lives;
    },
    /** What waits for the clock. */
    due: () => waiting.splice(0),
  };
}

t.test(
  'a start is held on to until every directory has reported a change of a later run; each is asked for what it itself reported',
  async (t) => {
    const { make, start } = await own();
    t.equal((await start()).common('s2'), undefined, 'before the first change');
    await make(2);
    await start(having('s2', csn(1)), having('s3', csn(2)));
    await make(2);
    // One that stands where a run began may have gone on elsewhere from there.
    const lives = await start(having('s2', csn(2)), having('s3', csn(3)));
    t.equal(lives.common('s2'), csn(2));
    t.equal(lives.common('s3'), csn(4));
    t.equal(lives.common('s4'), csn(2), 'of a stranger nothing is known but what all have passed');
    t.equal(
      (await start(having('s2', csn(3)), having('s3', csn(9)))).common('s3'),
      csn(2),
      'not our history',
    );
    t.equal((await start(having('s2', csn(3)), having('s3', csn(3)))).common('s4'), csn(4));
    t.equal((await start()).common('s2'), csn(4), 'what all had passed is gone');
  },
);

t.test(
  'what came back from others moves the start of this run alone, and a run without changes is no further one',
  async (t) => {
    const { store, make, start } = await own();
    await make(1);
    await start(having('s2', csn(1)));
    const row = store.get(KEY);
    await start();
    t.same(store.get(KEY), row);
    await make(2);
    const lives = await start();
    await make(1);
    lives.cameBack(csn(4));
    lives.cameBack(csn(2));
    await store.batch([], { sync: true });
    t.equal(lives.common('s2'), csn(1));
    t.equal((await start(having('s2', csn(2)))).common('s2'), csn(4));
    await store.batch([{ type: 'put', key: KEY, value: new Uint8Array(13) }], { sync: true });
    await t.rejects(start(), /cut short/);
  },
);

t.test(
  'where the disk is full at the start, that is written when there is room, and nothing is made before',
  async (t) => {
    const { store, make, start, due } = await own();
    await make(1);
    store.faults.refuse = 'full';
    const lives = await start();
    lives.start();
    t.equal(lives.written, false);
    for (const room of [false, true]) {
      if (room) store.faults.refuse = undefined;
      for (const run of due()) run();
      await new Promise((resolve) => setImmediate(resolve));
      t.equal(lives.written, room);
    }
    t.same(due(), []);
    t.ok(store.get(KEY));
    await lives.stop();
  },
);

t.test(
  'random stories: restored while it was cut off, it writes, crashes and starts with clocks that jump, and loses nothing that it acknowledged',
  async (t) => {
    for (let seed = 1; seed <= 6; seed++) {
      const random = new SeededRandom(seed);
      const world = await World.started(
        [1, 2, 3].map((id) =>
          directoryServer(
            id,
            [1, 2, 3].filter((peer) => peer !== id),
            { startHoldMs: 500 },
          ),
        ),
        seed,
      );
      const server = world.server('s1');
      const again = async (): Promise<void> => {
        void server.start();
        await world.run(8000, () => server.up && server.replica?.writesHeld() === undefined);
      };
      await world.run(1000);
      for (let i = random.below(3); i >= 0; i--) {
        await world.writes('s1', 1 + random.below(5));
        await world.run(random.below(1500));
        server.crash();
        await again();
      }
      await world.settle();
      const backup = server.disk.snapshot();
      const others = ['s2', 's3'];
      const away = others[random.below(4)];
      if (away !== undefined) for (const other of ['s1', ...others]) cut(world, away, other);
      await world.writes('s1', 1 + random.below(8));
      await world.run(1000);
      for (const other of others) cut(world, 's1', other);
      await world.wait(server.replaceDisk(backup));
      for (let i = random.below(4); i >= 0; i--) {
        server.clockOffset.wallMs = [0, -3_600_000, -2000, 1000][random.below(4)] ?? 0;
        await again();
        await world.writes('s1', random.below(6));
        await world.run(random.below(1500));
        if (random.chance(0.8)) server.crash();
      }
      await again();
      world.network.healAll();
      await world.run(8000);
      await world.settle(60_000);
      const lost = server.acked.filter(
        (made) => !server.madeAnew.has(made) && world.server('s2').changelog?.holds(made) !== true,
      );
      t.same(lost, [], `seed ${seed}`);
    }
  },
);

function cut(world: World, a: string, b: string): void {
  if (a === b) return;
  world.network.cut(a, b);
  world.network.cut(b, a);
}
