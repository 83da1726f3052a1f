/**
 * One history each of kinds that do more than write (members that come and go, assured writes and waiting reads, the external change log, people at the journal, groups, changes of the schema, several of these); `npm run sim` runs thousands.
 *
 * 3: the writer's disk is lost after an assured write. 4: numbers that a full disk refused. 20: a copy that was cut on the way back into the topology.
 * 2 of `schema`: a definition that does not go with another.
 */
import t from 'tap';
import { runSeed } from './simulation.js';
import { SWARMS } from './swarm-kinds.js';

for (const [kind, seed] of [
  ['assured', 3],
  ['changelog', 4],
  ['members', 20],
  ['resolve', 900_002],
  ['groups', 1],
  ['schema', 2],
  ['mixed', 900_002],
] as const) {
  t.test(`${kind}, seed ${seed}: what was promised holds`, { timeout: 100_000 }, async (t) => {
    const options = SWARMS[kind];
    if (options === undefined) throw new Error(`no kind ${kind}`);
    const report = await runSeed(options(seed));
    t.comment(`${report.shape}, ${report.acked} writes, ${report.faults.length} faults`);
    t.ok(report.acked > 0);
  });
}
