/** What must be loaded before a change is applied; memory-domain.ts checks in every other test that nothing else is read. */
import t from 'tap';
import { must } from '../../lib/base/assert.js';
import { rdnKeyOf } from '../../lib/change/named-rdn.js';
import { LOST_AND_FOUND_UUID } from '../../lib/conflict/entry-state.js';
import { historyNeeded, prefetchPlan } from '../../lib/conflict/prefetch-plan.js';
import { ServerState } from '../../lib/csn/server-state.js';
import { MemoryDomain } from './memory-domain.js';
import { add, BASE, change, cn, csn, id, modify, move, remove, rename, TOP, undelete } from './story.js';

const [P, X] = [id(2), id(3)];
const SETUP = [
  change(1, 9, BASE, add(TOP, 'base')),
  change(2, 9, P, add(BASE, 'p')),
  change(3, 9, X, add(P, 'x')),
];
const SEEN = SETUP.map((made) => made.csn);

function domainAfter(...changes: Parameters<MemoryDomain['apply']>[0][]): MemoryDomain {
  const domain = new MemoryDomain();
  for (const made of [...SETUP, ...changes]) domain.apply(made);
  return domain;
}

t.test('a change that is newer than all and knew all needs no history', async (t) => {
  const domain = domainAfter(change(10, 1, X, modify({ add: ['a'] }), SEEN));
  const plan = prefetchPlan(domain, change(11, 2, X, modify({ add: ['b'] }), domain.state));
  t.same(plan, { entries: [X], history: undefined, movesAfter: undefined, claims: [], children: [] });
});

t.test('nor does one that missed only what happened elsewhere', async (t) => {
  const domain = domainAfter(
    change(10, 1, X, modify({ add: ['a'] }), SEEN),
    change(12, 1, P, modify({ add: ['a'] }), SEEN),
  );
  const seen = ServerState.of([...SEEN, csn(10, 1)]);
  t.equal(prefetchPlan(domain, change(13, 2, X, modify({ add: ['b'] }), seen)).history, undefined);
  t.same(
    prefetchPlan(domain, change(11, 2, P, modify({ add: ['b'] }), seen)).history,
    { after: undefined },
    'late',
  );
  t.same(prefetchPlan(domain, change(13, 2, P, modify({ add: ['b'] }), seen)).history, { after: csn(10, 1) });
});

t.test(
  'a late change of an entry that ever was dead needs all: void rows leave no mark in its state',
  async (t) => {
    const domain = domainAfter(
      change(10, 1, X, remove, SEEN),
      change(20, 1, P, modify({ add: ['a'] }), SEEN),
    );
    const state = must(domain.entry(X), 'X');
    t.same(historyNeeded(state, change(15, 2, X, modify({ add: ['b'] }), SEEN), domain.state), {
      after: undefined,
    });
    t.same(historyNeeded(state, change(15, 2, X, undelete, SEEN), domain.state), { after: undefined });
    t.same(historyNeeded(state, change(25, 2, X, undelete, SEEN), domain.state), { after: undefined });
    const seen = ServerState.of([...SEEN, csn(20, 1)]);
    t.equal(historyNeeded(state, change(25, 2, X, undelete, seen), domain.state), undefined, 'it knew all');
  },
);

t.test('names, parents and children that are certain are named', async (t) => {
  const domain = domainAfter();
  const rdnKey = rdnKeyOf(cn('n'));
  t.same(prefetchPlan(domain, change(10, 1, id(9), add(P, 'n'))).claims, [{ parent: P, rdnKey }]);
  t.same(prefetchPlan(domain, change(10, 1, X, rename('n'))).claims, [
    { parent: P, rdnKey: rdnKeyOf(cn('x')) },
    { parent: P, rdnKey },
  ]);
  const moved = prefetchPlan(domain, change(10, 1, X, move(BASE)));
  t.same([moved.entries, moved.movesAfter], [[X, BASE], csn(10, 1)]);
  t.same(prefetchPlan(domain, change(10, 1, X, remove)).children, [X, LOST_AND_FOUND_UUID]);
  t.same(prefetchPlan(domain, change(10, 1, id(99), remove)).entries, [id(99)]);
  const orphaned = domainAfter(change(9, 1, P, remove));
  t.same(prefetchPlan(orphaned, change(10, 1, id(9), add(P, 'n'))).claims, [
    { parent: LOST_AND_FOUND_UUID, rdnKey },
  ]);
});
