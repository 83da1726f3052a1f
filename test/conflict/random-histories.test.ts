/**
 * Seeded random histories of 50 to 300 changes on 2 to 5 replicas, against the oracle on the way and at the end. A failure prints its seed and a
 * shrunk history. POLYARCH_DEEP=1 runs more of them (nightly).
 */
import t from 'tap';
import { storyOf } from './lattice.js';
import { type Options, type Run, replayFault, shrink, simulate } from './simulation.js';

const DEEP = process.env.POLYARCH_DEEP === '1';
const SEED = 7_340_000;
// A loaded machine is no failure.
t.setTimeout(DEEP ? 1_800_000 : 120_000);

function explain(seed: number, run: Run): string {
  const lines = [`seed ${seed}: ${run.fault}`];
  const order = run.orders.find((arrivals) => replayFault(run.base, arrivals) !== undefined);
  if (order !== undefined) {
    const small = shrink(run.base, order);
    lines.push('shrunk, in order of arrival:', storyOf(small), String(replayFault(run.base, small)));
  }
  return lines.join('\n');
}

function runs(
  count: number,
  options: (seed: number) => Options,
): { fault: string | undefined; totals: number[] } {
  let [changes, forgotten, buried, twice] = [0, 0, 0, 0];
  for (let i = 0; i < count; i++) {
    const run = simulate(SEED + i, options(i));
    if (run.fault !== undefined) return { fault: explain(SEED + i, run), totals: [] };
    changes += run.changes.length;
    forgotten += run.forgotten;
    buried += run.buried;
    twice += run.twice;
  }
  return { fault: undefined, totals: [changes, forgotten, buried, twice] };
}

const shape = (i: number) => ({ replicas: 2 + (i % 4), changes: 50 + ((i * 37) % 251) });

t.test('every delivery order gives the oracle, at the end and on the way', async (t) => {
  const { fault, totals } = runs(DEEP ? 4000 : 60, (i) => ({ ...shape(i), forget: false, wild: false }));
  t.equal(fault, undefined, `${totals[0]} changes`);
});

t.test('small crowded histories: many conflicts on few entries', async (t) => {
  const { fault, totals } = runs(DEEP ? 20_000 : 800, (i) => ({
    replicas: 2 + (i % 3),
    changes: 6 + (i % 20),
    forget: false,
    wild: false,
  }));
  t.equal(fault, undefined, `${totals[0]} changes`);
});

t.test('forgetting what is settled changes no later outcome (section 4, causal stability)', async (t) => {
  const { fault, totals } = runs(DEEP ? 4000 : 70, (i) => ({
    ...shape(i),
    forget: true,
    wild: false,
    skew: i % 2 === 0 ? 2 : 30,
  }));
  t.equal(fault, undefined);
  t.ok((totals[1] as number) > 1000, `${totals[1]} rows forgotten`);
  t.ok((totals[2] as number) > 20, `${totals[2]} tombstones dropped`);
});

t.test(
  'schemas that disagree and clocks that run wild: states are the oracle, journals are equal',
  async (t) => {
    const { fault, totals } = runs(DEEP ? 4000 : 120, (i) => ({
      replicas: 2 + (i % 3),
      changes: 10 + (i % 90),
      forget: false,
      wild: true,
    }));
    t.equal(fault, undefined, `${totals[0]} changes`);
  },
);

t.test(
  'one UUID added on several servers: the oracle, whatever comes first and whatever is forgotten',
  async (t) => {
    const crowded = runs(DEEP ? 20_000 : 150, (i) => ({
      replicas: 2 + (i % 3),
      changes: 6 + (i % 30),
      forget: false,
      wild: i % 5 === 0,
      twice: true,
    }));
    t.equal(crowded.fault, undefined);
    t.ok((crowded.totals[3] as number) > 50, `${crowded.totals[3]} adds again`);
    const long = runs(DEEP ? 4000 : 12, (i) => ({
      ...shape(i),
      forget: true,
      wild: false,
      twice: true,
      skew: i % 2 === 0 ? 2 : 30,
    }));
    t.equal(long.fault, undefined);
    t.ok((long.totals[2] as number) > 0, `${long.totals[2]} tombstones dropped`);
    // A UUID added anew where it is forgotten: others' moves were judged as if its earlier life had not moved.
    for (const seed of [500_007, 500_048]) {
      const options = { replicas: 2, changes: 276, forget: true, wild: false, twice: true, skew: 2 };
      const run = simulate(seed, options);
      t.equal(run.fault && explain(seed, run), undefined, `seed ${seed}`);
    }
  },
);
