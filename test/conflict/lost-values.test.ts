/** Edits of one attribute on several masters: who wins, and what the journal says (docs/conflicts.md, Values). */
import t from 'tap';
import type { Change } from '../../lib/change/change.js';
import { applyChange, isWaiting } from '../../lib/conflict/apply-change.js';
import { storyOf } from './lattice.js';
import { MemoryDomain } from './memory-domain.js';
import { oracle } from './oracle.js';
import { add, BASE, change, csn, Dice, type Edit, id, modify, rename, TOP } from './story.js';
import { journal, tell, values } from './tell.js';

const X = id(2);

function start(attributes: Record<string, string[]>): Change[] {
  return [change(1, 9, BASE, add(TOP, 'base')), change(2, 9, X, add(BASE, 'x', attributes))];
}

/** Concurrent edits of mail at times 101, 102, ... on replicas 1, 2, ...: values and journal. */
function race(before: string[], ...edits: Edit[]): { values: string[]; journal: string[] } {
  const changes = edits.map((edit, i) => change(101 + i, 1 + i, X, modify(edit), [csn(2, 9)]));
  const domain = tell(start({ mail: before }), changes);
  return { values: values(domain, X, 'mail'), journal: journal(domain) };
}

t.test('opendj.md 4.5: the pairs on which OpenDJ diverges have one outcome, the oracle', async (t) => {
  const single = true;
  const clear = true;
  const pairs: [string, string[], Edit, Edit, string[]][] = [
    ['single, empty: replace with nothing, add X', [], { single, clear }, { single, add: ['X'] }, ['X']],
    [
      'single, X: replace Y, delete X',
      ['X'],
      { single, clear, add: ['Y'] },
      { single, remove: ['X'] },
      ['Y'],
    ],
    ['multi, A: replace B, add B', ['A'], { clear, add: ['B'] }, { add: ['B'] }, ['B']],
    ['multi, A: replace with nothing, add B', ['A'], { clear }, { add: ['B'] }, ['B']],
    ['multi, A C: replace A, delete A', ['A', 'C'], { clear, add: ['A'] }, { remove: ['A'] }, []],
    ['multi, A C: replace B, add B', ['A', 'C'], { clear, add: ['B'] }, { add: ['B'] }, ['B']],
    ['multi, A C: replace with nothing, add B', ['A', 'C'], { clear }, { add: ['B'] }, ['B']],
    ['multi, A C: replace with nothing, delete A', ['A', 'C'], { clear }, { remove: ['A'] }, []],
  ];
  for (const [name, before, first, second, expected] of pairs) {
    t.same(race(before, first, second).values, expected, name);
  }
});

t.test('two replaces: the later wins, and the journal holds the other value', async (t) => {
  t.same(race(['old'], { clear: true, add: ['first'] }, { clear: true, add: ['second'] }), {
    values: ['second'],
    journal: ['value-lost 101.1 to 102.2 mail=first'],
  });
});

t.test(
  'two adds to an empty single-valued attribute: the older stays, the other is told what it met',
  async (t) => {
    t.same(race([], { single: true, add: ['first'] }, { single: true, add: ['second'] }), {
      values: ['first'],
      journal: ['value-lost 102.2 to 101.1 mail=second'],
    });
  },
);

t.test('adds and deletes of different values all count and nothing is lost', async (t) => {
  t.same(race(['a', 'b'], { add: ['c'] }, { remove: ['a'] }, { add: ['d'], remove: ['b'] }), {
    values: ['c', 'd'],
    journal: [],
  });
});

t.test('a delete of a value that another master confirmed says so', async (t) => {
  t.same(race(['a'], { clear: true, add: ['a'] }, { remove: ['A'] }), {
    values: [],
    journal: ['value-lost 101.1 to 102.2 mail=a'],
  });
});

t.test(
  'the same value added twice and spelled differently is one value, in the spelling of the first',
  async (t) => {
    t.same(race([], { add: ['Joe'] }, { add: ['JOE'] }), { values: ['Joe'], journal: [] });
  },
);

