/**
 * Topologies of simulated servers: who dials whom.
 */
import type { ReplicaId } from '../../lib/csn/csn.js';
import type { SimServerOptions } from './sim-server.js';

export interface Shape {
  readonly name: string;
  readonly servers: readonly SimServerOptions[];
}

/** `links`: pairs of server numbers that follow each other; `brokers`: numbers of servers without a directory. */
function shape(
  name: string,
  count: number,
  links: readonly (readonly [number, number])[],
  brokers: readonly number[] = [],
): Shape {
  const servers = Array.from({ length: count }, (_, i): SimServerOptions => {
    const id = i + 1;
    const peers = links.flatMap(([a, b]) => (a === id ? [`s${b}`] : b === id ? [`s${a}`] : []));
    return {
      name: `s${id}`,
      replica: brokers.includes(id) ? undefined : (id as ReplicaId),
      peers,
      autoInitialize: true,
      hasData: true,
    };
  });
  return { name, servers };
}

export const MESH_3 = shape('mesh of three', 3, [
  [1, 2],
  [1, 3],
  [2, 3],
]);
export const MESH_4 = shape('mesh of four', 4, [
  [1, 2],
  [1, 3],
  [1, 4],
  [2, 3],
  [2, 4],
  [3, 4],
]);
export const RING_4 = shape('ring of four', 4, [
  [1, 2],
  [2, 3],
  [3, 4],
  [4, 1],
]);
export const CHAIN_4 = shape('chain of four', 4, [
  [1, 2],
  [2, 3],
  [3, 4],
]);
/** Three directories around one broker. */
export const HUB = shape(
  'three around a broker',
  4,
  [
    [1, 4],
    [2, 4],
    [3, 4],
  ],
  [4],
);
/** Two sites with a broker each. */
export const SITES = shape(
  'two sites with brokers',
  6,
  [
    [1, 5],
    [2, 5],
    [5, 6],
    [6, 3],
    [6, 4],
  ],
  [5, 6],
);

export const SHAPES: readonly Shape[] = [MESH_3, MESH_4, RING_4, CHAIN_4, HUB, SITES];
