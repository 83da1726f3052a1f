/** `npm run chaos -- [--seed 1] [--runs 1] [--seconds 30] [--shape ring] ...`: builds, then runs real servers under random writes and random troubles (test/chaos/chaos.ts). */
import { join } from 'node:path';
import { ensureInstalled, run } from './prepare.mjs';

ensureInstalled();
const { BUILD, ensureBuilt } = await import('./make.mjs');
await ensureBuilt();
// These servers live long enough to run as users' do, without the flags of tests.
const env = { POLYARCH_NODE_FLAGS: '', ...process.env };
run(process.execPath, [join(BUILD, 'test/chaos/chaos.js'), ...process.argv.slice(2)], { env });
