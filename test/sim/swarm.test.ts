/**
 * A few histories of the swarm, so that it is known to run; `npm run sim` runs thousands (issue: simulator and faults).
 */
import t from 'tap';
import { runSeed } from './simulation.js';
import { SWARMS } from './swarm-kinds.js';

for (const [kind, options] of Object.entries(SWARMS)) {
  // 600012: a write was on its way to the disk when a forked server began to take a copy.
  for (const seed of kind === 'whole' ? [11, 600_012] : [11]) {
    t.test(
      `${kind}, seed ${seed}: a random choice of faults, and all servers end equal`,
      { timeout: 100_000 },
      async (t) => {
        const report = await runSeed(options(seed));
        t.comment(`${report.shape}, ${report.acked} writes, ${report.faults.length} faults`);
        t.ok(report.acked > 0);
      },
    );
  }
}
