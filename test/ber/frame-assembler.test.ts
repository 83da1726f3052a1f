/** Claims about frames: headers judged at once, messages found however the stream is cut. */
import t from 'tap';
import { concatBytes, fromHex, toHex } from '../../lib/base/bytes.js';
import { BerError } from '../../lib/ber/ber-error.js';
import { FRAME_INCOMPLETE, FRAME_MALFORMED, FRAME_TOO_LONG, frameLength } from '../../lib/ber/frame.js';
import { FrameAssembler } from '../../lib/ber/frame-assembler.js';
import { textOf } from '../../lib/ber/text-intern.js';

const bytes = (hex: string): Uint8Array => fromHex(hex) as Uint8Array;
const scan = (hex: string, max = 1000): number => frameLength(bytes(hex), 0, hex.length / 2, max);

t.test('a frame is complete, incomplete, malformed or too long', async (t) => {
  t.equal(scan(''), FRAME_INCOMPLETE);
  t.equal(scan('30'), FRAME_INCOMPLETE);
  t.equal(scan('3002aa'), 4, 'its content may still come');
  t.equal(scan('3002aabb'), 4);
  t.equal(scan('3002aabbcc'), 4);
  t.equal(scan('308400000002aabb'), 8);
  t.equal(scan('3082ff'), FRAME_INCOMPLETE);
  t.equal(scan('00'), FRAME_MALFORMED, 'judged by its first octet');
  t.equal(scan('3080'), FRAME_MALFORMED, 'indefinite');
  t.equal(scan('3085'), FRAME_MALFORMED, 'judged before the length octets are there');
  t.equal(scan('30ff'), FRAME_MALFORMED);
  t.equal(scan('3084ffffffff'), FRAME_TOO_LONG, 'lengths are unsigned');
  t.equal(scan('308203e5'), FRAME_TOO_LONG, '1001 octets with the header');
  t.equal(scan('308203e4'), 1000, '1000 octets with the header');
  t.equal(scan('3005', 6), FRAME_TOO_LONG);
  t.equal(frameLength(bytes('308203e4'), 0, 4, 1000), 1000);
});

t.test('every header of up to four octets is judged without a throw', async (t) => {
  const header = new Uint8Array(6);
  for (let first = 0; first < 256; first++) {
    for (let second = 0; second < 256; second++) {
      header[0] = first;
      header[1] = second;
      for (let end = 0; end <= 6; end++) {
        const length = frameLength(header, 0, end, 100_000);
        if (length > 100_000 || length < FRAME_TOO_LONG) t.fail(`header ${toHex(header)}`);
      }
    }
  }
});

t.test('messages come out whole however the stream is cut', async (t) => {
  const frames = ['3000', '300102', '308101aa', `30820100${'ab'.repeat(256)}`, '308400000002aabb'].map(bytes);
  const stream = concatBytes(frames);
  for (let first = 0; first <= stream.length; first += 3) {
    for (let second = first; second <= stream.length; second += 7) {
      const assembler = new FrameAssembler(1000);
      const found: string[] = [];
      for (const chunk of [stream.slice(0, first), stream.slice(first, second), stream.slice(second)]) {
        assembler.push(chunk);
        for (let frame = assembler.next(); frame !== undefined; frame = assembler.next())
          found.push(toHex(frame));
      }
      if (found.join() !== frames.map(toHex).join()) t.fail(`cut at ${first} and ${second}`);
      if (assembler.bufferedBytes !== 0) t.fail('octets are left');
    }
  }
});

t.test('a stream of single octets is reassembled and frames given out stay as they were', async (t) => {
  const assembler = new FrameAssembler(1000);
  const frames: Uint8Array[] = [];
  for (let n = 0; n < 50; n++) {
    for (const octet of bytes(`300402020${(n % 10).toString()}ff`)) {
      assembler.push(Uint8Array.of(octet));
      const frame = assembler.next();
      if (frame !== undefined) frames.push(frame);
    }
  }
  t.equal(frames.length, 50);
  t.ok(frames.every((frame, n) => toHex(frame) === `300402020${n % 10}ff`));
});

t.test('memory follows the octets received, not the announced length', async (t) => {
  const assembler = new FrameAssembler(16_777_216);
  assembler.push(bytes('308400ffff00'));
  t.equal(assembler.next(), undefined);
  assembler.push(bytes('aa'));
  t.equal(assembler.next(), undefined);
  t.equal(assembler.bufferedBytes, 7);
  assembler.clear();
  t.equal(assembler.bufferedBytes, 0);
});

t.test('a frame of a megabyte in small chunks costs linear time', async (t) => {
  const assembler = new FrameAssembler(16_777_216);
  assembler.push(bytes('308400100000'));
  const chunk = new Uint8Array(1024);
  let frame: Uint8Array | undefined;
  for (let i = 0; i < 1024; i++) {
    assembler.push(chunk);
    frame = assembler.next();
  }
  t.equal(frame?.length, 1_048_576 + 6);
});

t.test('malformed and too long streams throw BerError that says which', async (t) => {
  const assembler = new FrameAssembler(100);
  assembler.push(bytes('47455420'));
  t.throws(() => assembler.next(), { name: 'BerError', fault: 'malformed' });
  assembler.clear();
  assembler.push(bytes('3082ffff'));
  t.throws(() => assembler.next(), { name: 'BerError', fault: 'tooLong' });
  assembler.maxBytes = 100_000;
  t.equal(assembler.next(), undefined, 'the bound may be raised');
  t.ok(new BerError('malformed', 'x', 0) instanceof Error);
});

t.test('texts that share a slot of the intern table stay distinct', async (t) => {
  for (let round = 0; round < 2; round++) {
    for (let n = 0; n < 20_000; n++) {
      const text = `attribute-${n}`;
      const octets = Buffer.from(`<${text}>`);
      if (textOf(octets, 1, octets.length - 1) !== text) t.fail(text);
    }
  }
});
