/** The table of a domain's servers on disk (lib/replica/member-store.ts): what is there after a crash, whatever was written at the same time. */
import t from 'tap';
import { MemoryStore } from '../../lib/backend/memory/memory-store.js';
import { must } from '../../lib/base/assert.js';
import { MemberStore } from '../../lib/replica/member-store.js';
import { expectedMember } from '../../lib/sync/member-row.js';
import { directoryServer, World } from '../sim/world.js';

/** s1 and two others, which have reported. */
async function reported() {
  const world = await World.started([
    directoryServer(1, [2, 3]),
    directoryServer(2, [1, 3]),
    directoryServer(3, [1, 2]),
  ]);
  await world.writes('s3', 3);
  await world.settle();
  const s1 = world.server('s1');
  await world.run(10_000, () => s1.members?.bound().horizon !== undefined);
  /** Starts s1 alone, with all that its disk has. */
  const again = async () => {
    for (const other of ['s2', 's3']) world.server(other).crash();
    s1.crash(s1.disk.unsyncedBatches);
    await world.wait(s1.start());
  };
  const ofS3 = () =>
    must(s1.members, 's1 is up')
      .rows()
      .find(({ name }) => name === 's3');
  const evict = () => world.wait(must(s1.members, 's1 is up').decide('s3', 'evicted'));
  return { world, s1, again, ofS3, evict };
}

t.test('an eviction is on disk though a report of that server came while it was written', async (t) => {
  const { world, s1, again, ofS3, evict } = await reported();
  s1.disk.faults.delay = () => world.time.sleep(50);
  const decided = evict();
  const before = must(ofS3(), 's1 knows s3');
  const report = must(before.report, 's3 has reported');
  const generation = must(s1.directory?.generationId, 's1 holds data');
  s1.members?.take(generation, [{ ...before, report: { ...report, atMs: report.atMs + 1 } }]);
  await decided;
  await world.run(60);
  await again();
  t.equal(ofS3()?.standing, 'evicted');
});

t.test('an eviction that the disk refused is none, also after a crash', async (t) => {
  const { world, s1, again, ofS3, evict } = await reported();
  world.server('s3').crash();
  s1.disk.faults.refuse = 'full';
  await t.rejects(evict(), /full/);
  t.equal(ofS3()?.standing, 'member');
  s1.disk.faults.refuse = undefined;
  await world.wait(s1.members?.tick(true) ?? Promise.resolve());
  await again();
  t.equal(ofS3()?.standing, 'member');
});

t.test('a data set that begins on a full disk is named there before any row of it', async (t) => {
  const store = new MemoryStore();
  const prefix = Uint8Array.of(7);
  const before = new MemberStore(store, prefix);
  await before.begin('g1', []);
  await before.save(['s1', 's2', 's3'].map(expectedMember), true);
  const members = new MemberStore(store, prefix);
  store.faults.refuse = 'full';
  const begun = members.begin('g2', ['s1', 's2', 's3']);
  await t.rejects(begun, /full/);
  const evicted = { ...expectedMember('s2'), standing: 'evicted', standingAtMs: 5 } as const;
  await t.rejects(members.save([evicted], true), /full/);
  const found = async () => {
    const { generation, rows } = await new MemberStore(store, prefix).load();
    return `${generation} ${rows.map(({ name, standing }) => `${name}:${standing}`)}`;
  };
  t.equal(
    await found(),
    'g1 s1:member,s2:member,s3:member',
    'nothing of the new one is taken for the old one',
  );
  store.faults.refuse = undefined;
  await Promise.all([members.saveFirst(expectedMember('s1')), members.save([expectedMember('s4')], false)]);
  t.equal(await found(), 'g2 s1:member,s2:evicted,s4:member', 'and nothing of it is dropped');
});
