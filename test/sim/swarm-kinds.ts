/**
 * The kinds of swarms: what clients write, and what must hold in the end beside what every run checks.
 */

import type { ConsistencyOptions } from '../../lib/backend/rules/consistency-rules.js';
import type { Change } from '../../lib/change/change.js';
import { Fraction } from '../../lib/entry/fraction.js';
import { oracle } from '../conflict/oracle.js';
import type { MakeAct } from './act.js';
import { AssuredAct } from './assured-act.js';
import { BackendDirectory, clientWrites, type DirectoryPart } from './backend-directory.js';
import { AGED, BoundsAct } from './bounds-act.js';
import { ChangelogAct } from './changelog-act.js';
import { only } from './end-checks.js';
import { GroupsAct, groupWrites, KEPT } from './groups-act.js';
import { MembersAct } from './members-act.js';
import { Parts } from './parts.js';
import { ResolveAct } from './resolve-act.js';
import { SchemaAct } from './schema-act.js';
import { schemaWrites } from './schema-writes.js';
import { SeededRandom } from './seeded-random.js';
import type { OpenDirectory, SimServer } from './sim-server.js';
import type { RunOptions, Simulation } from './simulation.js';
import { StatusAct } from './status-act.js';
import { transportWrites } from './transport-writes.js';
import { WaitsAct } from './waits-act.js';

const COMMON = {
  swarm: true,
  safetyMs: 8000,
  limitMs: 60_000,
  server: { startHoldMs: 3000 },
  byHand: true,
} as const;
/** Undelete ends early, and dead entries go. */
const EARLY = { ...COMMON.server, undeleteMs: 1000 } as const;
/** And logs are trimmed, which whoever follows changes at one server after the other would notice. */
const FORGETS = { ...EARLY, limits: AGED } as const;
const WHOLE = {
  ...COMMON,
  makeWrite: clientWrites,
  openDirectory: BackendDirectory.varied(),
  atEnd: asOracle,
};

const assured = (run: Simulation) => new AssuredAct(run);
const waits = (run: Simulation) => new WaitsAct(run);
const numbers = (run: Simulation) => new ChangelogAct(run);
const members = (run: Simulation) => new MembersAct(run);
const bounds = (run: Simulation) => new BoundsAct(run);
const groups = (run: Simulation) => new GroupsAct(run);
const resolve = (run: Simulation) => new ResolveAct(run);
const schema = (run: Simulation) => new SchemaAct(run);
/** What clients write in mixed histories. */
const WRITES: readonly (Pick<RunOptions, 'makeWrite'> & {
  readonly acts: readonly MakeAct[];
  readonly consistency?: ConsistencyOptions;
})[] = [
  { makeWrite: clientWrites, acts: [] },
  { makeWrite: schemaWrites, acts: [schema] },
  { makeWrite: groupWrites, acts: [groups], consistency: KEPT },
];

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
    server: FORGETS,
    compared: undead,
    atEnd: (...end) => asOracle(...end, living),
    acts: [waits, bounds, status(seed, undead)],
  }),
  fraction: (seed) => ({
    ...WHOLE,
    seed,
    ...partial(
      Parts.one(seed),
      conforming,
      (part) =>
        (...of) =>
          BackendDirectory.openPart(part, ...of),
    ),
    compared: conforming,
    acts: [waits, status(seed)],
  }),
  resolve: (seed) => ({ ...WHOLE, seed, acts: [resolve, status(seed)] }),
  groups: (seed) => ({
    ...WHOLE,
    seed,
    makeWrite: groupWrites,
    openDirectory: BackendDirectory.varied({ consistency: KEPT }),
    acts: [groups, waits, status(seed)],
  }),
  schema: (seed) => ({ ...WHOLE, seed, makeWrite: schemaWrites, acts: [schema, waits, status(seed)] }),
  mixed,
};

/** Several kinds in one history: a random choice of acts, forgetting and parts among them, that goes together. */
function mixed(seed: number): RunOptions {
  const random = new SeededRandom(seed ^ 0x5eed);
  // A member that comes and goes, or loses its disk, has numbers for a stretch on its own (docs/changes.md).
  const few = random.pick([[members, assured], [numbers]]);
  const some = [...few, resolve, waits].filter(() => random.chance(0.7));
  const forgets = random.chance(0.5);
  const parts = random.chance(0.5) ? Parts.several(seed) : undefined;
  const writes = random.pick(WRITES);
  const modelled = forgets ? living : conforming;
  const compared = parts !== undefined ? modelled : forgets ? undead : whole;
  const kept = writes.consistency === undefined ? {} : { consistency: writes.consistency };
  return {
    ...WHOLE,
    makeWrite: writes.makeWrite,
    seed,
    safetyMs: 12_000,
    compared,
    ...(parts === undefined
      ? { openDirectory: BackendDirectory.varied(kept), atEnd: (...end) => asOracle(...end, modelled) }
      : partial(parts, modelled, (part) => BackendDirectory.varied({ ...part, ...kept, forgets }))),
    ...(forgets ? { server: some.includes(numbers) ? EARLY : FORGETS } : {}),
    acts: [...writes.acts, ...some, ...(forgets ? [bounds] : []), status(seed, modelled)],
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
function undead(contents: string): string {
  return contents
    .split('\n')
    .filter((line) => !line.includes(' # dead '))
    .join('\n');
}

function living(contents: string): string {
  return undead(conforming(contents));
}

function whole(contents: string): string {
  return contents;
}

/** Some of the servers hold parts, and all are compared in what each of them holds. */
function partial(
  parts: Parts,
  compared: (contents: string) => string,
  open: (part: DirectoryPart) => OpenDirectory,
): Pick<RunOptions, 'openDirectory' | 'atEnd'> {
  return {
    openDirectory: (...of) => {
      const held = parts.heldBy(of[2]);
      return open({ shown: parts.shown, ...(held === undefined ? {} : { held }) })(...of);
    },
    atEnd: async (servers, changes) => {
      for (const { directory } of parts.checkHeld(servers))
        if (directory instanceof BackendDirectory)
          equal(compared(await directory.contents(Fraction.ALL)), compared(oracle(changes)));
    },
  };
}

/** What a server holds is what one server would hold that had executed every change in CSN order. */
async function asOracle(
  servers: readonly SimServer[],
  changes: readonly Change[],
  compared = conforming,
): Promise<void> {
  const server = servers.find(({ directory }) => directory !== undefined);
  equal(compared((await server?.directory?.contents()) ?? ''), compared(oracle(changes)));
}

function equal(found: string, expected: string): void {
  if (found === expected) return;
  const lines = [only(found, expected), only(expected, found)].map((odd) => odd.join('\n'));
  throw new Error(`not what the oracle says:\nfound\n${lines[0]}\nexpected\n${lines[1]}`);
}
