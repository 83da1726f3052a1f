/** Deleting what a change log holds: all of it, what does not lead to a copy, or all of one origin. Rejects with a StoreError. */
import { type Csn, csnReplica, csnToBytes, type ReplicaId } from '../csn/csn.js';
import { ServerState } from '../csn/server-state.js';
import type { OrderedStore, StoreOp } from '../port/ordered-store.js';
import type { ChangelogKeys } from './changelog-keys.js';
import { edgeOf } from './log-edge.js';
import type { LogSize } from './log-size.js';

const WIPE_ROWS = 1000;

/** What the log says of itself. */
interface Held {
  readonly state: ServerState;
  readonly trimmed: ServerState;
  get(csn: Csn): unknown;
}

/** What does not lead to `state` where the log is of the same data and goes on, else all of it. Resolves with the trimmed marks, which are on disk. */
export function wipeFor(
  store: OrderedStore,
  keys: ChangelogKeys,
  size: LogSize,
  log: Held,
  state: ServerState,
  goesOn: boolean,
): Promise<ServerState> {
  return goesOn ? wipeBeside(store, keys, size, log, state) : wipeAll(store, keys, size, state);
}

/** Every row of the log: it begins anew after `state`. Resolves with the trimmed marks, which are on disk. */
async function wipeAll(
  store: OrderedStore,
  keys: ChangelogKeys,
  size: LogSize,
  state: ServerState,
): Promise<ServerState> {
  for await (const found of store.scanKeys(keys.all(), WIPE_ROWS))
    await store.batch(found.map(deletion), { sync: false });
  size.clear();
  await store.batch(
    state.csns().map((csn) => trimmedMark(keys, csn)),
    { sync: true },
  );
  return state;
}

/**
 * Every change but those that lead to `state`: of an origin whose newest change there is in the log, what comes before it stays, since nobody else may keep it; the log of any other begins anew after
 * `state`. Each origin's newest go first, as in wipeOrigin. Resolves with the trimmed marks, which are on disk.
 */
async function wipeBeside(
  store: OrderedStore,
  keys: ChangelogKeys,
  size: LogSize,
  log: Held,
  state: ServerState,
): Promise<ServerState> {
  const kept = new Set(state.csns().filter((csn) => log.get(csn) !== undefined));
  await store.batch([deletion(keys.size())], { sync: false });
  for (const origin of log.state.replicas()) {
    const newest = state.get(origin);
    const after = newest !== undefined && kept.has(newest) ? newest : undefined;
    await wipeAfter(store, keys, origin, after, (bytes) => size.went(bytes));
  }
  const marks = state.csns().flatMap((csn): Csn[] => {
    const mark = kept.has(csn) ? log.trimmed.get(csnReplica(csn)) : csn;
    return mark === undefined ? [] : [mark];
  });
  const gone = log.trimmed.replicas().filter((origin) => state.get(origin) === undefined);
  const rows = [
    ...marks.map((csn) => trimmedMark(keys, csn)),
    ...[...gone.map((origin) => keys.trimmed(origin)), keys.generation(), keys.confirmed()].map(deletion),
    size.row(keys, state),
  ];
  await store.batch(rows, { sync: true });
  return ServerState.of(marks);
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
  try {
    await store.batch([deletion(keys.size())], { sync: false });
    await wipeAfter(store, keys, origin, undefined, (bytes) => {
      size.went(bytes);
      went += 1;
    });
    await store.batch([deletion(keys.trimmed(origin)), size.row(keys, state)], { sync: true });
    return { went };
  } catch (error) {
    const changes = keys.changes(origin, undefined, undefined);
    return { went, left: await edgeOf(store, keys, changes, true), error };
  }
}

/** An origin's changes after `after`, the newest first, not synced. `gone`: told the octets of each. */
async function wipeAfter(
  store: OrderedStore,
  keys: ChangelogKeys,
  origin: ReplicaId,
  after: Csn | undefined,
  gone: (bytes: number) => void,
): Promise<void> {
  const changes = keys.changes(origin, after, undefined);
  for await (const rows of store.scan({ ...changes, reverse: true }, WIPE_ROWS)) {
    await store.batch(
      rows.map(({ key }) => deletion(key)),
      { sync: false },
    );
    for (const { value } of rows) gone(value.length);
  }
}

/** The row which says that this change and all before it are gone. */
export function trimmedMark(keys: ChangelogKeys, csn: Csn): StoreOp {
  return { type: 'put', key: keys.trimmed(csnReplica(csn)), value: csnToBytes(csn) };
}

/** A state without what it says of one origin. */
export function without(state: ServerState, origin: ReplicaId): ServerState {
  return ServerState.of(state.csns().filter((csn) => csnReplica(csn) !== origin));
}

function deletion(key: Uint8Array): StoreOp {
  return { type: 'del', key };
}
