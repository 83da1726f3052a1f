/**
 * What a running server does about its topology: it says what it is itself, follows whom it should, and forgets who left.
 *
 * All of it follows from replicated data, on each server by itself. `peers` is the map that the configuration of the running server shows: it changes in place.
 */
import { hostname } from 'node:os';
import { must } from '../../base/assert.js';
import type { Settings } from '../../config/option-table.js';
import { advertisedAddress } from '../../config/server-config.js';
import { toReplicaId } from '../../csn/csn.js';
import { systemRandom } from '../../io/system-random.js';
import type { Log } from '../../port/log.js';
import { formatAddress, parseAddress } from '../../topology/address.js';
import {
  elderOf,
  followed,
  type OwnFacts,
  ownMember,
  type TopologyMember,
} from '../../topology/member-list.js';
import type { RunningDomain } from '../domain/domain.js';
import type { Relay } from '../domain/relay.js';
import type { TopologyDomain } from './topology-domain.js';

/** How often what could not be done at once is tried again. */
const LOOK_MS = 1000;
const SECRET_BYTES = 32;

export interface FollowerParts {
  readonly settings: Settings;
  /** Peers of the configuration, overrides applied. */
  readonly listed: ReadonlyMap<string, string>;
  readonly peers: Map<string, string>;
  readonly topology: TopologyDomain;
  /** All that replicates, the topology too. */
  readonly replicated: readonly (RunningDomain | Relay)[];
  readonly log: Log;
}

/** What this server is, by its configuration. */
export function ownFacts(settings: Settings): OwnFacts {
  return {
    name: settings['server.name'],
    id: must(toReplicaId(settings['server.id']), 'the configuration was checked'),
    site: settings['server.site'],
    runs: settings['server.runs'],
    replication: reachable(settings, 'replication'),
    ldap: reachable(settings, 'ldap'),
    ldaps: reachable(settings, 'ldaps'),
    http: reachable(settings, 'http'),
    readOnly: settings.readOnly ? true : undefined,
  };
}

/** The address that others may use: a server that listens on every address is reached by its host name. */
function reachable(settings: Settings, kind: 'ldap' | 'ldaps' | 'replication' | 'http'): string | undefined {
  const text = advertisedAddress(settings, kind);
  const address = text === undefined ? undefined : parseAddress(text);
  if (address === undefined || address.port === 0) return undefined;
  const isAny = address.host === '0.0.0.0' || address.host === '::';
  return isAny ? formatAddress({ host: hostname(), port: address.port }) : text;
}

/** Makes `peers` what the members say. Answers whether it changed. */
export function followMembers(
  settings: Settings,
  listed: ReadonlyMap<string, string>,
  peers: Map<string, string>,
  members: readonly TopologyMember[],
): boolean {
  const overrides = new Map(Object.entries(settings.peerAddresses));
  const wanted = followed(members, settings['server.name'], listed, overrides);
  if (wanted.size === peers.size && [...wanted].every(([name, address]) => peers.get(name) === address))
    return false;
  peers.clear();
  for (const [name, address] of wanted) peers.set(name, address);
  return true;
}

export class TopologyFollower {
  readonly #parts: FollowerParts;
  #timer: NodeJS.Timeout | undefined;
  #writing = false;
  #told = '';

  constructor(parts: FollowerParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#parts.topology.onChange(() => this.#follow());
    this.#follow();
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
    this.#timer.unref();
    this.#look();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#parts.topology.onChange(() => {});
  }

  #follow(): void {
    const { settings, listed, peers, topology, replicated, log } = this.#parts;
    const { members } = topology;
    this.#holdIfOut(members);
    if (followMembers(settings, listed, peers, members)) {
      log.info({ peers: Object.fromEntries(peers) }, 'the servers of the topology changed');
      for (const domain of replicated) domain.setPeers(peers);
    }
    this.#forgetLeft();
  }

  #look(): void {
    this.#forgetLeft();
    void this.#publish();
  }

  /** A server that left, or that has another's replica id, must make no changes: the others take none of it. */
  #holdIfOut(members: readonly TopologyMember[]): void {
    const { settings, replicated, log } = this.#parts;
    const own = members.find(({ name }) => name === settings['server.name']);
    if (own === undefined) return;
    const elder = elderOf(members, own);
    const why =
      own.standing === 'left'
        ? `${own.name} has left the topology`
        : elder === undefined
          ? undefined
          : `replica id ${own.id} of ${own.name} is ${elder.name}'s, who was there first: let ${own.name} leave (polyarch leave --forget ${own.name}, on ${elder.name}) and join again`;
    if (why === undefined || why === this.#told) return;
    this.#told = why;
    log.error({}, why);
    for (const domain of replicated) if ('hold' in domain) domain.hold(why);
  }

  /** Says what we are, and gives the topology the secret that SCRAM needs, where either is not known yet. */
  async #publish(): Promise<void> {
    const { settings, topology, log } = this.#parts;
    const { domain } = topology;
    if (this.#writing || domain.backend.importing || domain.writesHeld() !== undefined) return;
    const own = ownMember(topology.members, ownFacts(settings), Date.now());
    const needsSecret = settings['passwords.scram'] && topology.secret === undefined;
    if (own === undefined && !needsSecret) return;
    this.#writing = true;
    try {
      if (own !== undefined) await topology.write(own);
      if (needsSecret) await topology.writeSecret(systemRandom.bytes(SECRET_BYTES));
    } catch (error) {
      log.warn(
        { error: String(error) },
        'this server could not tell the topology what it is; it will try again',
      );
    } finally {
      this.#writing = false;
    }
  }

  /** Who left counts no more: nothing is kept for it, and it is refused. */
  #forgetLeft(): void {
    const { topology, replicated, settings, log } = this.#parts;
    for (const { name, standing } of topology.members) {
      if (standing !== 'left' || name === settings['server.name']) continue;
      for (const { upkeep } of replicated) {
        const row = upkeep.members.rows().find((one) => one.name === name);
        if (row?.standing !== 'member') continue;
        upkeep.members.decide(name, 'evicted').catch((error: unknown) => {
          log.warn(
            { error: String(error), server: name },
            'a server that left could not be forgotten; tried again',
          );
        });
      }
    }
  }
}
