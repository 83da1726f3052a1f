/**
 * Runs compiled tap test files, each in a process of its own, two at a time, slowest first; closes with tap's totals line.
 *
 * Every file is a tap program and ends with its own totals; this only starts them and adds up. tap's own runner loads its TypeScript loader and process tracking
 * into every process, which costs more than most of our tests do: 1.2 s a file against 0.3 s (measured by running test/csn and test/base both ways).
 */
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './prepare.mjs';

const JOBS = 2;
const FILE_TIMEOUT_MS = 170_000;
const TIMES_FILE = join(root, 'build', '.test-times.json');

function readTimes() {
  try {
    return JSON.parse(readFileSync(TIMES_FILE, 'utf8'));
  } catch {
    return {};
  }
}

/** The last totals line of a tap program: `# { total: 3, pass: 2, fail: 1 }`. */
function totalsOf(output) {
  const line = output.match(/^# \{ total: [^}]*\}$/gm)?.pop() ?? '';
  const number = (name) => Number(line.match(new RegExp(`\\b${name}: (\\d+)`))?.[1] ?? 0);
  return {
    found: line !== '',
    pass: number('pass'),
    fail: number('fail'),
    skip: number('skip'),
    todo: number('todo'),
  };
}

function runFile(file) {
  return new Promise((resolve) => {
    const startMs = Date.now();
    const env = { ...process.env, TAP_TIMEOUT: '160' };
    const child = spawn(process.execPath, ['--enable-source-maps', file], {
      cwd: root,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const take = (chunk) => {
      output += chunk;
    };
    child.stdout.setEncoding('utf8').on('data', take);
    child.stderr.setEncoding('utf8').on('data', take);
    const timer = setTimeout(() => {
      output += `\nnot ok - ${file} did not end within ${FILE_TIMEOUT_MS / 1000} s\n`;
      child.kill('SIGKILL');
    }, FILE_TIMEOUT_MS);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      const totals = totalsOf(output);
      // A file that died before its totals, or that failed without a failing test, counts as one failure.
      if ((code !== 0 || !totals.found) && totals.fail === 0) totals.fail = 1;
      resolve({ file, output, code, signal, totals, ms: Date.now() - startMs });
    });
  });
}

/** Skipped tests with their reasons, so that no skip goes unseen. */
function skipsOf(output) {
  return (output.match(/^ *ok .*# SKIP.*$/gm) ?? []).map((line) => line.trim().replace(/^ok \d+ - /, ''));
}

/** Runs the files; answers whether all passed. */
export async function runTests(files) {
  const times = readTimes();
  const queue = [...files].sort((a, b) => (times[b] ?? 1000) - (times[a] ?? 1000) || (a < b ? -1 : 1));
  const sum = { total: 0, pass: 0, fail: 0, skip: 0, todo: 0 };
  const startMs = Date.now();
  const worker = async () => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
      const done = await runFile(file);
      times[file] = done.ms;
      for (const name of ['pass', 'fail', 'skip', 'todo']) sum[name] += done.totals[name];
      for (const skip of skipsOf(done.output)) console.log(`skipped: ${file}: ${skip}`);
      if (done.totals.fail > 0)
        console.log(`\nFAILED ${file} (exit ${done.signal ?? done.code})\n${done.output}`);
    }
  };
  await Promise.all(Array.from({ length: JOBS }, worker));
  sum.total = sum.pass + sum.fail + sum.skip + sum.todo;
  writeFileSync(TIMES_FILE, JSON.stringify(times));
  console.log(`# ${files.length} files in ${((Date.now() - startMs) / 1000).toFixed(1)} s`);
  console.log(
    `# { total: ${sum.total}, pass: ${sum.pass}, fail: ${sum.fail}, skip: ${sum.skip}, todo: ${sum.todo} }`,
  );
  return sum.fail === 0 && sum.pass > 0;
}
