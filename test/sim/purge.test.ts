/**
 * Forgetting on real stores while machines, disks, clocks and links fail: whatever is purged when, every server ends as the oracle says (replication-model.md section 4).
 *
 * SIM_SEEDS=first-last runs others; a failure prints its seed.
 */
import t from 'tap';
import { violations } from '../backend/engine.js';
import { oracle } from '../conflict/oracle.js';
import { BackendDirectory, clientWrites } from './backend-directory.js';
import { only } from './end-checks.js';
import type { SimServer } from './sim-server.js';
import { runSeed } from './simulation.js';

// These two notice a horizon that forgets by the clock alone, or by what all have alone.
const [first, last] = (process.env.SIM_SEEDS ?? '103-103').split('-').map(Number) as [number, number];
const SEEDS = Array.from({ length: last - first + 1 }, (_, i) => first + i);
// And one in which much is forgotten, entries among it.
if (process.env.SIM_SEEDS === undefined) SEEDS.push(105, 106);

/** Dead entries are dropped by each server at its own time; what the schema says of merged entries is no matter of the oracle. */
function live(contents: string): string {
  return contents
    .split('\n')
    .filter((line) => !line.includes(' # dead ') && !line.includes(' schema-violation '))
    .join('\n');
}

const total = { historyRows: 0, moves: 0, tombstones: 0 };

function count(servers: readonly SimServer[]): void {
  for (const { housekeeping } of servers) {
    const purged = housekeeping?.status().purged;
    total.historyRows += purged?.historyRows ?? 0;
    total.moves += purged?.moves ?? 0;
    total.tombstones += purged?.tombstones ?? 0;
  }
}

for (const seed of SEEDS) {
  t.test(
    `seed ${seed}: purging while changes are late, servers crash and links break changes no outcome`,
    { timeout: 100_000 },
    async (t) => {
      const report = await runSeed({
        seed,
        makeWrite: clientWrites,
        openDirectory: BackendDirectory.varied(),
        server: { undeleteMs: 1000 },
        safetyMs: 8000,
        compared: live,
        atEnd: async (servers, changes) => {
          count(servers);
          for (const { directory, name } of servers) {
            if (!(directory instanceof BackendDirectory)) continue;
            const { backend } = directory;
            const found = await violations({ backend, store: backend.parts.store });
            if (found.length > 0) throw new Error(`${name}: ${found.slice(0, 5).join(' ')}`);
          }
          const [server] = servers;
          if (server === undefined) throw new Error('no server');
          const expected = live(oracle(changes));
          const found = live((await server.directory?.contents()) ?? '');
          const lines = [only(found, expected), only(expected, found)].map((odd) => odd.join('\n'));
          if (found !== expected)
            throw new Error(`not what the oracle says:\nfound\n${lines[0]}\nexpected\n${lines[1]}`);
        },
      });
      t.comment(`${report.shape}, ${report.acked} writes, equal after ${report.convergedMs} ms`);
      t.ok(report.acked > 0);
    },
  );
}

t.test('and much was forgotten meanwhile', async (t) => {
  t.comment(JSON.stringify(total));
  t.ok(total.historyRows > 50, `${total.historyRows} history rows`);
  t.ok(total.moves > 5, `${total.moves} moves`);
  t.ok(total.tombstones > 0, `${total.tombstones} tombstones`);
});
