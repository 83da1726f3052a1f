/**
 * The subscribing end of a link: every pair of state and event, and the rules of taking (replication-model.md sections 6 and 7).
 */
import t from 'tap';
import { LIMITS } from '../../lib/base/limits.js';
import { ServerState } from '../../lib/csn/server-state.js';
import {
  openSubscriber,
  type SubscriberEvent,
  type SubscriberState,
  stepSubscriber,
} from '../../lib/sync/subscriber-session.js';
import {
  change,
  changes,
  csn,
  FACTS,
  frame,
  headerPairs,
  hello,
  playSubscriber,
  replica,
  SUBSCRIBER,
  sent,
  states,
} from './session-fixtures.js';

const PEER = hello('s2', 2, { states: states([csn(5, 2)]) });
const GREETING: SubscriberEvent = { kind: 'hello', peer: PEER, facts: FACTS };
const INITIALIZE = openSubscriber(hello('s1', 1, { purpose: 'initialize', generation: undefined }), 0).state;

const SOURCES: SubscriberEvent = { kind: 'sources', places: new Map([[replica(2), csn(2, 2)]]) };
const CHANGES = frame({ kind: 'changes', origin: replica(2), changes: changes(3, 4, 2) });
const SUMMARY = frame({ kind: 'summary', generation: 'g1', state: ServerState.EMPTY, entryCount: 3 });
const IMAGES = frame({ kind: 'images', images: [new Uint8Array(100)] });

const STATES: Record<SubscriberState['kind'], SubscriberState[]> = {
  greeting: [openSubscriber(SUBSCRIBER, 0).state],
  following: [playSubscriber([GREETING]).state, playSubscriber([GREETING, SOURCES]).state],
  initializing: [
    playSubscriber([GREETING], INITIALIZE).state,
    playSubscriber([GREETING, SUMMARY], INITIALIZE).state,
    playSubscriber([GREETING, SUMMARY, { kind: 'prepared' }], INITIALIZE).state,
    playSubscriber(
      [GREETING, SUMMARY, { kind: 'prepared' }, frame({ kind: 'images-end', imageCount: 0 })],
      INITIALIZE,
    ).state,
  ],
  closed: [{ kind: 'closed', reason: 'over' }],
};

const EVENTS: Record<SubscriberEvent['kind'], SubscriberEvent[]> = {
  hello: [GREETING],
  frame: [
    CHANGES,
    IMAGES,
    SUMMARY,
    frame({ kind: 'images-end', imageCount: 0 }),
    frame({ kind: 'state', states: states() }),
    frame({ kind: 'refuse', code: 'closing', sentence: 'bye' }),
    frame({ kind: 'unavailable', origin: replica(2), why: 'too-old', csn: csn(3, 2) }),
    frame({ kind: 'credit', bytes: 5 }),
  ],
  malformed: [{ kind: 'malformed', reason: 'nonsense' }],
  sources: [{ kind: 'sources', places: new Map([[replica(3), undefined]]) }],
  rejected: [{ kind: 'rejected', origin: replica(2), held: csn(1, 2), offered: csn(3, 2), again: false }],
  prepared: [{ kind: 'prepared' }],
  finished: [{ kind: 'finished' }],
  failed: [{ kind: 'failed', reason: 'disk full' }],
  tick: [{ kind: 'tick', states: states([csn(9)]) }],
  stop: [{ kind: 'stop', code: 'closing', reason: 'stopping' }],
  'link-closed': [{ kind: 'link-closed', reason: 'reset' }],
};

t.test('every pair of state and event is handled or ignored as the header of the file says', (t) => {
  const quiet = (state: SubscriberState, event: SubscriberEvent): boolean => {
    const step = stepSubscriber(state, event, 60_000);
    return step.effects.length === 0 && step.effectsAfterDurable.length === 0 && step.state === state;
  };
  for (const pair of headerPairs('lib/sync/subscriber-session.ts', STATES, EVENTS, quiet)) {
    const { event, kind, mark } = pair;
    if (mark === 'i') t.ok(pair.quiet, `${event} in ${kind} is ignored`);
    else t.notOk(pair.quiet, `${event} in ${kind} is handled (${mark})`);
  }
  t.end();
});

