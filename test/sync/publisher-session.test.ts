/**
 * The publishing end of a link: every pair of state and event, and the rules of sending (replication-model.md section 7).
 */
import t from 'tap';
import { ServerState } from '../../lib/csn/server-state.js';
import type { Frame } from '../../lib/sync/frames.js';
import {
  newPublisher,
  type PublisherEffect,
  type PublisherEvent,
  type PublisherState,
  stepPublisher,
} from '../../lib/sync/publisher-session.js';
import { change, changes, csn, FACTS, headerTable, hello, replica, states } from './session-fixtures.js';

const OWN = hello('s1', 1, { states: states([csn(5)]) });
const PEER = hello('s2', 2);
const GREETING: PublisherEvent = { kind: 'hello', own: OWN, peer: PEER, facts: FACTS, importing: false };

/** Plays events from a new session; answers the last state and all effects. */
function play(
  events: readonly PublisherEvent[],
  from = newPublisher(0),
  nowMs = 0,
): [PublisherState, PublisherEffect[]] {
  let state = from;
  const effects: PublisherEffect[] = [];
  for (const event of events) {
    const step = stepPublisher(state, event, nowMs);
    state = step.state;
    effects.push(...step.effects);
    t.same(step.effectsAfterDurable, []);
  }
  return [state, effects];
}

function frame(frame: Frame): PublisherEvent {
  return { kind: 'frame', frame };
}

function sent(effects: readonly PublisherEffect[]): Frame[] {
  return effects.flatMap((effect) => (effect.kind === 'send' ? [effect.frame] : []));
}

const SUBSCRIBED = [GREETING, frame({ kind: 'subscribe', origin: replica(1), after: undefined })];
const CREDIT = frame({ kind: 'credit', bytes: 1000 });
const EXPORT: PublisherEvent = {
  ...GREETING,
  peer: hello('s2', 2, { purpose: 'initialize', generation: undefined }),
};
const SUMMARY = { generationId: 'g1', state: ServerState.EMPTY, entryCount: 3 };

const STATES: Record<PublisherState['kind'], PublisherState[]> = {
  'awaiting-hello': [newPublisher(0)],
  serving: [
    play([GREETING])[0],
    play([...SUBSCRIBED, CREDIT])[0],
    play([...SUBSCRIBED, { kind: 'congested' }, CREDIT])[0],
  ],
  exporting: [
    play([EXPORT])[0],
    play([EXPORT, { kind: 'snapshot', summary: SUMMARY }, { kind: 'congested' }, CREDIT])[0],
    play([EXPORT, { kind: 'snapshot', summary: SUMMARY }, CREDIT])[0],
  ],
  closed: [{ kind: 'closed', reason: 'over' }],
};

const EVENTS: Record<PublisherEvent['kind'], PublisherEvent[]> = {
  hello: [GREETING],
  frame: [
    CREDIT,
    frame({ kind: 'subscribe', origin: replica(1), after: undefined }),
    frame({ kind: 'unsubscribe', origin: replica(1) }),
    frame({ kind: 'state', states: states() }),
    frame({ kind: 'refuse', code: 'closing', sentence: 'bye' }),
    frame({ kind: 'changes', origin: replica(1), changes: [change(1)] }),
  ],
  malformed: [{ kind: 'malformed', reason: 'nonsense' }],
  advanced: [{ kind: 'advanced', states: states([csn(6), csn(1, 3)]) }],
  slice: [{ kind: 'slice', origin: replica(1), slice: { kind: 'changes', changes: changes(1, 3) } }],
  'read-failed': [{ kind: 'read-failed', reason: 'disk' }],
  congested: [{ kind: 'congested' }],
  drained: [{ kind: 'drained' }],
  snapshot: [{ kind: 'snapshot', summary: SUMMARY }],
  images: [{ kind: 'images', images: [new Uint8Array(3)] }],
  'images-end': [{ kind: 'images-end' }],
  'snapshot-failed': [{ kind: 'snapshot-failed', reason: 'disk' }],
  tick: [{ kind: 'tick', states: states([csn(5)]) }],
  stop: [{ kind: 'stop', code: 'closing', reason: 'stopping' }],
  'link-closed': [{ kind: 'link-closed', reason: 'reset' }],
};

t.test('every pair of state and event is handled or ignored as the header of the file says', (t) => {
  const table = headerTable('lib/sync/publisher-session.ts');
  t.same([...table.keys()].sort(), Object.keys(EVENTS).sort());
  for (const [event, variants] of Object.entries(EVENTS)) {
    for (const [kind, starts] of Object.entries(STATES)) {
      const mark = table.get(event)?.get(kind);
      const quiet = starts.every((state) =>
        variants.every((variant) => {
          const step = stepPublisher(state, variant, 60_000);
          return step.effects.length === 0 && JSON.stringify(step.state) === JSON.stringify(state);
        }),
      );
      // Flags of an ignored pair may move (congestion before the hello); no effect may follow.
      if (mark === 'i') t.ok(quiet, `${event} in ${kind} is ignored`);
      else if (kind === 'awaiting-hello' && (event === 'drained' || event === 'congested'))
        t.equal(mark, 'h');
      else t.notOk(quiet, `${event} in ${kind} is handled (${mark})`);
    }
  }
  t.end();
});

