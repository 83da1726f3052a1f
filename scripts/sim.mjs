/**
 * `npm run sim -- [--histories 1000] [--first 1] [--kind all|whole|members|...] [--jobs 2]`: builds, then runs a swarm of simulated histories. For the nightly run: 10,000 histories.
 * Of kind `all` each history has one of the kinds of test/sim/swarm-kinds.ts, by its seed. A failure prints the command that shows it again.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureInstalled, root } from './prepare.mjs';

const { values } = parseArgs({
  options: {
    histories: { type: 'string', default: '1000' },
    first: { type: 'string', default: '1' },
    kind: { type: 'string', default: 'all' },
    jobs: { type: 'string', default: '2' },
  },
});
ensureInstalled();
const { ensureBuilt } = await import('./make.mjs');
await ensureBuilt();
const jobs = Math.max(1, Math.min(Number(values.jobs), Number(values.histories)));
const runs = Array.from({ length: jobs }, (_, i) => {
  const count = Math.floor((Number(values.histories) + jobs - 1 - i) / jobs);
  const args = [
    join(root, 'build/test/sim/swarm.js'),
    Number(values.first) + i,
    count,
    jobs,
    values.kind,
  ].map(String);
  return new Promise((resolve) => {
    spawn(process.execPath, args, { cwd: root, stdio: 'inherit' }).on('close', (code) => resolve(code ?? 1));
  });
});
process.exitCode = (await Promise.all(runs)).some((code) => code !== 0) ? 1 : 0;
