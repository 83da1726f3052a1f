/**
 * What must be in place before anything of the project can run: its packages, installed when node_modules is missing or older than the lock file. Plain JavaScript without
 * packages, because it runs first.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

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
  // npm would empty the folder that the link names, under whoever works there.
  if (lstatSync(join(root, 'node_modules'), { throwIfNoEntry: false })?.isSymbolicLink()) {
    console.error(
      'The packages are not those of package-lock.json, and node_modules is a link: run npm ci where it leads, or remove the link.',
    );
    process.exit(1);
  }
  console.error('Installing packages (npm ci) ...');
  const env = { ...process.env, npm_config_loglevel: 'error' };
  run('npm', ['ci', '--no-audit', '--no-fund'], { env, stdio: ['ignore', 2, 2] });
}
