/**
 * Whole topologies on a virtual clock with faults, a fixed set of seeds (replication-model.md sections 6 and 7; reliability.md section 3).
 *
 * SIM_SEEDS=first-last runs others, for long swarms (with TAP_TIMEOUT=seconds); a failure prints its seed.
 */
import t from 'tap';
import { ROOT_UUID } from '../../lib/change/change.js';
import { entryUuid, type MakeWrite, runSeed } from './simulation.js';

/** Adds and deletes over a small pool of entries, without content: transport alone is looked at. */
function transportWrites(): MakeWrite {
  let made = 0;
  return (server, random) => {
    if (made === 0 || random.chance(0.5)) {
      return { entry: entryUuid(++made), body: { kind: 'add', parent: ROOT_UUID, rdn: RDN, attributes: [] } };
    }
    const entry = entryUuid(1 + random.below(made));
    return server.directory?.knows(entry) === true ? { entry, body: { kind: 'delete' } } : undefined;
  };
}

const RDN = {
  avas: [{ key: 'cn', name: 'cn', value: new Uint8Array([0x78]), equality: 'caseIgnoreMatch' }],
} as unknown as import('../../lib/change/change.js').NamedRdn;

const [first, last] = (process.env.SIM_SEEDS ?? '1-12').split('-').map(Number) as [number, number];

for (let seed = first; seed <= last; seed++) {
  t.test(
    `seed ${seed}: whatever fails, servers end equal and no acknowledged write is lost`,
    { timeout: 100_000 },
    async (t) => {
      const report = await runSeed({ seed, makeWrite: transportWrites, safetyMs: 8000 });
      t.comment(
        `${report.shape}, ${report.acked} writes, ${report.faults.length} faults, ${report.events} events, equal after ${report.convergedMs} ms`,
      );
      t.ok(report.acked > 0);
    },
  );
}
