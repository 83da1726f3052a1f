/**
 * The subscribing end of a link, as a pure state machine: we dialed a server to be kept up to date by it, or to be given the whole domain.
 *
 * Owns what is asked for, what is given back as credit, and liveness of one session; stores nothing itself. A total update is subscriber-import.ts. Credit for changes and images is given
 * back only after they are durable (effectsAfterDurable), so a slow disk here slows the sender down and nobody else. States and events (h handled, i ignored: why):
 *
 *                  greeting             following            initializing         closed
 *   hello          h check, start       h protocol error     h protocol error     i: over
 *   frame          h refuse or error    h                    h                    i: over
 *   malformed      h refuse             h refuse             h refuse             i: over
 *   sources        i: not greeted yet   h (un)subscribe      i: takes images      i: over
 *   rejected       i: nothing appended  h refuse             i: nothing appended  i: over
 *   prepared       i: not asked for     i: not asked for     h grant credit       i: over
 *   finished       i: not asked for     i: not asked for     h close              i: over
 *   failed         i: nothing stored    h refuse             h refuse             i: over
 *   tick           h give up on silence h acknowledge, heartbeat, silence (both)  i: over
 *   stop           h refuse             h refuse             h refuse             i: over
 *   link-closed    h                    h                    h                    i: over
 */
import { LIMITS } from '../base/limits.js';
import type { EncodedChange } from '../change/change.js';
import type { Csn, ReplicaId } from '../csn/csn.js';
import type { Frame, Hello, RefusalCode, ServerStates, Unavailable } from './frames.js';
import { checkHello, type PeerFacts } from './hello-check.js';
import { HELLO_TIMEOUT_MS, silence } from './session-timing.js';
import type { SnapshotSummary } from './snapshot-summary.js';
import { stepInitializing } from './subscriber-import.js';

interface Greeted {
  readonly own: Hello;
  readonly peer: Hello;
  readonly lastSentMs: number;
  readonly lastHeardMs: number;
  /** Octets taken and not yet given back as credit. */
  readonly owedCredit: number;
  /** Our states as last sent. */
  readonly lastStates: ServerStates;
}

export interface Following extends Greeted {
  readonly kind: 'following';
  readonly subscribed: ReadonlySet<ReplicaId>;
  /** Every origin ever subscribed here: its changes may still be on their way. */
  readonly asked: ReadonlySet<ReplicaId>;
}

export interface Initializing extends Greeted {
  readonly kind: 'initializing';
  readonly phase: 'asked' | 'preparing' | 'receiving' | 'finishing';
  readonly summary: SnapshotSummary | undefined;
  readonly place?: SnapshotSummary['place'];
  readonly imageCount: number;
}

export type SubscriberState =
  | { readonly kind: 'greeting'; readonly own: Hello; readonly sinceMs: number }
  | Following
  | Initializing
  | { readonly kind: 'closed'; readonly reason: string };

export type SubscriberEvent =
  | { readonly kind: 'hello'; readonly peer: Hello; readonly facts: PeerFacts }
  | { readonly kind: 'frame'; readonly frame: Frame }
  | { readonly kind: 'malformed'; readonly reason: string }
  /** The origins to take from this peer, each with our place. */
  | { readonly kind: 'sources'; readonly places: ReadonlyMap<ReplicaId, Csn | undefined> }
  /** The log did not take changes: they do not follow what it holds. */
  | {
      readonly kind: 'rejected';
      readonly origin: ReplicaId;
      readonly held: Csn | undefined;
      readonly offered: Csn;
      /** The very same hole as in an earlier session: the peer has it, it did not come of the way. */
      readonly again: boolean;
    }
  /** Ready to take images. */
  | { readonly kind: 'prepared' }
  /** The total update is complete and on disk. */
  | { readonly kind: 'finished' }
  /** Changes or images could not be stored. */
  | { readonly kind: 'failed'; readonly reason: string }
  /** `heardMs`: when octets of the peer came last. */
  | { readonly kind: 'tick'; readonly states: ServerStates; readonly heardMs?: number }
  | { readonly kind: 'stop'; readonly code: RefusalCode; readonly reason: string }
  | { readonly kind: 'link-closed'; readonly reason: string };

