/**
 * Two servers that follow each other, for benchmarks of what one gives to the other: made, started, asked, and what an exchange costs each of them.
 */
import type { ChildProcess } from 'node:child_process';
import { rmSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { callControl } from '../lib/app/control/control-client.js';
import type { DomainStatus, ServerStatus } from '../lib/app/monitor/server-status.js';
import { serverFiles } from '../lib/app/server-files.js';
import { must } from '../lib/base/assert.js';
import { scratch, stopChild } from './clean-up.js';
import { writePeopleLdif } from './people-ldif.js';
import * as polyarch from './polyarch.js';
import { forgetPeak, peakMiB, processorUs } from './process-figures.js';

export const BASE_DN = 'dc=example,dc=com';
export const PASSWORD = 'bench-secret';

export interface Place {
  readonly dir: string;
  readonly port: number;
}

/** Server 1 with `entries` people, and server 2 without data. Neither is started. */
export async function makeTwo(
  dir: string,
  firstPort: number,
  entries: number,
): Promise<readonly [Place, Place]> {
  const ldif = join(dir, 'people.ldif');
  await writePeopleLdif(ldif, BASE_DN, entries);
  const one = { dir: join(dir, 'one'), port: firstPort };
  const two = { dir: join(dir, 'two'), port: firstPort + 10 };
  const common = { baseDn: BASE_DN, password: PASSWORD };
  polyarch.setup({ ...one, ...common, id: 1, peers: [`server-2=127.0.0.1:${two.port + 2}`] });
  polyarch.importLdif(one.dir, ldif);
  rmSync(ldif);
  polyarch.setup({
    ...two,
    ...common,
    id: 2,
    peers: [`server-1=127.0.0.1:${one.port + 2}`],
    caFrom: one.dir,
  });
  return [one, two];
}

/** What a server says of its data and of its sessions. */
export async function statusOf(
  place: Place,
): Promise<{ domain: DomainStatus; links: ServerStatus['links'] }> {
  const status = (await callControl(serverFiles(place.dir), { command: 'status' })) as ServerStatus;
  const domain = must(status.domains[0], 'one domain');
  return { domain, links: status.links.filter((link) => link.domain === domain.baseDn) };
}

/** Longest that two servers may take to become the same, ms. */
const SAME_MS = 3_600_000;

/** Waits until the second has what the first has; answers the seconds. Rejects after an hour. */
export async function untilSame(one: Place, two: Place): Promise<number> {
  const fromMs = performance.now();
  for (;;) {
    if (performance.now() - fromMs > SAME_MS) throw new Error('the servers are not the same after an hour');
    const [a, b] = await Promise.all([one, two].map((place) => statusOf(place).catch(() => undefined)));
    if (
      a !== undefined &&
      b !== undefined &&
      b.domain.phase === 'ready' &&
      a.domain.applied === b.domain.applied
    )
      return (performance.now() - fromMs) / 1000;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

export interface Cost {
  readonly seconds: number;
  readonly processorSeconds: number;
  readonly peakMiB: number | undefined;
}

/** Runs `work`; what it cost each process. */
export async function costs(
  children: readonly ChildProcess[],
  work: () => Promise<unknown>,
): Promise<Cost[]> {
  const pids = children.map((child) => must(child.pid, 'it runs'));
  for (const pid of pids) forgetPeak(pid);
  const before = pids.map((pid) => processorUs([pid]));
  const fromMs = performance.now();
  await work();
  const seconds = (performance.now() - fromMs) / 1000;
  return pids.map((pid, i) => ({
    seconds,
    processorSeconds: (processorUs([pid]) - (before[i] ?? 0)) / 1e6,
    peakMiB: peakMiB(pid),
  }));
}

/** One line of a table. `count`: of what was moved. */
export function report(name: string, cost: Cost, count: number): void {
  const each = Math.round((cost.processorSeconds * 1e6) / count);
  process.stdout.write(
    `${name.padEnd(24)}${cost.seconds.toFixed(1).padStart(8)} s${Math.round(count / cost.seconds)
      .toString()
      .padStart(9)}/s` +
      `${cost.processorSeconds.toFixed(1).padStart(9)} s of processor time${String(each).padStart(6)} us each, ${cost.peakMiB ?? '?'} MiB at most\n`,
  );
}

/** Runs a benchmark in a directory of its own; says how loaded the machine is. */
export async function inFolder(
  work: (dir: string, keep: (child: ChildProcess) => ChildProcess) => Promise<void>,
): Promise<void> {
  const { dir, remove } = scratch();
  const children: ChildProcess[] = [];
  process.stdout.write(`load of the machine before: ${(loadavg()[0] ?? 0).toFixed(1)}\n`);
  try {
    await work(dir, (child) => {
      children.push(child);
      return child;
    });
  } finally {
    for (const child of children) {
      child.kill('SIGCONT');
      if (child.exitCode === null && child.signalCode === null) await stopChild(child);
    }
    remove();
  }
}
