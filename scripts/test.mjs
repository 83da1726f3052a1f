/**
 * `npm test`: installs what is missing, builds (types), lints, then runs tidy and all tests. Arguments are test files or folders, as in
 * `npm test -- test/csn`.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBuilt } from './bundle.mjs';
import { ensureInstalled, root } from './prepare.mjs';
import { runTests } from './run-tests.mjs';

/** Compiled test files at or below a path of the source tree. */
function testFiles(path) {
  const built = join('build', path.replace(/\.ts$/, '.js'));
  if (!statSync(join(root, built)).isDirectory()) return [built];
  return readdirSync(join(root, built), { recursive: true })
    .filter((name) => name.endsWith('.test.js'))
    .map((name) => join(built, name));
}

ensureInstalled();
await ensureBuilt();
// A fault of form is told first and fails the run, but hides no failing test.
const biome = join(root, 'node_modules', '.bin', 'biome');
const clean =
  spawnSync(biome, ['check', '--error-on-warnings'], { cwd: root, stdio: 'inherit' }).status === 0;
const chosen = process.argv.slice(2);
const files = (chosen.length > 0 ? chosen : ['test']).flatMap(testFiles);
const passed = await runTests(files);
if (!clean) console.log('lint: faults of form, listed above');
process.exitCode = passed && clean ? 0 : 1;
