/**
 * Finding frames in a stream, whatever its pieces (reliability.md F70).
 */
import t from 'tap';
import { concatBytes } from '../../lib/base/bytes.js';
import { FrameAssembler } from '../../lib/sync/frame-assembler.js';
import { FrameError } from '../../lib/sync/frame-error.js';
import { decodeFrame, encodeFrame } from '../../lib/sync/frame-octets.js';
import type { Frame } from '../../lib/sync/frames.js';
import { SeededRandom } from '../sim/seeded-random.js';
import { changes, replica } from './session-fixtures.js';

const FRAMES: readonly Frame[] = [
  { kind: 'credit', bytes: 1 },
  { kind: 'changes', origin: replica(2), changes: changes(3, 40, 2) },
  { kind: 'unsubscribe', origin: replica(7) },
  { kind: 'images', images: [new Uint8Array(300), new Uint8Array(2000)] },
  { kind: 'images-end', imageCount: 2 },
];

t.test('frames are found again however the stream is cut', (t) => {
  const stream = concatBytes(FRAMES.map(encodeFrame));
  const random = new SeededRandom(7);
  for (let round = 0; round < 40; round++) {
    const assembler = new FrameAssembler(1_000_000);
    const found: Frame[] = [];
    for (let at = 0; at < stream.length; ) {
      const size = 1 + random.below(round < 20 ? 7 : 900);
      assembler.push(stream.slice(at, at + size));
      at += size;
      for (let next = assembler.next(); next !== undefined; next = assembler.next()) {
        const frame = decodeFrame(next);
        if (frame !== undefined) found.push(frame);
      }
    }
    if (concatBytes(found.map(encodeFrame)).toString() !== stream.toString()) t.fail(`round ${round}`);
    if (assembler.pendingBytes !== 0) t.fail('octets left over');
  }
  t.pass('all rounds');
  t.end();
});

t.test('a length beyond the bound is refused as soon as it is there, and nothing is kept for it', (t) => {
  const assembler = new FrameAssembler(65_536);
  assembler.push(new Uint8Array([0xff, 0xff, 0xff]));
  t.equal(assembler.next(), undefined);
  assembler.push(new Uint8Array([0xff]));
  t.throws(() => assembler.next(), FrameError);
  const empty = new FrameAssembler(65_536);
  empty.push(new Uint8Array(4));
  t.throws(() => empty.next(), FrameError);
  t.end();
});
