/**
 * A swarm of simulated histories: each seed has its own shape and its own choice of faults (`npm run sim`).
 *
 * Arguments: first seed, number of seeds, step, kind (transport, whole). Prints each failure with what it takes to see it again; ends with 1 when there was one.
 */
import { oracle } from '../conflict/oracle.js';
import { BackendDirectory, clientWrites } from './backend-directory.js';
import { only, type RunOptions, runSeed } from './simulation.js';
import { transportWrites } from './transport-writes.js';
import { allChanges } from './whole-log.js';

const [first = 1, count = 100, step = 1] = process.argv.slice(2, 5).map(Number);
const kind = process.argv[5] ?? 'whole';

const COMMON = { swarm: true, safetyMs: 8000, limitMs: 60_000, server: { startHoldMs: 3000 } } as const;

const KINDS: Readonly<Record<string, (seed: number) => RunOptions>> = {
  transport: (seed) => ({ ...COMMON, seed, makeWrite: transportWrites }),
  whole: (seed) => ({
    ...COMMON,
    seed,
    makeWrite: clientWrites,
    openDirectory: BackendDirectory.open,
    atEnd: async (servers) => {
      const [server] = servers.filter(({ directory }) => directory !== undefined);
      if (server === undefined) return;
      const expected = oracle(await allChanges(server));
      const found = ((await server.directory?.contents()) ?? '')
        .split('\n')
        .filter((line) => !line.includes(' schema-violation '))
        .join('\n');
      if (found === expected) return;
      const lines = [only(found, expected), only(expected, found)].map((odd) => odd.join('\n'));
      throw new Error(`not what the oracle says:\nfound\n${lines[0]}\nexpected\n${lines[1]}`);
    },
  }),
};

const options = KINDS[kind];
if (options === undefined) throw new Error(`${kind} is none of: ${Object.keys(KINDS).join(', ')}`);
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
