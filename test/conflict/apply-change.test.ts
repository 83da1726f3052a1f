/** The table of replication-model.md section 5, row by row, in every order of arrival; waiting, duplicates, stamps. */
import t from 'tap';
import { STEP_VALUES } from '../../lib/base/steps.js';
import { applyChange, applyInSteps, isWaiting } from '../../lib/conflict/apply-change.js';
import { LOST_AND_FOUND_UUID } from '../../lib/conflict/entry-state.js';
import { MemoryDomain } from './memory-domain.js';
import {
  add,
  BASE,
  change,
  csn,
  type Edit,
  id,
  modify,
  move,
  remove,
  rename,
  TOP,
  undelete,
} from './story.js';
import { journal, shown, tell, values } from './tell.js';

const [P, Q, X] = [id(2), id(3), id(4)];
const SETUP = [
  change(1, 9, BASE, add(TOP, 'base')),
  change(2, 9, P, add(BASE, 'p')),
  change(3, 9, Q, add(BASE, 'q')),
  change(4, 9, X, add(P, 'x', { mail: ['a'] })),
];
const SEEN = SETUP.map((made) => made.csn);

t.test(
  'section 5: modify or rename of a deleted entry: deleted, the lost change is journalled',
  async (t) => {
    for (const [deleted, edited] of [
      [101, 102],
      [102, 101],
    ] as const) {
      const domain = tell(SETUP, [
        change(deleted, 1, X, remove, SEEN),
        change(edited, 2, X, rename('y', { name: 'mail', add: ['b'] }), SEEN),
      ]);
      t.equal(shown(domain, X), undefined);
      t.same(journal(domain), [
        `change-of-deleted-entry ${edited}.2 to ${deleted}.1 =cn=y`,
        `change-of-deleted-entry ${edited}.2 to ${deleted}.1 mail=b`,
      ]);
    }
  },
);

t.test(
  'section 5: two live entries of one name: the older claim keeps it, the other waits for it',
  async (t) => {
    const [one, two, three] = [
      change(101, 1, id(10), add(P, 'n'), SEEN),
      change(102, 2, id(11), add(P, 'N'), SEEN),
      change(103, 3, X, rename('n'), SEEN),
    ];
    const domain = tell(SETUP, [one, two, three]);
    t.same(
      [shown(domain, id(10)), shown(domain, id(11)), shown(domain, X)],
      ['cn=n,cn=p,cn=base', '?cn=N,cn=p,cn=base', '?cn=n,cn=p,cn=base'],
    );
    t.same(journal(domain), ['name-conflict 102.2 to 101.1 =cn=N', 'name-conflict 103.3 to 101.1 =cn=n']);

    const all = [one.csn, two.csn, three.csn, ...SEEN];
    const after = tell(SETUP, [one, two, three, change(110, 1, id(10), remove, all)]);
    t.same(
      [shown(after, id(11)), shown(after, X)],
      ['cn=N,cn=p,cn=base', '?cn=n,cn=p,cn=base'],
      'the oldest waiting',
    );
    t.same(journal(after), ['name-conflict 103.3 to 102.2 =cn=n']);

    const back = tell(SETUP, [
      one,
      two,
      change(110, 1, id(10), remove, all),
      change(111, 1, id(10), undelete, all),
    ]);
    t.same(
      [shown(back, id(10)), shown(back, id(11))],
      ['?cn=n,cn=p,cn=base', 'cn=N,cn=p,cn=base'],
      'a new claim',
    );
  },
);

t.test(
  'section 5: add or move under a deleted parent: lost+found, and home when it is undeleted',
  async (t) => {
    const gone = change(101, 1, Q, remove, SEEN);
    const child = change(102, 2, id(10), add(Q, 'n'), SEEN);
    const moved = change(103, 3, X, move(Q), SEEN);
    const domain = tell(SETUP, [gone, child, moved]);
    t.same([shown(domain, id(10)), shown(domain, X)], ['cn=n,lost+found', 'cn=x,lost+found']);
    t.same(journal(domain), [`orphan 102.2 to 101.1 =${Q}`, `orphan 103.3 to 101.1 =${Q}`]);
    const back = tell(SETUP, [gone, child, moved, change(110, 1, Q, undelete, [...SEEN, child.csn])]);
    t.same([shown(back, id(10)), shown(back, X)], ['cn=n,cn=q,cn=base', 'cn=x,cn=q,cn=base']);
    t.same(journal(back), []);
  },
);

