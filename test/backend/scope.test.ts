/** Scopes below an entry: the way up from a candidate. */
import t from 'tap';
import type { EntryId } from '../../lib/backend/backend.js';
import { below } from '../../lib/backend/index/candidates.js';
import { ROOT_ID } from '../../lib/backend/rows/key-space.js';
import type { HeldEntry } from '../../lib/backend/rows/stored-entry.js';
import type { DurableTree } from '../../lib/backend/tree/durable-tree.js';

const id = (number: number): EntryId => number as EntryId;

t.test(
  'the way up from a candidate ends at the base of the search or above that of the domain',
  async (t) => {
    const parents = new Map([
      [id(2), ROOT_ID],
      [id(3), id(2)],
      [id(4), id(3)],
      [id(5), id(2)],
    ]);
    const asked: EntryId[] = [];
    const byId = (of: EntryId): HeldEntry | undefined => {
      asked.push(of);
      const parentId = parents.get(of);
      return parentId === undefined ? undefined : ({ id: of, parentId } as HeldEntry);
    };
    const inScope = below({ byId } as unknown as DurableTree, id(3), false);
    const scoped = [...parents].filter(([of, parentId]) => inScope({ id: of, parentId } as HeldEntry));
    t.same(
      scoped.map(([of]) => of),
      [4],
    );
    t.notOk(asked.includes(ROOT_ID), 'nothing is above the base of the domain, so nothing is asked for');
  },
);
