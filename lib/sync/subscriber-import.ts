/**
 * The `initializing` column of the table of subscriber-session.ts: makes ready, takes images in order, counts them, concludes.
 *
 * Owns the phases of a total update where it arrives; the other end is publisher-export.ts.
 */
import { LIMITS } from '../base/limits.js';
import type { Frame } from './frames.js';
import {
  credit,
  end,
  go,
  type Initializing,
  lost,
  type SubscriberEvent,
  type SubscriberStep,
  stay,
  tick,
} from './subscriber-session.js';

/** One event of a session that takes a total update. */
export function stepInitializing(state: Initializing, event: SubscriberEvent, nowMs: number): SubscriberStep {
  switch (event.kind) {
    case 'hello':
      return end('protocol', 'a second hello');
    case 'frame':
      return initializingFrame({ ...state, lastHeardMs: nowMs }, event.frame);
    case 'prepared':
      if (state.phase !== 'preparing') return stay(state);
      return go({ ...state, phase: 'receiving', lastSentMs: nowMs }, [credit(LIMITS.imageWindowBytes)]);
    case 'finished':
      return lost('initialized');
    case 'failed':
      return end('busy', `${state.own.server} cannot store the total update (${event.reason})`);
    case 'tick':
      return tick(state, event, nowMs);
    default:
      return stay(state);
  }
}

function initializingFrame(state: Initializing, frame: Frame): SubscriberStep {
  switch (frame.kind) {
    case 'summary': {
      if (state.phase !== 'asked') return end('protocol', 'a second summary');
      const { generation: generationId, entryCount } = frame;
      const summary = { generationId, state: frame.state, entryCount, place: state.place };
      const imageCount = state.place?.images ?? 0;
      return go({ ...state, phase: 'preparing', summary, imageCount }, [{ kind: 'prepare', summary }]);
    }
    case 'place':
      return stay({ ...state, place: frame.place });
    case 'images': {
      if (state.phase !== 'receiving') return end('protocol', 'images that were not asked for');
      const bytes = frame.images.reduce((sum, image) => sum + image.length, 0);
      return go(
        { ...state, imageCount: state.imageCount + frame.images.length },
        [{ kind: 'store-images', images: frame.images }],
        [credit(bytes)],
      );
    }
    case 'images-end': {
      const { summary, imageCount } = state;
      if (state.phase !== 'receiving' || summary === undefined)
        return end('protocol', 'an end without a beginning');
      if (frame.imageCount !== imageCount)
        return end('protocol', `${frame.imageCount} images were sent, ${imageCount} arrived`);
      return go({ ...state, phase: 'finishing' }, [{ kind: 'finish', summary, imageCount }]);
    }
    case 'state':
      return go(state, [{ kind: 'peer-states', states: frame.states }]);
    default:
      return end('protocol', `a ${frame.kind} frame during a total update`);
  }
}
