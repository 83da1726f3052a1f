/** Heads of values as bytes, beside a plain Map. */
import t from 'tap';
import type { EntryId } from '../../lib/backend/backend.js';
import { HeadCache } from '../../lib/backend/index/head-cache.js';
import type { Head } from '../../lib/backend/index/posting-rows.js';

t.test('what is given is what was set last, or nothing', async (t) => {
  const cache = new HeadCache();
  const model = new Map<string, Head | 'none'>();
  for (let step = 0; step < 30_000; step++) {
    const text = `\x00\x01\xff value ${(step * 7919) % 9000}${'x'.repeat(step % 3)}`;
    const ids = Array.from({ length: 1 + (step % 8) }, (_, i) => (step + i * 2 ** 34) as EntryId);
    const head = step % 11 === 0 ? 'none' : step % 13 === 0 ? 'many' : ids;
    cache.set(text, head);
    model.set(text, head);
  }
  let found = 0;
  let wrong = 0;
  for (const [text, head] of model) {
    const got = cache.get(text);
    if (got !== undefined) found += 1;
    if (got !== undefined && String(got) !== String(head)) wrong += 1;
  }
  t.equal(wrong, 0);
  t.equal(found, model.size, 'nothing is lost while there is room');
  t.equal(cache.get('another'), undefined);
  const long = 'y'.repeat(600);
  cache.set(long, 'many');
  t.equal(cache.get(long), undefined, 'too long to be held');
  cache.clear();
  t.ok([...model.keys()].every((text) => cache.get(text) === undefined));
});
