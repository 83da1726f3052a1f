/** The RDN register. */
import t from 'tap';
import { formatNamedRdn } from '../../lib/change/named-rdn.js';
import { newFoldRow, toFoldRow } from '../../lib/conflict/fold-row.js';
import { refoldRename } from '../../lib/conflict/rename-register.js';
import { add, BASE, change, cn, csn, id, rename, TOP } from './story.js';
import { journal, tell } from './tell.js';

const X = id(2);

t.test('a late rename slips under the younger ones, which keep what they overwrote', async (t) => {
  const before = { rdn: cn('x'), csn: csn(2, 9) };
  const younger = toFoldRow({
    change: change(12, 2, X, rename('z')),
    void: false,
    effects: [],
    rdnBefore: before,
  });
  const youngest = toFoldRow({
    change: change(13, 2, X, rename('w')),
    void: false,
    effects: [],
    rdnBefore: { rdn: cn('z'), csn: csn(12, 2) },
  });
  const late = newFoldRow(change(11, 1, X, rename('y')));
  const kept = youngest.rdnBefore;
  const register = refoldRename({ rdn: cn('w'), csn: csn(13, 2) }, [late, younger, youngest]);
  t.equal(formatNamedRdn(register.rdn), 'cn=w');
  t.equal(late.rdnBefore, before);
  t.equal(younger.rdnBefore?.csn, csn(11, 1));
  t.equal(youngest.rdnBefore, kept, 'untouched');
});

t.test('a void rename sets nothing', async (t) => {
  const now = { rdn: cn('x'), csn: csn(2, 9) };
  const row = newFoldRow(change(11, 1, X, rename('y')));
  row.void = true;
  t.equal(refoldRename(now, [row]), now);
  t.equal(row.rdnBefore, undefined);
});

t.test('two masters that rename to one name lose nothing', async (t) => {
  const setup = [change(1, 9, BASE, add(TOP, 'base')), change(2, 9, X, add(BASE, 'x'))];
  const domain = tell(setup, [change(10, 1, X, rename('y')), change(11, 2, X, rename('Y'))]);
  t.same(
    journal(domain).filter((line) => !line.includes(' 2.9 ')),
    [],
  );
});
