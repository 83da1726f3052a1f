/**
 * The publishing end of a link, as a pure state machine: who dialed us is told what we hold, sent what it subscribes to, or given the whole domain.
 *
 * Owns cursors, credit, adverts and liveness of one session; reads no log and sends no octet itself. Level-triggered: `advanced` says only that the log moved;
 * what is sent follows from cursor, log state and credit. Each origin's changes leave in order, once per link. States and events (h handled, i ignored: why):
 *
 *                  awaiting-hello       serving              exporting            closed
 *   hello          h check, greet       h protocol error     h protocol error     i: over
 *   frame          h protocol error     h                    h credit, refuse     i: over
 *   malformed      h refuse             h refuse             h refuse             i: over
 *   advanced       i: hello tells it    h send or advertise  i: it has its state  i: over
 *   slice          i: none asked for    h send changes       i: read before       i: over
 *   read-failed    i: none asked for    h close              i: read before       i: over
 *   congested      h remember           h stop reading       h stop reading       i: over
 *   drained        h remember           h read on            h read on            i: over
 *   snapshot       i: none asked for    i: none asked for    h send summary       i: over, driver closes it
 *   images         i: none asked for    i: none asked for    h send               i: over
 *   images-end     i: none asked for    i: none asked for    h send               i: over
 *   snapshot-failed i: none asked for   i: none asked for    h refuse             i: over
 *   tick           h give up on silence h advert, heartbeat, silence  (both)      i: over
 *   stop           h refuse             h refuse             h refuse             i: over
 *   link-closed    h                    h                    h                    i: over
 */
import { LIMITS } from '../base/limits.js';
import type { EncodedChange } from '../change/change.js';
import type { Csn, ReplicaId } from '../csn/csn.js';
import { ServerState } from '../csn/server-state.js';
import type { Frame, Hello, RefusalCode, ServerStates } from './frames.js';
import { checkHello, forkFrames, type PeerFacts } from './hello-check.js';
import { stepExporting } from './publisher-export.js';
import { HELLO_TIMEOUT_MS, silence } from './session-timing.js';
import type { SnapshotSummary } from './snapshot-summary.js';

/** What a change log answers to a read effect. */
export type SliceRead =
  | { readonly kind: 'changes'; readonly changes: readonly EncodedChange[] }
  | { readonly kind: 'too-old'; readonly oldest: Csn }
  | { readonly kind: 'forked'; readonly found: Csn }
  /** A row is lacking after `after`. */
  | { readonly kind: 'damaged'; readonly after: Csn };

interface Alive {
  readonly lastSentMs: number;
  readonly lastHeardMs: number;
  /** The link asked us to wait. */
  readonly congested: boolean;
}

export interface Greeted extends Alive {
  readonly own: Hello;
  readonly peer: Hello;
  /** Octets that the peer still takes. */
  readonly credit: number;
}

export interface Serving extends Greeted {
  readonly kind: 'serving';
  readonly log: ServerState;
  /** Newest change sent (or said to be held) per subscribed origin. */
  readonly cursors: ReadonlyMap<ReplicaId, Csn | undefined>;
  /** Newest change sent on this link per origin, also after an unsubscribe: never sent again. */
  readonly sent: ServerState;
  /** What the peer knows that we hold. */
  readonly told: ServerState;
  /** The states as last sent. */
  readonly lastStates: ServerStates;
  /** The origin whose slice is being read. */
  readonly reading: ReplicaId | undefined;
  /** The origin that was served last: the others have their turn first. */
  readonly served: ReplicaId | undefined;
}

export interface Exporting extends Greeted {
  readonly kind: 'exporting';
  readonly phase: 'opening' | 'idle' | 'reading' | 'ended';
  readonly imageCount: number;
}

export type PublisherState =
  | (Alive & { readonly kind: 'awaiting-hello' })
  | Serving
  | Exporting
  | { readonly kind: 'closed'; readonly reason: string };

export type PublisherEvent =
  | {
      readonly kind: 'hello';
      readonly own: Hello;
      readonly peer: Hello;
      readonly facts: PeerFacts;
      readonly importing: boolean;
    }
  | { readonly kind: 'frame'; readonly frame: Frame }
  | { readonly kind: 'malformed'; readonly reason: string }
  | { readonly kind: 'advanced'; readonly states: ServerStates }
  | { readonly kind: 'slice'; readonly origin: ReplicaId; readonly slice: SliceRead }
  | { readonly kind: 'read-failed'; readonly reason: string }
  | { readonly kind: 'congested' }
  | { readonly kind: 'drained' }
  | { readonly kind: 'snapshot'; readonly summary: SnapshotSummary }
  | { readonly kind: 'images'; readonly images: readonly Uint8Array[] }
  | { readonly kind: 'images-end' }
  | { readonly kind: 'snapshot-failed'; readonly reason: string }
  /** `heardMs`: when octets of the peer came last. */
  | { readonly kind: 'tick'; readonly states: ServerStates; readonly heardMs?: number }
  | { readonly kind: 'stop'; readonly code: RefusalCode; readonly reason: string }
  | { readonly kind: 'link-closed'; readonly reason: string };