t.test('section 5: orphans of one name contend in lost+found, and again at home', async (t) => {
  const gone = [change(101, 1, Q, remove, SEEN), change(102, 1, P, remove, SEEN)];
  const one = change(103, 2, id(10), add(Q, 'x'), SEEN);
  const domain = tell(SETUP, [...gone, one]);
  t.same([shown(domain, X), shown(domain, id(10))], ['cn=x,lost+found', '?cn=x,lost+found']);
  const back = tell(SETUP, [...gone, one, change(110, 1, Q, undelete, SEEN)]);
  t.same([shown(back, X), shown(back, id(10))], ['cn=x,lost+found', 'cn=x,cn=q,cn=base']);
  const late = tell(SETUP, [
    ...gone,
    one,
    change(110, 1, Q, undelete, SEEN),
    change(111, 1, id(11), add(Q, 'X'), SEEN),
  ]);
  t.equal(shown(late, id(11)), '?cn=X,cn=q,cn=base', 'the claim of the one who came home is older');
});

t.test(
  'section 5: delete of an entry whose children were added unseen: the children go to lost+found',
  async (t) => {
    const child = change(101, 2, id(10), add(Q, 'n'), SEEN);
    const grandchild = change(102, 2, id(11), add(id(10), 'm'), SEEN);
    const domain = tell(SETUP, [child, grandchild, change(103, 1, Q, remove, SEEN)]);
    t.equal(shown(domain, Q), undefined);
    t.equal(shown(domain, id(11)), 'cn=m,cn=n,lost+found');
  },
);

t.test('section 5: a tree delete deletes exactly the entries that its origin saw', async (t) => {
  const domain = tell(SETUP, [
    change(101, 1, X, remove, SEEN),
    change(102, 1, P, remove, SEEN),
    change(103, 2, id(10), add(X, 'unseen'), SEEN),
  ]);
  t.same(
    [shown(domain, P), shown(domain, X), shown(domain, id(10))],
    [undefined, undefined, 'cn=unseen,lost+found'],
  );
});

t.test(
  'section 5: moves that make a loop: the later has no effect on the parent, its rename stands',
  async (t) => {
    const domain = tell(SETUP, [change(101, 1, P, move(Q), SEEN), change(102, 2, Q, move(P, 'r'), SEEN)]);
    t.same([shown(domain, P), shown(domain, Q)], ['cn=p,cn=r,cn=base', 'cn=r,cn=base']);
    t.same(journal(domain), [`move-loop 102.2 to 101.1 =${P}`]);
  },
);

t.test('section 5: a loop of three, and a late move that resolves it', async (t) => {
  const R = id(6);
  const setup = [...SETUP, change(5, 9, R, add(BASE, 'r'))];
  const ring = [
    change(102, 1, P, move(Q), SEEN),
    change(103, 2, Q, move(R), SEEN),
    change(104, 3, R, move(P), SEEN),
  ];
  const domain = tell(setup, ring);
  t.same(
    [P, Q, R].map((entry) => shown(domain, entry)),
    ['cn=p,cn=q,cn=r,cn=base', 'cn=q,cn=r,cn=base', 'cn=r,cn=base'],
  );
  const resolved = tell(setup, [...ring, change(101, 4, Q, remove, SEEN)]);
  t.equal(shown(resolved, R), 'cn=r,cn=p,lost+found', 'Q was dead when it moved, so R could');
});

t.test(
  'section 5: a move into a loop that only a dead entry closes is one: undelete must not find a ring',
  async (t) => {
    const domain = tell(SETUP, [
      change(101, 1, X, move(Q), SEEN),
      change(102, 1, Q, remove, SEEN),
      change(103, 2, Q, move(X), SEEN),
      change(104, 3, Q, undelete, SEEN),
    ]);
    t.equal(shown(domain, X), 'cn=x,cn=q,cn=base');
  },
);

