/**
 * A newer server and one of protocol version 1, from octets that were recorded before version 2 existed: the newer one speaks 1 with it (replication-model.md section 7).
 */
import { readFileSync } from 'node:fs';
import t from 'tap';
import { LIMITS } from '../../lib/base/limits.js';
import { mayCompress } from '../../lib/sync/compression.js';
import { FrameAssembler } from '../../lib/sync/frame-assembler.js';
import { decodeFrame, encodeFrame } from '../../lib/sync/frame-octets.js';
import { type Frame, PROTOCOL_MAX, PROTOCOL_MIN } from '../../lib/sync/frames.js';
import { checkHello } from '../../lib/sync/hello-check.js';
import { newPublisher, type PublisherEffect, stepPublisher } from '../../lib/sync/publisher-session.js';
import { openSubscriber, type SubscriberEffect, stepSubscriber } from '../../lib/sync/subscriber-session.js';
import { changes, csn, FACTS, hello, replica, states } from './session-fixtures.js';

interface Recorded {
  readonly kind: string;
  readonly octets: string;
}

const RECORDED = JSON.parse(readFileSync('test/sync/recorded/protocol-1.json', 'utf8')) as {
  readonly publisher: readonly Recorded[];
  readonly subscriber: readonly Recorded[];
};

/** The frames of a recorded stream, cut anew. */
function frames(recorded: readonly Recorded[]): Frame[] {
  const assembler = new FrameAssembler(LIMITS.frameBytes);
  assembler.push(Buffer.from(recorded.map(({ octets }) => octets).join(''), 'hex'));
  const found: Frame[] = [];
  for (let body = assembler.next(); body !== undefined; body = assembler.next()) {
    const frame = decodeFrame(body);
    if (frame !== undefined) found.push(frame);
  }
  return found;
}

function newer(server: string, id: number) {
  return hello(server, id, { protocolMin: PROTOCOL_MIN, protocolMax: PROTOCOL_MAX });
}

t.test('every recorded frame is read as it was meant, and written octet for octet the same', (t) => {
  for (const { kind, octets } of [...RECORDED.publisher, ...RECORDED.subscriber]) {
    const body = Buffer.from(octets, 'hex').subarray(4);
    const frame = decodeFrame(body);
    t.equal(frame?.kind, kind);
    if (frame !== undefined) t.equal(Buffer.from(encodeFrame(frame)).toString('hex'), octets, kind);
  }
  t.end();
});

t.test('a newer subscriber follows a recorded publisher of version 1 to the end', (t) => {
  t.ok(PROTOCOL_MAX > 1, 'there is a newer version');
  let { state, effects } = openSubscriber(newer('s1', 1), 0);
  const all: SubscriberEffect[] = [...effects];
  const take = (event: Parameters<typeof stepSubscriber>[1]): void => {
    ({ state, effects } = stepSubscriber(state, event, 0));
    all.push(...effects);
  };
  for (const frame of frames(RECORDED.publisher)) {
    if (frame.kind === 'hello') {
      t.notOk(mayCompress(frame.hello), 'nothing is compressed for it');
      take({ kind: 'hello', peer: frame.hello, facts: FACTS });
      take({
        kind: 'sources',
        places: new Map([
          [replica(2), undefined],
          [replica(7), csn(2, 7)],
        ]),
      });
    } else if (frame.kind !== 'members' && frame.kind !== 'notice') take({ kind: 'frame', frame });
  }
  const taken = all.flatMap((effect) => (effect.kind === 'append' ? effect.changes : []));
  t.same(taken, changes(1, 4, 2));
  t.match(state, { kind: 'closed', reason: 's2 is stopping' });
  t.end();
});

t.test('a newer publisher serves a recorded subscriber of version 1', (t) => {
  const own = hello('s2', 2, { protocolMax: PROTOCOL_MAX, states: states([csn(4, 2), csn(3, 7)]) });
  let state = newPublisher(0);
  const all: PublisherEffect[] = [];
  const take = (event: Parameters<typeof stepPublisher>[1]): void => {
    const step = stepPublisher(state, event, 0);
    state = step.state;
    all.push(...step.effects);
    for (const effect of step.effects) {
      if (effect.kind !== 'read') continue;
      const of = effect.origin === replica(2) ? changes(1, 4, 2) : changes(3, 3, 7);
      take({ kind: 'slice', origin: effect.origin, slice: { kind: 'changes', changes: of } });
    }
  };
  for (const frame of frames(RECORDED.subscriber)) {
    if (frame.kind === 'hello')
      take({ kind: 'hello', own, peer: frame.hello, facts: FACTS, importing: false });
    else take({ kind: 'frame', frame });
  }
  t.equal(state.kind, 'serving');
  const sent = all.flatMap((effect) =>
    effect.kind === 'send' && effect.frame.kind === 'changes' ? effect.frame.changes : [],
  );
  t.same(sent, [...changes(1, 4, 2), ...changes(3, 3, 7)]);
  t.end();
});

t.test('versions without one in common are refused by a sentence that names both', (t) => {
  const later = hello('s2', 2, { protocolMin: PROTOCOL_MAX + 1, protocolMax: PROTOCOL_MAX + 3 });
  const refusal = checkHello(newer('s1', 1), later, FACTS);
  t.equal(refusal?.code, 'version');
  t.match(refusal?.sentence, /s2 speaks replication protocol 4 to 6, s1 speaks 1 to 3/);
  t.equal(checkHello(newer('s1', 1), hello('s2', 2, { protocolMin: 2, protocolMax: 9 }), FACTS), undefined);
  t.end();
});
