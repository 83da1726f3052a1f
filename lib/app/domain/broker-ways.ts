/**
 * What a broker is told of the ways to other servers: whom it dials where, how far they are, what is compressed, limited or closed on the way.
 *
 * The same for a directory's broker and for a broker alone; all of it follows from the configuration.
 */
import type { BrokerOptions } from '../../broker/broker.js';
import type { BrokerPeer } from '../../broker/broker-seams.js';
import { listensForReplication } from '../../config/server-config.js';
import { compressesFor } from '../config/read-config.js';
import type { DomainParts } from './domain.js';

/** Peers of a broker, whose addresses are those of the map at the moment of each attempt. */
export function brokerPeers(peers: ReadonlyMap<string, string>): BrokerPeer[] {
  return [...peers.keys()].map((name) => ({
    name,
    addresses: () => {
      const address = peers.get(name);
      return address === undefined ? [] : [address];
    },
  }));
}

/** The ways of one domain. */
export function brokerWays({
  config,
  base,
  network,
  pacer,
}: DomainParts): Pick<
  BrokerOptions,
  'peers' | 'network' | 'distances' | 'offers' | 'compress' | 'pacer' | 'keepsHours'
> {
  return {
    peers: brokerPeers(config.peers),
    network,
    distances: () => config.distances,
    offers: !listensForReplication(config.settings),
    compress: (server) => compressesFor(config, server),
    pacer,
    // Schema and topology are what servers need to work together: they go at all hours.
    keepsHours: config.settings.domains.includes(base),
  };
}
