/** Claims about the state that an add makes, and about which changes are of it. */
import t from 'tap';
import { isOf, newState } from '../../lib/conflict/new-entry.js';
import { add, BASE, change, csn, id, modify } from './story.js';

t.test('an add makes a live entry that says when it was made, and nothing else', async (t) => {
  const made = change(5, 1, id(2), add(BASE, 'x', { mail: ['a'] }));
  if (made.body.kind !== 'add') return;
  const state = newState(made, made.body);
  t.same([state.created, state.modified], [{ csn: csn(5, 1), by: 'cn=r1' }, state.created]);
  t.same([state.parentCsn, state.rdnCsn, state.claimCsn], [csn(5, 1), csn(5, 1), csn(5, 1)]);
  t.same([state.life, state.merged, state.place], [[], false, { parent: BASE, conflict: false }]);
});

t.test('a change is of an add that is older than it or that it knew', async (t) => {
  const founder = csn(5, 1);
  t.equal(isOf(founder, change(6, 2, id(2), modify())), true);
  t.equal(isOf(founder, change(4, 2, id(2), modify())), false);
  t.equal(isOf(founder, change(4, 2, id(2), modify(), [founder])), true, 'a clock ran ahead');
  t.equal(
    isOf(founder, change(4, 1, id(2), modify())),
    false,
    'an origin knows nothing of what it makes later',
  );
});