export type SubscriberEffect =
  | { readonly kind: 'send'; readonly frame: Frame }
  /** The peer was accepted. */
  | { readonly kind: 'greeted'; readonly peer: Hello }
  /** What the peer holds, as it last said. */
  | { readonly kind: 'peer-states'; readonly states: ServerStates }
  /** Store; then perform effectsAfterDurable, or answer with rejected or failed. */
  | { readonly kind: 'append'; readonly origin: ReplicaId; readonly changes: readonly EncodedChange[] }
  | { readonly kind: 'unavailable'; readonly origin: ReplicaId; readonly why: Unavailable; readonly csn: Csn }
  /** The peer cannot serve this origin from our place: what follows is lacking. */
  | {
      readonly kind: 'hole';
      readonly origin: ReplicaId;
      readonly held: Csn | undefined;
      readonly offered: Csn;
    }
  /** Drop what is there and make ready; answer with prepared or failed. */
  | { readonly kind: 'prepare'; readonly summary: SnapshotSummary }
  /** Store in this order; then perform effectsAfterDurable, or answer with failed. */
  | { readonly kind: 'store-images'; readonly images: readonly Uint8Array[] }
  /** Every image was stored: conclude; answer with finished or failed. */
  | { readonly kind: 'finish'; readonly summary: SnapshotSummary; readonly imageCount: number }
  | {
      readonly kind: 'refused';
      readonly code: RefusalCode;
      readonly reason: string;
      readonly byPeer: boolean;
    }
  | { readonly kind: 'close'; readonly reason: string };

export interface SubscriberStep {
  readonly state: SubscriberState;
  readonly effects: readonly SubscriberEffect[];
  /** To perform once what the effects store is durable; not at all when that fails. */
  readonly effectsAfterDurable: readonly SubscriberEffect[];
}

/** The link was made: introduces us. */
export function openSubscriber(own: Hello, nowMs: number): SubscriberStep {
  return go({ kind: 'greeting', own, sinceMs: nowMs }, [
    { kind: 'send', frame: { kind: 'hello', hello: own } },
  ]);
}

/** One event. `nowMs` is monotonic. Never throws for what a peer sent. */
export function stepSubscriber(
  state: SubscriberState,
  event: SubscriberEvent,
  nowMs: number,
): SubscriberStep {
  if (state.kind === 'closed') return stay(state);
  switch (event.kind) {
    case 'malformed':
      return end('protocol', event.reason);
    case 'stop':
      return end(event.code, event.reason);
    case 'link-closed':
      return stay({ kind: 'closed', reason: event.reason });
    case 'frame':
      if (event.frame.kind === 'refuse') return refusedByPeer(event.frame.code, event.frame.sentence);
      break;
    default:
  }
  switch (state.kind) {
    case 'greeting':
      return stepGreeting(state, event, nowMs);
    case 'following':
      return stepFollowing(state, event, nowMs);
    case 'initializing':
      return stepInitializing(state, event, nowMs);
  }
}

/** No effect. */
export function stay(state: SubscriberState): SubscriberStep {
  return { state, effects: [], effectsAfterDurable: [] };
}

/** Effects to perform now, and once what they store is durable. */
export function go(
  state: SubscriberState,
  effects: readonly SubscriberEffect[],
  effectsAfterDurable: readonly SubscriberEffect[] = [],
): SubscriberStep {
  return { state, effects, effectsAfterDurable };
}

/** Tells the peer why, then closes. */
export function end(code: RefusalCode, reason: string): SubscriberStep {
  return go({ kind: 'closed', reason }, [
    { kind: 'send', frame: { kind: 'refuse', code, sentence: reason } },
    { kind: 'refused', code, reason, byPeer: false },
    { kind: 'close', reason },
  ]);
}

function refusedByPeer(code: RefusalCode, reason: string): SubscriberStep {
  return go({ kind: 'closed', reason }, [
    { kind: 'refused', code, reason, byPeer: true },
    { kind: 'close', reason },
  ]);
}

/** Closes without a word. */
export function lost(reason: string): SubscriberStep {
  return go({ kind: 'closed', reason }, [{ kind: 'close', reason }]);
}

function stepGreeting(
  state: Extract<SubscriberState, { kind: 'greeting' }>,
  event: SubscriberEvent,
  nowMs: number,
): SubscriberStep {
  switch (event.kind) {
    case 'hello':
      return greet(state.own, event.peer, event.facts, nowMs);
    case 'frame':
      return end('protocol', `a ${event.frame.kind} frame before the hello`);
    case 'tick':
      return nowMs - state.sinceMs >= HELLO_TIMEOUT_MS ? lost('no hello in time') : stay(state);
    default:
      return stay(state);
  }
}

function greet(own: Hello, peer: Hello, facts: PeerFacts, nowMs: number): SubscriberStep {
  const refusal = checkHello(own, peer, facts);
  if (refusal !== undefined) return end(refusal.code, refusal.sentence);
  const greeted: Greeted = {
    own,
    peer,
    lastSentMs: nowMs,
    lastHeardMs: nowMs,
    owedCredit: 0,
    lastStates: own.states,
  };
  const effects: SubscriberEffect[] = [
    { kind: 'greeted', peer },
    { kind: 'peer-states', states: peer.states },
  ];
  if (own.purpose === 'initialize') {
    return go(
      { ...greeted, kind: 'initializing', phase: 'asked', summary: undefined, imageCount: 0 },
      effects,
    );
  }
  const grant: SubscriberEffect = {
    kind: 'send',
    frame: { kind: 'credit', bytes: LIMITS.subscriptionWindowBytes },
  };
  return go({ ...greeted, kind: 'following', subscribed: new Set(), asked: new Set() }, [grant, ...effects]);
}

