/**
 * Whether a topology is sound as a whole: unique names, ids and addresses; links that join known sites; peers that exist; and a graph in which
 * every server's changes can reach every other server.
 *
 * Owns the rules between the parts; the shape of the document (types, bounds, unknown keys) was checked before. Answers all faults at once.
 */
import { parseAddress } from './address.js';
import { peerNames } from './connections.js';
import { parseSchedule } from './schedule.js';
import type { Topology, TopologyFault, TopologyServer } from './topology.js';

/** All faults, in the order of the document; none when the topology is sound. */
export function checkTopology(topology: Topology): TopologyFault[] {
  const faults = [
    ...checkUnique(topology),
    ...checkAddresses(topology),
    ...checkSites(topology),
    ...checkPeers(topology),
  ];
  // Reachability is only worth a word when the names it rests on are sound.
  return faults.length > 0 ? faults : [...checkSiteGraph(topology), ...checkServerGraph(topology)];
}

function checkUnique(topology: Topology): TopologyFault[] {
  const faults: TopologyFault[] = [];
  const collect = (list: string, key: string, values: readonly (string | number)[]) => {
    const first = new Map<string | number, number>();
    values.forEach((value, index) => {
      const before = first.get(value);
      if (before === undefined) first.set(value, index);
      else
        faults.push({
          path: key === '' ? [list, index] : [list, index, key],
          message: `${key === '' ? list : `${list} ${key}`} "${value}" is already used by number ${before + 1} of ${list}`,
        });
    });
  };
  collect('domains', '', topology.domains);
  collect(
    'sites',
    'name',
    topology.sites.map((site) => site.name),
  );
  collect(
    'servers',
    'name',
    topology.servers.map((server) => server.name),
  );
  collect(
    'servers',
    'id',
    topology.servers.map((server) => server.id),
  );
  return faults;
}

const ADDRESS_KEYS = ['ldap', 'ldaps', 'replication', 'http'] as const;

function checkAddresses(topology: Topology): TopologyFault[] {
  const faults: TopologyFault[] = [];
  const users = new Map<string, string>();
  topology.servers.forEach((server, index) => {
    for (const key of ADDRESS_KEYS) {
      const text = server[key];
      if (text === undefined) continue;
      const path = ['servers', index, key];
      const address = parseAddress(text);
      if (address === undefined || address.port === 0) {
        faults.push({ path, message: `"${text}" is not an address; write host:port` });
        continue;
      }
      const other = users.get(text);
      if (other === undefined) users.set(text, `${key} of ${server.name}`);
      else faults.push({ path, message: `address ${text} is already ${other}` });
    }
  });
  return faults;
}

function checkSites(topology: Topology): TopologyFault[] {
  const faults: TopologyFault[] = [];
  const sites = new Set(topology.sites.map((site) => site.name));
  const joined = new Map<string, number>();
  topology.links.forEach((link, index) => {
    link.between.forEach((site, end) => {
      if (!sites.has(site))
        faults.push({ path: ['links', index, 'between', end], message: `there is no site "${site}"` });
    });
    const [a, b] = link.between;
    if (a === b)
      faults.push({
        path: ['links', index, 'between'],
        message: `a link joins two sites, not "${a}" to itself`,
      });
    const pair = JSON.stringify(a < b ? [a, b] : [b, a]);
    const before = joined.get(pair);
    if (before === undefined) joined.set(pair, index);
    else
      faults.push({
        path: ['links', index, 'between'],
        message: `sites ${a} and ${b} are already joined by number ${before + 1} of links`,
      });
    if (parseSchedule(link.schedule) === undefined)
      faults.push({
        path: ['links', index, 'schedule'],
        message: `"${link.schedule}" is not a schedule; write always, or like "mon-fri 20:00-06:00, sun 00:00-24:00"`,
      });
  });
  topology.servers.forEach((server, index) => {
    if (!sites.has(server.site))
      faults.push({ path: ['servers', index, 'site'], message: `there is no site "${server.site}"` });
  });
  return faults;
}

function checkPeers(topology: Topology): TopologyFault[] {
  const faults: TopologyFault[] = [];
  const byName = new Map(topology.servers.map((server) => [server.name, server]));
  topology.servers.forEach((server, index) => {
    server.peers?.forEach((name, at) => {
      const path = ['servers', index, 'peers', at];
      const peer = byName.get(name);
      if (peer === undefined) faults.push({ path, message: `there is no server "${name}"` });
      else if (name === server.name) faults.push({ path, message: 'a server is not its own peer' });
      else if (peer.runs === 'directory')
        faults.push({
          path,
          message: `"${name}" runs a directory alone, which nobody dials; list "${server.name}" among its peers instead`,
        });
    });
  });
  if (topology.servers.length > 0 && topology.servers.every((server) => server.runs === 'broker'))
    faults.push({ path: ['servers'], message: 'no server holds a directory' });
  return faults;
}

function checkSiteGraph(topology: Topology): TopologyFault[] {
  const used = topology.sites.filter((site) => topology.servers.some((server) => server.site === site.name));
  const first = used[0];
  if (first === undefined) return [];
  const edges = new Map<string, string[]>();
  for (const { between } of topology.links) {
    addEdge(edges, between[0], between[1]);
    addEdge(edges, between[1], between[0]);
  }
  const reached = reachable(edges, first.name);
  return used
    .filter((site) => !reached.has(site.name))
    .map((site) => ({
      path: ['sites', topology.sites.indexOf(site)],
      message: `no chain of links joins site "${site.name}" to site "${first.name}"`,
    }));
}

/** A change flows from a server to all that subscribe to it, and from each of them on; on the link of a directory alone it flows both ways. */
function checkServerGraph(topology: Topology): TopologyFault[] {
  const flows = new Map<string, string[]>();
  for (const server of topology.servers)
    for (const peer of peerNames(topology, server)) {
      addEdge(flows, peer, server.name);
      if (server.runs === 'directory') addEdge(flows, server.name, peer);
    }
  const faults: TopologyFault[] = [];
  const unreached = (from: TopologyServer) => {
    const reached = reachable(flows, from.name);
    return topology.servers.filter((server) => !reached.has(server.name));
  };
  topology.servers.forEach((server, index) => {
    const missing = unreached(server).map((other) => other.name);
    if (missing.length > 0)
      faults.push({
        path: ['servers', index],
        message: `changes made on "${server.name}" never reach ${missing.join(', ')}; add peers`,
      });
  });
  return faults;
}

function addEdge(edges: Map<string, string[]>, from: string, to: string): void {
  const list = edges.get(from);
  if (list === undefined) edges.set(from, [to]);
  else list.push(to);
}

function reachable(edges: ReadonlyMap<string, readonly string[]>, from: string): Set<string> {
  const reached = new Set([from]);
  const queue = [from];
  for (let at = 0; at < queue.length; at++)
    for (const next of edges.get(queue[at] as string) ?? [])
      if (!reached.has(next)) {
        reached.add(next);
        queue.push(next);
      }
  return reached;
}