t.test('section 5: a rename here and a move there both take effect', async (t) => {
  const domain = tell(SETUP, [change(101, 1, X, rename('z'), SEEN), change(102, 2, X, move(Q), SEEN)]);
  t.equal(shown(domain, X), 'cn=z,cn=q,cn=base');
  t.same(journal(domain), []);
});

t.test('section 5: two renames, two moves: the last write wins and the other is journalled', async (t) => {
  const renames = tell(SETUP, [change(101, 1, X, rename('y'), SEEN), change(102, 2, X, rename('z'), SEEN)]);
  t.same([shown(renames, X), journal(renames)], ['cn=z,cn=p,cn=base', ['rename-lost 101.1 to 102.2 =cn=y']]);
  const moves = tell(SETUP, [change(101, 1, X, move(Q), SEEN), change(102, 2, X, move(BASE), SEEN)]);
  t.same([shown(moves, X), journal(moves)], ['cn=x,cn=base', [`move-lost 101.1 to 102.2 =${Q}`]]);
  const knowing = tell(SETUP, [
    change(101, 1, X, rename('y'), SEEN),
    change(102, 2, X, rename('z'), [...SEEN, csn(101, 1)]),
  ]);
  t.same(journal(knowing), []);
});

t.test('section 5: undelete restores the entry, its values and its place', async (t) => {
  const gone = change(101, 1, X, remove, SEEN);
  const domain = tell(SETUP, [gone, change(102, 2, X, undelete, [...SEEN, gone.csn])]);
  t.equal(shown(domain, X), 'cn=x,cn=p,cn=base');
  t.same(values(domain, X, 'mail'), ['a']);
  const edited = tell(SETUP, [
    gone,
    change(103, 2, X, undelete, [...SEEN, gone.csn]),
    change(102, 3, X, modify({ add: ['b'] }), SEEN),
  ]);
  t.same(values(edited, X, 'mail'), ['a'], 'an edit while it was dead stays lost');
  t.same(journal(edited), ['change-of-deleted-entry 102.3 to 101.1 mail=b']);
});

t.test('a second base entry goes to lost+found under its conflict name, with all below it', async (t) => {
  const second = change(101, 1, id(10), add(TOP, 'BASE'), SEEN);
  const domain = tell(SETUP, [second, change(102, 1, id(11), add(id(10), 'n'), SEEN)]);
  t.equal(shown(domain, id(11)), 'cn=n,?cn=BASE,lost+found');
  t.equal(shown(domain, BASE), 'cn=base');
});

t.test('section 5: a change for an entry or parent never seen waits', async (t) => {
  const domain = new MemoryDomain();
  for (const made of SETUP) domain.apply(made);
  const waits = (made: Parameters<typeof applyChange>[1]) => {
    const outcome = applyChange(domain, made);
    return isWaiting(outcome) ? outcome.waitsFor : undefined;
  };
  t.equal(waits(change(101, 1, id(99), modify({ add: ['a'] }))), id(99));
  t.equal(waits(change(101, 1, id(10), add(id(99), 'n'))), id(99));
  t.equal(waits(change(101, 1, X, move(id(99)))), id(99));
  t.equal(waits(change(101, 1, X, move(LOST_AND_FOUND_UUID))), undefined);
  t.equal(waits(change(101, 1, X, move(TOP))), undefined);
});

t.test('a change that is held changes nothing when it comes again', async (t) => {
  const domain = tell(SETUP, [change(101, 1, X, modify({ add: ['b'] }), SEEN)]);
  const again = applyChange(domain, change(101, 1, X, modify({ add: ['c'] }), SEEN));
  t.same(again, { entries: [], delta: [], history: [], moves: [], journal: { put: [], delete: [] } });
});

t.test(
  'an add of what every domain has from the beginning is void, and never stops its origin',
  async (t) => {
    const domain = new MemoryDomain();
    for (const made of SETUP) domain.apply(made);
    const outcome = applyChange(domain, change(101, 1, LOST_AND_FOUND_UUID, add(BASE, 'x')));
    t.ok(!isWaiting(outcome) && outcome.entries.length === 0);
    t.equal(!isWaiting(outcome) && outcome.journal.put[0]?.kind, 'add-lost');
  },
);

