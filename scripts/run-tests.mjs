/**
 * Runs compiled tap test files, one process more than there are processors at a time, slowest first; closes with tap's totals line.
 *
 * Every file is a tap program of its own and can be run as one. Here, the many small ones share processes (test-batch.mjs), because starting Node, tap and the modules
 * costs more than most of them do; a file gets a process of its own by the rule of `runsAlone`. tap's own runner is not used: it loads its TypeScript loader and process
 * tracking into every process. A process that dies is a failure of the file that ran in it; the files that it did not reach then run alone.
 */
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { root } from './prepare.mjs';
import { processorTimeOfTheEnded } from './processor-time.mjs';
import { COUNTS, FILE_MARK, FILE_SECONDS } from './test-marks.mjs';

/** One more than there are processors: tests with real servers wait a good part of their time. */
const JOBS = availableParallelism() + 1;
/** A process that tells of no file for so long is killed: with the limit of a file in test-batch.mjs, tap speaks first. */
const SILENCE_MS = FILE_SECONDS * 1000 + 10_000;
/** All files of a batch are told; what they left open keeps it from ending. */
const END_MS = 30_000;
/** Files of a batch take about this long together, so that both processors have work to the end. */
const BATCH_MS = 8_000;
const UNKNOWN_MS = 300;
const TIMES_FILE = join(root, 'build', '.test-times.json');
const BATCH = join('scripts', 'test-batch.mjs');
/** How many of the files that took most processor time are named at the end. */
const TOLD = 10;
/**
 * Most tests run code a few times only, and V8 would spend a sixth of their processor time on making it fast: it waits longer here (its own budget is 135,168 octets of
 * bytecode). Files that compute for seconds lose nothing by it.
 */
export const LATE_COMPILATION = '--interrupt-budget=400000';
const NODE_FLAGS = ['--enable-source-maps', LATE_COMPILATION];

/** Folders whose files start processes, threads and servers or read the process's state: each file has a process of its own. */
const FOLDERS_ALONE = ['app', 'cli', 'e2e', 'io', 'sim', 'tidy'];

/** Whether a file needs a process of its own: it stands in one of those folders, or declares a long time limit or process-wide set-up at its top level. */
function runsAlone(file) {
  if (FOLDERS_ALONE.includes(file.split('/')[2])) return true;
  return /^t\.(setTimeout|teardown|before)\(|^process\./m.test(readFileSync(join(root, file), 'utf8'));
}

function readTimes() {
  try {
    return JSON.parse(readFileSync(TIMES_FILE, 'utf8'));
  } catch {
    return {};
  }
}

/** Lists of files, each for one process; the slowest first. Files of one folder stay together: they load the same modules. */
function batchesOf(files, times) {
  const costOf = (file) => times[file] ?? UNKNOWN_MS;
  const batches = [];
  let open = { files: [], cost: 0 };
  for (const file of [...files].sort()) {
    if (runsAlone(file)) {
      batches.push({ files: [file], cost: costOf(file), alone: true });
      continue;
    }
    if (open.files.length === 0 || open.cost + costOf(file) > BATCH_MS) {
      open = { files: [], cost: 0 };
      batches.push(open);
    }
    open.files.push(file);
    open.cost += costOf(file);
  }
  return batches.sort((a, b) => b.cost - a.cost);
}

/** The last totals line of a tap program: `# { total: 3, pass: 2, fail: 1 }`. */
function totalsOf(output) {
  const line = output.match(/^# \{ total: [^}]*\}$/gm)?.pop() ?? '';
  const number = (name) => Number(line.match(new RegExp(`\\b${name}: (\\d+)`))?.[1] ?? 0);
  return Object.fromEntries(COUNTS.map((name) => [name, number(name)]));
}

/** Runs a process to its end; answers what it wrote and how it ended. `onText` hears the output, and answers how long it may be silent from now on. */
function runProcess(args, onText) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...NODE_FLAGS, ...args], {
      cwd: root,
      env: { ...process.env, TAP_TIMEOUT: String(FILE_SECONDS) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    let late = false;
    let timer;
    const wait = (ms) => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        late = true;
        child.kill('SIGKILL');
      }, ms);
    };
    wait(SILENCE_MS);
    const take = (text) => {
      output += text;
      const silenceMs = onText?.(output);
      if (silenceMs !== undefined) wait(silenceMs);
    };
    child.stdout.setEncoding('utf8').on('data', take);
    child.stderr.setEncoding('utf8').on('data', take);
    let processorMs;
    child.on('exit', () => {
      processorMs = processorTimeOfTheEnded();
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ output, late, end: late ? 'killed: it did not end in time' : (signal ?? code), processorMs });
    });
  });
}

