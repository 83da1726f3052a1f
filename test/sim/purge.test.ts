/**
 * Forgetting on real stores while machines, disks, clocks and links fail: whatever is purged when, every server ends as the oracle says (replication-model.md section 4).
 *
 * SIM_SEEDS=first-last runs others; a failure prints its seed.
 */
import t from 'tap';
import { oracle } from '../conflict/oracle.js';
import { BackendDirectory, clientWrites } from './backend-directory.js';
import type { SimServer } from './sim-server.js';
import { only, runSeed } from './simulation.js';
import { allChanges } from './whole-log.js';

const [first, last] = (process.env.SIM_SEEDS ?? '102-104').split('-').map(Number) as [number, number];

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

for (let seed = first; seed <= last; seed++) {
  t.test(
    `seed ${seed}: purging while changes are late, servers crash and links break changes no outcome`,
    { timeout: 100_000 },
    async (t) => {
      const report = await runSeed({
        seed,
        makeWrite: clientWrites,
        openDirectory: BackendDirectory.open,
        server: { undeleteMs: 1000 },
        safetyMs: 8000,
        compared: live,
        atEnd: async (servers) => {
          count(servers);
          const [server] = servers;
          if (server === undefined) throw new Error('no server');
          const expected = live(oracle(await allChanges(server)));
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
  t.ok(total.moves > 10, `${total.moves} moves`);
  t.ok(total.tombstones > 5, `${total.tombstones} tombstones`);
});
