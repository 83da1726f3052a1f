/** Who holds a name, who waits for it, and who is told. */
import t from 'tap';
import { applyChange, isWaiting } from '../../lib/conflict/apply-change.js';
import { MemoryDomain } from './memory-domain.js';
import { add, BASE, change, id, move, remove, rename, TOP } from './story.js';
import { journal, shown, tell } from './tell.js';

const P = id(2);
const SETUP = [change(1, 9, BASE, add(TOP, 'base')), change(2, 9, P, add(BASE, 'p'))];
const SEEN = SETUP.map((made) => made.csn);
const rivals = [10, 11, 12].map((n) => change(90 + n, n - 9, id(n), add(BASE, n === 11 ? 'N' : 'n'), SEEN));
const all = [...SEEN, ...rivals.map((made) => made.csn)];

t.test('when the name falls free by rename, move or delete, the oldest waiting claim gets it', async (t) => {
  for (const leave of [rename('m'), move(P), remove]) {
    const domain = tell(SETUP, [...rivals, change(110, 1, id(10), leave, all)]);
    t.same([shown(domain, id(11)), shown(domain, id(12))], ['cn=N,cn=base', '?cn=n,cn=base']);
    t.same(journal(domain), ['name-conflict 102.3 to 101.2 =cn=n']);
  }
});

t.test('a late older claim takes the name, and the holder waits', async (t) => {
  const domain = tell(SETUP, [...rivals, change(99, 4, id(13), add(BASE, 'n'), SEEN)]);
  t.same(
    [10, 11, 12, 13].map((n) => shown(domain, id(n))),
    ['?cn=n,cn=base', '?cn=N,cn=base', '?cn=n,cn=base', 'cn=n,cn=base'],
  );
});

t.test('a loser that is renamed is whole again', async (t) => {
  const domain = tell(SETUP, [...rivals.slice(0, 2), change(110, 2, id(11), rename('m'), all)]);
  t.equal(shown(domain, id(11)), 'cn=m,cn=base');
  t.same(journal(domain), []);
});

t.test('an outcome names the rivals whose place changes, and no others', async (t) => {
  const domain = tell(SETUP, rivals);
  const outcome = (made: Parameters<typeof applyChange>[1], on: MemoryDomain = domain) => {
    const result = applyChange(on, made);
    return isWaiting(result) ? [] : result.entries.map(({ uuid }) => uuid);
  };
  t.same(outcome(change(110, 1, id(10), remove, all)), [id(10), id(11)]);
  t.same(outcome(change(110, 2, id(11), remove, all)), [id(11)]);
  t.same(outcome(change(110, 2, id(13), add(BASE, 'n'), all)), [id(13)]);
});

t.test('children of a renamed or moved entry are not touched: names are derived', async (t) => {
  const domain = new MemoryDomain();
  const kids = [20, 21, 22].map((n) => change(n, 9, id(n), add(P, `k${n}`)));
  for (const made of [...SETUP, ...kids]) domain.apply(made);
  const result = applyChange(domain, change(110, 1, P, rename('q'), all));
  t.same(isWaiting(result) ? [] : result.entries.map(({ uuid }) => uuid), [P]);
});