t.test(
  'credit for changes is given back only after they are durable, and long before the sender runs dry',
  (t) => {
    const greeted = playSubscriber([GREETING, SOURCES]);
    t.match(sent(greeted.effects), [
      { kind: 'credit', bytes: LIMITS.subscriptionWindowBytes },
      { kind: 'subscribe', origin: 2, after: csn(2, 2) },
    ]);
    let state = greeted.state;
    let taken = 0;
    let back = 0;
    let early = false;
    for (let n = 0; back === 0 && n < 100_000; n++) {
      const portion = changes(3, 4, 2);
      taken += portion.reduce((sum, one) => sum + one.bytes.length, 0);
      const step = playSubscriber([frame({ kind: 'changes', origin: replica(2), changes: portion })], state);
      early ||= sent(step.effects).length > 0;
      for (const given of sent(step.after)) if (given.kind === 'credit') back += given.bytes;
      state = step.state;
    }
    t.equal(back, taken);
    t.notOk(early, 'nothing before it is durable');
    t.ok(taken <= LIMITS.subscriptionWindowBytes / 2);
    t.end();
  },
);

t.test(
  'changes that were never asked for end the session; late ones of a former subscription are taken',
  (t) => {
    const stranger = frame({ kind: 'changes', origin: replica(7), changes: [change(1, 7)] });
    t.match(playSubscriber([GREETING, SOURCES, stranger]).state, { kind: 'closed', reason: /not asked for/ });
    const late = playSubscriber([GREETING, SOURCES, { kind: 'sources', places: new Map() }, CHANGES]);
    t.match(late.effects.at(-1), { kind: 'append', origin: 2 });
    t.end();
  },
);

t.test('only what changed is subscribed or unsubscribed', (t) => {
  const { state } = playSubscriber([GREETING, SOURCES]);
  t.same(playSubscriber([SOURCES], state).effects, []);
  const places = new Map([[replica(3), undefined]]);
  t.match(sent(playSubscriber([{ kind: 'sources', places }], state).effects), [
    { kind: 'unsubscribe', origin: 2 },
    { kind: 'subscribe', origin: 3, after: undefined },
  ]);
  t.end();
});

t.test(
  'the same hole again costs the peer that origin alone; it is never accepted (model section 7)',
  (t) => {
    const again: SubscriberEvent = {
      kind: 'rejected',
      origin: replica(2),
      held: csn(1, 2),
      offered: csn(3, 2),
      again: true,
    };
    const { state, effects } = playSubscriber([GREETING, SOURCES, again]);
    t.equal(state.kind, 'following');
    t.match(effects.slice(-2), [
      { kind: 'send', frame: { kind: 'unsubscribe', origin: 2 } },
      { kind: 'hole', origin: 2, held: csn(1, 2), offered: csn(3, 2) },
    ]);
    t.same(stepSubscriber(state, again, 0).effects, [], 'what was on its way is dropped');
    t.end();
  },
);

t.test('octets of a frame that is not whole yet are a sign of life: a long one may take its time', (t) => {
  const { state } = playSubscriber([GREETING]);
  t.equal(stepSubscriber(state, { kind: 'tick', states: SUBSCRIBER.states }, 3000).state.kind, 'closed');
  const busy = stepSubscriber(state, { kind: 'tick', states: SUBSCRIBER.states, heardMs: 2900 }, 3000).state;
  t.equal(busy.kind, 'following');
  t.equal(
    stepSubscriber(busy, { kind: 'tick', states: SUBSCRIBER.states, heardMs: 2900 }, 5900).state.kind,
    'closed',
  );
  t.end();
});

t.test('what the log refuses ends the session with a sentence', (t) => {
  const { state, effects } = playSubscriber([
    GREETING,
    SOURCES,
    { kind: 'rejected', origin: replica(2), held: csn(1, 2), offered: csn(3, 2), again: false },
  ]);
  t.match(state, { kind: 'closed', reason: /s2 sent change [0-9a-f]+ of replica 2, which does not follow/ });
  t.ok(effects.some((effect) => effect.kind === 'refused'));
  t.end();
});

t.test(
  'what we hold is told when it moved, else once a heartbeat; a silent peer is gone after three',
  (t) => {
    const { state } = playSubscriber([GREETING]);
    const same: SubscriberEvent = { kind: 'tick', states: SUBSCRIBER.states };
    t.same(stepSubscriber(state, same, 500).effects, []);
    t.match(stepSubscriber(state, same, 1000).effects, [{ kind: 'send', frame: { kind: 'state' } }]);
    t.match(stepSubscriber(state, { kind: 'tick', states: states([csn(9)]) }, 100).effects, [
      { kind: 'send' },
    ]);
    t.match(stepSubscriber(state, same, 3000).state, { kind: 'closed', reason: /nothing heard from s2/ });
    t.end();
  },
);
