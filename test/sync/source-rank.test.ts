/**
 * How good a way an upstream is to an origin.
 */
import t from 'tap';
import { ServerState } from '../../lib/csn/server-state.js';
import { compareRanks, sourceRank } from '../../lib/sync/source-rank.js';
import { replica } from './session-fixtures.js';

const WHERE: Readonly<Record<string, number>> = { a: 0, b: 10, c: 10, x: 10 };

function distances(own: string) {
  return {
    own,
    between: (one: string, other: string) => Math.abs((WHERE[one] ?? 0) - (WHERE[other] ?? 0)),
    serverOf: () => 'a',
  };
}

function upstream(name: string, id: number | undefined) {
  return {
    ...{ id: 1, name, log: ServerState.EMPTY, trimmed: ServerState.EMPTY, unavailable: new Set<never>() },
    replica: id === undefined ? undefined : replica(id),
  };
}

t.test('the origin first, where nobody is nearer than another', (t) => {
  const direct = sourceRank(upstream('a', 1), replica(1), false, undefined);
  const relay = sourceRank(upstream('b', 2), replica(1), false, undefined);
  t.ok(compareRanks(direct, relay) < 0);
  t.equal(compareRanks(relay, relay), 0);
  t.end();
});

t.test('what comes over a closed link comes last, whatever it costs', (t) => {
  for (const where of [undefined, distances('c')]) {
    const closed = sourceRank({ ...upstream('a', 1), closed: true }, replica(1), false, where);
    const far = sourceRank(upstream('d', 4), replica(1), false, where);
    t.ok(compareRanks(far, closed) < 0);
  }
  t.end();
});

t.test(
  'in a site far from the origin: who comes before us, then the origin, then who comes after us',
  (t) => {
    const of = (name: string, id: number | undefined) =>
      sourceRank(upstream(name, id), replica(1), false, distances('c'));
    const order = [of('b', 2), of('a', 1), of('d', 4)];
    t.ok(compareRanks(of('b', 2), of('a', 1)) < 0);
    t.ok(compareRanks(of('x', undefined), of('a', 1)) < 0, 'a broker comes before, whatever its name');
    t.same(order, [...order].sort(compareRanks));
    const broker = sourceRank(upstream('b', 2), replica(1), true, distances('x'));
    t.ok(compareRanks(sourceRank(upstream('a', 1), replica(1), true, distances('x')), broker) < 0);
    t.end();
  },
);
