/**
 * The table of docs/performance.md in one run: Polyarch beside OpenLDAP's slapd and 389 Directory Server on the same data, the same load and the same
 * machine, one after the other.
 *
 * npm run bench -- compare [--entries 100000] [--seconds 5] [--only base,eq,mod] [--peers slapd,389ds] [--indexes compared]
 * All servers have the same indexes (compared-indexes.ts); with `--indexes default` ours has those that it comes with, which are more.
 * Prints operations per second of each and our ratio to the better peer. A peer that is not installed is left out and named.
 */

import { join } from 'node:path';
import { commandLine, list, wholeNumber } from '../scripts/command-line.js';
import { scratch, stopChild } from './clean-up.js';
import {
  DS389_ADMIN,
  type Ds389Instance,
  ds389Load,
  ds389Name,
  ds389Remove,
  ds389Setup,
  ds389Start,
} from './ds389.js';
import { type LoadOperation, type LoadResult, load } from './load.js';
import { INDEXES, PEERS } from './options.js';
import { type PeerName, presentPeers } from './peers.js';
import { writePeopleLdif } from './people-ldif.js';
import * as polyarch from './polyarch.js';
import { residentMiB } from './process-figures.js';
import { slapdAdmin, slapdLoad, slapdStart } from './slapd.js';

const BASE_DN = 'dc=example,dc=com';
const PASSWORD = 'bench-secret';
const OURS_PORT = 21_389;
const PEER_PORT = 21_489;
const DS389_PORT = 21_589;

interface Row {
  readonly label: string;
  readonly operation: LoadOperation;
  readonly connections: number;
  readonly window: number;
}

const ROWS: readonly Row[] = [
  { label: 'search base', operation: 'base', connections: 8, window: 1 },
  { label: 'search sub (uid=x)', operation: 'eq', connections: 8, window: 1 },
  { label: 'search sub (uid=x), 16 in flight', operation: 'eq', connections: 8, window: 16 },
  { label: 'search sub (uid=x), 200 connections', operation: 'eq', connections: 200, window: 1 },
  { label: 'modify, 8 connections', operation: 'mod', connections: 8, window: 1 },
  { label: 'modify, 64 connections', operation: 'mod', connections: 64, window: 1 },
  { label: 'add, 8 connections', operation: 'add', connections: 8, window: 1 },
  { label: 'add, 64 connections', operation: 'add', connections: 64, window: 1 },
  { label: 'delete, 8 connections', operation: 'del', connections: 8, window: 1 },
];

const { entries, seconds, only, peers, indexes } = commandLine(
  {
    command: 'npm run bench -- compare',
    about: 'Polyarch beside slapd and 389 Directory Server: same data, same load, one after the other.',
  },
  {
    entries: wholeNumber(100_000, 'entries of each server', 1),
    seconds: wholeNumber(5, 'seconds of each row', 1),
    only: list(
      [],
      'only rows of these operations',
      ROWS.map((row) => row.operation),
    ),
    peers: PEERS,
    indexes: INDEXES,
  },
);

/** Runs the rows against one server. Deletes take what the adds before them made. */
async function measure(port: number, bindDn: string): Promise<Map<string, LoadResult>> {
  const results = new Map<string, LoadResult>();
  const next = { add: 0, del: 0 };
  for (const row of ROWS) {
    if (only.length > 0 && !only.includes(row.operation)) continue;
    const common = { port, bindDn, password: PASSWORD, baseDn: BASE_DN, range: entries };
    const shape = { operation: row.operation, connections: row.connections, window: row.window };
    const run = async (seconds: number): Promise<LoadResult> => {
      const kind = row.operation === 'del' ? 'del' : 'add';
      const result = await load({ ...common, ...shape, seconds, firstLoadNumber: next[kind] });
      if (row.operation === kind) next[kind] = result.nextLoadNumber;
      return result;
    };
    // The first second warms caches and code on all sides and is not counted.
    await run(1);
    results.set(row.label, await run(seconds));
  }
  return results;
}

/** A finished run of one server. */
interface Run {
  /** Seconds that the load of all entries took; undefined: it is not comparable. */
  readonly loadSeconds: number | undefined;
  readonly results: ReadonlyMap<string, LoadResult>;
}

