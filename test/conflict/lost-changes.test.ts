/** Changes that a delete took with it. */
import t from 'tap';
import { add, BASE, change, csn, id, modify, remove, TOP, undelete } from './story.js';
import { journal, tell } from './tell.js';

const X = id(2);
const SETUP = [change(1, 9, BASE, add(TOP, 'base')), change(2, 9, X, add(BASE, 'x'))];
const SEEN = [csn(1, 9), csn(2, 9)];

t.test('older or younger than the delete: the same line, when the delete did not know it', async (t) => {
  const edit = (at: number) => change(at, 2, X, modify({ add: ['a'] }), SEEN);
  t.same(journal(tell(SETUP, [edit(10), change(11, 1, X, remove, SEEN)])), [
    'change-of-deleted-entry 10.2 to 11.1 mail=a',
  ]);
  t.same(journal(tell(SETUP, [edit(12), change(11, 1, X, remove, SEEN)])), [
    'change-of-deleted-entry 12.2 to 11.1 mail=a',
  ]);
  t.same(journal(tell(SETUP, [edit(10), change(11, 1, X, remove, [...SEEN, csn(10, 2)])])), []);
});

t.test('two deletes agree and lose nothing; the older is the one that counts', async (t) => {
  const both = [change(10, 1, X, remove, SEEN), change(11, 2, X, remove, SEEN)];
  t.same(journal(tell(SETUP, both)), []);
  t.same(journal(tell(SETUP, [...both, change(12, 3, X, modify({ clear: true }), SEEN)])), [
    'change-of-deleted-entry 12.3 to 10.1',
  ]);
});

t.test('an undelete that a later delete did not know is lost', async (t) => {
  const story = [
    change(10, 1, X, remove, SEEN),
    change(12, 2, X, undelete, [...SEEN, csn(10, 1)]),
    change(13, 3, X, remove, SEEN),
  ];
  t.same(journal(tell(SETUP, story)), ['change-of-deleted-entry 12.2 to 13.3']);
});
