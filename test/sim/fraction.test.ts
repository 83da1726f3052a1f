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
import { add, modify } from '../conflict/story.js';
import { standardSchema } from '../schema/standard-schema.js';
import { ADD_BASE, BackendDirectory, clientWrites } from './backend-directory.js';
import { only } from './end-checks.js';
import { entryUuid } from './entry-uuid.js';
import { SHAPES } from './shapes.js';
import type { OpenDirectory } from './sim-server.js';
import { runSeed } from './simulation.js';
import { directoryServer, World } from './world.js';

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
        atEnd: async (servers, changes) => {
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
          const expected = oracle(changes);
          if (found !== expected) throw new Error(only(found, expected).join('\n'));
        },
      });
      t.comment(`${report.shape}, ${report.acked} writes, ${report.faults.length} faults`);
      t.ok(report.acked > 0);
    },
  );
}

t.test(
  'behind brokers alone: copies hold the fraction and no more, also from a server that holds a part, and nothing is refused that would do',
  async (t) => {
    const less = configuredFraction(
      { exclude: ['*:mail,sn', 'person:title'], include: [] },
      standardSchema(),
    );
    if (!(PART instanceof Fraction) || !(less instanceof Fraction)) throw new Error('fractions');
    const holding =
      (held: Fraction): OpenDirectory =>
      (...of) =>
        BackendDirectory.openPart({ held, shown: PART }, ...of);
    const empty = (id: number, broker: number, held: Fraction) =>
      directoryServer(id, [broker], { hasData: false, autoInitialize: false, openDirectory: holding(held) });
    const brokerOf = (id: number, peers: readonly number[]) =>
      directoryServer(id, peers, { replica: undefined });
    const world = new World([
      directoryServer(1, [4], { openDirectory: holding(Fraction.ALL) }),
      // The only way from the whole server to the others leads through two brokers.
      brokerOf(4, [1, 5]),
      brokerOf(5, [4, 2, 3, 6]),
      empty(2, 5, PART),
      empty(3, 5, less),
      empty(6, 5, Fraction.ALL),
    ]);
    const server = (id: number) => world.server(`s${id}`);
    const partOf = (id: number) => (server(id).directory as BackendDirectory).part.text;
    for (const id of [1, 4, 5, 2]) void server(id).start();
    await world.run(1000);
    await world.wait(server(1).write(ADD_BASE));
    const person = {
      objectClass: ['top', 'person'],
      sn: ['s'],
      title: ['t'],
      mail: ['m'],
      description: ['d'],
    };
    await world.wait(server(1).write({ entry: entryUuid(2), body: add(entryUuid(1), 'a', person) }));
    await world.run(2000);

    await world.wait(server(2).replica?.initialize('s5') ?? Promise.reject(new Error('down')));
    await world.settle();
    t.equal(partOf(2), 'exclude *:mail;person:title');
    const held = await (server(2).directory as BackendDirectory).contents(Fraction.ALL);
    t.notMatch(held, /mail|title/);
    t.match(held, /description/);

    server(1).crash();
    await world.run(6000);
    void server(3).start();
    void server(6).start();
    await world.run(2000);
    await world.wait(server(3).replica?.initialize('s5') ?? Promise.reject(new Error('down')));
    t.equal(partOf(3), 'exclude *:mail,sn;person:title', 'made from the part that s2 holds');
    await t.rejects(
      world.wait(server(6).replica?.initialize('s5') ?? Promise.resolve()),
      /s5 asked s2.*s2 holds exclude \*:mail;person:title/,
      'a whole one never',
    );
    await world.wait(
      server(2).write({ entry: entryUuid(2), body: modify({ name: 'description', add: ['e'] }) }),
    );
    void server(1).start();
    await world.run(5000);
    server(6).crash();
    await world.settle();
  },
);

t.test(
  'a whole server whose only way leads through one with a part is given a whole copy through it, and told why where there is none',
  async (t) => {
    if (!(PART instanceof Fraction)) throw new Error('a fraction');
    const holding =
      (held: Fraction): OpenDirectory =>
      (...of) =>
        BackendDirectory.openPart({ held, shown: PART }, ...of);
    const empty = (id: number, peers: readonly number[], held: Fraction) =>
      directoryServer(id, peers, { hasData: false, autoInitialize: false, openDirectory: holding(held) });
    const world = new World([
      directoryServer(1, [2], { openDirectory: holding(Fraction.ALL) }),
      empty(2, [1, 3], PART),
      empty(3, [2], Fraction.ALL),
    ]);
    const [s1, s2, s3] = [world.server('s1'), world.server('s2'), world.server('s3')];
    for (const server of [s1, s2, s3]) void server.start();
    await world.run(1000);
    await world.wait(s1.write(ADD_BASE));
    const person = { objectClass: ['top', 'person'], sn: ['s'], mail: ['m'] };
    await world.wait(s1.write({ entry: entryUuid(2), body: add(entryUuid(1), 'a', person) }));
    await world.wait(s2.replica?.initialize('s1') ?? Promise.reject(new Error('down')));
    await world.run(2000);
    s1.crash();
    await world.run(6000);
    await t.rejects(
      world.wait(s3.replica?.initialize('s2') ?? Promise.resolve()),
      /s2 holds exclude \*:mail;person:title only; initialize from a server that holds all attributes/,
    );
    void s1.start();
    await world.run(6000);
    await world.wait(s3.replica?.initialize('s2') ?? Promise.reject(new Error('down')));
    await world.settle();
    const whole = async (server: typeof s1) => (server.directory as BackendDirectory).contents(Fraction.ALL);
    t.match(await whole(s3), /mail/);
    t.equal(await whole(s3), await whole(s1));
    t.notMatch(await whole(s2), /mail/);
  },
);
