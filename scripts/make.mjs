/**
 * Makes the two forms in which the sources run, with esbuild and in about a second each, and checks the types.
 *
 * - build/program/: what bin/polyarch runs, one file in place of some 800 modules of our own and of packages, which reading, linking and compiling were the greater part of
 *   every start, with V8's record of what it compiled (lib/cli/load-program.ts, record-starts.mjs). What each saves: docs/performance.md, Starts.
 * - build/{lib,test,bench,scripts}/: each source by itself, for tests and benchmarks.
 *
 * Neither looks at types: `typesHold` has tsc do that, beside the tests.
 */
import { spawn } from 'node:child_process';
import { existsSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { build, stop } from 'esbuild';
import { filesBelow, modifiedMs, root } from './prepare.mjs';
import { processorTimeOfTheEnded } from './processor-time.mjs';
import { recordStarts } from './record-starts.mjs';

/** Where it is put; the launcher looks there too. */
export const BUILD = process.env.POLYARCH_BUILD ?? join(root, 'build');
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

/** Threads, which the program names as files beside its own. */
const THREADS = ['lib/app/data/index-worker.ts', 'lib/io/password-worker.ts'];
/** Compiled parts of packages, which are looked for beside the package's files. */
const COMPILED = ['classic-level/binding.js', '@node-rs/argon2'];
/** Packages loaded by `import()` are seldom needed; and of one of the older module kind the bundler's `import()` would answer the default export only. */
const loadedLater = {
  name: 'packages loaded later',
  setup({ onResolve }) {
    onResolve({ filter: /^[^.]/ }, ({ kind }) =>
      kind === 'dynamic-import' ? { external: true } : undefined,
    );
  },
};
/** classic-level names its compiled part by a path of its own, which leads nowhere from another folder. */
const compiledParts = {
  name: 'compiled parts',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/binding$/ }, ({ importer }) =>
      importer.includes('/classic-level/') ? { path: 'classic-level/binding.js', external: true } : undefined,
    );
  },
};
/**
 * What only help needs, when help is asked for: the width of texts in columns (packages of yargs). Tables of Unicode that it makes when it is loaded took each command 16 ms.
 */
const loadedByTheFirstCall = {
  name: 'loaded by the first call',
  setup({ onResolve, onLoad, resolve }) {
    const namespace = 'first-call';
    onResolve({ filter: /^string-width$/ }, async ({ kind, importer, resolveDir, pluginData }) => {
      if (pluginData === namespace || kind !== 'import-statement') return undefined;
      const { path } = await resolve('string-width', { importer, resolveDir, kind, pluginData: namespace });
      return { path, namespace };
    });
    onLoad({ filter: /./, namespace }, ({ path }) => ({
      contents: `let loaded; export default (...args) => { loaded ??= require(${JSON.stringify(path)}).default; return loaded(...args); };`,
      resolveDir: root,
    }));
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
  const main = join(outdir, 'main.cjs');
  if (isFresh(main, sourcesIn(['lib']))) return;
  rmSync(outdir, { recursive: true, force: true });
  const bundled = {
    ...COMMON,
    outdir,
    bundle: true,
    target: 'node20',
    external: COMPILED,
    plugins: [loadedLater, compiledParts, loadedByTheFirstCall],
  };
  const [whole] = await Promise.all([
    build({
      ...bundled,
      entryPoints: { polyarch: 'lib/cli/main.ts' },
      entryNames: '[name]-[hash]',
      format: 'cjs',
      outExtension: { '.js': '.cjs' },
      metafile: true,
      // The value of the script is a function (lib/cli/load-program.ts).
      banner: { js: "(function (require, programUrl) { 'use strict';" },
      footer: { js: '})' },
      define: { 'import.meta.url': 'programUrl' },
      // A script has no `import()`: what is loaded later is, by `require`.
      supported: { 'dynamic-import': false },
    }),
    build({
      ...bundled,
      entryPoints: THREADS,
      entryNames: '[name]',
      chunkNames: '[name]-[hash]',
      splitting: true,
      banner: { js: REQUIRE },
    }),
  ]);
  const program = Object.keys(whole.metafile.outputs).find((name) => name.endsWith('.cjs'));
  await build({
    ...COMMON,
    entryPoints: ['lib/cli/load-program.ts'],
    outfile: main,
    bundle: true,
    target: 'node20',
    format: 'cjs',
    define: { PROGRAM_FILE: JSON.stringify(basename(program)) },
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

/** Records the starts of the program with these flags of Node (POLYARCH_NODE_FLAGS), once for each program. */
export async function ensureRecords(nodeFlags = process.env.POLYARCH_NODE_FLAGS ?? '') {
  const outdir = join(BUILD, 'program');
  const stamp = join(outdir, `.recorded${nodeFlags.replaceAll(/[^\w=-]/g, '')}`);
  if (existsSync(stamp)) return;
  try {
    await recordStarts(BUILD, nodeFlags);
    writeFileSync(stamp, '');
  } catch (error) {
    // Nothing but some time is lost.
    console.error(`Starts of the program could not be recorded: ${error.message}`);
  } finally {
    // Their time is no test's.
    processorTimeOfTheEnded();
  }
}

/** Both, and the records. */
export async function ensureBuilt() {
  await ensureModules();
  await ensureProgram();
  await ensureRecords();
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
