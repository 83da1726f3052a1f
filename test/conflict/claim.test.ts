/** Claims to names. */
import t from 'tap';
import { ROOT_UUID } from '../../lib/change/change.js';
import { rdnKeyOf } from '../../lib/change/named-rdn.js';
import { claimCsnOf, claimOf } from '../../lib/conflict/claim.js';
import { add, BASE, change, cn, csn, id, move, remove, rename, TOP, undelete } from './story.js';
import { tell } from './tell.js';

const X = id(2);
const SETUP = [
  change(1, 9, BASE, add(TOP, 'base')),
  change(2, 9, X, add(BASE, 'x')),
  change(3, 9, id(3), add(BASE, 'y')),
];

t.test('the last add, rename, move or undelete is the claim (section 5)', async (t) => {
  const claim = (...changes: Parameters<typeof tell>[1]) => {
    const state = tell(SETUP, changes).entries.get(X);
    return state === undefined ? undefined : claimOf(state);
  };
  const rdnKey = rdnKeyOf(cn('X'));
  t.same(claim(), { parent: BASE, rdnKey, csn: csn(2, 9) });
  t.same(claim(change(10, 1, X, rename('z'))), { parent: BASE, rdnKey: rdnKeyOf(cn('z')), csn: csn(10, 1) });
  t.same(claim(change(10, 1, X, move(id(3)))), { parent: id(3), rdnKey, csn: csn(10, 1) });
  t.same(claim(change(10, 1, X, remove)), undefined);
  t.same(claim(change(10, 1, X, remove), change(11, 1, X, undelete)), {
    parent: BASE,
    rdnKey,
    csn: csn(11, 1),
  });
  t.same(claim(change(10, 1, X, undelete))?.csn, csn(2, 9), 'an undelete of the living claims nothing');
  t.same(claim(change(10, 1, X, move(X)))?.csn, csn(2, 9), 'nor does a move that would close a loop');
});

t.test('a second base entry claims its name below the root', async (t) => {
  const state = tell(SETUP, [change(10, 1, id(9), add(TOP, 'base'))]).entries.get(id(9));
  t.equal(state === undefined ? undefined : claimOf(state)?.parent, ROOT_UUID);
});

t.test(
  'the undelete before a last delete still counts, so that claims do not depend on the end',
  async (t) => {
    const life = [
      { csn: csn(10, 1), kind: 'delete' as const },
      { csn: csn(12, 1), kind: 'undelete' as const },
    ];
    t.equal(claimCsnOf({ parentCsn: csn(2, 9), rdnSince: csn(11, 1), life }), csn(12, 1));
    const dead = [...life, { csn: csn(13, 1), kind: 'delete' as const }];
    t.equal(claimCsnOf({ parentCsn: csn(2, 9), rdnSince: csn(11, 1), life: dead }), csn(12, 1));
  },
);