t.test('nothing is sent without a subscription, and nothing without credit', (t) => {
  t.same(
    sent(play([GREETING, CREDIT, { kind: 'advanced', states: states([csn(6)]) }])[1]).map((f) => f.kind),
    ['hello'],
  );
  const [, effects] = play(SUBSCRIBED);
  t.notOk(effects.some((effect) => effect.kind === 'read'));
  t.ok(play([...SUBSCRIBED, CREDIT])[1].some((effect) => effect.kind === 'read'));
  t.end();
});

t.test('one change more than the credit is sent, then the sender waits', (t) => {
  const slice = (first: number, last: number): PublisherEvent => ({
    kind: 'slice',
    origin: replica(1),
    slice: { kind: 'changes', changes: changes(first, last) },
  });
  const [state, effects] = play([
    ...SUBSCRIBED,
    frame({ kind: 'credit', bytes: 10 }),
    slice(1, 1),
    slice(2, 2),
  ]);
  t.equal(effects.filter((effect) => effect.kind === 'read').length, 1);
  t.equal(sent(effects).filter((f) => f.kind === 'changes').length, 1);
  const [, more] = play([frame({ kind: 'credit', bytes: 100_000 })], state);
  t.same(more, [
    { kind: 'read', origin: 1, after: csn(1), maxBytes: more[0]?.kind === 'read' ? more[0].maxBytes : 0 },
  ]);
  t.end();
});

t.test('while the link is congested nothing is read; it goes on when drained', (t) => {
  const [state, effects] = play([...SUBSCRIBED, { kind: 'congested' }, CREDIT]);
  t.notOk(effects.some((effect) => effect.kind === 'read'));
  t.ok(play([{ kind: 'drained' }], state)[1].some((effect) => effect.kind === 'read'));
  t.end();
});

t.test('a change never leaves twice on one link, whatever is subscribed again', (t) => {
  const [state] = play([
    ...SUBSCRIBED,
    CREDIT,
    { kind: 'slice', origin: replica(1), slice: { kind: 'changes', changes: changes(1, 3) } },
    frame({ kind: 'unsubscribe', origin: replica(1) }),
  ]);
  const [again] = play([frame({ kind: 'subscribe', origin: replica(1), after: csn(1) })], state);
  t.equal(again.kind === 'serving' ? again.cursors.get(replica(1)) : 'none', csn(3));
  const stale: PublisherEvent = {
    kind: 'slice',
    origin: replica(1),
    slice: { kind: 'changes', changes: changes(2, 4) },
  };
  const [, effects] = play([stale], again);
  t.match(sent(effects), [{ kind: 'changes', changes: [{ csn: csn(4) }] }]);
  t.end();
});

t.test('origins that are behind take turns', (t) => {
  const own = hello('s1', 1, { states: states([csn(5, 1), csn(5, 2), csn(5, 3)]) });
  const [state, effects] = play([
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
    [current, pending] = play(
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
  const [, effects] = play([
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
    const [state] = play([GREETING]);
    t.equal(sent(play([{ kind: 'advanced', states: states([csn(6)]) }], state)[1]).length, 0);
    t.equal(sent(play([{ kind: 'tick', states: states([csn(6)]) }], state)[1])[0]?.kind, 'state');
    t.equal(
      sent(play([{ kind: 'advanced', states: states([csn(5), csn(1, 7)]) }], state)[1])[0]?.kind,
      'state',
    );
    t.end();
  },
);

t.test('a heartbeat goes out when nothing else did; a peer silent for three is gone', (t) => {
  const [state] = play([GREETING]);
  const tick: PublisherEvent = { kind: 'tick', states: OWN.states };
  t.same(stepPublisher(state, tick, 900).effects, []);
  t.match(stepPublisher(state, tick, 1000).effects, [{ kind: 'send', frame: { kind: 'state' } }]);
  const gone = stepPublisher(state, tick, 3000);
  t.match(gone.state, { kind: 'closed', reason: 'nothing heard from s2 for 3 s' });
  t.match(gone.effects, [{ kind: 'close' }]);
  t.end();
});

t.test('a peer that is refused learns why, and gets nothing else', (t) => {
  const [state, effects] = play([{ ...GREETING, facts: { ...FACTS, identity: 's9' } }]);
  t.equal(state.kind, 'closed');
  t.same(
    effects.map((effect) => effect.kind),
    ['send', 'refused', 'close'],
  );
  t.match(sent(effects), [
    { kind: 'refuse', code: 'identity', sentence: /calls itself s2, its certificate says s9/ },
  ]);
  t.end();
});

t.test('a server that is importing publishes nothing, an empty one initializes nobody', (t) => {
  t.match(sent(play([{ ...GREETING, importing: true }])[1]), [{ kind: 'refuse', code: 'importing' }]);
  const empty: PublisherEvent = { ...EXPORT, own: hello('s1', 1, { generation: undefined }) };
  t.match(sent(play([empty])[1]), [{ kind: 'refuse', code: 'no-data' }]);
  t.end();
});
