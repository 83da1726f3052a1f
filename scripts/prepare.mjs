/**
 * What must be in place before anything of the project can run: packages, and what is compiled. Plain JavaScript, because it runs first.
 *
 * Installs only when node_modules is missing or older than the lock file; compiles only when a source is newer than the last time; removes
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

/** When a file was changed, in ms since 1970; 0 when it is missing. */
export function modifiedMs(path) {
  return existsSync(path) ? statSync(path).mtimeMs : 0;
}

/** All files at any depth of a folder. */
export function* filesBelow(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(path);
    else yield path;
  }
}

/** `npm ci` when the installed packages do not match the lock file. */
export function ensureInstalled() {
  const stamp = join(root, 'node_modules', '.package-lock.json');
  if (modifiedMs(stamp) >= modifiedMs(join(root, 'package-lock.json'))) return;
  console.error('Installing packages (npm ci) ...');
  const env = { ...process.env, npm_config_loglevel: 'error' };
  run('npm', ['ci', '--no-audit', '--no-fund'], { env, stdio: ['ignore', 2, 2] });
}

/** Compiles lib, test, bench and scripts into build/ when a source is newer than the last build. */
export function ensureCompiled() {
  const stamp = join(root, 'build', '.tsbuildinfo');
  const builtMs = modifiedMs(stamp);
  let newestMs = modifiedMs(join(root, 'tsconfig.json'));
  const present = new Set();
  for (const folder of SOURCES) {
    if (!existsSync(join(root, folder))) continue;
    for (const file of filesBelow(join(root, folder))) {
      if (!file.endsWith('.ts')) continue;
      present.add(relative(root, file).slice(0, -3));
      newestMs = Math.max(newestMs, modifiedMs(file));
    }
  }
  let stale = 0;
  for (const folder of SOURCES) {
    const built = join(root, 'build', folder);
    if (!existsSync(built)) continue;
    for (const file of filesBelow(built)) {
      const source = relative(join(root, 'build'), file).replace(/\.js(\.map)?$/, '');
      if (present.has(source)) continue;
      rmSync(file);
      stale += 1;
    }
  }
  if (builtMs >= newestMs && stale === 0) return;
  console.error('Compiling ...');
  run(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', root]);
}
