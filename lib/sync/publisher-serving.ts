/**
 * The `serving` column of the table of publisher-session.ts: changes to subscriptions, and word of what is held.
 *
 * Owns cursors, credit and adverts. Level-triggered: `advanced` says only that the log moved; what is sent follows from cursor, log state and credit. Each origin's
 * changes leave in order, once per link.
 */
import { LIMITS } from '../base/limits.js';
import type { Csn, ReplicaId } from '../csn/csn.js';
import type { Frame, ServerStates } from './frames.js';
import {
  end,
  go,
  lost,
  type PublisherEffect,
  type PublisherEvent,
  type PublisherStep,
  type Serving,
  stay,
} from './publisher-session.js';
import { silence } from './session-timing.js';

/** One event of a session that serves subscriptions. */
export function stepServing(state: Serving, event: PublisherEvent, nowMs: number): PublisherStep {
  switch (event.kind) {
    case 'hello':
      return end('protocol', 'a second hello');
    case 'frame':
      return servedFrame({ ...state, lastHeardMs: nowMs }, event.frame);
    case 'advanced':
      return advance(state, event.states, nowMs);
    case 'slice':
      return sendSlice(state, event, nowMs);
    case 'read-failed':
      return end('busy', `${state.own.server} cannot read its change log (${event.reason})`);
    case 'drained':
      return pump({ ...state, congested: false }, []);
    case 'tick':
      return tickServing(state, event.states, nowMs, event.heardMs);
    default:
      return stay(state);
  }
}

function servedFrame(state: Serving, frame: Frame): PublisherStep {
  switch (frame.kind) {
    case 'subscribe':
      return subscribe(state, frame.origin, frame.after);
    case 'unsubscribe': {
      const cursors = new Map(state.cursors);
      cursors.delete(frame.origin);
      return stay({ ...state, cursors });
    }
    case 'credit':
      return pump({ ...state, credit: Math.min(state.credit + frame.bytes, Number.MAX_SAFE_INTEGER) }, []);
    case 'state':
      return go(state, [{ kind: 'peer-states', states: frame.states }]);
    case 'refuse':
      return go({ kind: 'closed', reason: frame.sentence }, [{ kind: 'close', reason: frame.sentence }]);
    default:
      return end('protocol', `a ${frame.kind} frame from a subscriber`);
  }
}

function subscribe(state: Serving, origin: ReplicaId, after: Csn | undefined): PublisherStep {
  if (state.cursors.size >= LIMITS.replicas && !state.cursors.has(origin)) {
    return end('protocol', 'too many subscriptions');
  }
  // What was sent on this link arrives, whatever the peer held when it asked.
  const sent = state.sent.get(origin);
  const place = sent !== undefined && (after === undefined || after < sent) ? sent : after;
  return pump({ ...state, cursors: new Map(state.cursors).set(origin, place) }, []);
}

/** The log moved: send to subscriptions; tell of origins that the peer has not heard of at once, of the rest at a tick. */
function advance(state: Serving, states: ServerStates, nowMs: number): PublisherStep {
  const next = { ...state, log: states.log };
  const unheard = states.log
    .replicas()
    .some((origin) => !next.cursors.has(origin) && next.told.get(origin) === undefined);
  return unheard ? pump(...tell(next, states, nowMs)) : pump(next, []);
}

function tell(state: Serving, states: ServerStates, nowMs: number): [Serving, PublisherEffect[]] {
  return [
    { ...state, told: state.told.merge(states.log), lastStates: states, lastSentMs: nowMs },
    [{ kind: 'send', frame: { kind: 'state', states } }],
  ];
}

function sendSlice(
  state: Serving,
  event: Extract<PublisherEvent, { kind: 'slice' }>,
  nowMs: number,
): PublisherStep {
  const { origin, slice } = event;
  const next: Serving = {
    ...state,
    reading: state.reading === origin ? undefined : state.reading,
    served: origin,
  };
  if (!state.cursors.has(origin) || state.reading !== origin) return pump(next, []);
  if (slice.kind !== 'changes') {
    const cursors = new Map(state.cursors);
    cursors.delete(origin);
    const csn = slice.kind === 'too-old' ? slice.oldest : slice.kind === 'forked' ? slice.found : slice.after;
    return pump({ ...next, cursors, lastSentMs: nowMs }, [
      { kind: 'send', frame: { kind: 'unavailable', origin, why: slice.kind, csn } },
    ]);
  }
  const cursor = state.cursors.get(origin);
  const changes =
    cursor === undefined ? slice.changes : slice.changes.filter((change) => change.csn > cursor);
  const last = changes[changes.length - 1];
  // Read for an earlier subscription of the same origin: read again from where this one stands.
  if (last === undefined || changes[0]?.previous !== cursor) return pump(next, []);
  const bytes = changes.reduce((sum, change) => sum + change.bytes.length, 0);
  return pump(
    {
      ...next,
      cursors: new Map(state.cursors).set(origin, last.csn),
      sent: state.sent.with(last.csn),
      told: state.told.with(last.csn),
      credit: state.credit - bytes,
      lastSentMs: nowMs,
    },
    [{ kind: 'send', frame: { kind: 'changes', origin, changes } }],
  );
}

/** Asks for the next slice where the peer takes more, the link is free and some subscription is behind: origins take turns. */
function pump(state: Serving, effects: readonly PublisherEffect[]): PublisherStep {
  if (state.reading !== undefined || state.congested || state.credit <= 0) return go(state, effects);
  const origin = nextOrigin(state);
  if (origin === undefined) return go(state, effects);
  const maxBytes = Math.min(state.credit, LIMITS.logReadBytes);
  const read: PublisherEffect = { kind: 'read', origin, after: state.cursors.get(origin), maxBytes };
  return go({ ...state, reading: origin }, [...effects, read]);
}

function nextOrigin(state: Serving): ReplicaId | undefined {
  let first: ReplicaId | undefined;
  let next: ReplicaId | undefined;
  for (const [origin, cursor] of state.cursors) {
    const newest = state.log.get(origin);
    if (newest === undefined || (cursor !== undefined && cursor >= newest)) continue;
    if (first === undefined || origin < first) first = origin;
    if (origin > (state.served ?? 0) && (next === undefined || origin < next)) next = origin;
  }
  return next ?? first;
}

function tickServing(state: Serving, states: ServerStates, nowMs: number, heardMs?: number): PublisherStep {
  const silent = silence(state, nowMs, heardMs);
  if (silent !== undefined) return lost(silent);
  const news =
    !state.told.coversAll(states.log) ||
    !states.applied.equals(state.lastStates.applied) ||
    !states.trimmed.equals(state.lastStates.trimmed);
  const idle = nowMs - state.lastSentMs >= state.own.heartbeatMs;
  if (!news && !idle) return stay(state);
  return pump(...tell({ ...state, log: states.log }, states, nowMs));
}
