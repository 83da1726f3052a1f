/** States of entries. */
import t from 'tap';
import { isAlive } from '../../lib/conflict/entry-state.js';
import { add, BASE, change, csn, id, modify, remove, TOP, undelete } from './story.js';
import { tell } from './tell.js';

t.test('an entry lives unless its last life event is a delete', async (t) => {
  const setup = [change(1, 9, BASE, add(TOP, 'base')), change(2, 9, id(2), add(BASE, 'x'))];
  const live = (...changes: Parameters<typeof tell>[1]) => {
    const state = tell(setup, changes).entries.get(id(2));
    return state !== undefined && isAlive(state);
  };
  t.equal(live(change(3, 1, id(2), modify({ add: ['a'] }))), true);
  t.equal(live(change(3, 1, id(2), remove)), false);
  t.equal(live(change(3, 1, id(2), remove), change(4, 1, id(2), undelete)), true);
  t.equal(live(change(3, 1, id(2), undelete), change(4, 2, id(2), remove, [csn(3, 1)])), false);
});