t.test('a change that knew the value it takes loses nobody anything', async (t) => {
  const first = change(101, 1, X, modify({ add: ['a'] }), [csn(2, 9)]);
  const second = change(102, 2, X, modify({ remove: ['a'] }), [csn(2, 9), first.csn]);
  const domain = tell(start({}), [first, second]);
  t.same(journal(domain), []);
  t.same(values(domain, X, 'mail'), []);
});

t.test('increments on two masters both count (section 4)', async (t) => {
  const n = { name: 'n', single: true, equality: 'integerMatch' };
  const count = (t: number, r: number, edit: Edit) => change(t, r, X, modify({ ...n, ...edit }), [csn(2, 9)]);
  const both = tell(start({ n: ['5'] }), [
    count(101, 1, { increment: 1n }),
    count(102, 2, { increment: 2n }),
  ]);
  t.same([values(both, X, 'n'), journal(both)], [['8'], []]);
  const reset = tell(start({ n: ['5'] }), [
    count(101, 1, { increment: 1n }),
    count(102, 2, { clear: true, add: ['0'] }),
    count(103, 3, { increment: 10n }),
  ]);
  t.same([values(reset, X, 'n'), journal(reset)], [['10'], ['value-lost 101.1 to 102.2 n=6']]);
  const gone = tell(start({ n: ['5'] }), [count(101, 1, { clear: true }), count(102, 2, { increment: 3n })]);
  t.same([values(gone, X, 'n'), journal(gone)], [[], ['value-lost 102.2 to 101.1 n=+3']]);
  const carried = tell(start({ n: ['5'] }), [
    count(101, 1, { clear: true, add: ['7'] }),
    count(102, 2, { increment: 3n }),
    count(103, 3, { clear: true, add: ['0'] }),
  ]);
  t.same(journal(carried), ['value-lost 101.1 to 103.3 n=10', 'value-lost 102.2 to 103.3 n=10']);
});

t.test('a group edited on three masters keeps every edit', async (t) => {
  const member = (t: number, r: number, edit: Edit) =>
    change(t, r, X, modify({ name: 'member', equality: 'distinguishedNameMatch', ...edit }), [csn(2, 9)]);
  const domain = tell(start({ member: ['cn=a', 'cn=b'] }), [
    member(101, 1, { add: ['cn=c'] }),
    member(102, 2, { remove: ['CN=A'] }),
    member(103, 3, { add: ['cn=d'], remove: ['cn=b'] }),
    member(104, 1, { add: ['cn=a2'] }),
  ]);
  t.same(values(domain, X, 'member'), ['cn=a2', 'cn=c', 'cn=d']);
  t.same(journal(domain), []);
});

t.test('an attribute is named by the change that gave it its first value', async (t) => {
  const domain = tell(start({}), [
    change(101, 1, X, modify({ name: 'Mail', add: ['a'] })),
    change(102, 2, X, modify({ name: 'MAIL', clear: true })),
    change(103, 3, X, modify({ name: 'mAil', add: ['b'] })),
  ]);
  t.same(
    [...(domain.entries.get(X)?.attributes.values() ?? [])].map(({ name }) => name),
    ['mAil'],
  );
});

t.test('cn and cn;lang-en are two attributes (section 4)', async (t) => {
  const domain = tell(start({}), [
    change(101, 1, X, modify({ name: 'cn;lang-en', add: ['a'] })),
    change(102, 2, X, modify({ name: 'cn', clear: true })),
  ]);
  t.same(values(domain, X, 'cn;lang-en'), ['a']);
});

const CN = { name: 'cn' };
const renamed = (t: number, r: number, to: string, edit: Edit, ...seen: number[][]) =>
  change(t, r, X, rename(to, { ...CN, ...edit }), [
    csn(2, 9),
    ...seen.map(([t, r]) => csn(t as number, r as number)),
  ]);
const replaced = (t: number, r: number, to: string, ...seen: number[][]) =>
  change(t, r, X, modify({ ...CN, clear: true, add: [to] }), [
    csn(2, 9),
    ...seen.map(([t, r]) => csn(t as number, r as number)),
  ]);

t.test('a value that the name holds is not lost: it is shown', async (t) => {
  const domain = tell(start({ cn: ['x'] }), [
    renamed(101, 1, 'boss', { add: ['boss'], remove: ['x'] }),
    replaced(102, 2, 'clerk'),
  ]);
  t.same([values(domain, X, 'cn'), journal(domain)], [['clerk'], []]);
});

