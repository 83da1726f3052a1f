/**
 * The kinds of swarms: what clients write, and what must hold in the end beside what every run checks.
 */
import { oracle } from '../conflict/oracle.js';
import { AssuredAct } from './assured-act.js';
import { BackendDirectory, clientWrites } from './backend-directory.js';
import { ChangelogAct } from './changelog-act.js';
import { only } from './end-checks.js';
import { MembersAct } from './members-act.js';
import type { SimServer } from './sim-server.js';
import type { RunOptions } from './simulation.js';
import { transportWrites } from './transport-writes.js';
import { WaitsAct } from './waits-act.js';
import { changesOfAny } from './whole-log.js';

const COMMON = { swarm: true, safetyMs: 8000, limitMs: 60_000, server: { startHoldMs: 3000 } } as const;
const WHOLE = {
  ...COMMON,
  makeWrite: clientWrites,
  openDirectory: BackendDirectory.openVaried,
  atEnd: asOracle,
};

/** Options of one seed. */
export const SWARMS: Readonly<Record<string, (seed: number) => RunOptions>> = {
  transport: (seed) => ({ ...COMMON, seed, makeWrite: transportWrites }),
  whole: (seed) => ({ ...WHOLE, seed }),
  assured: (seed) => ({ ...WHOLE, seed, acts: [(run) => new AssuredAct(run), (run) => new WaitsAct(run)] }),
  changelog: (seed) => ({ ...WHOLE, seed, acts: [(run) => new ChangelogAct(run)] }),
  members: (seed) => ({ ...WHOLE, seed, safetyMs: 12_000, acts: [(run) => new MembersAct(run)] }),
};

/** What a server holds is what one server would hold that had executed every change in CSN order. */
async function asOracle(servers: readonly SimServer[]): Promise<void> {
  const [server] = servers.filter(({ directory }) => directory !== undefined);
  if (server === undefined) return;
  const changes = await changesOfAny(servers);
  if (changes === undefined) return;
  const expected = oracle(changes);
  const found = ((await server.directory?.contents()) ?? '')
    .split('\n')
    .filter((line) => !line.includes(' schema-violation '))
    .join('\n');
  if (found === expected) return;
  const lines = [only(found, expected), only(expected, found)].map((odd) => odd.join('\n'));
  throw new Error(`not what the oracle says:\nfound\n${lines[0]}\nexpected\n${lines[1]}`);
}
