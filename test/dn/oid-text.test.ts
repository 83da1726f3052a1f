/** RFC 4512 section 1.4: numericoid. */
import t from 'tap';
import { isNumericOid } from '../../lib/dn/oid-text.js';

t.test('numbers without leading zeros, at least two', async (t) => {
  for (const good of ['0.9', '1.0', '2.5.4.3', '2.25.106979801653467080826045286574582475051'])
    t.ok(isNumericOid(good), good);
  for (const bad of ['', '.', '1', '1.', '.1', '1..2', '01.2', '1.02', '1.2.', '1.a', 'cn', '1.2 '])
    t.notOk(isNumericOid(bad), bad);
});
