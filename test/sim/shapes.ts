/**
 * Topologies of simulated servers: who dials whom.
 */
import type { ReplicaId } from '../../lib/csn/csn.js';
import type { Topology } from '../../lib/topology/topology.js';
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

/** Three directories that know two brokers and nobody else. */
export const TWO_BROKERS = shape(
  'three around two brokers',
  5,
  [
    [1, 4],
    [2, 4],
    [3, 4],
    [1, 5],
    [2, 5],
    [3, 5],
    [4, 5],
  ],
  [4, 5],
);

/** Directories that nobody can dial: each dials all brokers, which follow it on that link. */
function leaves(name: string, directories: number, brokers: number): Shape {
  const servers = Array.from({ length: directories + brokers }, (_, i): SimServerOptions => {
    const isLeaf = i < directories;
    const others = Array.from({ length: brokers }, (_, j) => directories + j).filter((j) => j !== i);
    return {
      name: `s${i + 1}`,
      replica: isLeaf ? ((i + 1) as ReplicaId) : undefined,
      peers: others.map((j) => `s${j + 1}`),
      listens: !isLeaf,
      autoInitialize: true,
      hasData: true,
    };
  });
  return { name, servers };
}

export const LEAVES_1 = leaves('three that nobody can dial around a broker', 3, 1);
export const LEAVES_2 = leaves('three that nobody can dial around two brokers', 3, 2);
/** One that others dial, and two that nobody can. */
export const LEAVES_OF_MASTER: Shape = {
  name: 'two that nobody can dial around a server',
  servers: [1, 2, 3].map((id) => ({
    name: `s${id}`,
    replica: id as ReplicaId,
    peers: id === 1 ? [] : ['s1'],
    listens: id === 1,
    autoInitialize: true,
    hasData: true,
  })),
};

export const SHAPES: readonly Shape[] = [MESH_3, MESH_4, RING_4, CHAIN_4, HUB, SITES];

/** Two sites of two servers and a broker each, all of them connected, with a dear link between the sites. */
export function siteShape(cost: number): Shape {
  const all: (readonly [number, number])[] = [];
  for (let a = 1; a <= 6; a++) for (let b = a + 1; b <= 6; b++) all.push([a, b]);
  const { servers } = shape('two sites, all connected', 6, all, [5, 6]);
  const topology: Topology = {
    domains: [],
    sites: [{ name: 'A' }, { name: 'B' }],
    links: [{ between: ['A', 'B'], cost, schedule: 'always' }],
    servers: servers.map(({ name }, i) => ({
      name,
      id: (i + 1) as ReplicaId,
      site: siteOf(name),
      ldap: undefined,
      ldaps: undefined,
      replication: name,
      http: undefined,
      runs: i < 4 ? 'both' : 'broker',
      role: 'repli-master',
      peers: undefined,
    })),
  };
  return { name: 'two sites, all connected', servers: servers.map((server) => ({ ...server, topology })) };
}

/** The site of a server of siteShape(). */
export function siteOf(name: string): string {
  return ['s1', 's2', 's5'].includes(name) ? 'A' : 'B';
}

/** What swarms choose from; SHAPES stays as it is, so that the fixed seeds go on meaning what they did. */
export const SWARM_SHAPES: readonly Shape[] = [
  ...SHAPES,
  TWO_BROKERS,
  siteShape(100),
  LEAVES_1,
  LEAVES_2,
  LEAVES_OF_MASTER,
];