export type PublisherEffect =
  | { readonly kind: 'send'; readonly frame: Frame }
  /** Answer with slice or read-failed. */
  | {
      readonly kind: 'read';
      readonly origin: ReplicaId;
      readonly after: Csn | undefined;
      readonly maxBytes: number;
    }
  /** The peer was accepted. */
  | { readonly kind: 'greeted'; readonly peer: Hello }
  /** What the peer holds, as it last said. */
  | { readonly kind: 'peer-states'; readonly states: ServerStates }
  /** Answer with snapshot or snapshot-failed. */
  | { readonly kind: 'open-snapshot' }
  /** Answer with images, images-end or snapshot-failed. */
  | { readonly kind: 'read-images'; readonly maxBytes: number }
  | { readonly kind: 'refused'; readonly code: RefusalCode; readonly reason: string }
  /** Close the link after what was sent. */
  | { readonly kind: 'close'; readonly reason: string };

export interface PublisherStep {
  readonly state: PublisherState;
  readonly effects: readonly PublisherEffect[];
  /** A publisher sends only what is durable already: always empty, and here so that both ends have one form. */
  readonly effectsAfterDurable: readonly PublisherEffect[];
}

/** The state of a link that was just accepted. */
export function newPublisher(nowMs: number): PublisherState {
  return { kind: 'awaiting-hello', lastSentMs: nowMs, lastHeardMs: nowMs, congested: false };
}

/** One event. `nowMs` is monotonic. Never throws for what a peer sent. */
export function stepPublisher(state: PublisherState, event: PublisherEvent, nowMs: number): PublisherStep {
  if (state.kind === 'closed') return stay(state);
  switch (event.kind) {
    case 'malformed':
      return end('protocol', event.reason);
    case 'stop':
      return end(event.code, event.reason);
    case 'link-closed':
      return { state: { kind: 'closed', reason: event.reason }, effects: [], effectsAfterDurable: [] };
    case 'congested':
      return stay({ ...state, congested: true });
    default:
  }
  switch (state.kind) {
    case 'awaiting-hello':
      return stepAwaiting(state, event, nowMs);
    case 'serving':
      return stepServing(state, event, nowMs);
    case 'exporting':
      return stepExporting(state, event, nowMs);
  }
}

/** No effect. */
export function stay(state: PublisherState): PublisherStep {
  return { state, effects: [], effectsAfterDurable: [] };
}

/** Effects to perform now. */
export function go(state: PublisherState, effects: readonly PublisherEffect[]): PublisherStep {
  return { state, effects, effectsAfterDurable: [] };
}

/** Tells the peer why, after `first`, then closes. */
export function end(code: RefusalCode, reason: string, first: readonly Frame[] = []): PublisherStep {
  return go({ kind: 'closed', reason }, [
    ...first.map((frame): PublisherEffect => ({ kind: 'send', frame })),
    { kind: 'send', frame: { kind: 'refuse', code, sentence: reason } },
    { kind: 'refused', code, reason },
    { kind: 'close', reason },
  ]);
}

/** Closes without a word: nobody listens. */
export function lost(reason: string): PublisherStep {
  return go({ kind: 'closed', reason }, [{ kind: 'close', reason }]);
}

function stepAwaiting(
  state: Extract<PublisherState, { kind: 'awaiting-hello' }>,
  event: PublisherEvent,
  nowMs: number,
): PublisherStep {
  switch (event.kind) {
    case 'hello':
      return greet(state, event, nowMs);
    case 'frame':
      return end('protocol', `a ${event.frame.kind} frame before the hello`);
    case 'drained':
      return stay({ ...state, congested: false });
    case 'tick':
      return nowMs - state.lastHeardMs >= HELLO_TIMEOUT_MS ? lost('no hello in time') : stay(state);
    default:
      return stay(state);
  }
}

function greet(
  state: Alive,
  event: Extract<PublisherEvent, { kind: 'hello' }>,
  nowMs: number,
): PublisherStep {
  const { own, peer, facts } = event;
  const refusal = checkHello(own, peer, facts);
  // A peer without data learns our generation from our hello, and comes back to be initialized.
  if (refusal !== undefined && refusal.code !== 'no-data') {
    const told = refusal.code === 'forked' ? forkFrames(own, peer, facts) : [];
    return end(refusal.code, refusal.sentence, told);
  }
  if (event.importing && own.wants !== true)
    return end('importing', `${own.server} is being initialized itself`);
  if (peer.purpose === 'initialize' && own.generation === undefined) {
    return end('no-data', `${own.server} holds no data of ${own.domain} to initialize ${peer.server} from`);
  }
  const greeted = {
    own,
    peer,
    credit: 0,
    congested: state.congested,
    lastSentMs: nowMs,
    lastHeardMs: nowMs,
  };
  const effects: PublisherEffect[] = [
    { kind: 'send', frame: { kind: 'hello', hello: own } },
    { kind: 'greeted', peer },
  ];
  if (peer.purpose === 'initialize') {
    return go({ ...greeted, kind: 'exporting', phase: 'opening', imageCount: 0 }, [
      ...effects,
      { kind: 'open-snapshot' },
    ]);
  }
  return go(
    {
      ...greeted,
      kind: 'serving',
      log: own.states.log,
      cursors: new Map(),
      sent: ServerState.EMPTY,
      told: own.states.log,
      lastStates: own.states,
      reading: undefined,
      served: undefined,
    },
    effects,
  );
}

function stepServing(state: Serving, event: PublisherEvent, nowMs: number): PublisherStep {
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
