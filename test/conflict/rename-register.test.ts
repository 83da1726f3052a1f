/** The RDN register. */
import t from 'tap';
import { formatNamedRdn } from '../../lib/change/named-rdn.js';
import { newFoldRow, toFoldRow } from '../../lib/conflict/fold-row.js';
import { refoldRename } from '../../lib/conflict/rename-register.js';
import { add, BASE, change, cn, csn, id, rename, TOP } from './story.js';
import { journal, shown, tell } from './tell.js';

const X = id(2);

t.test('a late rename slips under the younger ones, which keep what they overwrote', async (t) => {
  const before = { rdn: cn('x'), csn: csn(2, 9), since: csn(2, 9) };
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
    rdnBefore: { rdn: cn('z'), csn: csn(12, 2), since: csn(12, 2) },
  });
  const late = newFoldRow(change(11, 1, X, rename('y')));
  const kept = youngest.rdnBefore;
  const register = refoldRename({ rdn: cn('w'), csn: csn(13, 2), since: csn(13, 2) }, [
    late,
    younger,
    youngest,
  ]);
  t.equal(formatNamedRdn(register.rdn), 'cn=w');
  t.equal(late.rdnBefore, before);
  t.equal(younger.rdnBefore?.csn, csn(11, 1));
  t.equal(youngest.rdnBefore, kept, 'untouched');
});

t.test('a void rename sets nothing', async (t) => {
  const now = { rdn: cn('x'), csn: csn(2, 9), since: csn(2, 9) };
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

const Y = id(3);
const SETUP = [
  change(1, 9, BASE, add(TOP, 'base')),
  change(2, 9, X, add(BASE, 'x')),
  change(3, 9, Y, add(BASE, 'y')),
];
const SEEN = SETUP.map((made) => made.csn);

t.test('who respells its name holds it as long as it did, whoever claims it meanwhile', async (t) => {
  const taken = change(10, 1, Y, rename('X'), SEEN);
  const respelled = tell(SETUP, [taken, change(11, 2, X, rename('X'), SEEN)]);
  t.same([shown(respelled, X), shown(respelled, Y)], ['cn=X,cn=base', '?cn=X,cn=base']);
  t.equal(respelled.entries.get(X)?.claimCsn, csn(2, 9));
  const renamed = tell(SETUP, [
    taken,
    change(11, 2, X, rename('z'), SEEN),
    change(12, 2, X, rename('x'), SEEN),
  ]);
  t.same([shown(renamed, X), shown(renamed, Y)], ['?cn=x,cn=base', 'cn=X,cn=base'], 'another name ends it');
});

t.test('a late rename to another name makes a name of what was a respelling', async (t) => {
  const story = [change(12, 1, X, rename('X'), SEEN), change(11, 2, Y, rename('x'), SEEN)];
  const before = tell(SETUP, story);
  t.same([shown(before, X), shown(before, Y)], ['cn=X,cn=base', '?cn=x,cn=base']);
  const after = tell(SETUP, [...story, change(10, 3, X, rename('z'), SEEN)]);
  t.same([shown(after, X), shown(after, Y)], ['?cn=X,cn=base', 'cn=x,cn=base']);
});
