/**
 * How good a way an upstream is to an origin: over which sites a change would come.
 *
 * A relay is preferred only where it is nearer to the origin than we are, or stands in our site and comes before us (brokers first, then by name). Both are strict orders, so
 * no two servers ever wait for each other, and of a whole site one server fetches a change over the dear link. Without distances only the origin itself is preferred.
 */
import type { ReplicaId } from '../csn/csn.js';
import type { ServerDistances } from '../topology/distances.js';
import type { Upstream } from './source-selection.js';

/** What compareRanks() orders: closed now or not, against the stream or not, cost of the whole way, of its first part, a relay or not. `ownBroker`: we are a broker without a directory. */
export function sourceRank(
  upstream: Upstream,
  origin: ReplicaId,
  ownBroker: boolean,
  distances: ServerDistances | undefined,
): readonly number[] {
  const relay = upstream.replica === origin ? 0 : 1;
  const closed = upstream.closed === true ? 1 : 0;
  if (distances === undefined || upstream.name === undefined) return [closed, 0, 0, 0, relay];
  const { own } = distances;
  const server = relay === 0 ? upstream.name : distances.serverOf(origin);
  const near = distances.between(own, upstream.name);
  if (server === undefined) return [closed, 0, near, near, relay];
  const far = distances.between(upstream.name, server);
  const ours = distances.between(own, server);
  const nearer =
    relay === 0 || far < ours || (far === ours && near === 0 && comesBefore(upstream, own, ownBroker));
  return [closed, nearer ? 0 : 1, near + far, near, relay];
}

/** Below 0: the first is better. */
export function compareRanks(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < a.length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function comesBefore(upstream: Upstream, own: string, ownBroker: boolean): boolean {
  const broker = upstream.replica === undefined;
  if (broker !== ownBroker) return broker;
  return (upstream.name ?? '') < own;
}
