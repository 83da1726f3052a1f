/**
 * Masters that all take writes, for benchmarks of replication: ours, slapd's and 389-ds's, from the same entries with the same indexes, on loopback.
 *
 * The first is loaded, the others fill themselves from it or are filled by it. Owns how each kind is started; what is measured is elsewhere.
 */
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { must } from '../lib/base/assert.js';
import { stopChild } from './clean-up.js';
import { DS389_ADMIN, ds389Name } from './ds389.js';
import { Ds389Suppliers } from './ds389-suppliers.js';
import { profiling } from './options.js';
import * as polyarch from './polyarch.js';
import { slapdAdmin, slapdLoad, slapdSetup, slapdStart } from './slapd.js';

/** Masters that run. */
export interface Masters {
  readonly ports: readonly number[];
  readonly bindDn: string;
  readonly pids: readonly number[];
  stop(): Promise<void>;
}

export interface MastersPlan {
  readonly dir: string;
  readonly ldif: string;
  readonly servers: number;
  readonly firstPort: number;
  readonly baseDn: string;
  readonly password: string;
  /** Directory for CPU profiles of our servers; empty: none. */
  readonly profile: string;
  readonly indexes: 'compared' | 'default';
}

function pidsOf(children: readonly ChildProcess[]): number[] {
  return children.map((child) => child.pid ?? 0);
}

async function stopAll(children: readonly ChildProcess[]): Promise<void> {
  await Promise.all(children.map(stopChild));
}

export async function startOurs(plan: MastersPlan): Promise<Masters> {
  const { dir, baseDn, password, indexes } = plan;
  const places = Array.from({ length: plan.servers }, (_, i) => ({
    dir: join(dir, `ours-${i + 1}`),
    port: plan.firstPort + 10 * i,
  }));
  places.forEach((place, i) => {
    const peers = places.flatMap((peer, j) =>
      i === j ? [] : [`server-${j + 1}=127.0.0.1:${peer.port + 2}`],
    );
    const first = must(places[0], 'there are servers');
    const caFrom = i === 0 ? {} : { caFrom: first.dir };
    polyarch.setup({ ...place, baseDn, password, id: i + 1, peers, indexes, ...caFrom });
    if (i === 0) polyarch.importLdif(place.dir, plan.ldif);
  });
  const node = profiling(plan.profile);
  const children = await Promise.all(places.map((place) => polyarch.start(place.dir, place.port, node)));
  const ports = places.map((place) => place.port);
  return { ports, bindDn: polyarch.ADMIN_DN, pids: pidsOf(children), stop: () => stopAll(children) };
}

export async function startSlapd(plan: MastersPlan): Promise<Masters> {
  const { dir, baseDn, password, ldif } = plan;
  const ports = Array.from({ length: plan.servers }, (_, i) => plan.firstPort + 50 + i);
  const children: ChildProcess[] = [];
  for (const [i, port] of ports.entries()) {
    const place = join(dir, `slapd-${i + 1}`);
    const masters = { id: i + 1, peerPorts: ports.filter((other) => other !== port) };
    if (i === 0) slapdLoad(place, baseDn, password, ldif, masters);
    else slapdSetup(place, baseDn, password, masters);
    children.push(await slapdStart(place, port));
  }
  return { ports, bindDn: slapdAdmin(baseDn), pids: pidsOf(children), stop: () => stopAll(children) };
}

export async function start389(plan: MastersPlan): Promise<Masters> {
  const { dir, baseDn, password } = plan;
  const ports = Array.from({ length: plan.servers }, (_, i) => plan.firstPort + 70 + 2 * i);
  const instances = ports.map((port, i) => ({
    ...{ dir: join(dir, `389ds-${i + 1}`), name: ds389Name(i + 1), port, baseDn, password },
  }));
  const suppliers = await Ds389Suppliers.start(instances, plan.ldif);
  try {
    await suppliers.copy();
  } catch (error) {
    await suppliers.stop();
    throw error;
  }
  const { children } = suppliers;
  return { ports, bindDn: DS389_ADMIN, pids: pidsOf(children), stop: () => suppliers.stop() };
}
