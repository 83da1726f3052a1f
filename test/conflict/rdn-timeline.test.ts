/** Which values the name holds at a point of the order (docs/conflicts.md, The values of the name). */
import t from 'tap';
import { utf8Encode } from '../../lib/base/bytes.js';
import { RdnTimeline, type Renaming } from '../../lib/conflict/rdn-timeline.js';
import type { AttributeKey } from '../../lib/schema/attribute-type.js';
import { change, cn, csn, id, rename } from './story.js';

const CN = 'cn' as AttributeKey;
const LOSER = csn(101, 1);
const WINNER = csn(102, 2);
const KNEW_BOTH = [LOSER, WINNER];

function renaming(t: number, r: number, from: string, to: string, seen = KNEW_BOTH.slice(0, 0)): Renaming {
  return { witness: change(t, r, id(2), rename(to), seen), rdn: cn(to), before: cn(from) };
}

const held = (timeline: RdnTimeline, value: string, at = WINNER) =>
  timeline.holds(CN, utf8Encode(value), at, LOSER, WINNER);

t.test('without renames it is the name of now, by the rule of its attribute', async (t) => {
  const timeline = new RdnTimeline([], cn('Boss'));
  t.ok(held(timeline, 'boss'));
  t.notOk(held(timeline, 'clerk'));
  t.notOk(timeline.holds('mail' as AttributeKey, utf8Encode('boss'), WINNER, LOSER, WINNER));
});

t.test('a rename before the loss counts, one after it unless it knew both changes', async (t) => {
  t.ok(held(new RdnTimeline([renaming(100, 3, 'x', 'boss', KNEW_BOTH)], cn('boss')), 'boss'), 'before');
  t.notOk(held(new RdnTimeline([renaming(103, 3, 'boss', 'y')], cn('y')), 'boss'), 'it knew neither');
  t.notOk(held(new RdnTimeline([renaming(103, 1, 'boss', 'y')], cn('y')), 'boss'), 'it knew its own');
  t.ok(held(new RdnTimeline([renaming(103, 1, 'boss', 'y', [WINNER])], cn('y')), 'boss'), 'it knew both');
  t.ok(held(new RdnTimeline([renaming(103, 3, 'boss', 'y', KNEW_BOTH)], cn('y')), 'boss'));
});

t.test('of several the last that counts', async (t) => {
  const renames = [
    renaming(103, 3, 'x', 'boss'),
    renaming(104, 4, 'boss', 'y', KNEW_BOTH),
    renaming(105, 5, 'y', 'z', KNEW_BOTH),
  ];
  t.ok(held(new RdnTimeline(renames, cn('z')), 'boss'));
  t.notOk(held(new RdnTimeline(renames.slice(1), cn('z')), 'z'));
  t.ok(held(new RdnTimeline(renames, cn('z')), 'z', csn(105, 5)));
});

t.test('it names its attributes, and differs from another by the renames', async (t) => {
  const one = new RdnTimeline([renaming(103, 3, 'x', 'boss')], cn('boss'));
  t.same([...one.keys()], [CN]);
  t.ok(one.sameAs(new RdnTimeline([renaming(103, 3, 'x', 'boss')], cn('boss'))));
  t.notOk(one.sameAs(new RdnTimeline([], cn('x'))));
  t.notOk(one.sameAs(new RdnTimeline([renaming(104, 3, 'x', 'boss')], cn('boss'))));
});
