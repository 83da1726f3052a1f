/**
 * Giving the whole domain away (replication-model.md section 8).
 */
import t from 'tap';
import { ServerState } from '../../lib/csn/server-state.js';
import { stepExporting } from '../../lib/sync/publisher-export.js';
import type { Exporting, PublisherEffect, PublisherEvent } from '../../lib/sync/publisher-session.js';
import { frame, hello, replica, sent, states } from './session-fixtures.js';

const SUMMARY = { generationId: 'g1', state: ServerState.EMPTY, entryCount: 3 };
const BEGUN: Exporting = {
  kind: 'exporting',
  phase: 'opening',
  imageCount: 0,
  own: hello('s1', 1),
  peer: hello('s2', 2, { purpose: 'initialize', generation: undefined }),
  credit: 0,
  congested: false,
  lastSentMs: 0,
  lastHeardMs: 0,
};

function play(
  events: readonly PublisherEvent[],
  from = BEGUN,
  nowMs = 0,
): [Exporting, PublisherEffect[], string] {
  let state = from;
  const effects: PublisherEffect[] = [];
  for (const event of events) {
    const step = stepExporting(state, event, nowMs);
    effects.push(...step.effects);
    if (step.state.kind !== 'exporting') return [state, effects, step.state.kind];
    state = step.state;
  }
  return [state, effects, state.kind];
}

t.test('summary, images as credit allows, their number', (t) => {
  const images = [new Uint8Array(400), new Uint8Array(400)];
  const [state, effects] = play([
    { kind: 'snapshot', summary: SUMMARY },
    frame({ kind: 'credit', bytes: 700 }),
  ]);
  t.match(sent(effects), [{ kind: 'summary', generation: 'g1', entryCount: 3 }]);
  t.same(effects.filter((effect) => effect.kind === 'read-images').length, 1);
  const [waiting, after] = play([{ kind: 'images', images }], state);
  t.notOk(
    after.some((effect) => effect.kind === 'read-images'),
    'credit is used up',
  );
  const [, end] = play([frame({ kind: 'credit', bytes: 700 }), { kind: 'images-end' }], waiting);
  t.match(sent(end), [{ kind: 'images-end', imageCount: 2 }]);
  t.end();
});

t.test('a congested link is waited for; heartbeats go on meanwhile, and a silent target is given up', (t) => {
  const [state, effects] = play(
    [{ kind: 'snapshot', summary: SUMMARY }, frame({ kind: 'credit', bytes: 700 })],
    { ...BEGUN, congested: true },
  );
  t.notOk(effects.some((effect) => effect.kind === 'read-images'));
  t.ok(play([{ kind: 'drained' }], state)[1].some((effect) => effect.kind === 'read-images'));
  t.match(sent(play([{ kind: 'tick', states: states() }], state, 1000)[1]), [{ kind: 'state' }]);
  t.equal(play([{ kind: 'tick', states: states() }], state, 3000)[2], 'closed');
  t.end();
});

t.test('what a target may not say, or a snapshot that fails, ends the session with a sentence', (t) => {
  t.equal(play([frame({ kind: 'subscribe', origin: replica(1), after: undefined })])[2], 'closed');
  const [, effects, kind] = play([{ kind: 'snapshot-failed', reason: 'disk' }]);
  t.equal(kind, 'closed');
  t.match(sent(effects), [{ kind: 'refuse', sentence: /s1 cannot export dc=example,dc=com \(disk\)/ }]);
  t.end();
});
