/**
 * Who connects to whom: computed from the topology alone, so that every server finds the same answer.
 *
 * First form: a server subscribes to each server that its `peers` list names, and to all others where it names none (full mesh). A server that runs a directory alone
 * has no broker that others could dial: it dials them, and they follow it on that link, so it is on nobody's list.
 * Lists give rings and chains. Sites and link costs do not yet change who connects; they are checked and carried.
 */
import type { ReplicaId } from '../csn/csn.js';
import type { Topology, TopologyServer } from './topology.js';

/** A broker to subscribe to. */
export interface Peer {
  readonly name: string;
  readonly id: ReplicaId;
  readonly site: string;
  /** host:port to dial. */
  readonly address: string;
}

/** Names of the servers that `server` subscribes to, in the order of its list or of the topology. */
export function peerNames(topology: Topology, server: TopologyServer): string[] {
  if (server.peers !== undefined) return [...new Set(server.peers)];
  return topology.servers
    .filter((other) => other.name !== server.name && other.runs !== 'directory')
    .map((other) => other.name);
}

/** The brokers that the server called `name` subscribes to; undefined when the topology has no such server. */
export function peersOf(topology: Topology, name: string): Peer[] | undefined {
  const server = topology.servers.find((one) => one.name === name);
  if (server === undefined) return undefined;
  const peers: Peer[] = [];
  for (const peerName of peerNames(topology, server)) {
    const peer = topology.servers.find((one) => one.name === peerName);
    if (peer !== undefined)
      peers.push({ name: peer.name, id: peer.id, site: peer.site, address: peer.replication });
  }
  return peers;
}

/**
 * Addresses to dial, by peer name: an override replaces the advertised address, and with an override in place no other address is tried.
 * An override of a server that is no peer changes nothing.
 */
export function dialAddresses(
  peers: ReadonlyMap<string, string>,
  overrides: ReadonlyMap<string, string>,
): Map<string, string> {
  const dial = new Map<string, string>();
  for (const [name, address] of peers) dial.set(name, overrides.get(name) ?? address);
  return dial;
}
