/**
 * Leaving a topology: a running server that goes, and a dead one that the others forget.
 *
 * Order: no more writes; all that the server holds is held by a peer too; the topology says that it left, and a peer has that. What each of the others does then
 * (topology-follower.ts) follows from the topology. A departure that was begun and cannot be told is said so, with the way out.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { OperatorError } from '../../base/operator-error.js';
import { toReplicaId } from '../../csn/csn.js';
import type { TopologyMember } from '../../topology/member-list.js';
import type { ControlProgress } from '../control/control-protocol.js';
import type { RunningDomain } from '../domain/domain.js';
import type { Relay } from '../domain/relay.js';
import type { OfficeParts } from './topology-office.js';

const LOOK_MS = 50;
const PROGRESS_MS = 500;

/** Takes this server out. Rejects with OperatorError LEAVE_REFUSED, and then writes are taken again. */
export async function leaveTopology(
  parts: Omit<OfficeParts, 'version'>,
  timeoutMs: number,
  progress: (progress: ControlProgress) => void,
): Promise<{ readonly name: string }> {
  const { config, topology, replicated, log } = parts;
  const name = config.settings['server.name'];
  const own = topology.members.find((member) => member.name === name);
  if (own === undefined || config.peers.size === 0)
    throw new OperatorError(
      'LEAVE_REFUSED',
      `${name} is the only server of its topology: there is none to leave`,
    );
  const deadline = performance.now() + timeoutMs;
  const hold = (reason: string | undefined) => {
    for (const domain of replicated)
      if (isDirectory(domain) && domain !== topology.domain) domain.hold(reason);
  };
  hold(`${name} is leaving the topology`);
  try {
    await until(deadline, progress, () => replicated.find((domain) => !isHeldElsewhere(domain))?.baseText);
    await topology.write({ ...own, standing: 'left', atMs: Math.max(Date.now(), own.atMs + 1) });
  } catch (error) {
    hold(undefined);
    throw error;
  }
  log.info({}, 'this server has left the topology');
  try {
    // A peer that refuses us as evicted knows it too.
    await until(deadline, progress, () =>
      isHeldElsewhere(topology.domain) || isShutOut(topology.domain) ? undefined : topology.domain.baseText,
    );
  } catch {
    throw new OperatorError(
      'LEAVE_REFUSED',
      `${name} has left, but no other server has confirmed that it knows; stop this server, and tell another one: polyarch leave --forget ${name}`,
    );
  }
  return { name };
}

/** Takes another server out, which is gone for good. Rejects with OperatorError LEAVE_REFUSED. */
export async function forgetServer(
  parts: Omit<OfficeParts, 'version'>,
  name: string,
  force: boolean,
): Promise<{ readonly name: string }> {
  const { config, topology, replicated, log } = parts;
  if (name === config.settings['server.name'])
    throw new OperatorError('LEAVE_REFUSED', `${name} is this server; to let it leave: polyarch leave`);
  const member = knownMember(parts, name);
  if (member === undefined) {
    const known = topology.members.filter(({ standing }) => standing === 'member').map((one) => one.name);
    throw new OperatorError('LEAVE_REFUSED', `there is no server ${name}; there are: ${known.join(', ')}`);
  }
  if (member.standing === 'left') return { name };
  const isLive = replicated.some(({ broker }) =>
    broker.status().some(({ peer, states }) => peer === name && states !== undefined),
  );
  if (isLive && !force)
    throw new OperatorError(
      'LEAVE_REFUSED',
      `${name} is connected: let it leave by itself (polyarch leave, on ${name}), so that none of its changes are lost; or stop it first; or say --force`,
    );
  await topology.write({ ...member, standing: 'left', atMs: Math.max(Date.now(), member.atMs + 1) });
  log.info({ server: name }, 'a server was taken out of the topology');
  return { name };
}

/** A server of the topology, or one that only the tables of the domains know: it is configured, and has never said what it is. */
function knownMember(
  { topology, replicated, config }: Omit<OfficeParts, 'version'>,
  name: string,
): TopologyMember | undefined {
  const known = topology.members.find((member) => member.name === name);
  if (known !== undefined) return known;
  const row = replicated
    .flatMap(({ upkeep }) => upkeep.members.rows())
    .find((one) => one.name === name && (one.replica !== undefined || one.kind === 'expected'));
  const id = row?.replica ?? toReplicaId(1);
  if (row === undefined || id === undefined) return undefined;
  return {
    name,
    id,
    site: config.settings['server.site'],
    runs: 'both',
    replication: config.peers.get(name),
    ldap: undefined,
    ldaps: undefined,
    http: undefined,
    standing: 'member',
    joined: false,
    // Later than any that is there: a server that was only expected takes nobody's id.
    sinceMs: Date.now(),
    atMs: 0,
  };
}

/** Whether one connected peer holds all changes that this server holds. */
function isHeldElsewhere(domain: RunningDomain | Relay): boolean {
  const { state } = domain.upkeep.changelog;
  return domain.broker.status().some(({ states }) => states?.log.coversAll(state) === true);
}

function isShutOut(domain: RunningDomain): boolean {
  return domain.broker.status().some(({ lastError }) => lastError.includes('was evicted'));
}

function isDirectory(domain: RunningDomain | Relay): domain is RunningDomain {
  return 'backend' in domain;
}

/** Looks until nothing is waited for. Rejects with OperatorError LEAVE_REFUSED at the deadline. */
async function until(
  deadline: number,
  progress: (progress: ControlProgress) => void,
  waitsFor: () => string | undefined,
): Promise<void> {
  let told = 0;
  for (;;) {
    const what = waitsFor();
    if (what === undefined) return;
    const now = performance.now();
    if (now > deadline)
      throw new OperatorError(
        'LEAVE_REFUSED',
        `no connected peer holds all changes of ${what} that this server has; see: polyarch replication status --dir DIR. Nothing was changed`,
      );
    if (now - told > PROGRESS_MS) {
      told = now;
      progress({ done: 0, what: `waiting until a peer holds all changes of ${what}` });
    }
    await delay(LOOK_MS);
  }
}
