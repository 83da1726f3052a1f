/**
 * Exhaustive: small histories from three replicas, in every interleaving, against the oracle (replication-model.md section 1).
 * POLYARCH_DEEP=1 walks more of them (nightly).
 */
import t from 'tap';
import type { Change, ChangeBody, EntryUuid } from '../../lib/change/change.js';
import type { Csn } from '../../lib/csn/csn.js';
import { walkLattice } from './lattice.js';
import { MemoryDomain } from './memory-domain.js';
import { add, BASE, change, csn, id, modify, move, remove, rename, TOP, undelete } from './story.js';

const DEEP = process.env.POLYARCH_DEEP === '1';
// A loaded machine is no failure.
t.setTimeout(DEEP ? 7_200_000 : 120_000);

interface Op {
  readonly entry: EntryUuid;
  readonly body: ChangeBody;
}

/** Who makes each of `n` changes: replicas numbered by first appearance, three at most. */
function authorships(n: number): number[][] {
  if (n === 0) return [[]];
  return authorships(n - 1).flatMap((before) => {
    const next = Math.min(3, Math.max(0, ...before) + 1);
    return Array.from({ length: next }, (_, i) => [...before, i + 1]);
  });
}

/**
 * What each change had seen: 0 nothing of the others, 1 everything, 2 the oldest change of each other replica alone, 3 what a change with an odd
 * number had. Fewer kinds than there are, but every pair of changes is concurrent in one and not in another.
 */
function seenBy(kind: number, at: number, authors: readonly number[]): Csn[] {
  const older = authors.slice(0, at).map((author, i) => csn(100 + i, author));
  if (kind === 0) return [];
  if (kind === 1) return older;
  if (kind === 2) return older.slice(0, 1);
  return at % 2 === 1 ? older : [];
}

interface Space {
  readonly name: string;
  readonly setup: readonly Change[];
  readonly ops: readonly Op[];
  /** Length of histories -> every how-many-th is walked. */
  readonly strides: readonly { readonly length: number; readonly every: number; readonly deep: number }[];
}

function walk(space: Space): { histories: number; edges: number } {
  const domain = new MemoryDomain();
  for (const made of space.setup) if (!domain.apply(made)) throw new Error('setup waits');
  const setupCsns = space.setup.map((made) => made.csn);
  let histories = 0;
  let edges = 0;
  let count = 0;
  for (const { length, every, deep } of space.strides) {
    const stride = DEEP ? deep : every;
    if (stride === 0) continue;
    const words = space.ops.length ** length;
    for (const authors of authorships(length)) {
      for (let word = 0; word < words; word++) {
        count += 1;
        if (count % stride !== 0) continue;
        const kind = histories % 4;
        const changes: Change[] = [];
        for (let i = 0, rest = word; i < length; i++, rest = Math.floor(rest / space.ops.length)) {
          const op = space.ops[rest % space.ops.length] as Op;
          const seen = [...setupCsns, ...seenBy(kind, i, authors)];
          changes.push(change(100 + i, authors[i] as number, op.entry, op.body, seen));
        }
        edges += walkLattice(domain, space.setup, changes).edges;
        histories += 1;
      }
    }
  }
  return { histories, edges };
}

/** The base and one entry below it. */
function oneEntry(attributes: Record<string, string[]>): Change[] {
  return [change(1, 9, BASE, add(TOP, 'base')), change(2, 9, id(2), add(BASE, 'x', attributes))];
}

const X = id(2);
const on = (entry: EntryUuid, ...bodies: ChangeBody[]): Op[] => bodies.map((body) => ({ entry, body }));

const MULTI = on(
  X,
  modify({ add: ['a'] }),
  modify({ name: 'MAIL', add: ['A', 'b'] }),
  modify({ remove: ['a'] }),
  modify({ clear: true }),
  modify({ clear: true, add: ['b'] }),
);
const SINGLE = on(
  X,
  modify({ single: true, add: ['a'] }),
  modify({ single: true, add: ['b'] }),
  modify({ single: true, remove: ['A'] }),
  modify({ single: true, clear: true }),
  modify({ single: true, clear: true, add: ['b'] }),
);
const COUNTER = on(
  X,
  modify({ name: 'uidNumber', single: true, increment: 1n, equality: 'integerMatch' }),
  modify({ name: 'uidNumber', single: true, increment: -10n, equality: 'integerMatch' }),
  modify({ name: 'uidNumber', single: true, clear: true, add: ['7'], equality: 'integerMatch' }),
  modify({ name: 'uidNumber', single: true, clear: true, equality: 'integerMatch' }),
  modify({ name: 'uidNumber', increment: 1n, add: [], equality: 'integerMatch' }),
);
const MIXED = on(
  X,
  modify({ add: ['a'], remove: ['b'] }),
  modify({ single: true, add: ['b'] }),
  modify({ clear: true, add: ['a', 'B'] }),
  rename('y', { name: 'cn', remove: ['x'], add: ['y'] }),
  rename('z', { name: 'cn', add: ['z'] }),
  modify({ name: 'cn', remove: ['Y'] }),
  modify({ name: 'cn', clear: true, add: ['x'] }),
  remove,
  undelete,
);

const edgeTotals: string[] = [];
function claim(space: Space): void {
  t.test(`${space.name}: every interleaving gives the oracle's state and journal`, async (t) => {
    const { histories, edges } = walk(space);
    edgeTotals.push(`${space.name}: ${histories} histories, ${edges} arrivals`);
    t.ok(histories > 500, `${histories} histories, ${edges} arrivals`);
  });
}

