/** Life and death over the order of changes. */
import t from 'tap';
import { aliveAt, deathAt, deathOf, refoldLife } from '../../lib/conflict/entry-life.js';
import type { LifeEvent } from '../../lib/conflict/entry-state.js';
import { type FoldRow, newFoldRow } from '../../lib/conflict/fold-row.js';
import { change, csn, id, modify, remove, undelete } from './story.js';

const LIFE: LifeEvent[] = [
  { csn: csn(10, 1), kind: 'delete' },
  { csn: csn(20, 2), kind: 'undelete' },
  { csn: csn(30, 1), kind: 'delete' },
];

t.test('an entry lives between undelete and delete, as seen just before a CSN', async (t) => {
  t.same(
    [5, 10, 11, 20, 21, 31].map((at) => aliveAt(LIFE, csn(at, 1))),
    [true, true, false, false, true, false],
  );
  t.same([deathAt(LIFE, csn(15, 1)), deathAt(LIFE, csn(25, 1))], [csn(10, 1), undefined]);
  t.equal(deathOf(LIFE), csn(30, 1));
  t.equal(deathOf(LIFE.slice(0, 2)), undefined);
  t.equal(deathOf([]), undefined);
});

function rows(...bodies: [number, 'delete' | 'undelete' | 'modify'][]): FoldRow[] {
  const body = { delete: remove, undelete, modify: modify({ add: ['a'] }) };
  return bodies.map(([at, kind]) => newFoldRow(change(at, 1, id(2), body[kind])));
}

t.test('events that find nothing to do are void, and count again when an older one comes late', async (t) => {
  const late = rows(
    [5, 'delete'],
    [10, 'delete'],
    [15, 'modify'],
    [20, 'undelete'],
    [25, 'undelete'],
    [26, 'modify'],
  );
  const life = refoldLife([{ csn: csn(10, 1), kind: 'delete' }], late);
  t.same(
    life.map((event) => event.csn),
    [csn(5, 1), csn(20, 1)],
  );
  t.same(
    late.map((row) => row.void),
    [false, true, true, false, true, false],
  );
  t.same(refoldLife(LIFE, []), LIFE);
});
