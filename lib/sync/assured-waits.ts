/**
 * Whether others hold a change, as its writer asked: the rule of assured replication, and who is left out of it (docs/assurance.md).
 *
 * Owns the judgement over what servers have acknowledged; carries nothing and keeps no time. A server that owed an acknowledgement when the time was over is left
 * out: nobody waits for it until it has everything that was ever waited for.
 */
import { type Csn, ZERO_CSN } from '../csn/csn.js';
import type { MemberKind } from './member-row.js';

/** `safe-data`: so many other servers have the change on disk. `safe-read`: the directories of the group have applied it. */
export interface AssuredWish {
  readonly mode: 'safe-data' | 'safe-read';
  /** Of safe-data: servers besides the one that made the change; 1 or more. */
  readonly level: number;
}

/** Another server of the domain. */
export interface Candidate {
  readonly name: string;
  readonly kind: MemberKind;
}

/** What a server has acknowledged of our changes. ZERO_CSN: nothing. */
export interface Holding {
  readonly log: Csn;
  readonly applied: Csn;
}

export const NOTHING_HELD: Holding = { log: ZERO_CSN, applied: ZERO_CSN };

/**
 * `reached`: as asked. `reduced`: all that are not left out have it, and that is less than was asked. `timeout`: some still owe it.
 */
export interface AssuredOutcome {
  readonly kind: 'reached' | 'reduced' | 'timeout';
  /** Names of servers that have the change, that owe it, and that were not waited for. */
  readonly have: readonly string[];
  readonly missing: readonly string[];
  readonly leftOut: readonly string[];
}

/** What is known when a wait is judged. */
export interface AssuredFacts {
  /** The other servers that count. */
  readonly candidates: readonly Candidate[];
  readonly held: ReadonlyMap<string, Holding>;
  readonly leftOut: ReadonlySet<string>;
  /** Servers whose entries must have the change for safe-read; undefined: all directories. */
  readonly group: ReadonlySet<string> | undefined;
}

/** The outcome of the wait for `csn`; undefined: it goes on, unless `over`: its time is up. */
export function judge(
  csn: Csn,
  wish: AssuredWish,
  facts: AssuredFacts,
  over: boolean,
): AssuredOutcome | undefined {
  const { candidates, held, leftOut, group } = facts;
  const isRead = wish.mode === 'safe-read';
  const asked = isRead
    ? candidates.filter(({ name, kind }) => kind !== 'broker' && (group === undefined || group.has(name)))
    : candidates;
  const have: string[] = [];
  const owing: string[] = [];
  const out: string[] = [];
  for (const { name } of asked) {
    const { log, applied } = held.get(name) ?? NOTHING_HELD;
    if ((isRead ? applied : log) >= csn) have.push(name);
    else if (leftOut.has(name)) out.push(name);
    else owing.push(name);
  }
  const reached = isRead ? have.length === asked.length : have.length >= wish.level;
  if (reached) return { kind: 'reached', have, missing: [], leftOut: out };
  if (owing.length === 0) return { kind: 'reduced', have, missing: [], leftOut: out };
  return over ? { kind: 'timeout', have, missing: owing, leftOut: out } : undefined;
}

/** Whether a server that was left out counts again: it has all that was ever waited for, as `kind` of server can. */
export function isBack(kind: MemberKind, holding: Holding, newest: Csn): boolean {
  return holding.log >= newest && (kind === 'broker' || holding.applied >= newest);
}
