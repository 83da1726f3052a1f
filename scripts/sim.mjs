/** `npm run sim -- [--histories 1000] [--first 1] [--kind all|whole|members|...] [--jobs 2]`: builds, then runs a swarm of simulated histories (test/sim/swarm.ts). For the nightly run: 10,000 histories. */
import { join } from 'node:path';
import { ensureInstalled, run } from './prepare.mjs';

ensureInstalled();
const { BUILD, ensureBuilt } = await import('./make.mjs');
await ensureBuilt();
const usual = ['--histories', '1000', '--jobs', '2'];
run(process.execPath, [join(BUILD, 'test/sim/swarm.js'), ...usual, ...process.argv.slice(2)]);
