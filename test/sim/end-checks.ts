/**
 * What is looked at in the end: that all servers hold the same, that no acknowledged write is lost, and that CSNs are unique and rise.
 */
import { LIMITS } from '../../lib/base/limits.js';
import type { Changelog } from '../../lib/changelog/changelog.js';
import { type Csn, csnReplica } from '../../lib/csn/csn.js';
import type { ServerState } from '../../lib/csn/server-state.js';
import type { SimServer } from './sim-server.js';

/** A server's copy of a domain, as far as copies are compared. */
export type ComparedCopy = Pick<SimServer, 'name' | 'changelog' | 'directory' | 'reissuing'>;

/** Throws where a log has a hole, or a state is ahead of what it stands for. `applied`: by the entries. */
export async function checkLog(
  name: string,
  log: Changelog,
  applied: ServerState | undefined,
): Promise<void> {
  for (const newest of log.state.csns()) {
    const origin = csnReplica(newest);
    let place = log.trimmed.get(origin);
    for (;;) {
      const slice = await log.read(origin, place, 1_000_000);
      if (slice.kind !== 'changes') throw new Error(`${name}: log of ${origin} answers ${slice.kind}`);
      if (slice.changes.length === 0) break;
      for (const change of slice.changes) {
        if (change.previous !== place) throw new Error(`${name}: hole before ${change.csn}`);
        place = change.csn;
      }
    }
    if (place !== newest) throw new Error(`${name}: state ${newest} is ahead of rows ${place ?? 'none'}`);
  }
  if (applied !== undefined && !log.state.coversAll(applied))
    throw new Error(`${name}: entries (${applied}) are ahead of the log (${log.state})`);
}

/** Whether all hold and have applied the same changes. */
export function holdTheSame(servers: readonly ComparedCopy[]): boolean {
  const [first] = servers;
  const state = first?.changelog?.state;
  if (state === undefined) return false;
  for (const server of servers) {
    if (server.changelog === undefined || !server.changelog.state.equals(state)) return false;
    if (server.reissuing) return false;
    if (server.directory !== undefined && !server.directory.state.equals(state)) return false;
  }
  return true;
}

/** The same; throws where they do and differ in content. `compared`: the part of it that counts. */
export async function areEqual(
  servers: readonly ComparedCopy[],
  compared: (contents: string) => string = (contents) => contents,
): Promise<boolean> {
  if (!holdTheSame(servers)) return false;
  const holders = servers.filter((server) => server.directory !== undefined);
  const contents = await Promise.all(
    holders.map(async (server) => compared((await server.directory?.contents()) ?? '')),
  );
  contents.forEach((content, i) => {
    if (content === contents[0]) return;
    const odd = [only(contents[0] ?? '', content), only(content, contents[0] ?? '')].map((lines) =>
      lines.join('\n'),
    );
    throw new Error(
      `equal states, different contents:\n${holders[0]?.name}\n${odd[0]}\n${holders[i]?.name}\n${odd[1]}`,
    );
  });
  return true;
}

/** Throws what is wrong with what a server acknowledged, at the end of a run. */
export function checkAcknowledged(server: SimServer): void {
  const { name, acked, lives, madeAnew } = server;
  // Those that were lost with a disk were said to a client too.
  const said = lives.flat();
  if (new Set(said).size < said.length) throw new Error(`${name} made a CSN a second time`);
  for (const life of lives)
    life.forEach((csn, i) => {
      const before = life[i - 1];
      if (before !== undefined && csn <= before)
        throw new Error(`${name}: CSN ${csn} after ${before} in one run of the process`);
    });
  let before: Csn | undefined;
  for (const csn of acked) {
    // Restored, with its clock set back, it cannot know what it had made while it hears nobody: this is a second history, and was made anew at the end of the first.
    const apart = madeAnew.has(csn);
    if (!apart && before !== undefined && csn <= before)
      throw new Error(`${name}: CSN ${csn} after ${before}`);
    if (csnReplica(csn) !== server.options.replica) throw new Error(`${name} acknowledged ${csn}`);
    if (!apart && server.changelog?.holds(csn) !== true) throw new Error(`${name} lost acknowledged ${csn}`);
    if (!apart) before = csn;
  }
}

/** Throws when more waited in one link than may. */
export function checkQueued(octets: number): void {
  const bound = LIMITS.subscriptionWindowBytes + 2 * LIMITS.logReadBytes;
  if (octets > bound) throw new Error(`${octets} octets queued in one link`);
}

/** A server's copy of a domain, as far as it is described. */
type DescribedCopy = Pick<SimServer, 'name' | 'changelog' | 'directory' | 'replica' | 'broker' | 'alerts'>;

/** Where each server stands, for people. */
export function describeServers(servers: Iterable<DescribedCopy>): string {
  return [...servers]
    .map((server) => {
      const sessions =
        server.broker
          ?.status()
          .map((s) => `    ${s.direction} ${s.peer} ${s.state} [${s.origins}] ${s.lastError}`) ?? [];
      const blocked =
        server.replica?.blocked().map((b) => `    blocked ${b.origin} ${b.csn} ${b.kind} ${b.reason}`) ?? [];
      return [
        `${server.name} log ${server.changelog?.state} applied ${server.directory?.state} ${server.replica?.writesHeld() ?? ''}`,
        ...sessions,
        ...blocked,
        ...server.alerts.slice(-6).map((alert) => `    alert ${alert}`),
      ].join('\n');
    })
    .join('\n');
}

/** Lines that only the first text has. */
export function only(text: string, other: string): string[] {
  const lines = new Set(other.split('\n'));
  return text.split('\n').filter((line) => !lines.has(line));
}
