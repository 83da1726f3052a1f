/**
 * A swarm of simulated histories: each seed has its own shape and its own choice of faults (`npm run sim`).
 *
 * Prints each failure with what it takes to see it again; ends with 1 when there was one. With several jobs each is a process of its own and takes its share of the seeds.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { choice, commandLine, wholeNumber } from '../../scripts/command-line.js';
import { runSeed } from './simulation.js';
import { kindOf, SWARMS } from './swarm-kinds.js';

const { first, histories, step, kind, jobs } = commandLine(
  {
    command: 'npm run sim --',
    about: 'Simulated histories of servers under random writes and faults, one for each seed.',
    places: ['first', 'histories', 'step', 'kind'],
  },
  {
    first: wholeNumber(1, 'first seed'),
    histories: wholeNumber(100, 'how many'),
    step: wholeNumber(1, 'from one seed to the next', 1),
    kind: choice(['all', ...Object.keys(SWARMS)], 'all', 'what the histories do; all: the seed decides'),
    jobs: wholeNumber(1, 'processes', 1),
  },
);

/** Each seed of this process in turn; answers how many failed. */
async function runHere(): Promise<number> {
  let failures = 0;
  let writes = 0;
  let byHand = 0;
  for (let i = 0; i < histories; i++) {
    const seed = first + i * step;
    const its = kind === 'all' ? kindOf(seed) : kind;
    if (i > 0 && i % 50 === 0) console.log(`${kind}: ${i} histories, ${failures} failures`);
    try {
      const options = SWARMS[its]?.(seed);
      if (options === undefined) continue;
      const report = await runSeed(options);
      writes += report.acked;
      if (report.byHand) byHand += 1;
    } catch (error) {
      failures += 1;
      const again = `npm run sim -- --kind ${its} --histories 1 --first ${seed}`;
      console.log(`FAILED ${its} ${again}\n${error instanceof Error ? error.message : String(error)}\n`);
    }
  }
  console.log(
    `${kind}: ${histories} histories, ${writes} acknowledged writes, ${byHand} ended by hand, ${failures} failures`,
  );
  return failures;
}

/** The seeds shared among processes; answers how many of these failed. */
async function runJobs(count: number): Promise<number> {
  const codes = await Promise.all(
    Array.from({ length: count }, (_, i) => {
      const many = Math.floor((histories + count - 1 - i) / count);
      const args = [fileURLToPath(import.meta.url), first + i * step, many, step * count, kind].map(String);
      return new Promise<number>((resolve) =>
        spawn(process.execPath, args, { stdio: 'inherit' }).on('close', (code) => resolve(code ?? 1)),
      );
    }),
  );
  return codes.filter((code) => code !== 0).length;
}

const most = Math.min(jobs, histories);
process.exitCode = (await (most > 1 ? runJobs(most) : runHere())) > 0 ? 1 : 0;
