/** Who knew of whom. */
import t from 'tap';
import { knew, unknownSince } from '../../lib/conflict/concurrency.js';
import { ZERO_CSN } from '../../lib/csn/csn.js';
import { ServerState } from '../../lib/csn/server-state.js';
import { csn } from './story.js';

t.test('a change knows its own origin and what it has seen', async (t) => {
  const later = { csn: csn(10, 1), seen: ServerState.of([csn(5, 2)]) };
  t.equal(knew(later, csn(9, 1)), true);
  t.equal(knew(later, csn(5, 2)), true);
  t.equal(knew(later, csn(6, 2)), false);
  t.equal(knew(later, csn(1, 3)), false);
});

t.test('what it did not know is younger than the oldest gap', async (t) => {
  const later = { csn: csn(10, 1), seen: ServerState.of([csn(5, 2), csn(4, 3)]) };
  const held = (...csns: [number, number][]) => ServerState.of(csns.map(([at, r]) => csn(at, r)));
  t.equal(unknownSince(later, held([9, 1], [5, 2], [4, 3])), undefined);
  t.equal(unknownSince(later, held([30, 1])), undefined, 'its own origin');
  t.equal(unknownSince(later, held([6, 2], [4, 3])), csn(5, 2));
  t.equal(unknownSince(later, held([6, 2], [8, 3])), csn(4, 3));
  t.equal(unknownSince(later, held([6, 4])), ZERO_CSN, 'an origin that it never heard of');
});