async function runOurs(dir: string, ldif: string): Promise<Run> {
  const place: polyarch.SetupPlace = {
    dir,
    baseDn: BASE_DN,
    password: PASSWORD,
    port: OURS_PORT,
    id: 1,
    peers: [],
    indexes,
  };
  polyarch.setup(place);
  const loadSeconds = polyarch.importLdif(dir, ldif);
  const server = await polyarch.start(dir, OURS_PORT);
  const results = await measure(OURS_PORT, polyarch.ADMIN_DN).finally(async () => {
    process.stdout.write(`resident memory of ours, MiB: ${residentMiB(server.pid) ?? ''}\n`);
    await stopChild(server);
  });
  return { loadSeconds, results };
}

async function runSlapd(dir: string, ldif: string): Promise<Run> {
  const loadSeconds = slapdLoad(dir, BASE_DN, PASSWORD, ldif);
  const server = await slapdStart(dir, PEER_PORT);
  const results = await measure(PEER_PORT, slapdAdmin(BASE_DN)).finally(() => stopChild(server));
  return { loadSeconds, results };
}

/** Its entries come over LDAP, which is no import. */
async function runDs389(dir: string, ldif: string): Promise<Run> {
  const instance: Ds389Instance = {
    dir,
    name: ds389Name(1),
    port: DS389_PORT,
    baseDn: BASE_DN,
    password: PASSWORD,
  };
  ds389Setup(instance);
  try {
    let server = await ds389Start(instance);
    try {
      const seconds = await ds389Load(instance, ldif);
      process.stdout.write(`389-ds took ${seconds.toFixed(1)} s for the entries over LDAP\n`);
      // Caches and memory as after a start, like the others.
      await stopChild(server);
      server = await ds389Start(instance);
      return { loadSeconds: undefined, results: await measure(DS389_PORT, DS389_ADMIN) };
    } finally {
      await stopChild(server);
    }
  } finally {
    ds389Remove(instance);
  }
}

const WIDTHS = [38, 13, 13, 13, 26, 18];

function line(cells: readonly (string | number)[]): void {
  process.stdout.write(`${cells.map((cell, i) => String(cell).padEnd(WIDTHS[i] ?? 18)).join('')}\n`);
}

const latency = (result: LoadResult | undefined): string =>
  result === undefined ? '' : `${result.p50Us}/${result.p99Us}`;

/** Ours through the better of the peers, where there is one. */
function ratio(ours: number, theirs: readonly (number | undefined)[], better: 'more' | 'less'): string {
  const known = theirs.filter((figure) => figure !== undefined);
  if (known.length === 0) return '';
  const best = better === 'more' ? Math.max(...known) : Math.min(...known);
  return `${(ours / best).toFixed(2)}x`;
}

async function main(): Promise<void> {
  const { dir, remove } = scratch();
  try {
    const runs: readonly PeerName[] = presentPeers(peers);
    const ldif = join(dir, 'people.ldif');
    await writePeopleLdif(ldif, BASE_DN, entries);
    const ours = await runOurs(join(dir, 'ours'), ldif);
    const slapd = runs.includes('slapd') ? await runSlapd(join(dir, 'slapd'), ldif) : undefined;
    const ds389 = runs.includes('389ds') ? await runDs389(join(dir, '389ds'), ldif) : undefined;
    line([
      'work',
      'polyarch',
      'slapd',
      '389-ds',
      'ratio to the better peer',
      'p50/p99 us',
      'slapd',
      '389-ds',
    ]);
    line([
      `import of ${entries} entries, seconds`,
      ours.loadSeconds?.toFixed(1) ?? '',
      slapd?.loadSeconds?.toFixed(1) ?? '',
      '',
      ratio(ours.loadSeconds ?? 0, [slapd?.loadSeconds], 'less'),
    ]);
    for (const [label, result] of ours.results) {
      const [a, b] = [slapd?.results.get(label), ds389?.results.get(label)];
      line([
        `${label}, /s`,
        result.perSecond,
        a?.perSecond ?? '',
        b?.perSecond ?? '',
        ratio(result.perSecond, [a?.perSecond, b?.perSecond], 'more'),
        latency(result),
        latency(a),
        latency(b),
      ]);
      for (const [name, run] of [
        ['polyarch', result],
        ['slapd', a],
        ['389-ds', b],
      ] as const)
        if (run !== undefined && run.errors > 0) line([`  errors of ${name}: ${run.errors}`]);
    }
  } finally {
    remove();
  }
}

await main();
