/**
 * What must be in place before anything of the project can run: dependencies and a build. Plain JavaScript, because it runs first.
 *
 * Installs only when node_modules is missing or older than the lock file; builds only when a source is newer than the last build; removes
 * outputs whose source is gone.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const SOURCES = ['lib', 'test', 'bench', 'scripts'];

/** Runs a command in the repository's root; exits with its code when it fails. */
export function run(command, args, options = {}) {
  const done = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options });
  if (done.error) {
    console.error(`${command}: ${done.error.message}`);
    process.exit(1);
  }
  if (done.status !== 0) process.exit(done.status ?? 1);
}

function modifiedMs(path) {
  return existsSync(path) ? statSync(path).mtimeMs : 0;
}

function* files(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* files(path);
    else yield path;
  }
}

/** `npm ci` when the installed packages do not match the lock file. `extra`: further arguments, such as --omit=dev. */
export function ensureInstalled(extra = []) {
  const stamp = join(root, 'node_modules', '.package-lock.json');
  if (modifiedMs(stamp) >= modifiedMs(join(root, 'package-lock.json'))) return;
  console.error('Installing packages (npm ci) ...');
  const env = { ...process.env, npm_config_loglevel: 'error' };
  run('npm', ['ci', '--no-audit', '--no-fund', ...extra], { env, stdio: ['ignore', 2, 2] });
}

/** Compiles lib, test, bench and scripts into build/ when a source is newer than the last build. */
export function ensureBuilt() {
  const stamp = join(root, 'build', '.tsbuildinfo');
  const builtMs = modifiedMs(stamp);
  let newestMs = modifiedMs(join(root, 'tsconfig.json'));
  const present = new Set();
  for (const folder of SOURCES) {
    if (!existsSync(join(root, folder))) continue;
    for (const file of files(join(root, folder))) {
      if (!file.endsWith('.ts')) continue;
      present.add(relative(root, file).slice(0, -3));
      newestMs = Math.max(newestMs, modifiedMs(file));
    }
  }
  let stale = 0;
  for (const folder of SOURCES) {
    const built = join(root, 'build', folder);
    if (!existsSync(built)) continue;
    for (const file of files(built)) {
      const source = relative(join(root, 'build'), file).replace(/\.js(\.map)?$/, '');
      if (present.has(source)) continue;
      rmSync(file);
      stale += 1;
    }
  }
  if (builtMs >= newestMs && stale === 0) return;
  console.error('Building ...');
  run(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', root]);
}
