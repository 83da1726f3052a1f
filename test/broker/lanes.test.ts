/** Claims about links within a link: order, size, bounds, and their end with the carrier (lib/broker/lanes.ts). */
import t from 'tap';
import { LIMITS } from '../../lib/base/limits.js';
import { type Carrier, greetLane, Lanes } from '../../lib/broker/lanes.js';
import type { Link } from '../../lib/port/link.js';
import { encodeFrame } from '../../lib/sync/frame-octets.js';
import type { Frame } from '../../lib/sync/frames.js';
import { hello } from '../sync/session-fixtures.js';

/** Two ends of a link that carries lanes; `sent` is everything that the opener's end was sent. */
function carried(accept: (link: Link) => void): {
  opener: Lanes;
  accepter: Lanes;
  frames: Frame[];
  full: { on: boolean };
} {
  const frames: Frame[] = [];
  const full = { on: false };
  const end = (to: () => Lanes): Carrier => ({
    address: 'a:1',
    identity: 's1',
    queuedBytes: 0,
    send: (frame) => {
      frames.push(frame);
      if (frame.kind === 'lane') to().take(frame);
      return !full.on;
    },
  });
  const opener: Lanes = new Lanes(
    end(() => accepter),
    undefined,
  );
  const accepter: Lanes = new Lanes(
    end(() => opener),
    accept,
  );
  return { opener, accepter, frames, full };
}

function receiver(link: Link): { bytes: number[]; closed: string[]; drains: number } {
  const heard = { bytes: [] as number[], closed: [] as string[], drains: 0 };
  link.start({
    bytes: (bytes) => {
      for (const one of bytes) heard.bytes.push(one);
    },
    drain: () => {
      heard.drains += 1;
    },
    closed: (reason) => heard.closed.push(reason),
  });
  return heard;
}

t.test('octets arrive in order, on their own lane, in frames of a bounded size', async (t) => {
  const accepted: Link[] = [];
  const { opener, frames, full } = carried((link) => accepted.push(link));
  const [a, b] = [opener.open(), opener.open()];
  if (a === undefined || b === undefined) throw new Error('no lane');
  const heard = accepted.map(receiver);
  const long = new Uint8Array(LIMITS.laneOctets * 2 + 5).map((_, i) => i % 251);
  t.ok(a.send(long));
  b.send(new Uint8Array([7]));
  t.same(heard[0]?.bytes, [...long]);
  t.same(heard[1]?.bytes, [7]);
  t.ok(frames.every((frame) => frame.kind !== 'lane' || frame.bytes.length <= LIMITS.laneOctets));
  const back = receiver(a);
  full.on = true;
  t.notOk(a.send(new Uint8Array([1])), 'the carrier says when to wait');
  opener.drained();
  opener.drained();
  t.equal(back.drains, 1);
  accepted[0]?.pause();
  a.send(new Uint8Array([9]));
  t.equal(heard[0]?.bytes.at(-1), 1);
  accepted[0]?.resume();
  t.equal(heard[0]?.bytes.at(-1), 9);
});

t.test('a lane ends at both ends, once, and later; with the carrier all do', async (t) => {
  const accepted: Link[] = [];
  const { opener, accepter } = carried((link) => accepted.push(link));
  const [a, b] = [opener.open(), opener.open()];
  if (a === undefined || b === undefined) throw new Error('no lane');
  const [here, there] = [receiver(a), receiver(accepted[0] as Link)];
  a.close('enough');
  a.close('twice');
  t.same([here.closed, there.closed], [[], ['enough']], 'not from inside the call');
  await Promise.resolve();
  t.same(here.closed, ['enough']);
  const other = receiver(accepted[1] as Link);
  accepter.end('the carrier is gone');
  t.same(other.closed, ['the carrier is gone']);
  accepter.take({ kind: 'lane', number: 9, part: 'open', bytes: new Uint8Array() });
  t.equal(accepted.length, 2, 'nothing is opened after that');
});

t.test(
  'no more lanes than the limit, whatever a peer opens, and none on the end that opens them itself',
  async (t) => {
    let accepted = 0;
    const { opener, accepter, frames } = carried((link) => {
      accepted += 1;
      link.start({ bytes() {}, drain() {}, closed() {} });
    });
    for (let number = 1; number <= LIMITS.lanes + 3; number++)
      accepter.take({ kind: 'lane', number, part: 'open', bytes: new Uint8Array() });
    t.equal(accepted, LIMITS.lanes);
    t.equal(frames.filter((frame) => frame.kind === 'lane' && frame.part === 'close').length, 3);
    opener.take({ kind: 'lane', number: 99, part: 'open', bytes: new Uint8Array() });
    opener.take({ kind: 'lane', number: 98, part: 'octets', bytes: new Uint8Array([1]) });
    for (let i = 0; i < LIMITS.lanes; i++) t.ok(opener.open());
    t.equal(opener.open(), undefined);
  },
);

t.test('a lane begins with a hello of the domain, or it is closed', async (t) => {
  const own = hello('s1', 1);
  for (const [first, welcome] of [
    [{ kind: 'hello', hello: own }, true],
    [{ kind: 'hello', hello: { ...own, domain: 'dc=other' } }, false],
    [{ kind: 'credit', bytes: 1 }, false],
  ] as const) {
    const accepted: Link[] = [];
    const { opener } = carried((link) => accepted.push(link));
    const lane = opener.open();
    if (lane === undefined) throw new Error('no lane');
    const heard = receiver(lane);
    let greeted = 0;
    greetLane(accepted[0] as Link, own.domain, () => {
      greeted += 1;
    });
    lane.send(encodeFrame(first as Frame));
    t.equal(greeted, welcome ? 1 : 0);
    t.equal(heard.closed.length, welcome ? 0 : 1);
  }
});