function stepFollowing(state: Following, event: SubscriberEvent, nowMs: number): SubscriberStep {
  switch (event.kind) {
    case 'hello':
      return end('protocol', 'a second hello');
    case 'frame':
      return followedFrame({ ...state, lastHeardMs: nowMs }, event.frame, nowMs);
    case 'sources':
      return changeSources(state, event.places, nowMs);
    case 'rejected':
      return rejected(state, event);
    case 'failed':
      return end('busy', `${state.own.server} cannot store changes (${event.reason})`);
    case 'tick':
      return tick(state, event, nowMs);
    default:
      return stay(state);
  }
}

function followedFrame(state: Following, frame: Frame, nowMs: number): SubscriberStep {
  switch (frame.kind) {
    case 'changes':
      return takeChanges(state, frame, nowMs);
    case 'state':
      return go(state, [{ kind: 'peer-states', states: frame.states }]);
    case 'unavailable': {
      const { origin, why, csn } = frame;
      return go(withoutSource(state, origin), [{ kind: 'unavailable', origin, why, csn }]);
    }
    default:
      return end('protocol', `a ${frame.kind} frame from a publisher`);
  }
}

/** A hole may be of the way: a new session shows. The same hole again is the peer's, and only its origin is given up there. */
function rejected(
  state: Following,
  { origin, held, offered, again }: Extract<SubscriberEvent, { kind: 'rejected' }>,
): SubscriberStep {
  if (!state.subscribed.has(origin)) return stay(state);
  if (!again) {
    return end(
      'protocol',
      `${state.peer.server} sent change ${offered} of replica ${origin}, which does not follow ${held ?? 'nothing'}`,
    );
  }
  return go(withoutSource(state, origin), [
    { kind: 'send', frame: { kind: 'unsubscribe', origin } },
    { kind: 'hole', origin, held, offered },
  ]);
}

function withoutSource(state: Following, origin: ReplicaId): Following {
  return { ...state, subscribed: new Set([...state.subscribed].filter((one) => one !== origin)) };
}

function takeChanges(
  state: Following,
  frame: Extract<Frame, { kind: 'changes' }>,
  nowMs: number,
): SubscriberStep {
  if (!state.asked.has(frame.origin))
    return end('protocol', `changes of replica ${frame.origin}, not asked for`);
  const bytes = frame.changes.reduce((sum, change) => sum + change.bytes.length, 0);
  const append: SubscriberEffect = { kind: 'append', origin: frame.origin, changes: frame.changes };
  const owedCredit = state.owedCredit + bytes;
  // Given back in few frames, long before the sender runs dry.
  if (owedCredit < LIMITS.subscriptionWindowBytes / 4) return go({ ...state, owedCredit }, [append]);
  return go({ ...state, owedCredit: 0, lastSentMs: nowMs }, [append], [credit(owedCredit)]);
}

/** The peer may send so many octets more. */
export function credit(bytes: number): SubscriberEffect {
  return { kind: 'send', frame: { kind: 'credit', bytes } };
}

function changeSources(
  state: Following,
  places: ReadonlyMap<ReplicaId, Csn | undefined>,
  nowMs: number,
): SubscriberStep {
  const effects: SubscriberEffect[] = [];
  for (const origin of state.subscribed) {
    if (!places.has(origin)) effects.push({ kind: 'send', frame: { kind: 'unsubscribe', origin } });
  }
  for (const [origin, after] of places) {
    if (!state.subscribed.has(origin))
      effects.push({ kind: 'send', frame: { kind: 'subscribe', origin, after } });
  }
  if (effects.length === 0) return stay(state);
  const subscribed = new Set(places.keys());
  return go(
    { ...state, subscribed, asked: new Set([...state.asked, ...subscribed]), lastSentMs: nowMs },
    effects,
  );
}

/** Liveness both ways; tells the peer what we hold when that moved. */
export function tick(
  state: Following | Initializing,
  { states, heardMs }: Extract<SubscriberEvent, { kind: 'tick' }>,
  nowMs: number,
): SubscriberStep {
  const silent = silence(state, nowMs, heardMs);
  if (silent !== undefined) return lost(silent);
  const last = state.lastStates;
  const news = !states.log.equals(last.log) || !states.applied.equals(last.applied);
  if (!news && nowMs - state.lastSentMs < state.own.heartbeatMs) return stay(state);
  return go({ ...state, lastSentMs: nowMs, lastStates: states }, [
    { kind: 'send', frame: { kind: 'state', states } },
  ]);
}
