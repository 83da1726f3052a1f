/** Deleting what a change log holds: all of it, or all of one origin. Rejects with a StoreError. */
import { type Csn, csnReplica, type ReplicaId } from '../csn/csn.js';
import { ServerState } from '../csn/server-state.js';
import type { OrderedStore, StoreOp } from '../port/ordered-store.js';
import type { ChangelogKeys } from './changelog-keys.js';
import { edgeOf } from './log-edge.js';
import type { LogSize } from './log-size.js';

const WIPE_ROWS = 1000;

/** Every row of the log, not synced. */
export async function wipeAll(store: OrderedStore, keys: ChangelogKeys): Promise<void> {
  for await (const found of store.scanKeys(keys.all(), WIPE_ROWS))
    await store.batch(found.map(deletion), { sync: false });
}

/** What became of an origin's changes: how many went. `error`: the store refused, and `left` is the newest that is there still. */
export interface Wiped {
  readonly went: number;
  readonly left?: Csn | undefined;
  readonly error?: unknown;
}

/**
 * Every change of an origin and its mark, the newest first, so that a crash leaves a shorter log of it. `state`: of the log without it. The kept count goes before them: it would count for ever what a
 * crash leaves out of it. Rejects with a StoreError when not even what is left can be read.
 */
export async function wipeOrigin(
  store: OrderedStore,
  keys: ChangelogKeys,
  size: LogSize,
  state: ServerState,
  origin: ReplicaId,
): Promise<Wiped> {
  let went = 0;
  const changes = keys.changes(origin, undefined, undefined);
  try {
    await store.batch([deletion(keys.size())], { sync: false });
    for await (const rows of store.scan({ ...changes, reverse: true }, WIPE_ROWS)) {
      await store.batch(
        rows.map(({ key }) => deletion(key)),
        { sync: false },
      );
      for (const { value } of rows) size.went(value.length);
      went += rows.length;
    }
    await store.batch([deletion(keys.trimmed(origin)), size.row(keys, state)], { sync: true });
    return { went };
  } catch (error) {
    return { went, left: await edgeOf(store, keys, changes, true), error };
  }
}

/** A state without what it says of one origin. */
export function without(state: ServerState, origin: ReplicaId): ServerState {
  return ServerState.of(state.csns().filter((csn) => csnReplica(csn) !== origin));
}

function deletion(key: Uint8Array): StoreOp {
  return { type: 'del', key };
}
