/** Names as structure. */
import t from 'tap';
import { childDn, parentDn, ROOT_DN } from '../../lib/dn/dn.js';
import { formatDn, parseDn, parseRdn } from '../../lib/dn/dn-text.js';

t.test('parent and child undo each other; the root has no parent', async (t) => {
  const dn = parseDn('cn=a,o=b');
  t.equal(formatDn(parentDn(dn) ?? ROOT_DN), 'o=b');
  t.equal(formatDn(childDn(parseDn('o=b'), parseRdn('cn=a'))), 'cn=a,o=b');
  t.equal(parentDn(ROOT_DN), undefined);
});
