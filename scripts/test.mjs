/**
 * `npm test`: installs what is missing, builds, lints, then runs tidy and all tests, and checks the types beside them. Arguments are test files or folders, as in
 * `npm test -- test/csn`.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ensureInstalled, root } from './prepare.mjs';
import { LATE_COMPILATION, runTests } from './run-tests.mjs';

/** Compiled test files at or below a path of the source tree. */
function testFiles(path) {
  const built = join('build', path.replace(/\.ts$/, '.js'));
  if (!statSync(join(root, built)).isDirectory()) return [built];
  return readdirSync(join(root, built), { recursive: true })
    .filter((name) => name.endsWith('.test.js'))
    .map((name) => join(built, name));
}

ensureInstalled();
const { ensureModules, ensureProgram, ensureRecords, typesHold } = await import('./make.mjs');
await ensureModules();
await ensureProgram();
await ensureRecords(process.env.POLYARCH_NODE_FLAGS ?? LATE_COMPILATION);
// Faults of form and of types fail the run, but hide no failing test.
const biome = join(root, 'node_modules', '.bin', 'biome');
const clean =
  spawnSync(biome, ['check', '--error-on-warnings'], { cwd: root, stdio: 'inherit' }).status === 0;
const types = typesHold();
const chosen = process.argv.slice(2);
const files = (chosen.length > 0 ? chosen : ['test']).flatMap(testFiles);
const passed = await runTests(files);
const typed = await types;
if (!typed) console.log('types: faults, listed above');
if (!clean) console.log('lint: faults of form, listed above');
process.exitCode = passed && typed && clean ? 0 : 1;
