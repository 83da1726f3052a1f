/**
 * `npm start`: installs what is missing, builds what is older than its sources, and runs `polyarch demo` (or the command given).
 *
 * Plain JavaScript without dependencies: it must run before anything is installed.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** Ends with one sentence. */
function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(80);
}

/** Modification time in ms; 0 when the file is missing. */
function timeOf(file) {
  return existsSync(file) ? statSync(file).mtimeMs : 0;
}

/** Newest modification time of the TypeScript files below a folder. */
function newestSource(folder) {
  let newest = 0;
  for (const item of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, item.name);
    if (item.isDirectory()) newest = Math.max(newest, newestSource(path));
    else if (item.name.endsWith('.ts')) newest = Math.max(newest, timeOf(path));
  }
  return newest;
}

/** Installs the packages of the lock file when they are missing or older than it. */
function install() {
  const installed = timeOf(join(root, 'node_modules', '.package-lock.json'));
  if (installed >= timeOf(join(root, 'package-lock.json')) && installed > 0) return;
  process.stderr.write('Installing packages (once) ...\n');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const done = spawnSync(npm, ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (done.status !== 0)
    fail(
      'npm could not install the packages; its message stands above. Check the network and run npm start again.',
    );
}

/** Compiles when a source is newer than the last build. */
function build() {
  const built = timeOf(join(root, 'build', '.tsbuildinfo'));
  const main = join(root, 'build', 'lib', 'cli', 'main.js');
  const newest = Math.max(newestSource(join(root, 'lib')), timeOf(join(root, 'tsconfig.json')));
  if (built >= newest && existsSync(main)) return;
  process.stderr.write('Building ...\n');
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const done = spawnSync(process.execPath, [tsc, '-p', root], { cwd: root, stdio: ['ignore', 2, 2] });
  if (!existsSync(main)) fail('The build failed; the compiler says why above.');
  if (done.status !== 0)
    process.stderr.write('The compiler found faults (above); starting what it wrote all the same.\n');
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
install();
build();
const args = process.argv.slice(2);
run(args[0] === undefined || args[0].startsWith('-') ? ['demo', ...args] : args);
