/**
 * Makes the two forms in which the sources run, with esbuild and in about a second each, and checks the types.
 *
 * - build/program/: what bin/polyarch runs, a few dozen files in place of some 800 modules of our own and of packages. Reading and linking that many was the greater part of
 *   every start (measured: `polyarch verify` 0.93 s of processor time before, 0.65 s with it; `start` 1.65 s and 0.95 s).
 * - build/{lib,test,bench,scripts}/: each source by itself, for tests and benchmarks.
 *
 * Neither looks at types: `typesHold` has tsc do that, beside the tests.
 */
import { spawn } from 'node:child_process';
import { existsSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { build, stop } from 'esbuild';
import { filesBelow, modifiedMs, root } from './prepare.mjs';
import { processorTimeOfTheEnded } from './processor-time.mjs';

/** Where it is put; the launcher looks there too. */
const BUILD = process.env.POLYARCH_BUILD ?? join(root, 'build');
const FOLDERS = ['lib', 'test', 'bench', 'scripts'];
/** What changes the outcome besides the sources. tsc's own record: who compiles with it by hand has newer modules than ours. */
const RULES = [
  ...['package-lock.json', 'tsconfig.json', 'scripts/make.mjs'].map((name) => join(root, name)),
  join(BUILD, '.tsbuildinfo'),
];
const COMMON = {
  absWorkingDir: root,
  format: 'esm',
  platform: 'node',
  sourcemap: true,
  sourcesContent: false,
  logLevel: 'warning',
};

/** Files that Node starts: the program, and its threads, which the program names as files beside its own. */
const ENTRIES = ['lib/cli/main.ts', 'lib/app/index-worker.ts', 'lib/io/password-worker.ts'];
/** Packages with a compiled part, which they look for beside their own files. */
const COMPILED = ['classic-level', '@node-rs/argon2'];
/** Packages loaded by `import()` are seldom needed; and of one of the older module kind the bundler's `import()` would answer the default export only. */
const loadedLater = {
  name: 'packages loaded later',
  setup({ onResolve }) {
    onResolve({ filter: /^[^.]/ }, ({ kind }) =>
      kind === 'dynamic-import' ? { external: true } : undefined,
    );
  },
};
/** Packages of the older module kind call `require`, which a module has only when it makes one. */
const REQUIRE =
  "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);";

function sourcesIn(folders) {
  return folders
    .flatMap((folder) => [...filesBelow(join(root, folder))])
    .filter((file) => file.endsWith('.ts'));
}

/** Whether `stamp` was made after all of `sources` and the rules. */
function isFresh(stamp, sources) {
  const madeMs = modifiedMs(stamp);
  return madeMs > 0 && [...RULES, ...sources].every((file) => modifiedMs(file) <= madeMs);
}

/** Makes build/program when a source or a package is newer than it. */
export async function ensureProgram() {
  const outdir = join(BUILD, 'program');
  const main = join(outdir, 'main.js');
  if (isFresh(main, sourcesIn(['lib']))) return;
  rmSync(outdir, { recursive: true, force: true });
  await build({
    ...COMMON,
    entryPoints: ENTRIES,
    entryNames: '[name]',
    chunkNames: '[name]-[hash]',
    outdir,
    bundle: true,
    splitting: true,
    target: 'node20',
    external: COMPILED,
    plugins: [loadedLater],
    banner: { js: REQUIRE },
  });
  // Its process would stay as long as ours, which is the demo's parent.
  await stop();
}

/** Makes the modules in build/ when a source is newer than the last time; removes those whose source is gone. */
export async function ensureModules() {
  const stamp = join(BUILD, '.modules');
  const sources = sourcesIn(FOLDERS);
  const present = new Set(sources.map((file) => relative(root, file).slice(0, -3)));
  for (const folder of FOLDERS.map((name) => join(BUILD, name)).filter(existsSync))
    for (const file of filesBelow(folder))
      if (!present.has(relative(BUILD, file).replace(/\.js(\.map)?$/, ''))) rmSync(file);
  if (isFresh(stamp, sources)) return;
  console.error('Building ...');
  await build({ ...COMMON, entryPoints: sources, outdir: BUILD, outbase: root, target: 'es2022' });
  writeFileSync(stamp, '');
}

/** Both. */
export async function ensureBuilt() {
  await ensureModules();
  await ensureProgram();
}

/** Whether tsc finds no fault of types; it prints those it finds. Looks only when a source is newer than the last look without faults. */
export function typesHold() {
  const stamp = join(BUILD, '.types');
  const fromMs = Date.now();
  if (isFresh(stamp, sourcesIn(FOLDERS))) return Promise.resolve(true);
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const record = join(BUILD, '.types.tsbuildinfo');
  return new Promise((resolve) => {
    const args = [tsc, '-p', root, '--noEmit', '--tsBuildInfoFile', record];
    const checking = spawn(process.execPath, args, { cwd: root, stdio: 'inherit' });
    // Its time is no test's.
    checking.on('exit', processorTimeOfTheEnded);
    checking.on('close', (code) => {
      if (code === 0) {
        writeFileSync(stamp, '');
        // A source that was changed meanwhile is looked at the next time.
        utimesSync(stamp, fromMs / 1000, fromMs / 1000);
      }
      resolve(code === 0);
    });
  });
}
