/**
 * Catching up: a server was away while the other one took changes, and takes them when it is back.
 *
 * npm run bench -- catch-up [--changes 100000] [--entries 5000] [--operation add|mod] [--away ended|hung] [--connections 32] [--window 8] [--port 17000] [--profile DIR]
 * `hung`: it is stopped by a signal and its connections stay, so that the other one has a subscriber that reads nothing, at full load. --profile writes CPU profiles.
 */

import { must } from '../lib/base/assert.js';
import { choice, commandLine, wholeNumber } from '../scripts/command-line.js';
import { stopChild } from './clean-up.js';
import { buildLoad, load } from './load.js';
import { PROFILE, profiling } from './options.js';
import * as polyarch from './polyarch.js';
import { residentMiB } from './process-figures.js';
import { BASE_DN, costs, inFolder, makeTwo, PASSWORD, report, statusOf, untilSame } from './two-servers.js';

const { changes, entries, operation, away, connections, window, port, profile } = commandLine(
  {
    command: 'npm run bench -- catch-up',
    about: 'A server was away while the other one took changes, and takes them when it is back.',
  },
  {
    changes: wholeNumber(100_000, 'changes meanwhile', 1),
    entries: wholeNumber(5000, 'entries before', 1),
    operation: choice(['add', 'mod'], 'add', 'what the changes are'),
    away: choice(['ended', 'hung'], 'ended', 'ended, or stopped by a signal with its connections open'),
    connections: wholeNumber(32, 'connections of the load', 1),
    window: wholeNumber(8, 'operations in flight on each', 1),
    port: wholeNumber(17_000, 'first port'),
    profile: PROFILE,
  },
);
const hung = away === 'hung';
const node = profiling(profile);

/** Loads until so many changes were acknowledged, in runs of some seconds. */
async function write(port: number): Promise<number> {
  let done = 0;
  let firstLoadNumber = 0;
  while (done < changes) {
    const seconds = 5;
    const login = { bindDn: polyarch.ADMIN_DN, password: PASSWORD, baseDn: BASE_DN };
    const result = await load({
      ...login,
      port,
      operation,
      connections,
      window,
      seconds,
      range: entries,
      firstLoadNumber,
    });
    if (result.errors > 0) throw new Error(`${result.errors} writes were refused`);
    firstLoadNumber = result.nextLoadNumber;
    done += result.perSecond * seconds;
  }
  return done;
}

await inFolder(async (dir, keep) => {
  buildLoad();
  const [one, two] = await makeTwo(dir, port, entries);
  const source = keep(await polyarch.start(one.dir, one.port));
  let target = keep(await polyarch.start(two.dir, two.port));
  await untilSame(one, two);
  if (hung) target.kill('SIGSTOP');
  else await stopChild(target);
  const before = residentMiB(source.pid);
  let written = 0;
  const [loaded] = await costs([source], async () => {
    written = await write(one.port);
  });
  const { links } = await statusOf(one);
  const queued = Math.max(0, ...links.map((link) => link.queuedBytes));
  process.stdout.write(
    `${entries} entries, ${written} changes (${operation}) while the other one was ${hung ? 'hung' : 'ended'}\n`,
  );
  report('source, load', must(loaded, 'one process'), written);
  process.stdout.write(
    `  ${before ?? '?'} MiB before, ${residentMiB(source.pid) ?? '?'} MiB after, ${queued} octets queued for a peer\n`,
  );
  if (hung) target.kill('SIGCONT');
  else target = keep(await polyarch.start(two.dir, two.port, node));
  const [gave, took] = await costs([source, target], () => untilSame(one, two));
  report('source, catching up', must(gave, 'two processes'), written);
  report('target, catching up', must(took, 'two processes'), written);
});
