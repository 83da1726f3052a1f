/**
 * The changes that a copy gives up, as a person makes them again: those that no other server is known to have, and behind them what our log holds beyond the copy of changes on entries that go with them.
 *
 * Those last are not lost: they are in logs, wait for their entries everywhere, and go on when these are added again. But that add is younger than they are, so that they change nothing any more.
 */
import type { Change, EntryUuid } from '../change/change.js';
import { decodeChange, readChangeHeader } from '../change/change-codec.js';
import type { Changelog } from '../changelog/changelog.js';
import { csnReplica } from '../csn/csn.js';
import type { ServerState } from '../csn/server-state.js';
import type { SoleHolding } from './sole-holdings.js';

export interface GivenUpSlice {
  readonly changes: readonly Change[];
  /** Nobody else is known to have them. */
  readonly sole: boolean;
}

/** Each origin's in its order. `source`: what the copy holds. Rejects with a StoreError. */
export async function* givenUpChanges(
  log: Changelog,
  holdings: readonly SoleHolding[],
  source: ServerState,
): AsyncGenerator<GivenUpSlice, undefined> {
  const born = new Set<EntryUuid>();
  for (const { origin, after } of holdings)
    for await (const slice of log.scan(origin, after)) {
      const changes = slice.map(({ bytes }) => decodeChange(bytes));
      for (const { entry, body } of changes) if (body.kind === 'add') born.add(entry);
      yield { changes, sole: true };
    }
  if (born.size === 0) return undefined;
  const sole = new Set(holdings.map(({ origin }) => origin));
  for (const newest of log.state.csns()) {
    const origin = csnReplica(newest);
    if (sole.has(origin)) continue;
    for await (const slice of log.scan(origin, source.get(origin))) {
      const on = slice.filter(({ bytes }) => born.has(readChangeHeader(bytes).entry));
      if (on.length > 0) yield { changes: on.map(({ bytes }) => decodeChange(bytes)), sole: false };
    }
  }
  return undefined;
}
