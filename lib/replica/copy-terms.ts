/** What a total update must hold of what this server has, or it is refused. */
import { type Csn, csnReplica, type ReplicaId } from '../csn/csn.js';
import type { ServerState } from '../csn/server-state.js';

/** Nothing in particular (what it lacks of our own is made anew), all our own changes, or all changes of others that we hold. */
export type Keep = 'reissued' | 'own' | 'others';

/** What this server has. */
export interface CopyTerms {
  readonly replica: ReplicaId;
  /** Our newest change. */
  readonly own: Csn | undefined;
  readonly held: ServerState;
}

/** Throws an Error that says why a copy of `peer` that holds `source` will not do. */
export function checkCopy(
  keep: Keep,
  { replica, own, held }: CopyTerms,
  peer: string,
  source: ServerState,
): void {
  if (keep === 'own' && own !== undefined && !source.covers(own))
    throw new Error(`${peer} does not hold all changes of this server yet`);
  if (keep !== 'others') return;
  const lost = held.csns().filter((csn) => csnReplica(csn) !== replica && !source.covers(csn));
  if (lost.length > 0)
    throw new Error(`${peer} does not hold yet what this server holds (${lost.join(' ')})`);
}
