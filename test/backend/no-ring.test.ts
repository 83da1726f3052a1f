/** A move that the fold would give no effect is refused where it is made (docs/conflicts.md, The tree). */
import t from 'tap';
import { checkNoRing } from '../../lib/backend/tree/no-ring.js';
import { type EntryUuid, ROOT_UUID } from '../../lib/change/change.js';
import { LOST_AND_FOUND_UUID } from '../../lib/conflict/entry-state.js';
import { move, rename } from '../conflict/story.js';
import { entryUuid } from '../sim/entry-uuid.js';

const [base, one, dead, orphan, lost] = [1, 2, 3, 4, 5].map(entryUuid) as [
  EntryUuid,
  EntryUuid,
  EntryUuid,
  EntryUuid,
  EntryUuid,
];
/** The orphan is shown in lost+found; its own place is below one, which is below the base. */
const PARENTS = new Map([
  [base, ROOT_UUID],
  [one, base],
  [dead, one],
  [orphan, dead],
  [lost, LOST_AND_FOUND_UUID],
]);
const stateOf = (uuid: EntryUuid) => {
  const parent = PARENTS.get(uuid);
  return parent === undefined ? undefined : { parent };
};
const check = (entry: EntryUuid, parent: EntryUuid) =>
  checkNoRing(
    [{ entry, body: move(parent) }],
    { byUuid: (uuid) => (uuid === orphan ? { dnText: 'cn=orphan' } : undefined) },
    stateOf,
  );

t.test(
  'a move below an entry whose own place is below the one that moves is refused, and says what to do',
  async (t) => {
    t.throws(() => check(one, orphan), /move cn=orphan elsewhere first/);
    t.throws(() => check(one, one), /cannot move/);
  },
);

t.test('all others are made', async (t) => {
  for (const [entry, parent] of [
    [orphan, one],
    [orphan, base],
    [lost, orphan],
    [one, lost],
  ] as const)
    t.equal(check(entry, parent).length, 1);
  t.equal(checkNoRing([{ entry: one, body: rename('x') }], { byUuid: () => undefined }, stateOf).length, 1);
});
