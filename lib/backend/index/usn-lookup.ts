/**
 * Searches for what changed lately, `(entryUSN>=n)`: answered from the applied log, which is in that order, however many entries there are.
 *
 * Owns the choice whether the log is the shorter way, and nothing of indexes: entryUSN has no rows of its own there.
 */
import { latin1 } from '../../base/bytes.js';
import type { CompiledFilter } from '../../filter/compiled-filter.js';
import type { AppliedLog } from '../applied-log.js';
import type { Candidates, SearchPlanRequest } from '../backend.js';
import { below, type CandidateWorld, IdCandidates } from './candidates.js';

const ENTRY_USN = 'entryusn';
/** Changes that are read rather than asking other indexes. */
const FEW_CHANGES = 20_000;

/** The candidates, where the filter asks for entries above a USN that the log reaches; undefined: ask the indexes. */
export function openRecent(
  world: CandidateWorld,
  log: AppliedLog,
  { base, scope, filter, afterId }: SearchPlanRequest,
): Candidates | undefined {
  if (scope === 'base') return undefined;
  const usn = leastUsn(filter, log);
  if (usn === undefined || !log.reaches(usn - 1) || log.durable - usn >= FEW_CHANGES) return undefined;
  const { tree } = world;
  const inScope =
    scope === 'one'
      ? (entry: { readonly parentId: number }) => entry.parentId === base.id
      : below(tree, base.id, scope === 'sub');
  const facts = { unindexed: false, plan: 'ge(entryusn)', most: Math.max(0, log.durable - usn + 1) };
  if (facts.most === 0) return new IdCandidates(world, [], inScope, 0, facts);
  const ids = log.idsSince(usn, (uuid) => tree.rows.idOf(uuid));
  return new IdCandidates(world, ids, inScope, afterId ?? 0, facts);
}

/** The greatest lower bound that every match has; undefined: none. */
function leastUsn(filter: CompiledFilter, log: AppliedLog): number | undefined {
  if (filter.kind === 'and') {
    let found: number | undefined;
    for (const clause of filter.clauses) {
      const bound = leastUsn(clause, log);
      if (bound !== undefined && (found === undefined || bound > found)) found = bound;
    }
    return found;
  }
  if (filter.kind !== 'ordering' || filter.direction !== 'greaterOrEqual') return undefined;
  if (filter.keys.length !== 1 || filter.keys[0] !== ENTRY_USN) return undefined;
  return numberOf(filter.normal, log.durable + 1);
}

/** The number whose order form this is; `most` for larger ones, undefined for negative ones. */
function numberOf(normal: Uint8Array, most: number): number | undefined {
  if ((normal[0] ?? 0) < 0x80) return undefined;
  const digits = normal[0] === 0x81 ? latin1(normal.subarray(2)) : '';
  const number = /^\d{1,15}$/.test(digits) ? Number(digits) : most;
  return Math.min(number, most);
}
