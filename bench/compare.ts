/**
 * The table of docs/performance.md in one run: Polyarch beside OpenLDAP's slapd on the same data, the same load and the same machine.
 *
 * npm run bench -- compare [--entries 100000] [--seconds 5] [--only base,eq,mod]
 * Prints operations per second of both and their ratio. Without slapd it prints ours alone.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LoadOperation, type LoadResult, load } from './load.js';
import { writePeopleLdif } from './people-ldif.js';
import * as polyarch from './polyarch.js';
import { slapdAdmin, slapdInstalled, slapdLoad, slapdStart, stopChild } from './slapd.js';

const BASE_DN = 'dc=example,dc=com';
const PASSWORD = 'bench-secret';
const OURS_PORT = 21_389;
const PEER_PORT = 21_489;

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

function option(name: string, fallback: string): string {
  const at = process.argv.indexOf(`--${name}`);
  return (at < 0 ? undefined : process.argv[at + 1]) ?? fallback;
}

const entries = Number(option('entries', '100000'));
const seconds = Number(option('seconds', '5'));
const only = option('only', '').split(',').filter(Boolean);

/** Runs the rows against one server. Deletes take what the adds before them made. */
async function measure(port: number, bindDn: string): Promise<Map<string, LoadResult>> {
  const results = new Map<string, LoadResult>();
  let nextAdd = 0;
  for (const row of ROWS) {
    if (only.length > 0 && !only.includes(row.operation)) continue;
    const common = { port, bindDn, password: PASSWORD, baseDn: BASE_DN, range: entries };
    const shape = { operation: row.operation, connections: row.connections, window: row.window };
    // The first second warms caches on both sides and is not counted.
    if (row.operation !== 'del') {
      const warm = await load({ ...common, ...shape, seconds: 1, firstLoadNumber: nextAdd });
      if (row.operation === 'add') nextAdd = warm.nextLoadNumber;
    }
    const result = await load({
      ...common,
      ...shape,
      seconds,
      firstLoadNumber: row.operation === 'del' ? 0 : nextAdd,
    });
    if (row.operation === 'add') nextAdd = result.nextLoadNumber;
    results.set(row.label, result);
  }
  return results;
}

function line(cells: readonly (string | number)[]): void {
  const widths = [38, 14, 14, 8, 16, 16];
  process.stdout.write(`${cells.map((cell, i) => String(cell).padEnd(widths[i] ?? 10)).join('')}\n`);
}

async function main(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'polyarch-bench-'));
  try {
    const ldif = join(dir, 'people.ldif');
    await writePeopleLdif(ldif, BASE_DN, entries);
    const withPeer = slapdInstalled();
    line(['work', 'polyarch /s', 'slapd /s', 'ratio', 'p50/p99 us', 'slapd p50/p99']);

    polyarch.setup({
      dir: join(dir, 'ours'),
      baseDn: BASE_DN,
      password: PASSWORD,
      port: OURS_PORT,
      id: 1,
      peers: [],
    });
    const ourSeconds = polyarch.importLdif(join(dir, 'ours'), ldif);
    const peerSeconds = withPeer ? slapdLoad(join(dir, 'peer'), BASE_DN, PASSWORD, ldif) : undefined;
    const ratio = peerSeconds === undefined ? '' : `${(ourSeconds / peerSeconds).toFixed(2)}x`;
    line([
      `import of ${entries} entries, seconds`,
      ourSeconds.toFixed(1),
      peerSeconds?.toFixed(1) ?? '',
      `${ratio} of the time`,
    ]);

    const ours = await polyarch.start(join(dir, 'ours'), OURS_PORT);
    const our = await measure(OURS_PORT, polyarch.ADMIN_DN).finally(async () => {
      line(['resident memory, MiB', polyarch.residentMiB(ours.pid) ?? '']);
      await stopChild(ours);
    });
    let theirs = new Map<string, LoadResult>();
    if (withPeer) {
      const peer = await slapdStart(join(dir, 'peer'), PEER_PORT);
      theirs = await measure(PEER_PORT, slapdAdmin(BASE_DN)).finally(() => stopChild(peer));
    }
    for (const [label, result] of our) {
      const other = theirs.get(label);
      const factor = other === undefined ? '' : `${(result.perSecond / other.perSecond).toFixed(2)}x`;
      const latency = (r: LoadResult | undefined) => (r === undefined ? '' : `${r.p50Us}/${r.p99Us}`);
      line([label, result.perSecond, other?.perSecond ?? '', factor, latency(result), latency(other)]);
      if (result.errors > 0) line([`  errors: ${result.errors}`]);
    }
    if (!withPeer) process.stdout.write('slapd is not installed (apt-get install slapd): no ratios\n');
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

await main();