claim({
  name: 'a multi-valued attribute, from nothing',
  setup: oneEntry({}),
  ops: MULTI,
  strides: [
    { length: 2, every: 1, deep: 1 },
    { length: 3, every: 1, deep: 1 },
    { length: 4, every: 23, deep: 1 },
    { length: 5, every: 809, deep: 7 },
  ],
});
claim({
  name: 'a multi-valued attribute, with values',
  setup: oneEntry({ mail: ['A', 'c'] }),
  ops: MULTI,
  strides: [
    { length: 3, every: 1, deep: 1 },
    { length: 4, every: 19, deep: 1 },
    { length: 6, every: 40_009, deep: 601 },
  ],
});
claim({
  name: 'a single-valued attribute',
  setup: oneEntry({ mail: ['a'] }),
  ops: SINGLE,
  strides: [
    { length: 2, every: 1, deep: 1 },
    { length: 3, every: 1, deep: 1 },
    { length: 4, every: 23, deep: 1 },
    { length: 5, every: 1201, deep: 11 },
  ],
});
claim({
  name: 'a single-valued attribute, from nothing',
  setup: oneEntry({}),
  ops: SINGLE,
  strides: [
    { length: 3, every: 1, deep: 1 },
    { length: 4, every: 19, deep: 1 },
  ],
});
claim({
  name: 'a counter',
  setup: oneEntry({ uidNumber: ['5'] }),
  ops: COUNTER,
  strides: [
    { length: 3, every: 1, deep: 1 },
    { length: 4, every: 23, deep: 1 },
    { length: 5, every: 1201, deep: 11 },
  ],
});
claim({
  name: 'attributes, names and lives of one entry',
  setup: oneEntry({ mail: ['b'], cn: ['x'] }),
  ops: MIXED,
  strides: [
    { length: 3, every: 1, deep: 1 },
    { length: 4, every: 61, deep: 1 },
    { length: 5, every: 2609, deep: 29 },
  ],
});

const Y = id(3);
const Z = id(4);
const TREE_SETUP = [
  change(1, 9, BASE, add(TOP, 'base')),
  change(2, 9, X, add(BASE, 'x')),
  change(3, 9, Y, add(BASE, 'y')),
  change(4, 9, Z, add(X, 'z')),
];
const TREE: readonly Op[] = [
  { entry: X, body: rename('y') },
  { entry: Y, body: move(X) },
  { entry: X, body: move(Y) },
  { entry: X, body: move(Z, 'Z') },
  { entry: Z, body: move(BASE, 'y') },
  { entry: X, body: remove },
  { entry: X, body: undelete },
  { entry: Y, body: remove },
  { entry: Y, body: undelete },
  { entry: Y, body: move(Z) },
];
claim({
  name: 'renames, crossing moves, deletes and undeletes in a tree',
  setup: TREE_SETUP,
  ops: TREE,
  strides: [
    { length: 2, every: 1, deep: 1 },
    { length: 3, every: 1, deep: 1 },
    { length: 4, every: 397, deep: 3 },
    { length: 5, every: 12007, deep: 101 },
    { length: 6, every: 200_003, deep: 2003 },
  ],
});

claim({
  name: 'a contested name, respelled by who holds it and by who wants it',
  setup: TREE_SETUP.slice(0, 3),
  ops: [
    ...on(
      X,
      rename('X'),
      rename('x', { name: 'cn', remove: ['X'], add: ['x'] }),
      rename('y'),
      remove,
      undelete,
    ),
    ...on(Y, rename('Y'), rename('X'), move(X, 'y')),
  ],
  strides: [
    { length: 2, every: 1, deep: 1 },
    { length: 3, every: 3, deep: 1 },
    { length: 4, every: 199, deep: 1 },
    { length: 5, every: 5003, deep: 43 },
  ],
});

/** Adds: each position has entries of its own, so the alphabet is a function of the place in the history. */
t.test('adds of one name, below parents that die: every interleaving gives the oracle', async (t) => {
  const setup = TREE_SETUP.slice(0, 2);
  const domain = new MemoryDomain();
  for (const made of setup) domain.apply(made);
  const setupCsns = setup.map((made) => made.csn);
  let histories = 0;
  const length = DEEP ? 5 : 4;
  const kinds = 7;
  for (const authors of authorships(length)) {
    for (let word = 0; word < kinds ** length; word++) {
      if (word % (DEEP ? 3 : 31) !== 0) continue;
      const changes: Change[] = [];
      let rest = word;
      for (let i = 0; i < length; i++, rest = Math.floor(rest / kinds)) {
        const fresh = id(10 + i);
        // The entry added last by the same replica, so that what is named was surely seen; else X.
        const mine =
          changes.filter((made, j) => authors[j] === authors[i] && made.body.kind === 'add').at(-1)?.entry ??
          X;
        const ops: readonly Op[] = [
          { entry: fresh, body: add(X, 'n', { cn: ['n'] }) },
          { entry: fresh, body: add(mine, 'N') },
          { entry: X, body: remove },
          { entry: X, body: undelete },
          { entry: mine, body: remove },
          { entry: mine, body: move(BASE, 'x') },
          { entry: fresh, body: add(TOP, 'BASE') },
        ];
        const op = ops[rest % kinds] as Op;
        const seen = [...setupCsns, ...seenBy(word % 4, i, authors)];
        changes.push(change(100 + i, authors[i] as number, op.entry, op.body, seen));
      }
      walkLattice(domain, setup, changes);
      histories += 1;
    }
  }
  t.ok(histories > 500, `${histories} histories`);
});

t.teardown(() => {
  if (DEEP) console.log(edgeTotals.map((line) => `# ${line}`).join('\n'));
});