t.test('modified is the last change in CSN order that found the entry alive', async (t) => {
  const domain = tell(SETUP, [
    change(101, 1, X, modify({ add: ['b'] }), SEEN),
    change(103, 2, X, remove, SEEN),
    change(104, 3, X, modify({ add: ['c'] }), SEEN),
  ]);
  t.equal(domain.entries.get(X)?.modified.csn, csn(103, 2));
  t.equal(domain.entries.get(X)?.created.by, 'cn=r9');
});

t.test(
  'a clock that runs wild cannot undo what was acknowledged: an add comes before every change of its entry',
  async (t) => {
    const made = change(500, 1, id(10), add(BASE, 'n'), SEEN);
    const domain = tell(SETUP, [made, change(101, 2, id(10), modify({ add: ['a'] }), [...SEEN, made.csn])]);
    t.same(values(domain, id(10), 'mail'), ['a']);
    const dead = tell(SETUP, [made, change(101, 2, id(10), remove, [...SEEN, made.csn])]);
    t.equal(shown(dead, id(10)), undefined);
  },
);

t.test('what a late life event gives back is folded again: values, names and moves', async (t) => {
  const story = [
    change(101, 1, X, remove, SEEN),
    change(102, 2, X, modify({ add: ['b'] }), SEEN),
    change(103, 2, X, move(Q, 'y'), SEEN),
    change(104, 3, Q, move(X), SEEN),
  ];
  const lost = tell(SETUP, story);
  t.same([shown(lost, X), shown(lost, Q)], [undefined, 'cn=q,lost+found']);
  const back = tell(SETUP, [...story.slice(0, 3), change(104, 3, X, undelete, SEEN)]);
  t.same([shown(back, X), values(back, X, 'mail')], ['cn=x,cn=p,cn=base', ['a']]);
  const early = tell(SETUP, [
    ...story.slice(1),
    change(90, 1, X, remove, SEEN),
    change(95, 4, X, undelete, SEEN),
  ]);
  t.same([shown(early, X), values(early, X, 'mail')], ['cn=y,cn=q,cn=base', ['a', 'b']]);
});

t.test('what goes through many values does so in steps, whatever other changes it meets', async (t) => {
  const G = id(2);
  const some = (from: number, count: number) => Array.from({ length: count }, (_, n) => `user${from + n}`);
  const many = some(1000, 3000);
  const seen = [csn(2, 1)];
  const cases: readonly (readonly [string, number, Edit, Edit])[] = [
    ['an edit of another attribute', 9, { name: 'description', add: ['x'] }, { add: many }],
    ['an older edit of one value', 9, { remove: ['user3'] }, { add: many }],
    ['a younger edit of one value', 11, { remove: ['user3'] }, { add: many }],
    ['a younger edit of as many', 11, { add: some(2500, 3000) }, { add: many }],
    ['an older edit of as many', 9, { add: some(2500, 3000) }, { clear: true, add: many }],
    ['a younger replace', 11, { clear: true, add: many }, { add: ['user4'] }],
    ['a younger edit, itself a replace', 11, { add: ['late'] }, { clear: true, add: many }],
  ];
  for (const [what, at, other, edit] of cases) {
    const domain = new MemoryDomain();
    domain.apply(change(1, 1, BASE, add(TOP, 'base')));
    domain.apply(change(2, 1, G, add(BASE, 'x', { mail: some(0, 10) }), [csn(1, 1)]));
    domain.apply(change(at, 3, G, modify(other), seen));
    const arriving = change(10, 2, G, modify(edit), seen);
    const steps = applyInSteps(domain, arriving);
    let yields = 0;
    let step = steps.next();
    for (; step.done !== true; step = steps.next()) yields += 1;
    t.ok(yields >= many.length / STEP_VALUES, `${what}: ${yields} steps`);
    const once = domain.clone();
    once.apply(arriving);
    if (!isWaiting(step.value)) domain.store(arriving, step.value);
    t.equal(domain.facts(), once.facts(), `${what}: the same in one piece`);
    t.equal(domain.records(), once.records());
  }
});
