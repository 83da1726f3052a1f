/**
 * What loads leave in a server's memory, and what it is made of: it has to level off, also where a subscriber reads nothing.
 *
 * npm run bench -- memory [--load adds|all] [--adds 300000] [--entries 5000] [--subscriber none|stopped] [--connections 64] [--window 1] [--port 17100]
 * `--load adds`: a long run of adds; a line after each 50,000. `--load all` (100,000 entries by default): the loads of bench/compare.ts one after the other, in counts that are always the same, so that runs
 * compare on a machine that others use; `--share 0.5` does half of each.
 * Each line: processor time of one operation; MiB resident; of which V8's pages for young objects, those for old ones (in use), the rest of the process's own memory, in which stand the arrays (in brackets:
 * as long as they are, touched or not), LevelDB's buffers and blocks and what malloc keeps; and pages of files: Node's program, LevelDB's tables (the system takes them back when it needs room).
 * `stopped`: a second server follows it and is stopped by a signal, its connections open.
 */

import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { must } from '../lib/base/assert.js';
import { choice, commandLine, number, wholeNumber } from '../scripts/command-line.js';
import { buildLoad, type LoadOperation, load } from './load.js';
import type { HeapParts } from './memory-monitor.js';
import * as polyarch from './polyarch.js';
import { memoryOf, peakMiB, processorUs } from './process-figures.js';
import { toldBy } from './server-monitor.js';
import { BASE_DN, inFolder, makeTwo, PASSWORD, untilSame } from './two-servers.js';

const STEP = 50_000;
/** Seconds of one run of the load, where a count does not end it. */
const SECONDS = 2;
const LONGEST_SECONDS = 600;
/** Time for the cache to fill after the start. */
const FILL_MS = 5000;

const given = commandLine(
  {
    command: 'npm run bench -- memory',
    about: "What loads leave in a server's memory, and what it is made of.",
  },
  {
    load: choice(['adds', 'all'], 'adds', 'a long run of adds, or the loads of bench/compare.ts in turn'),
    adds: wholeNumber(300_000, 'adds of that run', 1),
    entries: wholeNumber(undefined, 'entries before: 5,000, or with --load all 100,000', 1),
    subscriber: choice(
      ['none', 'stopped'],
      'none',
      'stopped: a second server follows it and is stopped by a signal',
    ),
    connections: wholeNumber(64, 'connections of the adds', 1),
    window: wholeNumber(1, 'adds in flight on each', 1),
    share: number(1, 'with --load all: so much of each load'),
    port: wholeNumber(17_100, 'first port'),
  },
);
const { adds, connections, window, share } = given;
const all = given.load === 'all';
const entries = given.entries ?? (all ? 100_000 : 5000);
const stopped = given.subscriber === 'stopped';

/** What an idle machine of two cores does in a run of bench/compare.ts of some 4 s for each line. */
const COUNTED: readonly {
  readonly operation: LoadOperation;
  readonly connections: number;
  readonly window: number;
  readonly count: number;
}[] = [
  { operation: 'base', connections: 8, window: 1, count: 150_000 },
  { operation: 'eq', connections: 8, window: 16, count: 300_000 },
  { operation: 'eq', connections: 200, window: 1, count: 100_000 },
  { operation: 'mod', connections: 8, window: 1, count: 30_000 },
  { operation: 'mod', connections: 64, window: 1, count: 60_000 },
  { operation: 'add', connections: 8, window: 1, count: 15_000 },
  { operation: 'add', connections: 64, window: 1, count: 25_000 },
  { operation: 'del', connections: 8, window: 1, count: 13_000 },
];

const loaded = {
  bindDn: polyarch.ADMIN_DN,
  password: PASSWORD,
  baseDn: BASE_DN,
  range: entries,
};

/** A server with the monitor in it. */
class Watched {
  readonly #server: ChildProcess;
  readonly #file: string;
  readonly #pid: number;
  #usedUs: number;
  #fromMs = performance.now();

