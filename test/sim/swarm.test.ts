/**
 * A few histories of the swarm, so that it is known to run; `npm run sim` runs thousands (issue: simulator and faults).
 */
import t from 'tap';
import { runSeed } from './simulation.js';
import { SWARMS } from './swarm-kinds.js';

/**
 * Histories that once failed. 600012: a write was on its way to the disk when a forked server began to take a copy. 600259: a copy was cut, and the next source held less. 600445:
 * what passed a copy on was cut and said that it was whole. 700042: a peer was held for forked by changes that never reached the disk. 800569: of two
 * changes alike one was made anew.
 */
const WHOLE = [11, 600_012, 600_259, 600_445, 700_042, 800_569];

const FIXED: Readonly<Record<string, readonly number[]>> = { transport: [11], whole: WHOLE };

for (const [kind, options] of Object.entries(SWARMS)) {
  for (const seed of FIXED[kind] ?? []) {
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
