/**
 * `npm start`: installs what is missing, makes the program when it is older than its sources, and runs `polyarch demo` (or the command given).
 *
 * Plain JavaScript without dependencies: it must run before anything is installed.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ensureInstalled, root } from './prepare.mjs';

/** Ends with one sentence. */
function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(80);
}

/** Runs the program and passes its signals and its end on. */
function run(args) {
  const child = spawn(join(root, 'bin', 'polyarch'), args, { stdio: 'inherit' });
  // A terminal sends Ctrl-C to the child too: only what comes to this process alone is passed on.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  process.on('SIGHUP', () => child.kill('SIGTERM'));
  // npm ends on a signal without passing it on: a parent that is gone means the same.
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid !== parent) child.kill('SIGTERM');
  }, 500);
  watch.unref();
  child.on('error', (error) => fail(`Cannot start bin/polyarch: ${error.message}`));
  child.on('exit', (code, signal) => process.exit(signal === null ? (code ?? 0) : 70));
}

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 12))
  fail(`Node.js 20.12 or later is needed; this is ${process.version}.`);
ensureInstalled();
// Not at the top: the bundler is a package.
const { ensureProgram } = await import('./make.mjs');
await ensureProgram();
const args = process.argv.slice(2);
run(args[0] === undefined || args[0].startsWith('-') ? ['demo', ...args] : args);