  constructor(server: ChildProcess, file: string) {
    this.#server = server;
    this.#file = file;
    this.#pid = must(server.pid, 'it runs');
    this.#usedUs = processorUs([this.#pid]);
  }

  /** A line: `count` operations were done since the last one. */
  async line(label: string, count: number): Promise<void> {
    const [us, ms] = [processorUs([this.#pid]), performance.now()];
    const rate = Math.round((count * 1000) / (ms - this.#fromMs));
    const cost = count === 0 ? '' : `${rate}/s, ${Math.round((us - this.#usedUs) / count)} us each`;
    process.stdout.write(`${label.padEnd(46)}${cost.padEnd(24)}${await this.#parts()}\n`);
    this.#usedUs = processorUs([this.#pid]);
    this.#fromMs = performance.now();
  }

  async #parts(): Promise<string> {
    const told = await toldBy(this.#server, this.#file);
    const memory = memoryOf(this.#pid);
    if (memory === undefined || told === '') return 'memory not known';
    const { young, old, oldUsed, arrays } = JSON.parse(told) as HeapParts;
    const { residentMiB, ownMiB, filesMiB, tablesMiB } = memory;
    const rest = ownMiB - young - old;
    return `${residentMiB} MiB: young ${young}, old ${old} (${oldUsed}), rest ${rest} (arrays ${arrays}), program ${filesMiB - tablesMiB}, tables ${tablesMiB}`;
  }

  get peak(): number | undefined {
    return peakMiB(this.#pid);
  }
}

/** Adds until `adds` are done; a line after each STEP of them. */
async function addAll(server: Watched, port: number): Promise<void> {
  let done = 0;
  let told = 0;
  while (done < adds) {
    const shape = { operation: 'add', connections, window, seconds: SECONDS } as const;
    const { nextLoadNumber, errors } = await load({ ...loaded, ...shape, port, firstLoadNumber: done });
    if (errors > 0) throw new Error(`${errors} adds were refused`);
    done = nextLoadNumber;
    if (done < adds && Math.floor(done / STEP) === Math.floor(told / STEP)) continue;
    await server.line(`${done} adds`, done - told);
    told = done;
  }
}

/** Each load of COUNTED. Deletes take what the adds before them made. */
async function counted(server: Watched, port: number): Promise<void> {
  let added = 0;
  for (const { count: whole, ...shape } of COUNTED) {
    const count = Math.ceil(whole * share);
    const firstLoadNumber = shape.operation === 'add' ? added : 0;
    const run = { ...loaded, ...shape, port, count, firstLoadNumber, seconds: LONGEST_SECONDS };
    const { nextLoadNumber, errors } = await load(run);
    if (errors > 0) throw new Error(`${errors} operations were refused`);
    if (shape.operation === 'add') added = nextLoadNumber;
    await server.line(
      `${count} ${shape.operation}, ${shape.connections} connections, ${shape.window} in flight`,
      count,
    );
  }
  process.stdout.write(`most resident since the start: ${server.peak ?? '?'} MiB\n`);
}

await inFolder(async (dir, keep) => {
  buildLoad();
  const [one, two] = await makeTwo(dir, given.port, entries);
  const file = join(dir, 'memory');
  process.env.MEMORY_FILE = file;
  process.env.NODE_OPTIONS = `--import ${new URL('./memory-monitor.js', import.meta.url).href}`;
  const child = keep(await polyarch.start(one.dir, one.port));
  process.env.NODE_OPTIONS = '';
  if (stopped) {
    const subscriber = keep(await polyarch.start(two.dir, two.port));
    await untilSame(one, two);
    subscriber.kill('SIGSTOP');
  }
  await new Promise((resolve) => setTimeout(resolve, FILL_MS));
  const server = new Watched(child, file);
  await server.line(stopped ? 'a subscriber is stopped' : 'no subscriber', 0);
  await (all ? counted : addAll)(server, one.port);
});
