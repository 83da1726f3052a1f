/**
 * A swarm of simulated histories: each seed has its own shape and its own choice of faults (`npm run sim`).
 *
 * Arguments: first seed, number of seeds, step, kind (one of swarm-kinds.ts; all: the seed decides). Prints each failure with what it takes to see it again; ends with 1 when there was one.
 */
import { runSeed } from './simulation.js';
import { kindOf, SWARMS } from './swarm-kinds.js';

const [first = 1, count = 100, step = 1] = process.argv.slice(2, 5).map(Number);
const kind = process.argv[5] ?? 'all';

if (kind !== 'all' && SWARMS[kind] === undefined)
  throw new Error(`${kind} is none of: all, ${Object.keys(SWARMS).join(', ')}`);
let failures = 0;
let writes = 0;
let byHand = 0;
for (let i = 0; i < count; i++) {
  const seed = first + i * step;
  const its = kind === 'all' ? kindOf(seed) : kind;
  if (i > 0 && i % 50 === 0) console.log(`${kind}: ${i} histories, ${failures} failures`);
  try {
    const options = SWARMS[its]?.(seed);
    if (options === undefined) continue;
    const report = await runSeed(options);
    writes += report.acked;
    if (report.byHand) byHand += 1;
  } catch (error) {
    failures += 1;
    const again = `npm run sim -- --kind ${its} --histories 1 --first ${seed}`;
    console.log(`FAILED ${its} ${again}\n${error instanceof Error ? error.message : String(error)}\n`);
  }
}
console.log(
  `${kind}: ${count} histories, ${writes} acknowledged writes, ${byHand} ended by hand, ${failures} failures`,
);
process.exitCode = failures > 0 ? 1 : 0;
