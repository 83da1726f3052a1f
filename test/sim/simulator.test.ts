/**
 * Whole topologies on a virtual clock with faults, a fixed set of seeds (replication-model.md sections 6 and 7; reliability.md section 3).
 *
 * SIM_SEEDS=first-last runs others, for long swarms (with TAP_TIMEOUT=seconds); a failure prints its seed.
 */
import t from 'tap';
import { runSeed } from './simulation.js';
import { transportWrites } from './transport-writes.js';

const [first, last] = (process.env.SIM_SEEDS ?? '1-12').split('-').map(Number) as [number, number];

for (let seed = first; seed <= last; seed++) {
  t.test(
    `seed ${seed}: whatever fails, servers end equal and no acknowledged write is lost`,
    { timeout: 100_000 },
    async (t) => {
      const report = await runSeed({ seed, makeWrite: transportWrites, safetyMs: 8000 });
      t.comment(
        `${report.shape}, ${report.acked} writes, ${report.faults.length} faults, ${report.events} events, equal after ${report.convergedMs} ms`,
      );
      t.ok(report.acked > 0);
    },
  );
}
