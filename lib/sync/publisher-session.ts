/**
 * The publishing end of a link, as a pure state machine: who dialed us is told what we hold, sent what it subscribes to, or given the whole domain.
 *
 * Owns the states and events of one session, its greeting and its end; reads no log and sends no octet itself. What a subscription is sent is publisher-serving.ts, a total update
 * publisher-export.ts. States and events (h handled, i ignored: why):
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
import type { EncodedChange } from '../change/change.js';
import type { Csn, ReplicaId } from '../csn/csn.js';
import { ServerState } from '../csn/server-state.js';
import type { Frame, Hello, RefusalCode, ServerStates } from './frames.js';
import { checkHello, forkFrames, type PeerFacts } from './hello-check.js';
import { stepExporting } from './publisher-export.js';
import { stepServing } from './publisher-serving.js';
import { HELLO_TIMEOUT_MS } from './session-timing.js';
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
