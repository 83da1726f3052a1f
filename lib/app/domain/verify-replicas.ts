/**
 * `replication verify` on a running server: every domain against every peer that it follows, and repairs when they are asked for.
 */
import type { VerifyResult } from '../../replica/divergence.js';
import type { ControlRequest } from '../control/control-protocol.js';
import type { RunningDomain } from './domain.js';
import { checkNamedPeers } from './named-peers.js';
import { brokersAmong } from './watch-divergence.js';

export interface ReplicasVerified extends VerifyResult {
  readonly baseDn: string;
  readonly entries: number;
  /** Peers of the configuration that are not connected: nothing was compared with them. */
  readonly absent: readonly string[];
}

/** One result a domain. OperatorError COMMAND_INVALID for a peer that none of them has. */
export async function verifyReplicas(
  domains: readonly RunningDomain[],
  { peer, repair, from }: Extract<ControlRequest, { readonly command: 'verify-replicas' }>,
): Promise<readonly ReplicasVerified[]> {
  const known = domains.flatMap(({ broker, divergence }) => [...broker.peerNames(), ...divergence.peers()]);
  checkNamedPeers([peer, from], known);
  const results: ReplicasVerified[] = [];
  for (const domain of domains) {
    const { broker, divergence, baseText, backend } = domain;
    // Brokers without entries are passed through, and hold nothing to compare.
    const isBroker = brokersAmong(domain.upkeep.members);
    const following = divergence.peers();
    const asked = peer ?? from;
    const peers = asked === undefined ? following : following.filter((name) => name === asked);
    const result = await divergence.verify(peers, repair === true ? { from } : undefined);
    const configured = broker.peerNames().filter((name) => !isBroker(name));
    // A server may be a neighbour in one domain, and be reached through another server in the next.
    const wanted = asked === undefined ? configured : configured.filter((name) => name === asked);
    const absent = wanted.filter((name) => !following.includes(name));
    results.push({ baseDn: baseText, entries: backend.entryCount, ...result, absent });
  }
  return results;
}
