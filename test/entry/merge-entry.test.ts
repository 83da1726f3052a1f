/** Two entries of one name become one: the superset, attribute by attribute the last write (replication-model.md section 8). */
import t from 'tap';
import { applyModifications } from '../../lib/entry/apply-modifications.js';
import { type MergePreference, mergeEntry } from '../../lib/entry/merge-entry.js';
import { attributesOf, plain, sampleSchema, textOf } from './sample-schema.js';

const schema = sampleSchema();

/** Merges, applies, and tells what did not survive. */
function merged(
  here: Record<string, string[]>,
  other: Record<string, string[]>,
  times: { here: number; other: number } = { here: 1, other: 2 },
  preference: MergePreference = 'newest',
) {
  const side = (attributes: Record<string, string[]>, ms: number) => ({
    attributes: attributesOf(attributes),
    writtenMs: () => ms,
  });
  const ours = side(here, times.here);
  const { modifications, losses } = mergeEntry(ours, side(other, times.other), schema, preference);
  return {
    after: plain(applyModifications(ours.attributes, modifications, schema).after),
    quiet: modifications.length === 0,
    lost: losses.map(
      ({ attribute, side, values }) => `${side} ${attribute}: ${values.map(textOf).join(' ')}`,
    ),
  };
}

t.test('what one side has stays or comes; equal values by the equality rule need nothing', (t) => {
  t.same(merged({ cn: ['a'], sn: ['x'] }, { cn: ['A'] }), {
    after: { cn: ['a'], sn: ['x'] },
    quiet: true,
    lost: [],
  });
  t.same(merged({ cn: ['a'] }, { cn: ['a'], sn: ['x'] }).after, { cn: ['a'], sn: ['x'] });
  t.end();
});

t.test('of values that differ the later write counts, and the topology when both are as old', (t) => {
  const [a, b] = [{ cn: ['a', 'c'] }, { cn: ['b', 'c'] }];
  t.same(merged(a, b), { after: b, quiet: false, lost: ['here cn: a c'] });
  t.same(merged(a, b, { here: 2, other: 1 }), { after: a, quiet: true, lost: ['other cn: b c'] });
  t.same(merged(a, b, { here: 2, other: 2 }), { after: a, quiet: true, lost: ['other cn: b c'] });
  t.same(merged(a, b, { here: 1, other: 2 }, 'topology'), { after: a, quiet: true, lost: ['other cn: b c'] });
  t.same(merged({ cn: ['a'] }, { cn: ['a', 'b'] }).lost, [], 'more values lose nothing');
  t.end();
});

t.test('merging twice changes nothing more', (t) => {
  const other = { cn: ['b'], sn: ['y'], objectClass: ['person', 'top'] };
  const once = merged({ cn: ['a'], objectClass: ['top', 'person'] }, other);
  t.ok(merged(once.after as Record<string, string[]>, other).quiet);
  t.end();
});
