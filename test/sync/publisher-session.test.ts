/**
 * The publishing end of a link: every pair of state and event, and the rules of sending (replication-model.md section 7).
 */
import t from 'tap';
import { ServerState } from '../../lib/csn/server-state.js';
import {
  newPublisher,
  type PublisherEvent,
  type PublisherState,
  stepPublisher,
} from '../../lib/sync/publisher-session.js';
import {
  change,
  changes,
  csn,
  FACTS,
  frame,
  headerPairs,
  hello,
  playPublisher,
  replica,
  sent,
  states,
} from './session-fixtures.js';

const OWN = hello('s1', 1, { states: states([csn(5)]) });
const PEER = hello('s2', 2);
const GREETING: PublisherEvent = { kind: 'hello', own: OWN, peer: PEER, facts: FACTS, importing: false };

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
    playPublisher([GREETING])[0],
    playPublisher([...SUBSCRIBED, CREDIT])[0],
    playPublisher([...SUBSCRIBED, { kind: 'congested' }, CREDIT])[0],
  ],
  exporting: [
    playPublisher([EXPORT])[0],
    playPublisher([EXPORT, { kind: 'snapshot', summary: SUMMARY }, { kind: 'congested' }, CREDIT])[0],
    playPublisher([EXPORT, { kind: 'snapshot', summary: SUMMARY }, CREDIT])[0],
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
  const quiet = (state: PublisherState, event: PublisherEvent): boolean => {
    const step = stepPublisher(state, event, 60_000);
    return step.effects.length === 0 && JSON.stringify(step.state) === JSON.stringify(state);
  };
  for (const pair of headerPairs('lib/sync/publisher-session.ts', STATES, EVENTS, quiet)) {
    const { event, kind, mark } = pair;
    // Flags of an ignored pair may move (congestion before the hello); no effect may follow.
    if (mark === 'i') t.ok(pair.quiet, `${event} in ${kind} is ignored`);
    else if (kind === 'awaiting-hello' && (event === 'drained' || event === 'congested')) t.equal(mark, 'h');
    else t.notOk(pair.quiet, `${event} in ${kind} is handled (${mark})`);
  }
  t.end();
});

t.test('a peer that is refused learns why, and gets nothing else', (t) => {
  const [state, effects] = playPublisher([{ ...GREETING, facts: { ...FACTS, identity: 's9' } }]);
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
  t.match(sent(playPublisher([{ ...GREETING, importing: true }])[1]), [
    { kind: 'refuse', code: 'importing' },
  ]);
  const empty: PublisherEvent = { ...EXPORT, own: hello('s1', 1, { generation: undefined }) };
  t.match(sent(playPublisher([empty])[1]), [{ kind: 'refuse', code: 'no-data' }]);
  t.end();
});
