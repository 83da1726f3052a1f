/** Claims about numbers with what they count. */
import t from 'tap';
import { counted } from '../../lib/base/counted.js';

t.test('one has the singular, all else the plural, none included', async (t) => {
  t.equal(counted(1, 'entry', 'entries'), '1 entry');
  t.equal(counted(2, 'entry', 'entries'), '2 entries');
  t.equal(counted(0, 'server'), '0 servers');
});
