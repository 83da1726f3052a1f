/** Claims about the octets of a hello beside those of frames.test.ts. */
import t from 'tap';
import { decodeFrame, encodeFrame } from '../../lib/sync/frames.js';
import { hello } from './session-fixtures.js';

t.test('a hello says where a total update goes on, or nothing of it', async (t) => {
  for (const resume of [
    undefined,
    { snapshot: 'boot:1', images: 0 },
    { snapshot: 'b', images: 1_000_000_000 },
  ]) {
    const told = hello('s2', 2, { purpose: 'initialize', resume });
    const frame = decodeFrame(encodeFrame({ kind: 'hello', hello: told }).slice(4));
    t.same(frame?.kind === 'hello' ? frame.hello.resume : 'none', resume);
  }
});
