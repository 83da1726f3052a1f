/**
 * Frames: every kind both ways, and one declared error for whatever else comes (reliability.md F70).
 */
import t from 'tap';
import { concatBytes } from '../../lib/base/bytes.js';
import { ServerState } from '../../lib/csn/server-state.js';
import { FrameError } from '../../lib/sync/frame-error.js';
import { decodeFrame, encodeFrame } from '../../lib/sync/frame-octets.js';
import type { Frame } from '../../lib/sync/frames.js';
import { SeededRandom } from '../sim/seeded-random.js';
import { changes, csn, hello, replica, states } from './session-fixtures.js';

const FRAMES: readonly Frame[] = [
  { kind: 'hello', hello: hello('s1', 1, { states: states([csn(5), csn(7, 2)]) }) },
  { kind: 'hello', hello: hello('ünï', undefined, { generation: undefined, purpose: 'initialize' }) },
  { kind: 'refuse', code: 'generation', sentence: 'not the same data' },
  { kind: 'subscribe', origin: replica(3), after: csn(4, 3) },
  { kind: 'subscribe', origin: replica(3), after: undefined },
  { kind: 'unsubscribe', origin: replica(65_535) },
  { kind: 'changes', origin: replica(2), changes: changes(3, 40, 2) },
  { kind: 'unavailable', origin: replica(2), why: 'too-old', csn: csn(4, 2) },
  { kind: 'unavailable', origin: replica(2), why: 'forked', csn: csn(4, 2) },
  { kind: 'state', states: states([csn(1), csn(1, 9)], [csn(1)]) },
  { kind: 'credit', bytes: 4_194_304 },
  { kind: 'summary', generation: 'g1', state: ServerState.of([csn(5)]), entryCount: 1_000_000 },
  { kind: 'images', images: [new Uint8Array([1, 2]), new Uint8Array(0), new Uint8Array(300)] },
  { kind: 'place', place: { snapshot: 'boot:1', images: 7 } },
  { kind: 'images-end', imageCount: 12 },
  { kind: 'talk', number: 7, isAnswer: true, bytes: new Uint8Array([1, 2, 3]) },
];

/** The body of one encoded frame. */
function body(frame: Frame): Uint8Array {
  return encodeFrame(frame).slice(4);
}

t.test('every frame comes back as it was sent', (t) => {
  for (const frame of FRAMES) t.same(plain(decodeFrame(body(frame))), plain(frame), frame.kind);
  t.end();
});

t.test('cut short at any octet, or changed in any octet, a frame is another frame or a FrameError', (t) => {
  const random = new SeededRandom(11);
  let refused = 0;
  for (const frame of FRAMES) {
    const whole = body(frame);
    for (let length = 0; length < whole.length; length++) {
      // A hello may end early only where a later version's fields would begin.
      if (tried(whole.slice(0, length)) === 'refused') refused += 1;
      else t.fail(`${frame.kind} cut after ${length}`);
    }
    for (let i = 0; i < 300; i++) {
      const bent = whole.slice();
      bent[random.below(bent.length)] = random.below(256);
      if (tried(bent) === 'refused') refused += 1;
    }
  }
  for (let i = 0; i < 3000; i++) tried(random.bytes(1 + random.below(80)));
  t.ok(refused > 500);
  t.end();
});

t.test('what a frame says is checked, not only its form', (t) => {
  const [first] = changes(1, 1);
  const other = changes(5, 5, 2);
  const bad: Frame[] = [
    { kind: 'changes', origin: replica(1), changes: other },
    { kind: 'changes', origin: replica(1), changes: [] },
    { kind: 'changes', origin: replica(1), changes: [...changes(1, 1), ...changes(3, 3)] },
    { kind: 'subscribe', origin: replica(2), after: csn(4, 3) },
    { kind: 'summary', generation: '', state: ServerState.EMPTY, entryCount: 0 },
    { kind: 'hello', hello: hello('', 1) },
  ];
  for (const frame of bad) t.throws(() => decodeFrame(body(frame)), FrameError);
  t.throws(
    () => decodeFrame(concatBytes([body({ kind: 'credit', bytes: 1 }), new Uint8Array(1)])),
    FrameError,
  );
  t.throws(() => decodeFrame(new Uint8Array([127])), FrameError, 'an unknown type');
  t.ok(first);
  t.end();
});

t.test('extensions and longer hellos of later versions are passed over', (t) => {
  t.equal(decodeFrame(new Uint8Array([200, 1, 2, 3])), undefined);
  const longer = concatBytes([body(FRAMES[0] as Frame), new Uint8Array([250, 9, 9])]);
  t.equal(decodeFrame(longer)?.kind, 'hello');
  t.end();
});

t.test('a decoded frame keeps no memory of the stream it came in', (t) => {
  const stream = new Uint8Array(100_000);
  const bytes = body({ kind: 'changes', origin: replica(1), changes: changes(1, 2) });
  stream.set(bytes, 500);
  const frame = decodeFrame(stream.subarray(500, 500 + bytes.length));
  t.ok(
    frame?.kind === 'changes' &&
      frame.changes.every((change) => change.bytes.buffer.byteLength === bytes.length),
  );
  t.end();
});

function tried(bytes: Uint8Array): 'frame' | 'refused' {
  try {
    decodeFrame(bytes);
    return 'frame';
  } catch (error) {
    if (error instanceof FrameError) return 'refused';
    throw error;
  }
}

/** As plain data, so that Buffers and views compare. */
function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_, field: unknown) =>
      field instanceof Uint8Array ? [...field] : field instanceof ServerState ? field.toString() : field,
    ),
  );
}