t.test('it is lost when a rename that did not know of the loss frees it', async (t) => {
  const story = [renamed(101, 1, 'boss', { add: ['boss'], remove: ['x'] }), replaced(102, 2, 'clerk')];
  const unknowing = tell(start({ cn: ['x'] }), [...story, renamed(103, 1, 'chief', { add: ['chief'] })]);
  t.same(journal(unknowing), ['value-lost 101.1 to 102.2 cn=boss']);
  const knowing = tell(start({ cn: ['x'] }), [
    ...story,
    renamed(103, 1, 'chief', { add: ['chief'], remove: ['boss'] }, [102, 2]),
  ]);
  t.same(journal(knowing), [], 'whoever knew both saw the value and gave it up');
});

t.test('a rename to a value that was lost unseen takes the line back', async (t) => {
  const domain = tell(start({ cn: ['x'] }), [
    change(101, 1, X, modify({ ...CN, add: ['boss'] }), [csn(2, 9)]),
    replaced(102, 2, 'clerk'),
    renamed(103, 1, 'Boss', {}),
  ]);
  t.same(journal(domain), []);
});

t.test(
  'an add that a single-valued attribute refuses is not lost either while the name holds it',
  async (t) => {
    const single = { ...CN, single: true };
    const domain = tell(start({ cn: ['x'] }), [
      change(101, 1, X, modify({ ...single, clear: true, add: ['clerk'] }), [csn(2, 9)]),
      change(102, 2, X, rename('boss', { ...single, remove: ['x'], add: ['boss'] }), [csn(2, 9)]),
    ]);
    t.same([values(domain, X, 'cn'), journal(domain)], [['clerk'], []]);
  },
);

t.test('backlogs of replaces, and what breaks their row, give the oracle after every arrival', async (t) => {
  const setup = start({ mail: ['a'] });
  for (let seed = 0; seed < 250; seed++) {
    const dice = new Dice(8_100_000 + seed);
    const single = dice.once(2);
    const pool = ['a', 'A', 'b', 'c', 'd', 'e', 'f', 'g'].slice(0, 2 + dice.roll(7));
    const edit = (): Edit => {
      if (dice.roll(5) > 0) return { single, clear: true, add: dice.once(12) ? [] : [dice.pick(pool)] };
      return dice.once(2) ? { single, add: [dice.pick(pool)] } : { single, remove: [dice.pick(pool)] };
    };
    const made: Change[][] = [[], [], []];
    for (let i = 0; i < 18; i++) {
      const r = dice.roll(3);
      const seen = made.flatMap((of) => of.slice(0, dice.roll(3) === 0 ? dice.roll(of.length + 1) : 0));
      const last = made[r]?.at(-1)?.seen.csns() ?? [];
      made[r]?.push(
        change(101 + i, r + 1, X, modify(edit()), [csn(2, 9), ...last, ...seen.map((c) => c.csn)]),
      );
    }
    const domain = new MemoryDomain();
    const held = [...setup];
    for (const first of setup) domain.apply(first);
    while (made.some((of) => of.length > 0)) {
      const next = made[dice.roll(3)]?.shift();
      if (next === undefined) continue;
      domain.apply(next);
      held.push(next);
      if (domain.facts() !== oracle(held)) {
        t.fail(`seed ${seed}: after ${storyOf(held)}`);
        return;
      }
    }
  }
  t.pass('all equal');
});

t.test('a late replace among many says only what can differ, not the whole story', async (t) => {
  const domain = new MemoryDomain();
  for (const made of start({})) domain.apply(made);
  const replace = (at: number, r: number) =>
    change(at, r, X, modify({ clear: true, add: [`${r} at ${at}`] }), [csn(2, 9)]);
  for (let i = 0; i < 200; i++) domain.apply(replace(100 + 10 * i, 1 + (i % 2)));
  const outcome = applyChange(domain, replace(1105, 3));
  if (isWaiting(outcome)) throw new Error('waits');
  t.equal(outcome.history.length, 2, 'the row itself, and the one that takes its value');
  t.same([outcome.journal.put.length, outcome.journal.delete.length], [2, 1]);
});
