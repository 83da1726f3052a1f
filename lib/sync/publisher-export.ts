/**
 * The publisher's half of a total update: the `exporting` column of publisher-session.ts's table.
 *
 * A summary, then images as credit allows, then their count. Nothing of the domain is interpreted; the driver reads the snapshot when asked to.
 */
import { LIMITS } from '../base/limits.js';
import type { Frame, ServerStates } from './frames.js';
import {
  type Exporting,
  end,
  go,
  lost,
  type PublisherEffect,
  type PublisherEvent,
  type PublisherStep,
  stay,
} from './publisher-session.js';
import { silence } from './session-timing.js';
import type { SnapshotSummary } from './snapshot-summary.js';

/** One event of a session that gives the whole domain away. */
export function stepExporting(state: Exporting, event: PublisherEvent, nowMs: number): PublisherStep {
  switch (event.kind) {
    case 'hello':
      return end('protocol', 'a second hello');
    case 'frame':
      return exportingFrame({ ...state, lastHeardMs: nowMs }, event.frame);
    case 'snapshot':
      return begin(state, event.summary, nowMs);
    case 'images': {
      const bytes = event.images.reduce((sum, image) => sum + image.length, 0);
      const imageCount = state.imageCount + event.images.length;
      return pumpImages(
        { ...state, phase: 'idle', credit: state.credit - bytes, imageCount, lastSentMs: nowMs },
        [{ kind: 'send', frame: { kind: 'images', images: event.images } }],
      );
    }
    case 'images-end':
      return go({ ...state, phase: 'ended', lastSentMs: nowMs }, [
        { kind: 'send', frame: { kind: 'images-end', imageCount: state.imageCount } },
      ]);
    case 'snapshot-failed':
      return end('busy', `${state.own.server} cannot export ${state.own.domain} (${event.reason})`);
    case 'drained':
      return pumpImages({ ...state, congested: false }, []);
    case 'tick':
      return tickExporting(state, event.states, nowMs, event.heardMs);
    default:
      return stay(state);
  }
}

function exportingFrame(state: Exporting, frame: Frame): PublisherStep {
  switch (frame.kind) {
    case 'credit':
      return pumpImages({ ...state, credit: state.credit + frame.bytes }, []);
    case 'state':
      return go(state, [{ kind: 'peer-states', states: frame.states }]);
    case 'refuse':
      return go({ kind: 'closed', reason: frame.sentence }, [{ kind: 'close', reason: frame.sentence }]);
    default:
      return end('protocol', `a ${frame.kind} frame during a total update`);
  }
}

function begin(state: Exporting, summary: SnapshotSummary, nowMs: number): PublisherStep {
  const { place } = summary;
  const begun: Exporting = { ...state, phase: 'idle', imageCount: place?.images ?? 0, lastSentMs: nowMs };
  const told: readonly PublisherEffect[] =
    place === undefined ? [] : [{ kind: 'send', frame: { kind: 'place', place } }];
  return pumpImages(begun, [...told, { kind: 'send', frame: summaryFrame(summary) }]);
}

function summaryFrame(summary: SnapshotSummary): Frame {
  return {
    kind: 'summary',
    generation: summary.generationId,
    state: summary.state,
    entryCount: summary.entryCount,
  };
}

function pumpImages(state: Exporting, effects: readonly PublisherEffect[]): PublisherStep {
  if (state.phase !== 'idle' || state.congested || state.credit <= 0) return go(state, effects);
  const read: PublisherEffect = {
    kind: 'read-images',
    maxBytes: Math.min(state.credit, LIMITS.logReadBytes),
  };
  return go({ ...state, phase: 'reading' }, [...effects, read]);
}

function tickExporting(
  state: Exporting,
  states: ServerStates,
  nowMs: number,
  heardMs?: number,
): PublisherStep {
  const silent = silence(state, nowMs, heardMs);
  if (silent !== undefined) return lost(silent);
  if (nowMs - state.lastSentMs < state.own.heartbeatMs) return stay(state);
  return go({ ...state, lastSentMs: nowMs }, [{ kind: 'send', frame: { kind: 'state', states } }]);
}
