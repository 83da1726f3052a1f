/** The short way of a delete that stands alone: which deletes take it, and what is stored. That the whole fold gives the same, the histories of small-histories and random-histories say. */
import t from 'tap';
import { must } from '../../lib/base/assert.js';
import type { EntryUuid } from '../../lib/change/change.js';
import { deleteAlone } from '../../lib/conflict/delete-alone.js';
import type { MemoryDomain } from './memory-domain.js';
import { add, BASE, change, id, modify, remove, rename, TOP, undelete } from './story.js';
import { tell } from './tell.js';

const X = id(4);
const PARENT = id(5);
const SETUP = [
  change(1, 9, BASE, add(TOP, 'base')),
  change(2, 9, PARENT, add(BASE, 'parent')),
  change(4, 9, X, add(PARENT, 'x', { mail: ['a', 'b'] })),
];
const SEEN = SETUP.map((made) => made.csn);

function alone(domain: MemoryDomain, seen = SEEN, at = 100, of: EntryUuid = X) {
  return deleteAlone(domain, must(domain.entry(of), 'the entry'), change(at, 1, of, remove, seen));
}

t.test('what a delete that stands alone stores', async (t) => {
  const domain = tell(SETUP, []);
  const before = must(domain.entry(X), 'x');
  const outcome = must(alone(domain), 'it stands alone');
  const made = change(100, 1, X, remove, SEEN);
  t.same(outcome.entries, [
    {
      ...before,
      life: [{ csn: made.csn, kind: 'delete' }],
      modified: { csn: made.csn, by: made.initiator },
      place: { parent: PARENT, conflict: false },
    },
  ]);
  t.same(
    outcome.history.map(({ entry, row }) => [entry, row.change.csn, row.void, row.effects, row.rdnBefore]),
    [[X, made.csn, false, [], undefined]],
  );
  t.same([outcome.moves, outcome.delta, outcome.journal], [[], [], { put: [], delete: [] }]);
});

t.test('deletes that may lose something, or change more than the entry, go the long way', async (t) => {
  t.notOk(
    deleteAlone(
      tell(SETUP, []),
      must(tell(SETUP, []).entry(X), 'x'),
      change(100, 1, X, modify({ add: ['c'] }), SEEN),
    ),
    'no delete',
  );
  t.notOk(alone(tell(SETUP, []), SEEN, 100, PARENT), 'there is an entry below');
  t.notOk(alone(tell(SETUP, []), SEEN, 100, BASE), 'the base');
  const unknown = tell(SETUP, [change(90, 2, X, modify({ add: ['z'] }), SEEN)]);
  t.notOk(alone(unknown), 'it did not know a modify');
  const younger = tell(SETUP, [change(200, 2, X, modify({ add: ['z'] }), SEEN)]);
  t.notOk(alone(younger), 'a younger change is there');
  const twin = id(6);
  const twins = tell(SETUP, [change(90, 2, twin, add(PARENT, 'x'), SEEN)]);
  const seen = [...SEEN, change(90, 2, twin, add(PARENT, 'x'), SEEN).csn];
  t.notOk(alone(twins, seen), 'another entry claims the name');
  t.notOk(alone(twins, seen, 100, twin), 'it is shown under a conflict name');
  const orphan = tell(SETUP, [change(90, 2, PARENT, remove, SEEN.slice(0, 2))]);
  t.notOk(alone(orphan), 'its parent is dead');
  const dead = change(90, 2, X, remove, SEEN);
  const back = change(91, 2, X, undelete, [...SEEN, dead.csn]);
  t.notOk(alone(tell(SETUP, [dead, back]), [...SEEN, dead.csn, back.csn]), 'it died before');
  const named = change(90, 2, X, rename('y'), SEEN);
  t.ok(alone(tell(SETUP, [named]), [...SEEN, named.csn]), 'a rename that it knew is no matter');
});
