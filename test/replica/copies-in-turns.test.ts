/** A server between two others that hear each other through it alone, and neither of which lets it in by a copy of the other (lib/replica/unasked-copy.ts). */
import t from 'tap';
import { must } from '../../lib/base/assert.js';
import { directoryServer, World } from '../sim/world.js';

t.test('copies that lead nowhere are taken ever more seldom, however whole they are', async (t) => {
  const world = await World.started([1, 2, 3].map((id) => directoryServer(id, id === 2 ? [1, 3] : [2])));
  const [s1, s2, s3] = [world.server('s1'), world.server('s2'), world.server('s3')];
  for (const name of ['s1', 's2', 's3']) await world.writes(name, 2);
  await world.settle();
  let copies = 0;
  const { directory } = s2;
  const finish = must(directory?.finishImport, 'a directory').bind(directory);
  Object.assign(must(directory, 'a directory'), {
    finishImport: (...of: Parameters<typeof finish>) => {
      copies += 1;
      return finish(...of);
    },
  });
  for (const { name, members } of [s1, s3]) {
    const sentence = `s2 lacks what only ${name} has and must be initialized`;
    const barred = { code: 'not-member', sentence } as const;
    Object.assign(must(members, 'a table'), {
      bar: ({ server, purpose }: { server: string; purpose: string }) =>
        server === 's2' && purpose === 'follow' ? barred : undefined,
    });
  }
  s2.broker?.reintroduce('it looks again');
  await world.run(60_000);
  const soon = copies;
  t.ok(soon >= 2, 'both are tried');
  t.ok(soon <= 15, `${soon} copies in the first minute`);
  await world.run(60_000);
  t.ok(copies - soon <= 6, `${copies - soon} copies in the second`);
});
