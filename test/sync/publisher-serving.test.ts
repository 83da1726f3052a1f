/**
 * Sending changes to subscriptions: credit, congestion, turns, word of what is held, heartbeats (replication-model.md section 7).
 */
import t from 'tap';
import { type PublisherEvent, stepPublisher } from '../../lib/sync/publisher-session.js';
import {
  change,
  changes,
  csn,
  FACTS,
  frame,
  hello,
  playPublisher,
  replica,
  sent,
  states,
} from './session-fixtures.js';

const OWN = hello('s1', 1, { states: states([csn(5)]) });
const GREETING: PublisherEvent = {
  kind: 'hello',
  own: OWN,
  peer: hello('s2', 2),
  facts: FACTS,
  importing: false,
};
const SUBSCRIBED = [GREETING, frame({ kind: 'subscribe', origin: replica(1), after: undefined })];
const CREDIT = frame({ kind: 'credit', bytes: 1000 });

t.test('nothing is sent without a subscription, and nothing without credit', (t) => {
  t.same(
    sent(playPublisher([GREETING, CREDIT, { kind: 'advanced', states: states([csn(6)]) }])[1]).map(
      (f) => f.kind,
    ),
    ['hello'],
  );
  const [, effects] = playPublisher(SUBSCRIBED);
  t.notOk(effects.some((effect) => effect.kind === 'read'));
  t.ok(playPublisher([...SUBSCRIBED, CREDIT])[1].some((effect) => effect.kind === 'read'));
  t.end();
});

t.test('one change more than the credit is sent, then the sender waits', (t) => {
  const slice = (first: number, last: number): PublisherEvent => ({
    kind: 'slice',
    origin: replica(1),
    slice: { kind: 'changes', changes: changes(first, last) },
  });
  const [state, effects] = playPublisher([
    ...SUBSCRIBED,
    frame({ kind: 'credit', bytes: 10 }),
    slice(1, 1),
    slice(2, 2),
  ]);
  t.equal(effects.filter((effect) => effect.kind === 'read').length, 1);
  t.equal(sent(effects).filter((f) => f.kind === 'changes').length, 1);
  const [, more] = playPublisher([frame({ kind: 'credit', bytes: 100_000 })], state);
  t.same(more, [
    { kind: 'read', origin: 1, after: csn(1), maxBytes: more[0]?.kind === 'read' ? more[0].maxBytes : 0 },
  ]);
  t.end();
});

t.test('while the link is congested nothing is read; it goes on when drained', (t) => {
  const [state, effects] = playPublisher([...SUBSCRIBED, { kind: 'congested' }, CREDIT]);
  t.notOk(effects.some((effect) => effect.kind === 'read'));
  t.ok(playPublisher([{ kind: 'drained' }], state)[1].some((effect) => effect.kind === 'read'));
  t.end();
});

t.test('a change never leaves twice on one link, whatever is subscribed again', (t) => {
  const [state] = playPublisher([
    ...SUBSCRIBED,
    CREDIT,
    { kind: 'slice', origin: replica(1), slice: { kind: 'changes', changes: changes(1, 3) } },
    frame({ kind: 'unsubscribe', origin: replica(1) }),
  ]);
  const [again] = playPublisher([frame({ kind: 'subscribe', origin: replica(1), after: csn(1) })], state);
  t.equal(again.kind === 'serving' ? again.cursors.get(replica(1)) : 'none', csn(3));
  const stale: PublisherEvent = {
    kind: 'slice',
    origin: replica(1),
    slice: { kind: 'changes', changes: changes(2, 4) },
  };
  const [, effects] = playPublisher([stale], again);
  t.match(sent(effects), [{ kind: 'changes', changes: [{ csn: csn(4) }] }]);
  t.end();
});

t.test('origins that are behind take turns', (t) => {
  const own = hello('s1', 1, { states: states([csn(5, 1), csn(5, 2), csn(5, 3)]) });
  const [state, effects] = playPublisher([
    { ...GREETING, own },
    CREDIT,
    ...[1, 2, 3].map((id) => frame({ kind: 'subscribe', origin: replica(id), after: undefined })),
  ]);
  const order: number[] = [];
  let current = state;
  let pending = effects;
  for (let i = 0; i < 6; i++) {
    const read = pending.find((effect) => effect.kind === 'read');
    if (read?.kind !== 'read') break;
    order.push(read.origin);
    const next = order.filter((id) => id === read.origin).length;
    [current, pending] = playPublisher(
      [
        {
          kind: 'slice',
          origin: read.origin,
          slice: { kind: 'changes', changes: [change(next, read.origin)] },
        },
      ],
      current,
    );
  }
  t.same(order, [1, 2, 3, 1, 2, 3]);
  t.end();
});

t.test('a subscription that cannot be served is answered so, and the others go on', (t) => {
  const [, effects] = playPublisher([
    ...SUBSCRIBED,
    CREDIT,
    { kind: 'slice', origin: replica(1), slice: { kind: 'too-old', oldest: csn(3) } },
  ]);
  t.match(sent(effects).at(-1), { kind: 'unavailable', origin: 1, why: 'too-old', csn: csn(3) });
  t.end();
});

t.test(
  'an origin that the peer never heard of is told at once, newer changes of known ones at a tick',
  (t) => {
    const [state] = playPublisher([GREETING]);
    t.equal(sent(playPublisher([{ kind: 'advanced', states: states([csn(6)]) }], state)[1]).length, 0);
    t.equal(sent(playPublisher([{ kind: 'tick', states: states([csn(6)]) }], state)[1])[0]?.kind, 'state');
    t.equal(
      sent(playPublisher([{ kind: 'advanced', states: states([csn(5), csn(1, 7)]) }], state)[1])[0]?.kind,
      'state',
    );
    t.end();
  },
);

t.test('a heartbeat goes out when nothing else did; a peer silent for three is gone', (t) => {
  const [state] = playPublisher([GREETING]);
  const tick: PublisherEvent = { kind: 'tick', states: OWN.states };
  t.same(stepPublisher(state, tick, 900).effects, []);
  t.match(stepPublisher(state, tick, 1000).effects, [{ kind: 'send', frame: { kind: 'state' } }]);
  const gone = stepPublisher(state, tick, 3000);
  t.match(gone.state, { kind: 'closed', reason: 'nothing heard from s2 for 3 s' });
  t.match(gone.effects, [{ kind: 'close' }]);
  t.end();
});
