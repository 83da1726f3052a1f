/** Tables of RFC 4518: checked against the Unicode properties that the RFC names. */
import t from 'tap';
import {
  foldPoint,
  isCombining,
  isMappedToNothing,
  isMappedToSpace,
  isProhibited,
} from '../../lib/schema/prep-tables.js';

t.test('what is a separator maps to SPACE, but U+200B; controls map to nothing or SPACE', async (t) => {
  const wrong: string[] = [];
  for (let point = 0; point < 0x3100; point++) {
    const c = String.fromCodePoint(point);
    if (/\p{Z}/u.test(c) && !isMappedToSpace(point)) wrong.push(`Z ${point.toString(16)}`);
    if (/\p{Cc}/u.test(c) && !isMappedToNothing(point) && !isMappedToSpace(point))
      wrong.push(`Cc ${point.toString(16)}`);
    if (isMappedToNothing(point) && isMappedToSpace(point)) wrong.push(`both ${point.toString(16)}`);
  }
  t.same(wrong, []);
  t.ok(isMappedToNothing(0x200b));
});

t.test('private use and non-characters are prohibited in every plane', async (t) => {
  for (let plane = 0; plane <= 16; plane++) {
    t.ok(isProhibited(plane * 0x10000 + 0xfffe) && isProhibited(plane * 0x10000 + 0xffff), `plane ${plane}`);
  }
  for (const point of [0xe000, 0xf8ff, 0xf0000, 0x100000, 0xfffd, 0xfdd0, 0xd800])
    t.ok(isProhibited(point), point.toString(16));
  for (const point of [0x41, 0xe9, 0x4e00, 0xf900, 0xfffc, 0x1f600, 0x20000])
    t.notOk(isProhibited(point), point.toString(16));
});

t.test('combining marks are the general category M', async (t) => {
  for (const point of [0x300, 0x5ae, 0x20dd, 0x1d165]) t.ok(isCombining(point));
  for (const point of [0x41, 0x20, 0x200d, 0x1f600]) t.notOk(isCombining(point));
});

t.test('folding settles: a fold folds to itself', async (t) => {
  const wrong: string[] = [];
  for (let point = 0; point < 0x1f000; point++) {
    if (point >= 0xd800 && point <= 0xdfff) continue;
    const once = foldPoint(point);
    const twice = [...once].map((c) => foldPoint(c.codePointAt(0) as number)).join('');
    if (once.normalize('NFKC') !== twice.normalize('NFKC')) wrong.push(point.toString(16));
  }
  t.same(wrong, []);
});
