/**
 * A fractional server among whole ones, on a virtual clock with faults, crashes and total updates: it ends with exactly what its fraction leaves of the others' entries and
 * journal, theirs is what the oracle says, and no whole server was ever made from it (docs/replication.md).
 *
 * SIM_SEEDS=first-last runs others; a failure prints its seed.
 */
import t from 'tap';
import { Fraction } from '../../lib/entry/fraction.js';
import { configuredFraction } from '../../lib/entry/fraction-text.js';
import { oracle } from '../conflict/oracle.js';
import { standardSchema } from '../schema/standard-schema.js';
import { BackendDirectory, clientWrites } from './backend-directory.js';
import { SHAPES } from './shapes.js';
import { only, runSeed } from './simulation.js';
import { allChanges } from './whole-log.js';

const [first, last] = (process.env.SIM_SEEDS ?? '4-5').split('-').map(Number) as [number, number];
const PART = configuredFraction({ exclude: ['*:mail', 'person:title'], include: [] }, standardSchema());

const conforming = (contents: string) =>
  contents
    .split('\n')
    .filter((line) => !line.includes(' schema-violation '))
    .join('\n');

for (let seed = first; seed <= last; seed++) {
  t.test(
    `seed ${seed}: a fractional server ends with what its fraction leaves of the others' content`,
    { timeout: 100_000 },
    async (t) => {
      if (!(PART instanceof Fraction)) throw new Error('a fraction');
      const shapes = SHAPES.filter(({ servers }) => servers.filter(({ replica }) => replica).length > 1);
      const shape = shapes[seed % shapes.length];
      const partial = shape?.servers.filter(({ replica }) => replica !== undefined).at(-1);
      const report = await runSeed({
        seed,
        makeWrite: clientWrites,
        ...(shape === undefined ? {} : { shape }),
        openDirectory: (...of) =>
          BackendDirectory.openPart(
            { shown: PART, ...(of[2] === partial?.replica ? { held: PART } : {}) },
            ...of,
          ),
        safetyMs: 6000,
        compared: conforming,
        atEnd: async (servers) => {
          for (const { name, directory } of servers) {
            if (!(directory instanceof BackendDirectory)) continue;
            const { text } = directory.part;
            t.equal(
              text,
              name === partial?.name ? 'exclude *:mail;person:title' : '',
              `${name} holds ${text}`,
            );
          }
          const [server] = servers;
          if (server === undefined || !(server.directory instanceof BackendDirectory)) return;
          const found = conforming(await server.directory.contents(Fraction.ALL));
          const expected = oracle(await allChanges(server));
          if (found !== expected) throw new Error(only(found, expected).join('\n'));
        },
      });
      t.comment(`${report.shape}, ${report.acked} writes, ${report.faults.length} faults`);
      t.ok(report.acked > 0);
    },
  );
}
