/**
 * Begins replication on a server whose domains are open: the listener, every domain, what follows from the topology, and the office that lets servers join and leave.
 *
 * What was begun is ended by `undo`, in reverse order.
 */
import { ReplicationListener } from '../../broker/replication-listener.js';
import { listensForReplication } from '../../config/server-config.js';
import { systemClock } from '../../io/system-clock.js';
import type { TlsLinks } from '../../io/tls-links.js';
import { TopologyFollower } from '../topology/topology-follower.js';
import { type OfficeParts, TopologyOffice } from '../topology/topology-office.js';
import type { Undo } from '../undo.js';

export interface ReplicationParts extends OfficeParts {
  readonly network: TlsLinks;
  /** Peers of the configuration. */
  readonly listed: ReadonlyMap<string, string>;
  /** The map that the running configuration shows. */
  readonly peers: Map<string, string>;
}

/** Rejects with OperatorError when the port cannot be listened on. Answers where it listens, and the office. */
export async function beginReplication(
  parts: ReplicationParts,
  undo: Undo,
): Promise<{ readonly address: string | undefined; readonly office: TopologyOffice }> {
  const { config, network, replicated, topology, log, listed, peers } = parts;
  const { settings } = config;
  const listener = new ReplicationListener(
    replicated.map(({ broker }) => broker),
    systemClock,
    log,
  );
  if (listensForReplication(settings)) {
    await listener.open(network, settings['listen.replication']);
    undo.add(() => listener.close());
  }
  for (const domain of replicated) {
    domain.start();
    undo.add(() => domain.stop());
  }
  const follower = new TopologyFollower({ settings, listed, peers, topology, replicated, log });
  follower.start();
  undo.add(async () => follower.stop());
  const office = new TopologyOffice(parts);
  network.serveJoins((lines) => office.receive(lines));
  return { address: listener.address, office };
}
