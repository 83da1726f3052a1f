/**
 * The whole path, from a client's write to the entries of every server, on a virtual clock with faults, compared with the model's oracle (replication-model.md section 1).
 *
 * SIM_SEEDS=first-last runs others, for long swarms (with TAP_TIMEOUT=seconds); a failure prints its seed.
 */
import t from 'tap';
import { oracle } from '../conflict/oracle.js';
import { BackendDirectory, clientWrites } from './backend-directory.js';
import { only } from './end-checks.js';
import { runSeed } from './simulation.js';

const [first, last] = (process.env.SIM_SEEDS ?? '1-6').split('-').map(Number) as [number, number];
const SEEDS = Array.from({ length: last - first + 1 }, (_, i) => first + i);
// In these a server whose clock is an hour behind takes writes on what others changed.
if (process.env.SIM_SEEDS === undefined) SEEDS.push(11, 12);

for (const seed of SEEDS) {
  t.test(
    `seed ${seed}: every server ends as one server would that had executed every change in CSN order`,
    { timeout: 100_000 },
    async (t) => {
      const report = await runSeed({
        seed,
        makeWrite: clientWrites,
        openDirectory: BackendDirectory.varied(),
        safetyMs: 8000,
        atEnd: async ([server], changes) => {
          if (server === undefined) throw new Error('no server');
          const expected = oracle(changes);
          // What the schema says of merged entries is no matter of the oracle; that all servers say the same is checked before.
          const found = ((await server.directory?.contents()) ?? '')
            .split('\n')
            .filter((line) => !line.includes(' schema-violation '))
            .join('\n');
          if (found === expected) return;
          const lines = [only(found, expected), only(expected, found)].map((odd) => odd.join('\n'));
          throw new Error(`not what the oracle says:\nfound\n${lines[0]}\nexpected\n${lines[1]}`);
        },
      });
      t.comment(
        `${report.shape}, ${report.acked} writes, ${report.faults.length} faults, ${report.events} events, equal after ${report.convergedMs} ms`,
      );
      t.ok(report.acked > 0);
    },
  );
}