/** One file in a process of its own. */
async function runAlone(file) {
  const startMs = Date.now();
  const { output, end, processorMs } = await runProcess([file]);
  return { file, output, end, totals: checked(totalsOf(output), end), ms: Date.now() - startMs, processorMs };
}

/** A file that died before its totals, or that failed without a failing test, counts as one failure. */
function checked(totals, end) {
  const none = COUNTS.every((name) => totals[name] === 0);
  return { ...totals, fail: totals.fail === 0 && (none || end !== 0) ? 1 : totals.fail };
}

/** Files in one process: what is told of each, and those that the process did not reach. */
async function runBatch(files) {
  let told = 0;
  const { output, end } = await runProcess([BATCH, ...files], (soFar) => {
    const now = soFar.split(`\n${FILE_MARK}`).length - 1;
    if (now === told) return undefined;
    told = now;
    return told === files.length ? END_MS : SILENCE_MS;
  });
  const done = [];
  let rest = output;
  for (let at = rest.indexOf(`\n${FILE_MARK}`); at >= 0; at = rest.indexOf(`\n${FILE_MARK}`)) {
    const from = at + 1 + FILE_MARK.length;
    const to = rest.indexOf('\n', from);
    const { file, ms, processorMs, left, ...counts } = JSON.parse(rest.slice(from, to));
    done.push({ file, output: rest.slice(0, at), end: 0, totals: checked(counts, 0), ms, processorMs, left });
    rest = rest.slice(to);
  }
  const unreached = files.slice(done.length);
  const running = unreached.shift();
  if (running !== undefined) done.push({ file: running, output: rest, end, totals: checked({}, end), ms: 0 });
  else if (end !== 0 && done.every(({ totals }) => totals.fail === 0)) {
    // All files are told and the process still failed: those that left something open are to blame, or else the last.
    const guilty = done.filter(({ left }) => left.length > 0);
    for (const one of guilty.length > 0 ? guilty : done.slice(-1)) {
      one.output += `\n${rest}\nnot ok - its process did not end well; left open: ${one.left.join(', ')}\n`;
      one.end = end;
      one.totals.fail = 1;
    }
  }
  return { done, unreached };
}

/** Skipped tests with their reasons, so that no skip goes unseen. */
function skipsOf(output) {
  return (output.match(/^ *ok .*# SKIP.*$/gm) ?? []).map((line) => line.trim().replace(/^ok \d+ - /, ''));
}

/** Names the files that took most processor time, their servers and commands included. */
function tellCosts(costs) {
  if (costs.length < TOLD) return;
  const seconds = (ms) => (ms / 1000).toFixed(1).padStart(6);
  const all = costs.reduce((sum, { processorMs }) => sum + processorMs, 0);
  console.log(`# processor time, seconds:\n# ${seconds(all)} all`);
  for (const { file, processorMs } of costs.sort((a, b) => b.processorMs - a.processorMs).slice(0, TOLD))
    console.log(`# ${seconds(processorMs)} ${file}`);
}

/** Runs the files, each once: one that fails is not tried again. Answers whether all passed. */
export async function runTests(files) {
  const times = readTimes();
  const queue = batchesOf(files, times);
  const sum = { total: 0, pass: 0, fail: 0, skip: 0, todo: 0 };
  const startMs = Date.now();
  const costs = [];
  // What was built and checked before is no test's.
  processorTimeOfTheEnded();
  const tell = ({ file, output, end, totals, ms, processorMs }) => {
    times[file] = ms;
    if (processorMs !== undefined) costs.push({ file, processorMs });
    for (const name of COUNTS) sum[name] += totals[name] ?? 0;
    for (const skip of skipsOf(output)) console.log(`skipped: ${file}: ${skip}`);
    if (totals.fail > 0) console.log(`\nFAILED ${file} (exit ${end})\n${output}`);
  };
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      if (next.alone === true) {
        tell(await runAlone(next.files[0]));
        continue;
      }
      const { done, unreached } = await runBatch(next.files);
      for (const one of done) tell(one);
      queue.unshift(...unreached.map((file) => ({ files: [file], cost: 0, alone: true })));
    }
  };
  await Promise.all(Array.from({ length: JOBS }, worker));
  sum.total = COUNTS.reduce((total, name) => total + sum[name], 0);
  writeFileSync(TIMES_FILE, JSON.stringify(times));
  tellCosts(costs);
  console.log(`# ${files.length} files in ${((Date.now() - startMs) / 1000).toFixed(1)} s`);
  console.log(
    `# { total: ${sum.total}, pass: ${sum.pass}, fail: ${sum.fail}, skip: ${sum.skip}, todo: ${sum.todo} }`,
  );
  return sum.fail === 0 && sum.pass > 0;
}
