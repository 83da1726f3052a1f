/**
 * The kinds of swarms: what clients write, and what must hold in the end beside what every run checks.
 */

import { Fraction } from '../../lib/entry/fraction.js';
import { configuredFraction } from '../../lib/entry/fraction-text.js';
import { oracle } from '../conflict/oracle.js';
import { standardSchema } from '../schema/standard-schema.js';
import { AssuredAct } from './assured-act.js';
import { BackendDirectory, clientWrites } from './backend-directory.js';
import { ChangelogAct } from './changelog-act.js';
import { only } from './end-checks.js';
import { MembersAct } from './members-act.js';
import { ResolveAct } from './resolve-act.js';
import { SchemaAct } from './schema-act.js';
import { schemaWrites } from './schema-writes.js';
import { SeededRandom } from './seeded-random.js';
import type { SimServer } from './sim-server.js';
import type { RunOptions, Simulation } from './simulation.js';
import { StatusAct } from './status-act.js';
import { transportWrites } from './transport-writes.js';
import { WaitsAct } from './waits-act.js';
import { changesOfAny } from './whole-log.js';

const COMMON = {
  swarm: true,
  safetyMs: 8000,
  limitMs: 60_000,
  server: { startHoldMs: 3000 },
  byHand: true,
} as const;
const WHOLE = {
  ...COMMON,
  makeWrite: clientWrites,
  openDirectory: BackendDirectory.openVaried,
  atEnd: asOracle,
};

const assured = (run: Simulation) => new AssuredAct(run);
const waits = (run: Simulation) => new WaitsAct(run);
const numbers = (run: Simulation) => new ChangelogAct(run);
const members = (run: Simulation) => new MembersAct(run);
const resolve = (run: Simulation) => new ResolveAct(run);
const schema = (run: Simulation) => new SchemaAct(run);
/** What status says, compared in the part that is. */
const status =
  (seed: number, compared = conforming) =>
  (run: Simulation) =>
    new StatusAct(run, seed, compared);

/** Options of one seed. `transport` and `whole` stay as they are, so that seeds go on meaning what they did. */
export const SWARMS: Readonly<Record<string, (seed: number) => RunOptions>> = {
  transport: (seed) => ({ ...COMMON, seed, makeWrite: transportWrites }),
  whole: (seed) => ({ ...WHOLE, seed, acts: [status(seed)] }),
  assured: (seed) => ({ ...WHOLE, seed, acts: [assured, waits, status(seed)] }),
  changelog: (seed) => ({ ...WHOLE, seed, acts: [numbers, status(seed)] }),
  members: (seed) => ({ ...WHOLE, seed, safetyMs: 12_000, acts: [members, waits, status(seed)] }),
  purge: (seed) => ({
    ...WHOLE,
    seed,
    server: { ...COMMON.server, undeleteMs: 1000 },
    compared: living,
    atEnd: (servers) => asOracle(servers, living),
    acts: [waits, status(seed, living)],
  }),
  fraction: (seed) => ({
    ...WHOLE,
    seed,
    ...partial(seed),
    compared: conforming,
    acts: [waits, status(seed)],
  }),
  resolve: (seed) => ({ ...WHOLE, seed, acts: [resolve, status(seed)] }),
  schema: (seed) => ({ ...WHOLE, seed, makeWrite: schemaWrites, acts: [schema, waits, status(seed)] }),
  mixed,
};

/** Several kinds in one history: a random choice of acts, forgetting and a part among them, that goes together. */
function mixed(seed: number): RunOptions {
  const random = new SeededRandom(seed ^ 0x5eed);
  // A member that comes and goes, or loses its disk, has numbers for a stretch on its own (docs/changes.md).
  const few = random.pick([[members, assured], [numbers]]);
  const some = [...few, resolve, waits].filter(() => random.chance(0.7));
  const forgets = random.chance(0.5);
  const compared = forgets ? living : conforming;
  // Of a line whose entry is forgotten nobody can say any more whether a part holds it. A part beside servers that come, return or lose their disks has not been drawn yet.
  const mayBePart = !forgets && !some.includes(members) && !some.includes(assured);
  const part = mayBePart && random.chance(0.7) ? partial(seed) : {};
  const changesSchema = random.chance(0.4);
  return {
    ...WHOLE,
    ...(changesSchema ? { makeWrite: schemaWrites } : {}),
    seed,
    safetyMs: 12_000,
    compared,
    atEnd: (servers) => asOracle(servers, compared),
    ...part,
    ...(forgets ? { server: { ...COMMON.server, undeleteMs: 1000 } } : {}),
    acts: [...(changesSchema ? [schema] : []), ...some, status(seed, compared)],
  };
}

/** The kind of each history where all take turns: by its seed, so that it can be shown again. */
export function kindOf(seed: number): string {
  const kinds = Object.keys(SWARMS);
  return kinds[seed % kinds.length] ?? 'whole';
}

/** Without what the schema says of merged entries, which is no matter of the oracle, and of which a part tells less. */
function conforming(contents: string): string {
  return contents
    .split('\n')
    .filter((line) => !line.includes(' schema-violation '))
    .join('\n');
}

/** Dead entries are dropped by each server at its own time. */
function living(contents: string): string {
  return conforming(contents)
    .split('\n')
    .filter((line) => !line.includes(' # dead '))
    .join('\n');
}

/** One of the servers holds a part, and all are compared in that. */
function partial(seed: number): Pick<RunOptions, 'openDirectory' | 'atEnd'> {
  const items = [['*:mail'], ['*:mail', 'person:title'], ['person:uidNumber,description']][seed % 3] ?? [];
  const part = configuredFraction({ exclude: items, include: [] }, standardSchema());
  if (!(part instanceof Fraction)) throw new Error('a fraction');
  const replica = 1 + (Math.floor(seed / 3) % 2);
  return {
    openDirectory: (...of) =>
      BackendDirectory.openPart({ shown: part, ...(of[2] === replica ? { held: part } : {}) }, ...of),
    atEnd: async (servers) => {
      const changes = await changesOfAny(servers);
      for (const { name, directory, options } of servers) {
        if (!(directory instanceof BackendDirectory)) continue;
        const isPart = options.replica === replica;
        if ((directory.part.text !== '') !== isPart) throw new Error(`${name} holds ${directory.part.text}`);
        if (isPart || changes === undefined) continue;
        equal(conforming(await directory.contents(Fraction.ALL)), oracle(changes));
      }
    },
  };
}

/** What a server holds is what one server would hold that had executed every change in CSN order. */
async function asOracle(servers: readonly SimServer[], compared = conforming): Promise<void> {
  const [server] = servers.filter(({ directory }) => directory !== undefined);
  const changes = server === undefined ? undefined : await changesOfAny(servers);
  if (changes === undefined) return;
  equal(compared((await server?.directory?.contents()) ?? ''), compared(oracle(changes)));
}

function equal(found: string, expected: string): void {
  if (found === expected) return;
  const lines = [only(found, expected), only(expected, found)].map((odd) => odd.join('\n'));
  throw new Error(`not what the oracle says:\nfound\n${lines[0]}\nexpected\n${lines[1]}`);
}
