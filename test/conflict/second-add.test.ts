/**
 * One UUID, added more than once (docs/conflicts.md): every interleaving of small histories against the oracle, and the stories of the page.
 * POLYARCH_DEEP=1 walks more of them (nightly).
 */
import t from 'tap';
import type { Change, ChangeBody, EntryUuid } from '../../lib/change/change.js';
import type { Csn } from '../../lib/csn/csn.js';
import { walkLattice } from './lattice.js';
import { MemoryDomain } from './memory-domain.js';
import { add, BASE, change, csn, id, modify, move, remove, rename, TOP, undelete } from './story.js';
import { journal, shown, tell } from './tell.js';

const DEEP = process.env.POLYARCH_DEEP === '1';
t.setTimeout(DEEP ? 7_200_000 : 120_000);

const X = id(2);
const N = id(10);
const O = id(11);
const SETUP = [change(1, 9, BASE, add(TOP, 'base')), change(2, 9, X, add(BASE, 'x'))];
const SEEN = SETUP.map((made) => made.csn);

interface Op {
  readonly entry: EntryUuid;
  readonly body: ChangeBody;
}

const ADDS: readonly Op[] = [
  { entry: N, body: add(BASE, 'n', { mail: ['a', 'c'], cn: ['n'] }) },
  { entry: N, body: add(X, 'x', { Mail: ['A', 'b'], title: ['t'] }) },
];

/** What an origin had seen of the others: nothing, everything before, the oldest, all before but the newest, younger ones too (a clock ran ahead). */
function seenBy(kind: number, at: number, authors: readonly number[]): Csn[] {
  const older = authors.slice(0, at).map((author, i) => csn(100 + i, author));
  if (kind === 0) return [];
  if (kind === 4) return authors.slice(0, at + 2).map((author, i) => csn(100 + i, author));
  if (kind === 1) return older;
  return kind === 2 ? older.slice(0, 1) : older.slice(0, -1);
}

function authorships(n: number): number[][] {
  if (n === 0) return [[]];
  return authorships(n - 1).flatMap((before) => {
    const next = Math.min(3, Math.max(0, ...before) + 1);
    return Array.from({ length: next }, (_, i) => [...before, i + 1]);
  });
}

/** Walks histories of `ops`, the first change an add of N; answers how many. Histories without a second add are left out. */
function walk(ops: readonly Op[], length: number, every: number): number {
  const domain = new MemoryDomain();
  for (const made of SETUP) domain.apply(made);
  let histories = 0;
  let count = 0;
  for (const authors of authorships(length)) {
    for (let word = 0; word < ops.length ** length; word++) {
      let rest = word;
      const chosen: Op[] = [];
      for (let i = 0; i < length; i++, rest = Math.floor(rest / ops.length))
        chosen.push(ops[rest % ops.length] as Op);
      const adds = chosen.filter(({ body, entry }) => entry === N && body.kind === 'add').length;
      if (adds < 2 || chosen[0]?.body.kind !== 'add' || chosen[0].entry !== N) continue;
      count += 1;
      if (count % every !== 0) continue;
      const changes = chosen.map(({ entry, body }, i): Change => {
        const seen = [...SEEN, ...seenBy(count % 5, i, authors)];
        return change(100 + i, authors[i] as number, entry, body, seen);
      });
      if (walked(domain, changes)) histories += 1;
    }
  }
  return histories;
}

/** False where a change waits for ever, as one of an entry that nobody adds before it does: what could arrive was compared all the same. */
function walked(domain: MemoryDomain, changes: readonly Change[]): boolean {
  try {
    walkLattice(domain, SETUP, changes);
    return true;
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('stuck')) return false;
    throw error;
  }
}

const OWN: readonly Op[] = [
  ...ADDS,
  { entry: N, body: modify({ add: ['b'] }) },
  { entry: N, body: modify({ clear: true, add: ['d'] }) },
  { entry: N, body: modify({ name: 'title', single: true, add: ['u'] }) },
  { entry: N, body: rename('m', { name: 'cn', remove: ['n'], add: ['m'] }) },
  { entry: N, body: remove },
  { entry: N, body: undelete },
];

t.test('attributes, names and lives: every interleaving gives the oracle', async (t) => {
  const histories =
    walk(OWN, 3, DEEP ? 1 : 7) + walk(OWN, 4, DEEP ? 1 : 121) + walk(OWN, 5, DEEP ? 41 : 5003);
  t.ok(histories > 60, `${histories} histories`);
});

const TREE: readonly Op[] = [
  ...ADDS,
  { entry: N, body: move(X) },
  { entry: N, body: move(BASE, 'x') },
  { entry: X, body: move(N) },
  { entry: X, body: remove },
  { entry: X, body: undelete },
  { entry: N, body: remove },
  { entry: N, body: undelete },
];

t.test('moves, parents that die, loops, one name: every interleaving gives the oracle', async (t) => {
  const histories =
    walk(TREE, 3, DEEP ? 1 : 7) + walk(TREE, 4, DEEP ? 1 : 181) + walk(TREE, 5, DEEP ? 61 : 9001);
  t.ok(histories > 60, `${histories} histories`);
});

const RING: readonly Op[] = [
  { entry: N, body: add(BASE, 'n') },
  { entry: N, body: add(O, 'n') },
  { entry: O, body: add(BASE, 'o') },
  { entry: O, body: add(N, 'n') },
  { entry: N, body: remove },
  { entry: O, body: remove },
  { entry: O, body: move(N) },
  { entry: N, body: move(O) },
  { entry: N, body: undelete },
];

t.test(
  'two entries, each added below the other: no ring, and the oracle in every interleaving',
  async (t) => {
    const histories = walk(RING, 4, DEEP ? 1 : 61) + walk(RING, 5, DEEP ? 31 : 4001);
    t.ok(histories > 20, `${histories} histories`);
  },
);

t.test(
  'what an earlier life moved stays as it was: a new life does not change what others did',
  async (t) => {
    const one = [...SEEN, csn(20, 1), csn(21, 1)];
    const ended = [...one, csn(22, 2), csn(23, 1)];
    const domain = tell(SETUP, [
      change(20, 1, N, add(BASE, 'n'), SEEN),
      change(21, 1, N, move(X), SEEN),
      change(22, 2, X, move(N), one),
      change(23, 1, N, remove, SEEN),
      change(24, 3, N, add(BASE, 'm'), ended),
    ]);
    t.same([shown(domain, X), shown(domain, N)], ['cn=x,cn=base', 'cn=m,cn=base']);
    t.same(journal(domain), [`move-loop 22.2 to 21.1 =${N}`]);
  },
);

t.test(
  'a move that an earlier life had not made any more, for it was dead, is none in a new life',
  async (t) => {
    const domain = tell(SETUP, [
      change(20, 1, N, add(BASE, 'n'), SEEN),
      change(21, 1, N, remove, SEEN),
      change(22, 2, N, move(X), [...SEEN, csn(20, 1)]),
      change(23, 2, X, move(N), [...SEEN, csn(20, 1)]),
      change(24, 3, N, add(BASE, 'm'), [...SEEN, csn(20, 1), csn(21, 1)]),
    ]);
    t.same([shown(domain, X), shown(domain, N)], ['cn=x,cn=m,cn=base', 'cn=m,cn=base']);
    t.same(journal(domain), [`change-of-deleted-entry 22.2 to 21.1 =${X}`]);
  },
);
