/**
 * Local changes have their effect: each is newer than what it changes, also where that was made under a clock far ahead of this server's (docs/conflicts.md, Clocks).
 *
 * Owns the choice: our CSNs follow the stamp, or the write is refused. Costs a comparison while all clocks are within the skew bound.
 */

import { LdapError } from '../base/ldap-error.js';
import { LIMITS } from '../base/limits.js';
import { needsRows, newestStamp } from '../conflict/newest-stamp.js';
import { type Csn, csnReplica, csnTimeMs, laterCsn, ZERO_CSN } from '../csn/csn.js';
import type { CsnGenerator } from '../csn/csn-generator.js';
import type { Clock } from '../port/clock.js';
import type { Intent } from './backend.js';
import type { FoldView } from './fold-view.js';
import type { GroupCommit } from './group-commit.js';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

export interface StampWorld {
  readonly generator: CsnGenerator;
  readonly clock: Pick<Clock, 'wallMs'>;
  readonly view: FoldView;
  readonly commit: Pick<GroupCommit, 'counters' | 'drops'>;
  /** Our CSNs follow one that lies beyond the skew bound: an alert. */
  readonly onFollow: (csn: Csn, aheadMs: number) => void;
}

/**
 * Takes our clock past what the intents change; undefined: it is past everything. Resolves with why it cannot be: `unavailable`, for nothing is wrong with the request. Nothing may be decided before
 * the promise is settled. Rejects with a StoreError.
 */
export function passStamps(
  world: StampWorld,
  intents: readonly Intent[],
): Promise<LdapError | undefined> | undefined {
  return world.generator.isBehind(world.clock.wallMs()) ? passFarStamps(world, intents) : undefined;
}

async function passFarStamps(
  { generator, clock, view, commit, onFollow }: StampWorld,
  intents: readonly Intent[],
): Promise<LdapError | undefined> {
  const { drops } = commit;
  let newest = ZERO_CSN;
  for (const { entry, body } of intents) {
    const needed = needsRows(body);
    if (needed && !view.historyAtHand(entry, undefined))
      await view.load({ kind: 'history', entry, after: undefined });
    const rows = needed ? view.history(entry, undefined) : [];
    newest = laterCsn(newest, newestStamp(view.entry(entry), body, rows, commit.counters.newestMove));
  }
  if (commit.drops !== drops)
    return new LdapError('unavailable', 'the store refused earlier writes; try again');
  const wallMs = clock.wallMs();
  if (generator.isPast(newest, wallMs)) return undefined;
  const aheadMs = csnTimeMs(newest) - wallMs;
  if (aheadMs > LIMITS.clockFollowMs) return tooFar(newest, aheadMs);
  generator.follow(newest);
  onFollow(newest, aheadMs);
  return undefined;
}

function tooFar(csn: Csn, aheadMs: number): LdapError {
  const server = csnReplica(csn);
  const when = new Date(csnTimeMs(csn)).toISOString();
  return new LdapError(
    'unavailable',
    `this write must come after a change that server ${server} made at ${when}, ${spanText(aheadMs)} ahead of this server's clock: made here now it would have no effect. Set the time of the server that is wrong; until this one's clock is past that change, write on server ${server}.`,
  );
}

function spanText(ms: number): string {
  return ms >= 2 * DAY_MS ? `${Math.round(ms / DAY_MS)} days` : `${Math.round(ms / HOUR_MS)} hours`;
}
