/** The stories of docs/conflicts.md, One UUID, added twice, in every order of arrival. */
import t from 'tap';
import { add, BASE, change, csn, id, modify, move, remove, TOP, undelete } from './story.js';
import { journal, shown, tell, values } from './tell.js';

const N = id(10);
const SETUP = [change(1, 9, BASE, add(TOP, 'base'))];
const SEEN = [csn(1, 9)];
const ANN = change(101, 1, N, add(BASE, 'joe', { mail: ['a'] }), SEEN);

t.test('the oldest add counts; changes are of the entry whichever add their server had seen', async (t) => {
  const domain = tell(SETUP, [
    ANN,
    change(102, 2, N, add(BASE, 'joe', { mail: ['b'] }), SEEN),
    change(103, 2, N, modify({ name: 'title', add: ['t'] }), SEEN),
  ]);
  t.same(values(domain, N, 'mail'), ['a']);
  t.same(values(domain, N, 'title'), ['t']);
  t.same(journal(domain), ['add-lost 102.2 to 101.1 mail=b']);
  t.equal(domain.entries.get(N)?.merged, true);
});

t.test('equal adds are no conflict', async (t) => {
  const domain = tell(SETUP, [ANN, change(102, 2, N, add(BASE, 'joe', { mail: ['a'] }), SEEN)]);
  t.same(journal(domain), []);
});

t.test('an add that finds the entry deleted founds it anew', async (t) => {
  const domain = tell(SETUP, [
    ANN,
    change(102, 1, N, remove, SEEN),
    change(103, 2, N, add(BASE, 'jo', { mail: ['b'] }), SEEN),
  ]);
  t.equal(shown(domain, N), 'cn=jo,cn=base');
  t.same(values(domain, N, 'mail'), ['b']);
  t.same(domain.entries.get(N)?.life, []);
  t.same(journal(domain), []);
});

t.test('of an undelete and an add of a deleted entry the older counts', async (t) => {
  const dead = [ANN, change(102, 1, N, remove, SEEN)];
  const again = add(BASE, 'jo', { mail: ['b'] });
  const back = tell(SETUP, [...dead, change(103, 1, N, undelete, SEEN), change(104, 2, N, again, SEEN)]);
  t.same(values(back, N, 'mail'), ['a']);
  const anew = tell(SETUP, [...dead, change(103, 2, N, again, SEEN), change(104, 1, N, undelete, SEEN)]);
  t.same(values(anew, N, 'mail'), ['b']);
});

t.test('a move that knew an add which comes late is judged again: no ring is left', async (t) => {
  const X = id(2);
  const seen = [...SEEN, csn(2, 9)];
  const domain = tell(
    [...SETUP, change(2, 9, X, add(BASE, 'x'), SEEN)],
    [
      change(101, 1, N, add(BASE, 'n'), seen),
      change(102, 2, X, move(N), [...seen, csn(101, 1)]),
      change(103, 2, N, add(X, 'n'), [...seen, csn(101, 1)]),
      change(104, 3, N, add(BASE, 'n'), seen),
    ],
  );
  t.equal(shown(domain, X), 'cn=x,cn=n,cn=base');
});
