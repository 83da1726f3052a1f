/**
 * Who may not follow or be followed though its data are of the right kind: evicted servers, and servers that may not know what others have forgotten.
 *
 * A change of a server that lacks what was forgotten would be folded by each replica according to what it still keeps, and they would differ for ever. Who is let in, by what is known of it:
 *
 * | standing              | must hold                                                    | must not hold                                     |
 * |-----------------------|--------------------------------------------------------------|---------------------------------------------------|
 * | evicted               | is refused                                                   |                                                   |
 * | none, or returning    | all that we ever said we hold: what anyone forgot is in that | changes of its own that we lack; strays           |
 * | member, not reported  |                                                              | strays                                            |
 * | member, has reported  | where it made changes that we lack: what it reported         | strays that came after it said to shun the maker  |
 *
 * A stray is a change that a server made while it was out, and that no member is known to hold: whoever brings it took it of that server, as by a first copy of its data. Who brings one shows with its hello which
 * other member has reported it (vouched): where two sides did not hear each other for long, one of them may have taken it while its maker belonged, and the other knows that side by this peer alone. A member that was restored and wrote on
 * has made changes that do not know what its reports say it knew, so it takes a copy; one whose data were replaced by a copy of a server that lacks some of it made what it made knowing that, says so (promised),
 * and is let in to get it.
 *
 * No copy is taken of a server that is known to be out, while another one that belongs is connected. While none is, it may be this server that is out, and that knows an old table.
 */
import { type Csn, csnReplica } from '../csn/csn.js';
import type { ServerState } from '../csn/server-state.js';
import type { Hello } from './frames.js';
import type { Refusal } from './hello-check.js';
import type { MemberReport, MemberRow } from './member-row.js';
import { HELLO_TIMEOUT_MS } from './session-timing.js';

const LACKS_FORGOTTEN = 'lacks changes whose history may be forgotten';

/** What an evicted server is told, and what others tell of it. */
function evictedSentence(name: string, server: string): string {
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

/** Why `server` takes no copy of this server's data, as a sentence; undefined: it may. `others`: directories that belong beside both, and let it in. */
export function copyBar(
  row: MemberRow | undefined,
  others: readonly MemberRow[],
  server: string,
): string | undefined {
  if (row === undefined || row.standing === 'member' || others.length === 0) return undefined;
  const from = others.map(({ name }) => name).join(' or ');
  const way =
    row.standing === 'evicted' ? `let ${row.name} return (polyarch replication restore)` : `${row.name} too`;
  return `${row.name} was evicted, and may lack what the others have forgotten: no copy of it is taken; initialize ${server} from ${from}, and ${way}, which makes anew what it alone has`;
}

/** What `server` knows of a peer and of itself. */
export interface Knowledge {
  readonly server: string;
  /** What the table says of the peer. */
  readonly row: MemberRow | undefined;
  /** What we have said that we hold, before which nothing was forgotten. */
  readonly told: ServerState | undefined;
  /** What our change log holds. */
  readonly log: ServerState;
  /** The maker of a stray that the peer holds. */
  readonly stray: string | undefined;
}

/** Why `server` must not replicate with `peer`, or undefined when it may. */
export function barOf(peer: Hello, knowledge: Knowledge): Refusal | undefined {
  const { server, row, told, log, stray } = knowledge;
  if (row?.standing === 'evicted') return { code: 'evicted', sentence: evictedSentence(peer.server, server) };
  // Who takes a copy, on a link of its own or on one that was dialed to it, gives nothing of its own meanwhile: this is its way back.
  if (peer.purpose === 'initialize' || peer.wants === true) return undefined;
  if (peer.replica === undefined || peer.generation === undefined) return undefined;
  const { applied } = peer.states;
  const made = peer.states.log.get(peer.replica);
  const unseen = made !== undefined && !log.covers(made);
  if (stray !== undefined)
    return notMember(peer, server, `has taken changes that ${stray} made while it was no member`);
  if (row?.standing === 'member') {
    const { report } = row;
    // It was restored from an older copy and has made changes since, not knowing what it had known: nobody can fold those. Its own that its log has are on their way to its entries.
    const known = made === undefined ? applied : applied.with(made);
    if (!unseen || report === undefined || known.coversAll(report.state)) return undefined;
    // It knows what it had known, as after a copy from a server that lacks it, and makes nothing before it has that again, which may be from us alone.
    if (peer.promised !== undefined && known.merge(peer.promised).coversAll(report.state)) return undefined;
    if (isOvertaken(peer, report)) return { code: 'closing', sentence: overtakenSentence(peer, server) };
    return notMember(peer, server, 'has made changes on an older copy of its data');
  }
  if (told === undefined) return undefined;
  if (unseen) return notMember(peer, server, 'has made changes while it was no member');
  return lacksOf(told, peer, applied).length > 0 ? notMember(peer, server, LACKS_FORGOTTEN) : undefined;
}

/** What a peer that holds `has` lacks of `needed`. Not of its own changes: those that others have come back before it makes any, those that nobody has are made anew. */
function lacksOf(needed: ServerState, { replica }: Hello, has: ServerState): readonly Csn[] {
  return needed.csns().filter((csn) => csnReplica(csn) !== replica && !has.covers(csn));
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
