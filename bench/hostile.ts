/**
 * What the largest requests that a server takes do to others: the longest turn of its event loop for each, in processor time of its thread; how much of
 * it was garbage collection, and the longest one apart from collections.
 *
 * npm run bench -- hostile [--entries 100000] [--only filter,schema] [--home DIR]
 * One server in a process of its own with bench/turn-monitor.ts; each request is sent once, and what the server answers is printed: a request that it refuses is a figure as well. `--home` keeps
 * the server's directory for the next run.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stopChild } from './clean-up.js';
import {
  BASE_DN,
  type Case,
  connectClient,
  entries,
  home as kept,
  only,
  PASSWORD,
  port,
  told,
} from './hostile-case.js';
import { readCases } from './hostile-reads.js';
import { writeCases } from './hostile-writes.js';
import { writePeopleLdif } from './people-ldif.js';
import * as polyarch from './polyarch.js';
import { TURN_COLUMNS, toldBy } from './server-monitor.js';

const cases: readonly Case[] = [
  { name: 'idle', label: 'nothing', run: () => sleep(2000) },
  ...readCases(),
  ...writeCases(),
];

async function main(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'polyarch-bench-'));
  const home = kept === '' ? join(dir, 'ours') : kept;
  if (!existsSync(home)) {
    const ldif = join(dir, 'people.ldif');
    await writePeopleLdif(ldif, BASE_DN, entries);
    polyarch.setup({ dir: home, baseDn: BASE_DN, password: PASSWORD, port, id: 1, peers: [] });
    polyarch.importLdif(home, ldif);
  }
  const turns = join(dir, 'turns');
  process.env.TURNS_FILE = turns;
  const options = process.env.NODE_OPTIONS ?? '';
  process.env.NODE_OPTIONS = `${process.env.SERVER_OPTIONS ?? ''} --import ${new URL('./turn-monitor.js', import.meta.url).href}`;
  const server = await polyarch.start(home, port);
  process.env.NODE_OPTIONS = options;
  try {
    await sleep(3000);
    process.stdout.write(`${'request'.padEnd(56)}${TURN_COLUMNS.join('')}\n`);
    for (const { name, label, run } of cases) {
      if (only.length > 0 && !only.includes(name)) continue;
      const client = await connectClient();
      await client.bind(polyarch.ADMIN_DN, PASSWORD);
      await toldBy(server, turns);
      const start = performance.now();
      const answer = await told(run(client));
      const seconds = ((performance.now() - start) / 1000).toFixed(1);
      const turn = await toldBy(server, turns);
      client.unbind();
      process.stdout.write(`${label.padEnd(56)}${turn} ${seconds.padStart(6)} s  ${answer}\n`);
    }
  } finally {
    await stopChild(server);
    rmSync(dir, { recursive: true, force: true });
  }
}

await main();
