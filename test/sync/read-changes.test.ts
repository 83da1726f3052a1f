/** Changes of a frame are checked before anything is done with them: one origin, each after the one before it. */
import t from 'tap';
import { ByteReader, ByteWriter } from '../../lib/base/binary.js';
import { FrameError } from '../../lib/sync/frame-error.js';
import { readChanges } from '../../lib/sync/read-changes.js';
import { changes, replica } from './session-fixtures.js';

function read(given: readonly { readonly bytes: Uint8Array }[], origin: number) {
  const writer = new ByteWriter();
  writer.varint(given.length);
  for (const { bytes } of given) writer.bytes(bytes);
  const reader = new ByteReader(writer.finish(), (reason) => new FrameError(reason));
  return readChanges(reader, replica(origin));
}

t.test('consecutive changes of one origin are taken, others refused', (t) => {
  const [one, two, three] = changes(1, 3, 2);
  if (one === undefined || two === undefined || three === undefined) throw new Error('three changes');
  t.same(
    read([one, two, three], 2).map(({ csn }) => csn),
    [one.csn, two.csn, three.csn],
  );
  t.throws(() => read([], 2), /no changes/);
  t.throws(() => read([one, three], 2), /do not follow/);
  t.throws(() => read([one], 3), /another origin/);
  t.throws(() => read([{ bytes: new Uint8Array([1, 2, 3]) }], 2), FrameError);
  t.end();
});
