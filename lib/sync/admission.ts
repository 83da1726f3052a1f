/**
 * Who may not follow or be followed though its data are of the right kind: evicted servers, and servers that may not know what others have forgotten.
 *
 * A change of a server that lacks what was forgotten would be folded by each replica according to what it still keeps, and they would differ for ever. So a server
 * that is not (or no longer) a member is let in only when it holds all that we ever said we hold (what anyone has forgotten is part of that), and has made
 * nothing that we do not hold. A member that was restored and wrote on has made changes that do not know what its reports say it knew, so it takes a copy; one whose data were replaced by a copy
 * of a server that lacks some of it made what it made knowing that, and is let in to get it.
 */
import type { ServerState } from '../csn/server-state.js';
import type { Hello } from './frames.js';
import type { Refusal } from './hello-check.js';
import type { MemberReport, MemberRow } from './member-row.js';
import { HELLO_TIMEOUT_MS } from './session-timing.js';

/** What an evicted server is told, and what others tell of it. */
export function evictedSentence(name: string, server: string): string {
  return `${name} was evicted: history that it may need is forgotten; to let it return: polyarch replication restore --dir DIR --server ${name} (DIR: that of ${server}), then polyarch replication initialize --dir DIR (DIR: that of ${name}; its changes that nobody has are re-issued)`;
}

/** That a member was evicted without a person's word. */
export function silentSentence(name: string): string {
  return `${name} was silent for too long and is evicted: it no longer keeps history from being forgotten; to let it return: polyarch replication restore --dir DIR --server ${name}`;
}

/** What ends the sessions of a server that belongs no more. One that may return already, since we hear late, comes again and is looked at anew. */
export function dismissal({ name, standing }: MemberRow, server: string): Refusal {
  if (standing === 'evicted') return { code: 'evicted', sentence: evictedSentence(name, server) };
  return { code: 'closing', sentence: `${name} was evicted and may return: it introduces itself again` };
}

/**
 * Why `server` must not replicate with `peer`, or undefined when it may. `row`: what is known of the peer. `told`: what we have said that we hold, before which nothing was forgotten. `log`: what our change log holds.
 */
export function barOf(
  peer: Hello,
  row: MemberRow | undefined,
  told: ServerState | undefined,
  log: ServerState,
  server: string,
): Refusal | undefined {
  if (row?.standing === 'evicted') return { code: 'evicted', sentence: evictedSentence(peer.server, server) };
  // Who takes a copy, on a link of its own or on one that was dialed to it, gives nothing of its own meanwhile: this is its way back.
  if (peer.purpose === 'initialize' || peer.wants === true) return undefined;
  if (peer.replica === undefined || peer.generation === undefined) return undefined;
  const { applied } = peer.states;
  const made = peer.states.log.get(peer.replica);
  const unseen = made !== undefined && !log.covers(made);
  const isMember = row?.standing === 'member';
  if (isMember) {
    // It was restored from an older copy and has made changes since, not knowing what it had known: nobody can fold those. Its own that its log has are on their way to its entries.
    const known = made === undefined ? applied : applied.with(made);
    if (!unseen || row.report === undefined || known.coversAll(row.report.state)) return undefined;
    // It knows what it had known, as after a copy from a server that lacks it, and makes nothing before it has that again, which may be from us alone.
    if (peer.promised !== undefined && known.merge(peer.promised).coversAll(row.report.state))
      return undefined;
    if (isOvertaken(peer, row.report)) return { code: 'closing', sentence: overtakenSentence(peer, server) };
    return notMember(peer, server, 'has made changes on an older copy of its data');
  }
  if (told === undefined) return undefined;
  if (unseen) return notMember(peer, server, 'has made changes while it was no member');
  if (!applied.coversAll(told))
    return notMember(peer, server, 'lacks changes whose history may be forgotten');
  return undefined;
}

/** Whether the report was made, by the same clock, after the hello that is still on its way: it came by another one, and says nothing of a restore. */
function isOvertaken(peer: Hello, report: MemberReport): boolean {
  const aheadMs = report.atMs - peer.states.clockMs;
  return aheadMs >= 0 && aheadMs < HELLO_TIMEOUT_MS;
}

function overtakenSentence(peer: Hello, server: string): string {
  return `${peer.server} has told others more than ${server} just heard from it, and introduces itself again`;
}

function notMember(peer: Hello, server: string, why: string): Refusal {
  return {
    code: 'not-member',
    sentence: `${peer.server} ${why} and must be initialized before it replicates with ${server}: polyarch replication initialize --dir DIR (DIR: that of ${peer.server}; its changes that nobody has are re-issued)`,
  };
}
