/** Parent registers and the loop rule, over the move log of a domain. */
import t from 'tap';
import { add, BASE, change, csn, id, move, remove, TOP, undelete } from './story.js';
import { journal, shown, tell } from './tell.js';

const [A, B, C, D] = [id(2), id(3), id(4), id(5)];
const SETUP = [
  change(1, 9, BASE, add(TOP, 'base')),
  change(2, 9, A, add(BASE, 'a')),
  change(3, 9, B, add(BASE, 'b')),
  change(4, 9, C, add(BASE, 'c')),
  change(5, 9, D, add(BASE, 'd')),
];
const SEEN = SETUP.map((made) => made.csn);

t.test('crossing moves: the younger stays where it was, whoever hears of which first', async (t) => {
  const domain = tell(SETUP, [change(10, 1, A, move(B), SEEN), change(11, 2, B, move(A), SEEN)]);
  t.same([shown(domain, A), shown(domain, B)], ['cn=a,cn=b,cn=base', 'cn=b,cn=base']);
  t.same(journal(domain), [`move-loop 11.2 to 10.1 =${A}`]);
});

t.test('a move that lost to a loop wins when a late, older move breaks the loop', async (t) => {
  const crossing = [change(12, 1, A, move(B), SEEN), change(14, 2, B, move(A), SEEN)];
  const domain = tell(SETUP, [...crossing, change(13, 3, A, move(C), SEEN)]);
  t.same([shown(domain, A), shown(domain, B)], ['cn=a,cn=c,cn=base', 'cn=b,cn=a,cn=c,cn=base']);
  t.same(journal(domain), [`move-lost 12.1 to 13.3 =${B}`]);
});

t.test('a late move of one entry decides the moves of others', async (t) => {
  const chain = [
    change(11, 1, B, move(A), SEEN),
    change(12, 2, C, move(B), SEEN),
    change(13, 3, A, move(C), SEEN),
  ];
  const ring = tell(SETUP, chain);
  t.equal(shown(ring, C), 'cn=c,cn=b,cn=a,cn=base');
  const late = tell(SETUP, [...chain, change(10, 4, A, move(D), SEEN)]);
  t.equal(shown(late, C), 'cn=c,cn=b,cn=a,cn=d,cn=base');
  const first = tell(SETUP, [change(9, 4, A, move(B), SEEN), ...chain]);
  t.equal(shown(first, A), 'cn=a,cn=c,cn=b,cn=base', 'B could not go below A, so A could go below C');
  t.equal(shown(first, C), 'cn=c,cn=b,cn=base');
});

t.test('a move below itself has no effect', async (t) => {
  const domain = tell(SETUP, [change(10, 1, A, move(A), SEEN)]);
  t.equal(shown(domain, A), 'cn=a,cn=base');
  t.same(journal(domain), [`move-loop 10.1 to the state =${A}`]);
});

t.test('a late delete voids younger moves, a late undelete gives them back', async (t) => {
  const moves = [change(12, 1, A, move(B), SEEN), change(13, 2, B, move(A), SEEN)];
  const dead = tell(SETUP, [...moves, change(11, 3, A, remove, SEEN)]);
  t.equal(shown(dead, B), 'cn=b,lost+found');
  const back = tell(SETUP, [
    ...moves,
    change(10, 3, A, remove, SEEN),
    change(11, 4, A, undelete, [...SEEN, csn(10, 3)]),
  ]);
  t.same([shown(back, A), shown(back, B)], ['cn=a,cn=b,cn=base', 'cn=b,cn=base']);
});

t.test('two moves to one place lose nothing', async (t) => {
  const domain = tell(SETUP, [change(10, 1, A, move(B), SEEN), change(11, 2, A, move(B), SEEN)]);
  t.same(journal(domain), []);
});
