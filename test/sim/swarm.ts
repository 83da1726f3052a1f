/**
 * A swarm of simulated histories: each seed has its own shape and its own choice of faults (`npm run sim`).
 *
 * Arguments: first seed, number of seeds, step, kind (transport, whole). Prints each failure with what it takes to see it again; ends with 1 when there was one.
 */
import { runSeed } from './simulation.js';
import { SWARMS } from './swarm-kinds.js';

const [first = 1, count = 100, step = 1] = process.argv.slice(2, 5).map(Number);
const kind = process.argv[5] ?? 'whole';

const options = SWARMS[kind];
if (options === undefined) throw new Error(`${kind} is none of: ${Object.keys(SWARMS).join(', ')}`);
let failures = 0;
let writes = 0;
for (let i = 0; i < count; i++) {
  const seed = first + i * step;
  if (i > 0 && i % 50 === 0) console.log(`${kind}: ${i} histories, ${failures} failures`);
  try {
    writes += (await runSeed(options(seed))).acked;
  } catch (error) {
    failures += 1;
    console.log(`FAILED ${kind} seed ${seed}\n${error instanceof Error ? error.message : String(error)}\n`);
  }
}
console.log(`${kind}: ${count} histories, ${writes} acknowledged writes, ${failures} failures`);
process.exitCode = failures > 0 ? 1 : 0;
