/**
 * Taking a total update (replication-model.md section 8).
 */
import t from 'tap';
import { LIMITS } from '../../lib/base/limits.js';
import { ServerState } from '../../lib/csn/server-state.js';
import { openSubscriber, type SubscriberEvent } from '../../lib/sync/subscriber-session.js';
import { csn, FACTS, frame, hello, playSubscriber, sent, states } from './session-fixtures.js';

const PEER = hello('s2', 2, { states: states([csn(5, 2)]) });
const GREETING: SubscriberEvent = { kind: 'hello', peer: PEER, facts: FACTS };
const INITIALIZE = openSubscriber(hello('s1', 1, { purpose: 'initialize', generation: undefined }), 0).state;
const SUMMARY = frame({ kind: 'summary', generation: 'g1', state: ServerState.EMPTY, entryCount: 3 });
const IMAGES = frame({ kind: 'images', images: [new Uint8Array(100)] });

t.test('a total update takes a summary, images, and exactly as many as were sent', (t) => {
  const ready = playSubscriber([GREETING, SUMMARY, { kind: 'prepared' }], INITIALIZE);
  t.ok(ready.effects.some((effect) => effect.kind === 'prepare'));
  t.match(sent(ready.effects), [{ kind: 'credit', bytes: LIMITS.imageWindowBytes }]);
  const taken = playSubscriber([IMAGES], ready.state);
  t.match(taken.effects, [{ kind: 'store-images' }]);
  t.match(sent(taken.after), [{ kind: 'credit', bytes: 100 }]);
  t.match(playSubscriber([frame({ kind: 'images-end', imageCount: 2 })], taken.state).state, {
    kind: 'closed',
    reason: '2 images were sent, 1 arrived',
  });
  const whole = playSubscriber([frame({ kind: 'images-end', imageCount: 1 })], taken.state);
  t.match(whole.effects, [{ kind: 'finish', imageCount: 1 }]);
  t.match(playSubscriber([{ kind: 'finished' }], whole.state).state, {
    kind: 'closed',
    reason: 'initialized',
  });
  t.match(
    playSubscriber([IMAGES], playSubscriber([GREETING, SUMMARY], INITIALIZE).state).state,
    { kind: 'closed' },
    'images before they were asked for',
  );
  t.end();
});
