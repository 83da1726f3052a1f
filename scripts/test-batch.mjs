/**
 * Runs several compiled test files in one process, one after another: `node scripts/test-batch.mjs build/test/csn/csn.test.js ...`.
 *
 * Starting Node, tap and the modules costs more than most tests do (measured: 0.3 to 0.9 s of processor time a file). Each file is a subtest of the one tap program:
 * what the file calls on tap's `t` goes to that subtest, so that its tests, teardowns and time limit are its own. A file that runs here must leave process-wide state
 * (environment, globals, open handles) as it found it; run-tests.mjs says which files get a process of their own.
 *
 * After each file one line tells of it (test-marks.mjs), with its processor time; `left` names what it left open, which would keep its own process from ending.
 */
import { relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { COUNTS, FILE_MARK, FILE_SECONDS } from './test-marks.mjs';

/** What test files may call on the root `t`. */
const FORWARDED = ['test', 'before', 'teardown', 'setTimeout', 'beforeEach', 'afterEach'];

// The files are told by name only: tap names its fixtures after the whole command line, and tests should not see ours.
const files = process.argv.splice(2);
const { default: t } = await import('tap');

// Each file has a limit; the program has none.
t.setTimeout(0);
const test = t.test.bind(t);
let current;
for (const name of FORWARDED) {
  t[name] = (...args) => {
    if (current === undefined) throw new Error(`t.${name} was called when no file ran`);
    return current[name](...args);
  };
}

/** Kinds of open handles with their number; those of standard input, output and the parent are always there. */
function openHandles() {
  const kinds = new Map();
  for (const kind of process.getActiveResourcesInfo()) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  return kinds;
}

async function runFile(file) {
  const before = { ...t.counts };
  const open = openHandles();
  const startMs = performance.now();
  const began = process.cpuUsage();
  await test(file, { timeout: FILE_SECONDS * 1000 }, async (subtest) => {
    current = subtest;
    await import(pathToFileURL(resolve(file)).href);
  });
  current = undefined;
  // Handles that were closed are gone a turn later.
  await new Promise((resume) => setImmediate(resume));
  const left = [...openHandles()].filter(([kind, count]) => count > (open.get(kind) ?? 0));
  const used = process.cpuUsage(began);
  const told = {
    file: relative(process.cwd(), resolve(file)),
    ...Object.fromEntries(COUNTS.map((name) => [name, t.counts[name] - before[name]])),
    ms: Math.round(performance.now() - startMs),
    processorMs: Math.round((used.user + used.system) / 1000),
    left: left.map(([kind]) => kind),
  };
  process.stdout.write(`${FILE_MARK}${JSON.stringify(told)}\n`);
}

for (const file of files) await runFile(file);
