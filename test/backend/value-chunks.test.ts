/** Chunks of values: every value is found in the one chunk that its hash names, through every growth and shrinking; damage is noticed. */
import t from 'tap';
import {
  checkChunk,
  chunkGeneration,
  chunkOf,
  findInChunk,
  hashedValues,
  keyHash,
  makeChunk,
  partnerOf,
  sealChunk,
  valuesOfChunk,
  visitBackwards,
  withoutValue,
  withValue,
} from '../../lib/backend/rows/value-chunks.js';
import { latin1, utf8Encode } from '../../lib/base/bytes.js';
import type { ValueKey } from '../../lib/entry/value-index.js';

const hashes = Array.from({ length: 300 }, (_, i) => keyHash(`value ${i}` as ValueKey));
const DAMAGED = { failure: 'damaged' } as never;
const texts = (chunk: Uint8Array): string[] => {
  const values: Uint8Array[] = [];
  valuesOfChunk(chunk, values);
  return values.map(latin1);
};

t.test('one chunk more moves values of one chunk alone, and only to the new one', async (t) => {
  for (let chunks = 1; chunks < 200; chunks++) {
    const from = partnerOf(chunks);
    t.ok(from < chunks);
    for (const hash of hashes) {
      const [before, after] = [chunkOf(hash, chunks), chunkOf(hash, chunks + 1)];
      if (before !== after) t.same([before, after], [from, chunks]);
      if (after >= chunks + 1) t.fail('no such chunk');
    }
  }
  t.equal(new Set(hashes).size, hashes.length, 'hashes tell these values apart');
  const filled = new Set(hashes.map((hash) => chunkOf(hash, 64)));
  t.ok(filled.size > 58, `${filled.size} of 64 chunks hold something`);
});

t.test('a chunk with and without a value; values of every length', async (t) => {
  let chunk = makeChunk([]);
  t.equal(chunk.length, 0);
  const values = [0, 1, 127, 128, 300, 20_000].map((length) =>
    new Uint8Array(length).fill(65 + (length % 26)),
  );
  for (const [i, value] of values.entries()) chunk = withValue(chunk, hashes[i] as number, value);
  sealChunk(chunk, 7);
  t.equal(chunkGeneration(checkChunk(chunk)), 7);
  t.same(texts(chunk), values.map(latin1));
  const backwards: string[] = [];
  visitBackwards(chunk, (at, length) => backwards.push(latin1(chunk.subarray(at, at + length))));
  t.same(backwards.reverse(), values.map(latin1));
  t.same(
    hashedValues(chunk).map(({ hash }) => hash),
    hashes.slice(0, values.length),
  );
  for (const [i, value] of values.entries()) {
    const place = findInChunk(chunk, hashes[i] as number, (found) => found.length === value.length);
    if (place === undefined) throw new Error('not found');
    t.equal(chunk.subarray(place.valueAt, place.end).length, value.length);
    chunk = withoutValue(chunk, place);
    t.equal(texts(chunk).length, values.length - i - 1);
  }
  t.equal(chunk.length, 0, 'the empty chunk has no row');
  t.equal(
    findInChunk(chunk, 1, () => true),
    undefined,
  );
});

t.test('values of equal hashes are told apart', async (t) => {
  const chunk = makeChunk(['a', 'b'].map((text) => ({ hash: 5, value: utf8Encode(text) })));
  const place = findInChunk(chunk, 5, (value) => latin1(value) === 'b');
  t.same(place === undefined ? [] : texts(withoutValue(chunk, place)), ['a']);
  t.equal(
    findInChunk(chunk, 5, () => false),
    undefined,
  );
});

t.test('a chunk that is damaged or cut short is not read', async (t) => {
  const chunk = makeChunk([{ hash: 5, value: utf8Encode('some value') }]);
  sealChunk(chunk, 1);
  for (let at = 0; at < chunk.length; at++) {
    const bent = new Uint8Array(chunk);
    bent[at] = (bent[at] as number) ^ 0x10;
    t.throws(() => checkChunk(bent), DAMAGED);
  }
  t.throws(() => checkChunk(chunk.subarray(0, 10)), DAMAGED);
  t.throws(() => texts(chunk.subarray(0, chunk.length - 1)), DAMAGED);
});
